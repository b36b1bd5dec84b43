"""Duplicates: one customer, one open checkout, one subscription, however hard the button is pressed."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event as sql_event

from tests.failures.doings import (
    CREATED,
    entries,
    has,
    ids,
    only,
    reasons,
    row_of,
    sell,
    sell_another,
    thing_of,
    work,
)
from tests.failures.sources import failure
from tests.services.bench import ACCOUNT, Bench, Json
from tests.store.together import together
from tests.web.routes.site import Site
from tiergate.services.accounts.ensure_customer import ensure_customer
from tiergate.services.checkout.order import Order
from tiergate.services.checkout.start_checkout import (
    AlreadySubscribedError,
    CheckoutBusyError,
    start_checkout,
)
from tiergate.store.tables import customers, events, subscriptions

VISA = "4242 4242 4242 4242"


def sessions(bench: Bench, status: str | None = None) -> list[Json]:
    """The checkout sessions that Stripe knows."""
    found: list[Json] = bench.at_stripe("/v1/checkout/sessions?limit=100")["data"]
    return [session for session in found if status in (None, session["status"])]


def customers_at_stripe(bench: Bench) -> list[str]:
    """The customers that Stripe knows."""
    return [customer["id"] for customer in bench.at_stripe("/v1/customers?limit=100")["data"]]


@failure(16, "pay#1027")
def test_two_requests_at_once_make_one_customer(both: Bench) -> None:
    """pay#1027: requests in parallel make one customer, and the checkout of it is what gives access."""
    found = together([partial(ensure_customer, both.context, ACCOUNT)] * 4)
    assert [*set(found)] == customers_at_stripe(both)
    both.pay(start_checkout(both.context, ACCOUNT, Order("team")))
    both.deliver(*both.webhooks())
    assert {row.stripe_customer_id for row in both.rows(subscriptions)} == set(found)
    assert has(both) == ("team", "trialing")


@failure(17, "appstrate#1325", "Empirical-Core#9247", "traceroot#2219")
def test_two_tabs_of_one_plan_are_one_session(both: Bench) -> None:
    """appstrate#1325: two tabs with the same plan lead to the same session: it can be paid once."""
    urls = together([partial(start_checkout, both.context, ACCOUNT, Order("team"))] * 2)
    assert len(set(urls)) == len(sessions(both)) == 1
    both.pay(urls[0])
    assert sessions(both, "open") == []


@failure(17, "traceroot#2219")
def test_two_tabs_of_two_plans_leave_one_session(both: Bench) -> None:
    """traceroot#2219: two tabs with different plans leave one session open, and no second purchase."""

    def click(plan: str) -> None:
        with suppress(CheckoutBusyError):
            start_checkout(both.context, ACCOUNT, Order(plan))

    together([partial(click, plan) for plan in ("team", "starter")])
    url = start_checkout(both.context, ACCOUNT, Order("team"))
    assert [session["url"] for session in sessions(both, "open")] == [url]
    both.pay(url)
    with pytest.raises(AlreadySubscribedError):
        start_checkout(both.context, ACCOUNT, Order("starter"))
    both.deliver(*both.webhooks())
    with pytest.raises(AlreadySubscribedError):
        start_checkout(both.context, ACCOUNT, Order("starter"))


@failure(17, "Empirical-Core#9247")
def test_a_second_paid_subscription_keeps_access_while_either_lives(bench: Bench) -> None:
    """Empirical-Core#9247: a second paid one is announced once, and access is the better of both."""
    first = sell(bench, "team")
    second = sell_another(bench, "starter")
    told = bench.webhooks()
    bench.deliver(*told, *reversed(told))
    work(bench)
    assert ids(bench) == sorted([first, second])
    assert entries(bench, "duplicate_subscription") == [{"subscription": second, "kept": first}]
    assert has(bench) == ("team", "active")
    bench.tick()
    bench.stripe.v1.subscriptions.cancel(first)
    bench.deliver(*bench.webhooks())
    assert has(bench) == ("starter", "active")


@failure(18, "adcp#3184")
def test_what_was_sold_elsewhere_closes_the_shop(bench: Bench) -> None:
    """adcp#3184: sold by another route while a session was open: as soon as it is told, no more is sold."""
    start_checkout(bench.context, ACCOUNT, Order("team"))
    bench.webhooks()
    sold = sell_another(bench, "scale", collection_method="send_invoice", days_until_due=30)
    bench.deliver(*only(bench.webhooks(), CREATED))
    for plan in ("team", "starter", "scale"):
        with pytest.raises(AlreadySubscribedError):
            start_checkout(bench.context, ACCOUNT, Order(plan))
    assert ids(bench) == [sold]


