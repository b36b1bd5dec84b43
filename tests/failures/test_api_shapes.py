"""Shapes, metadata, strangers, time zones, and how much a webhook may cost."""

import json
import os
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import QueuePool

from tests.failures.doings import (
    CREATED,
    UPDATED,
    entries,
    has,
    of,
    only,
    row_of,
    sell,
    sell_another,
    states,
    thing_of,
    travel_to,
    try_without_card,
    use_bad_card,
    work,
)
from tests.failures.sources import failure
from tests.services.bench import ACCOUNT, BEGIN, Bench, Json
from tests.store.together import together
from tests.web.routes.site import Site, signed
from tiergate.services.checkout.order import Order
from tiergate.services.checkout.start_checkout import start_checkout
from tiergate.services.reconcile.reconcile import reconcile
from tiergate.store.tables import events, invoices, subscriptions

VERSIONS = [
    "2020-08-27",
    "2022-11-15",
    "2024-06-20",
    "2025-03-31.basil",
    "2025-09-30.clover",
    "2026-10-28.endive",
]
MOST_CALLS_FOR_AN_EVENT = 3


@failure(36, "dj-stripe#2196", "lilypad#723", "threadplane#534", "ansvisor#4", "miru#2211", "lms-front#551")
@pytest.mark.parametrize("version", VERSIONS)
def test_the_period_stands_where_it_stands(bench: Bench, version: str) -> None:
    """dj-stripe#2196: with the period at the top or on the items, access ends with the period."""
    subscription_id = bench.subscribe()
    told = bench.sandbox.take_webhooks(version)
    (created,) = only(told, CREATED)
    at_top = "current_period_end" in thing_of(created)
    assert at_top is (version < "2025-03-31")
    bench.deliver(*told)
    truth = bench.at_stripe(f"/v1/subscriptions/{subscription_id}")["items"]["data"][0]
    period_end = datetime.fromtimestamp(truth["current_period_end"], UTC)
    assert row_of(bench, subscription_id).current_period_end == period_end
    assert bench.explain().phase.ends_at == period_end
    assert [row.stripe_subscription_id for row in bench.rows(invoices)] == [subscription_id]


@failure(36, "lms-front#551")
def test_a_payload_with_both_shapes(bench: Bench) -> None:
    """lms-front#551: a payload with both shapes, as old accounts send it, is read by its items."""
    active = bench.at_stripe(f"/v1/subscriptions/{bench.subscribe()}")
    period = active["items"]["data"][0]
    stale = {"current_period_start": active["created"], "current_period_end": active["created"] + 1}
    bench.ingest(bench.event(CREATED, {**active, **stale}))
    assert int(row_of(bench, active["id"]).current_period_end.timestamp()) == period["current_period_end"]


@failure(37, "subscription-use-cases#1212")
@pytest.mark.parametrize(
    "payment",
    [
        {"payment_intent": {"id": "pi_1", "object": "payment_intent", "client_secret": "pi_1_secret"}},
        {"confirmation_secret": {"client_secret": "pi_1_secret", "type": "payment_intent"}},
        {"payment_intent": None},
        {},
    ],
    ids=["payment_intent", "confirmation_secret", "null", "neither"],
)
def test_an_expanded_invoice_of_any_shape(bench: Bench, payment: Json) -> None:
    """subscription-use-cases#1212: whatever stands on an expanded invoice, the subscription is read."""
    active = bench.at_stripe(f"/v1/subscriptions/{bench.subscribe()}?expand[]=latest_invoice")
    told = {**active, "latest_invoice": {**active["latest_invoice"], **payment}}
    bench.ingest(bench.event(CREATED, told))
    assert row_of(bench, active["id"]).latest_invoice_id == active["latest_invoice"]["id"]
    assert has(bench) == ("team", "active")


@failure(38, "sync-engine#121", "bitwarden#3128")
def test_an_upcoming_invoice_has_no_id(both: Bench) -> None:
    """sync-engine#121: `invoice.upcoming`, which has no id, is acknowledged, noted, and never tried again."""
    subscription_id = sell(both)
    soon = row_of(both, subscription_id).current_period_end - timedelta(days=7)
    (upcoming,) = only(travel_to(both, soon), "invoice.upcoming")
    assert thing_of(upcoming).get("id") is None
    before = both.rows(invoices)
    assert both.ingest(upcoming.body) == upcoming.event_id
    row = both.stored(upcoming.event_id)
    assert (row.state, row.attempts, row.next_attempt_at) == ("noted", 0, None)
    assert both.rows(invoices) == before


@failure(39, "fxa#10828")
def test_a_one_off_invoice_is_no_subscription(bench: Bench) -> None:
    """fxa#10828: an invoice without a subscription is mirrored, asks for nothing, and touches no access."""
    sell(bench)
    customer = bench.customer_without_card()
    bench.stripe.v1.invoice_items.create({"customer": customer, "amount": 2000, "currency": "usd"})
    invoice = bench.post("/v1/invoices", customer=customer, pending_invoice_items_behavior="include")
    bench.post(f"/v1/invoices/{invoice['id']}/finalize")
    bench.deliver(*bench.webhooks())
    bench.tick()
    bench.line.requests.clear()
    open_one = bench.at_stripe(f"/v1/invoices/{invoice['id']}") | {"attempted": True, "attempt_count": 1}
    bench.ingest(bench.event("invoice.payment_failed", open_one))
    (row,) = [row for row in bench.rows(invoices) if row.stripe_invoice_id == invoice["id"]]
    assert (row.stripe_subscription_id, row.attempted, row.account_id) == (None, True, ACCOUNT)
    assert has(bench) == ("team", "active")
    assert not any("subscriptions" in request for request in bench.line.requests)


@failure(39, "fxa#10828")
def test_a_one_off_invoice_shortens_no_grace(bench: Bench) -> None:
    """fxa#10828: grace counts from the renewal's own invoice, though a one-off is owed for longer."""
    subscription_id = sell(bench)
    customer = bench.customer_without_card()
    bench.stripe.v1.invoice_items.create({"customer": customer, "amount": 2000, "currency": "usd"})
    invoice = bench.post("/v1/invoices", customer=customer, pending_invoice_items_behavior="include")
    owed = bench.post(f"/v1/invoices/{invoice['id']}/finalize")
    bench.webhooks()
    bench.ingest(bench.event("invoice.payment_failed", {**owed, "attempted": True, "attempt_count": 1}))
    use_bad_card(bench, subscription_id)
    bench.deliver(*bench.webhooks("customer.subscription.updated"))
    failed_at = row_of(bench, subscription_id).current_period_end + timedelta(hours=1)
    bench.deliver(*(told for told in travel_to(bench, failed_at) if invoice["id"].encode() not in told.body))
    assert has(bench) == ("team", "past_due_grace")
    assert bench.explain().phase.ends_at == failed_at + timedelta(days=3)


@failure(40, "2anki#3320", "2anki#3459")
def test_metadata_rides_on_the_subscription(bench: Bench) -> None:
    """2anki#3320: what a checkout is given stands on the subscription at Stripe, and on its customer."""
    bench.pay(start_checkout(bench.context, ACCOUNT, Order("team")))
    (created,) = bench.webhooks(CREATED)
    bench.deliver(created)
    assert thing_of(created)["metadata"]["account_id"] == ACCOUNT
    customer = bench.at_stripe(f"/v1/customers/{thing_of(created)['customer']}")
    assert customer["metadata"]["account_id"] == ACCOUNT
    assert row_of(bench, thing_of(created)["id"]).account_id == ACCOUNT


@failure(40, "2anki#3459")
def test_identity_comes_first_and_orphans_are_kept(bench: Bench) -> None:
    """2anki#3459: the same e-mail is no proof: a stranger's subscription is kept as an orphan, not given."""
    card = {"default_payment_method": "pm_card_visa"}
    customer = bench.post(
        "/v1/customers", email="ap@acme.test", payment_method="pm_card_visa", invoice_settings=card
    )
    items = [{"price": bench.price("team")}]
    orphan = bench.post("/v1/subscriptions", customer=customer["id"], items=items)
    told = bench.webhooks()
    bench.deliver(*told)
    assert row_of(bench, orphan["id"]).account_id is None
    assert has(bench) == ("free", "no_subscription")
    (created,) = only(told, CREATED)
    assert "no account" in bench.stored(created.event_id).note