@failure(18, "adcp#3184")
def test_a_session_left_open_beside_a_sale_leaves_one_row_each(bench: Bench) -> None:
    """adcp#3184: should the open session be paid all the same, both are mirrored, and neither is lost."""
    url = start_checkout(bench.context, ACCOUNT, Order("team"))
    bench.webhooks()
    sold = sell_another(bench, "starter", collection_method="send_invoice", days_until_due=30)
    bench.deliver(*only(bench.webhooks(), CREATED))
    bench.tick()
    bench.pay(url)
    told = only(bench.webhooks(), CREATED)
    bench.deliver(*told)
    work(bench)
    tried = thing_of(told[0])["id"]
    assert ids(bench) == sorted([sold, tried])
    assert {str(s.status) for s in bench.explain().state.subscriptions} <= {"active", "trialing"}
    assert has(bench)[0] == "team"


@failure(19, "better-auth#7239", "better-auth#7099", "better-auth#9130")
@pytest.mark.parametrize("metadata", [{}, {"account_id": "somebody"}, {"userId": "7"}], ids=str)
def test_one_row_whatever_the_metadata(bench: Bench, metadata: dict[str, str]) -> None:
    """better-auth#7239: with our metadata missing or overwritten it is one row, and the account's."""
    bench.register("somebody")
    bench.pay(start_checkout(bench.context, ACCOUNT, Order("team")))
    told = bench.webhooks()
    (created,) = only(told, CREATED)
    event = json.loads(created.body)
    event["data"]["object"]["metadata"] = metadata
    bench.ingest(event)
    bench.deliver(*(webhook for webhook in told if webhook is not created))
    work(bench)
    (row,) = bench.rows(subscriptions)
    assert (row.stripe_subscription_id, row.account_id) == (thing_of(created)["id"], ACCOUNT)
    assert has(bench) == ("team", "trialing")


@contextmanager
def broken_after(bench: Bench, table: str) -> Iterator[None]:
    """Let everything that is written to a table fail, after it was sent."""

    def fail(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if table in statement and not statement.lstrip().upper().startswith("SELECT"):
            raise RuntimeError("the disk is full")

    engine = bench.context.database.engine
    sql_event.listen(engine, "after_cursor_execute", fail)
    try:
        yield
    finally:
        sql_event.remove(engine, "after_cursor_execute", fail)


@failure(20, "Azuriom/Plugin-Shop#276")
@pytest.mark.parametrize("table", ["tiergate_journal", "tiergate_subscriptions"])
def test_a_failure_after_an_insert_leaves_nothing_to_repeat(both: Bench, table: str) -> None:
    """Azuriom/Plugin-Shop#276: what fails half-way is undone; repeated, it happens once."""
    subscription_id = both.subscribe()
    (created,) = only(both.webhooks(), CREATED)
    with broken_after(both, table):
        for _ in range(3):
            both.deliver(created)
        assert "active" not in reasons(both)
    assert [row.event_id for row in both.rows(events)] == [created.event_id]
    both.clock.advance(minutes=5)
    work(both)
    both.deliver(created)
    assert ids(both) == [subscription_id]
    assert both.stored(created.event_id).state == "applied"
    assert reasons(both) == ["no_subscription", "active"]


@failure(20, "Azuriom/Plugin-Shop#276")
def test_a_payload_with_a_hole_is_taken_once(bench: Bench) -> None:
    """Azuriom/Plugin-Shop#276: a checkout without a payment intent is taken, however often it is told."""
    bench.pay(start_checkout(bench.context, ACCOUNT, Order("team")))
    told = bench.webhooks()
    (completed,) = only(told, "checkout.session.completed")
    assert thing_of(completed).get("payment_intent") is None
    bench.deliver(*told, completed, completed)
    assert len(ids(bench)) == 1
    assert {row.state for row in bench.rows(events)} <= {"applied", "noted"}


@failure(21, "stripe-firebase-extensions#80", "stripe-firebase-extensions#174")
def test_a_double_submit_gives_the_right_account_its_plan(both: Bench) -> None:
    """stripe-firebase-extensions#80: two accounts of one e-mail press twice each: to each its own."""
    both.register("twin", email="ap@acme.test")
    clicks = [partial(start_checkout, both.context, name, Order("team")) for name in (ACCOUNT, "twin") * 2]
    mine, twins, *again = together(clicks)
    assert again == [mine, twins]
    assert len(customers_at_stripe(both)) == 2
    both.pay(twins)
    both.deliver(*both.webhooks())
    assert (has(both, "twin"), has(both)) == (("team", "trialing"), ("free", "no_subscription"))
    owners = {row.stripe_customer_id: row.account_id for row in both.rows(customers)}
    assert sorted(owners.values()) == [ACCOUNT, "twin"]
    row = row_of(both, ids(both)[0])
    assert owners[row.stripe_customer_id] == row.account_id == "twin"


@failure(16, "pay#1027")
def test_a_double_click_over_http_leads_to_one_page(site: Site) -> None:
    """pay#1027: two requests for a checkout at the same moment get the same address."""
    order = {"plan": "team"}
    client = site.signed_in()
    answers = together([partial(client.post, "/api/billing/checkout", json=order)] * 2)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["url"] for answer in answers}) == 1