@failure(40, "kobo#6712")
def test_a_dashboards_subscription_is_found_by_its_customer(bench: Bench) -> None:
    """kobo#6712: made in the dashboard, without metadata, it is the account's by its customer."""
    subscription_id = bench.subscribe()
    (created,) = bench.webhooks(CREATED)
    assert thing_of(created)["metadata"] == {}
    bench.deliver(created)
    assert row_of(bench, subscription_id).account_id == ACCOUNT
    assert has(bench) == ("team", "active")


@failure(41, "stripe-firebase-extensions#109")
@pytest.mark.parametrize(
    ("event_type", "thing"),
    [
        (CREATED, {"id": "sub_foreign", "object": "subscription", "status": "active"}),
        ("charge.refunded", {"id": "ch_foreign", "object": "charge"}),
        ("product.updated", {"id": "prod_foreign", "object": "product"}),
        ("balance.available", {"object": "balance"}),
        ("something.invented.tomorrow", {"id": "new_1", "object": "something.new"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_foreign_product_is_acknowledged(site: Site, event_type: str, thing: Json) -> None:
    """stripe-firebase-extensions#109: what concerns nobody here gets 200, so that Stripe goes on sending."""
    full = {"created": 1_800_000_000, "customer": "cus_foreign", "items": {"data": []}, **thing}
    event = {
        "id": f"evt_{event_type}",
        "type": event_type,
        "created": 1_800_000_000,
        "livemode": False,
        "data": {"object": full},
    }
    body = json.dumps(event).encode()
    answer = site.as_nobody().post("/webhooks/stripe", content=body, headers=signed(body))
    assert (answer.status_code, answer.content) == (200, b"")
    assert site.billing.explain("acme").state.subscriptions == ()


@pytest.fixture
def auckland() -> Iterator[None]:
    """A machine whose clock is set to Auckland, where summer time ends on 4 April 2027."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Pacific/Auckland"
    time.tzset()
    yield
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


@failure(42, "pinax#573", "omi#8575", "cashier#558", "cashier#319")
@pytest.mark.usefixtures("auckland")
def test_the_machines_time_zone_moves_nothing(both: Bench) -> None:
    """pinax#573: on a machine half a day from UTC a trial ends at its second, not hours or a day away."""
    trial = try_without_card(both)
    trial_end = BEGIN + timedelta(days=14)
    row = row_of(both, trial)
    assert (row.trial_end, row.trial_end.utcoffset()) == (trial_end, timedelta(0))
    for seconds, plan in [(-1, "team"), (0, "free")]:
        both.clock.now = trial_end + timedelta(seconds=seconds)
        assert has(both)[0] == plan
    work(both)
    assert both.explain().journal[-1].happened_at == trial_end


@failure(42, "cashier#319")
@pytest.mark.usefixtures("auckland")
def test_a_renewal_over_the_end_of_summer_time(both: Bench) -> None:
    """cashier#319: a month that loses an hour in the machine's zone is still renewed at its UTC second."""
    subscription_id = sell(both)
    renews_at = datetime(2027, 4, 1, 10, tzinfo=UTC)
    assert row_of(both, subscription_id).current_period_end == renews_at
    both.clock.now = renews_at - timedelta(seconds=1)
    assert has(both) == ("team", "active")
    both.clock.now = renews_at
    assert has(both) == ("team", "unconfirmed")


@failure(43, "dj-stripe#1162", "dj-stripe#1305", "dj-stripe#2127")
def test_an_event_costs_few_calls(both: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """dj-stripe#1162: told backwards, no event costs more than three calls, and none in a transaction."""
    trial = both.subscribe(trial_period_days=14)
    both.post(f"/v1/subscriptions/{trial}", cancel_at_period_end=True)
    both.post(f"/v1/subscriptions/{trial}", cancel_at_period_end=False)
    both.post(f"/v1/subscriptions/{trial}", trial_end="now")
    told = both.webhooks()
    in_use: list[int] = []
    ask = both.line.request

    def watched(*args: Any, **options: Any) -> tuple[str, int, Mapping[str, str]]:
        pool = both.context.database.engine.pool
        assert isinstance(pool, QueuePool)
        in_use.append(pool.checkedout())
        return ask(*args, **options)

    monkeypatch.setattr(both.line, "request", watched)
    for webhook in reversed(told):
        both.line.requests.clear()
        both.deliver(webhook)
        assert len(both.line.requests) <= MOST_CALLS_FOR_AN_EVENT, (webhook.type, both.line.requests)
    assert set(in_use) <= {0}
    assert has(both) == ("team", "active")


@failure(43, "dj-stripe#2127")
def test_what_is_certainly_newer_costs_no_call(bench: Bench) -> None:
    """dj-stripe#2127: events in order, a second apart, are applied without a single call to Stripe."""
    trial = sell(bench, trial_period_days=14)
    for number in range(5):
        bench.tick()
        bench.post(f"/v1/subscriptions/{trial}", cancel_at_period_end=number % 2 == 0)
        bench.line.requests.clear()
        bench.deliver(*bench.webhooks(UPDATED))
        assert bench.line.requests == []


@failure(43, "dj-stripe#1267", "dj-stripe#1310")
def test_parallel_accounts_do_not_block_each_other(both: Bench) -> None:
    """dj-stripe#1267: purchases of several accounts told crosswise in threads: no deadlock, nothing left."""
    names = ["a", "b", "c"]
    for name in names:
        both.register(name)
        both.subscribe(account_id=name)
    told = both.webhooks()
    together([partial(both.deliver, *told), partial(both.deliver, *reversed(told))])
    assert "received" not in {row.state for row in both.rows(events)}
    assert {has(both, name) for name in names} == {("team", "active")}
    assert [len(entries(both, "converted", name)) for name in names] == [1, 1, 1]


@failure(44, "adcp#6654", "adcp#6686")
def test_missed_events_are_made_up_for(both: Bench) -> None:
    """adcp#6654: not one event of a renewal came, and none can be sent again: a look at Stripe repairs it."""
    subscription_id = sell(both)
    old = row_of(both, subscription_id).current_period_end
    another = sell_another(both, "starter", trial_period_days=7)
    travel_to(both, old + timedelta(hours=2))
    reconcile(both.context, ACCOUNT)
    truth = both.at_stripe(f"/v1/subscriptions/{subscription_id}")
    period = truth["items"]["data"][0]
    row = row_of(both, subscription_id)
    assert (row.status, row.latest_invoice_id) == (truth["status"], truth["latest_invoice"])
    assert int(row.current_period_end.timestamp()) == period["current_period_end"] > old.timestamp()
    assert row_of(both, another).status == both.at_stripe(f"/v1/subscriptions/{another}")["status"]
    assert has(both) == ("team", "active")
    assert not any("/v1/events" in request for request in both.line.requests)


@failure(45, "PostHog#98651", "dj-stripe")
@pytest.mark.parametrize("version", [None, "2019-12-03", "2020-08-27", "2031-01-01.unheard_of"])
def test_any_version_on_the_envelope(bench: Bench, version: str | None) -> None:
    """PostHog#98651: no version, an old one or one of tomorrow on the envelope: the object decides."""
    active = bench.at_stripe(f"/v1/subscriptions/{bench.subscribe()}")
    event = bench.event(CREATED, active, api_version=version)
    bench.ingest(event)
    assert (bench.stored(event["id"]).state, bench.stored(event["id"]).api_version) == ("applied", version)
    assert of(bench, active["id"]).current_period_end == bench.explain().phase.ends_at


@failure(45, "dj-stripe")
def test_versions_may_change_between_events(bench: Bench) -> None:
    """dj-stripe: an endpoint of an old version beside a new one: each word is read in its own shape."""
    subscription_id = bench.subscribe()
    bench.deliver(*bench.sandbox.take_webhooks("2020-08-27"))
    before = row_of(bench, subscription_id)
    for version, wish in [("2026-10-28.endive", True), ("2020-08-27", False)]:
        bench.tick()
        bench.post(f"/v1/subscriptions/{subscription_id}", cancel_at_period_end=wish)
        told = bench.sandbox.take_webhooks(version)
        bench.deliver(*told)
        assert states(bench, told) <= {"applied", "noted"}
        row = row_of(bench, subscription_id)
        assert (row.cancel_at_period_end, row.current_period_end) == (wish, before.current_period_end)
    assert len(bench.rows(subscriptions)) == 1
