"""Order and races: an older word never replaces a newer one, and who comes first does not matter."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from itertools import permutations
from typing import Any

import pytest

from tests.failures.doings import (
    CREATED,
    DELETED,
    TRIAL_WILL_END,
    UPDATED,
    attach_card,
    first_payment,
    has,
    ids,
    of,
    only,
    row_of,
    sell,
    sell_another,
    states,
    travel_to,
    try_without_card,
    work,
)
from tests.failures.sources import failure
from tests.services.bench import ACCOUNT, Bench
from tests.store.together import together
from tests.web.routes.site import Site, signed
from tiergate.rules.instants import to_unix_seconds
from tiergate.services.accounts.ensure_customer import ensure_customer
from tiergate.services.checkout.order import Order
from tiergate.services.checkout.start_checkout import start_checkout
from tiergate.services.reconcile.reconcile import reconcile
from tiergate.store.tables import customers, events, invoices, subscriptions
from tiergate_sandbox.testing import Webhook

Arrange = Callable[[list[Webhook]], list[Webhook]]

BOTH_ORDERS = pytest.mark.parametrize("arrange", [list, lambda sent: sent[::-1]], ids=["in order", "swapped"])
TIE_OR_NOT = pytest.mark.parametrize("seconds_apart", [0, 1], ids=["same second", "a second apart"])


@failure(1, "cashier#1201")
@BOTH_ORDERS
@TIE_OR_NOT
def test_created_after_updated(bench: Bench, arrange: Arrange, seconds_apart: int) -> None:
    """cashier#1201: `created(incomplete)` that arrives after `updated(active)` leaves `active`."""
    subscription_id, *told = first_payment(bench, seconds_apart)
    bench.deliver(*arrange(told))
    assert row_of(bench, subscription_id).status == "active"
    assert has(bench) == ("team", "active")


@failure(2, "cashier#1759")
@TIE_OR_NOT
def test_created_beside_updated(both: Bench, seconds_apart: int) -> None:
    """cashier#1759: of `created` and `updated` at the same moment one row remains, and it is `active`."""
    subscription_id, *told = first_payment(both, seconds_apart)
    together([partial(both.deliver, webhook) for webhook in told])
    assert ids(both) == [subscription_id]
    assert row_of(both, subscription_id).status == "active"
    assert states(both, told) == {"applied"}


@failure(3, "cashier#1678", "cashier#1734", "cashier#1593")
def test_buying_again_after_cancelling(both: Bench) -> None:
    """cashier#1678: cancelled and bought again, all told at once: one row each, and the new one counts."""
    first = sell(both, "starter")
    both.stripe.v1.subscriptions.cancel(first)
    (ended,) = both.webhooks(DELETED)
    both.tick()
    second, created, updated = first_payment(both, 1)
    told = [updated, created, ended]
    together([partial(both.deliver, webhook) for webhook in told])
    assert ids(both) == sorted([first, second])
    assert (row_of(both, first).status, row_of(both, second).status) == ("canceled", "active")
    assert states(both, told) == {"applied"}
    assert has(both) == ("team", "active")


@failure(4, "cashier#1300", "cashier#1307", "cashier#1308")
def test_the_webhook_is_faster_than_the_answer(both: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """cashier#1300: a row that a webhook inserts while our call returns is adopted, not inserted twice."""
    ask = both.line.request

    def slowly(*args: Any, **options: Any) -> tuple[str, int, Mapping[str, str]]:
        answer = ask(*args, **options)
        both.deliver(*both.webhooks())
        return answer

    monkeypatch.setattr(both.line, "request", slowly)
    customer = ensure_customer(both.context, ACCOUNT)
    assert [(row.stripe_customer_id, row.account_id) for row in both.rows(customers)] == [(customer, ACCOUNT)]
    both.pay(start_checkout(both.context, ACCOUNT, Order("team")))
    work(both)
    both.clock.advance(minutes=11)
    work(both)
    assert len(ids(both)) == 1
    assert has(both) == ("team", "trialing")


@failure(5, "stripe/sync-engine#268")
@BOTH_ORDERS
def test_a_plan_change_in_the_second_of_a_reminder(bench: Bench, arrange: Arrange) -> None:
    """stripe/sync-engine#268: `trial_will_end` and `updated` of one second leave the plan of `updated`."""
    trial = sell(bench, trial_period_days=14)
    reminded_at = of(bench, trial).trial_end
    assert reminded_at
    reminder = only(travel_to(bench, reminded_at - timedelta(days=3)), TRIAL_WILL_END)
    item = bench.at_stripe(f"/v1/subscriptions/{trial}")["items"]["data"][0]["id"]
    bench.stripe.v1.subscriptions.update(trial, {"items": [{"id": item, "price": bench.price("scale")}]})
    told = arrange([*reminder, *bench.webhooks(UPDATED)])
    assert [webhook.type for webhook in told] in ([TRIAL_WILL_END, UPDATED], [UPDATED, TRIAL_WILL_END])
    bench.deliver(*told)
    assert has(bench) == ("scale", "trialing")


@failure(6, "PostHog#98651")
@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_an_invoice_told_three_times_in_a_second(bench: Bench, order: tuple[int, ...]) -> None:
    """PostHog#98651: three events of one second, the first saying `open`: the invoice is `paid`."""
    bench.subscribe()
    told = only(bench.webhooks(), "invoice.finalized", "invoice.paid", "invoice.payment_succeeded")
    bench.deliver(*(told[index] for index in order))
    assert [(row.status, row.amount_paid) for row in bench.rows(invoices)] == [("paid", 4900)]


@failure(7, "langfuse#17388", "onetimesecret#3692")
@pytest.mark.parametrize("late_by", [-2, 0, 2], ids=["older", "same second", "newer"])
def test_a_late_word_revives_nothing(bench: Bench, late_by: int) -> None:
    """langfuse#17388: `updated(active)` after `deleted` gives no plan back, whatever its stamp."""
    subscription_id = sell(bench)
    alive = bench.at_stripe(f"/v1/subscriptions/{subscription_id}")
    bench.tick()
    bench.stripe.v1.subscriptions.cancel(subscription_id)
    bench.deliver(*bench.webhooks(DELETED))
    bench.ingest(bench.event(UPDATED, alive, created=to_unix_seconds(bench.clock.now) + late_by))
    assert row_of(bench, subscription_id).status == "canceled"
    assert has(bench) == ("free", "canceled")


@failure(7, "onetimesecret#3692")
def test_a_late_word_revives_nothing_while_stripe_is_down(bench: Bench) -> None:
    """onetimesecret#3692: while Stripe cannot be asked, `canceled` stands; the late event waits for it."""
    subscription_id = sell(bench)
    alive = bench.at_stripe(f"/v1/subscriptions/{subscription_id}")
    bench.tick()
    bench.stripe.v1.subscriptions.cancel(subscription_id)
    bench.deliver(*bench.webhooks(DELETED))
    bench.tick()
    bench.line.down = True
    bench.ingest(bench.event(UPDATED, alive))
    assert has(bench) == ("free", "canceled")


@failure(8, "llmgateway#2911")
def test_the_end_of_an_old_plan_leaves_the_new_one(bench: Bench) -> None:
    """llmgateway#2911: A ends as scheduled after B was bought: `deleted(A)` leaves the plan of B."""
    old = sell(bench, "starter")
    bench.post(f"/v1/subscriptions/{old}", cancel_at_period_end=True)
    bench.deliver(*bench.webhooks())
    ends_at = row_of(bench, old).current_period_end
    bench.clock.now = ends_at - timedelta(days=1)
    bench.sandbox.catch_up()
    new = sell_another(bench, "team")
    bench.deliver(*bench.webhooks())
    ended = only(travel_to(bench, ends_at), DELETED)
    assert len(ended) == 1
    bench.deliver(*ended)
    assert row_of(bench, old).status == "canceled"
    assert has(bench) == ("team", "active")
    assert new in str(bench.explain().phase.cause)


@failure(9, "managoat/fountain#349")
def test_a_trial_that_ends_does_not_lock_out_a_buyer(bench: Bench) -> None:
    """managoat/fountain#349: a trial is ended by what was bought beside it, and the buyer keeps access."""
    trial = try_without_card(bench, "scale")
    bought = sell_another(bench, "team", default_payment_method=attach_card(bench))
    bench.deliver(*bench.webhooks())
    work(bench)
    assert bench.at_stripe(f"/v1/subscriptions/{trial}")["status"] == "canceled"
    ended = bench.webhooks(DELETED)
    assert len(ended) == 1
    bench.deliver(*ended)
    bench.clock.now = row_of(bench, trial).trial_end
    assert (row_of(bench, trial).status, has(bench)) == ("canceled", ("team", "active"))
    assert bought in str(bench.explain().phase.cause)


@failure(9, "managoat/fountain#349")
def test_a_trial_beside_a_paid_plan_is_not_billed(bench: Bench) -> None:
    """managoat/fountain#349: a trial with a card beside a paid plan is not charged as well at its end."""
    trial = sell(bench, "starter", trial_period_days=14)
    trial_end = row_of(bench, trial).trial_end
    bought = sell_another(bench, "team")
    bench.deliver(*bench.webhooks())
    work(bench)
    bench.deliver(*travel_to(bench, trial_end + timedelta(hours=2)))
    paid = {row.stripe_subscription_id for row in bench.rows(invoices) if row.amount_paid}
    assert (paid, has(bench)) == ({bought}, ("team", "active"))


@failure(9, "managoat/fountain#349")
def test_the_end_of_a_trial_leaves_what_was_bought(bench: Bench) -> None:
    """managoat/fountain#349: a trial's end, told before the purchase is, locks nobody out once it is told."""
    trial = sell(bench, "scale", trial_period_days=14)
    sell_another(bench, "team")
    told = only(bench.webhooks(), CREATED)
    bench.tick()
    bench.stripe.v1.subscriptions.cancel(trial)
    bench.deliver(*only(bench.webhooks(), DELETED), *told)
    assert has(bench) == ("team", "active")


@failure(10, "get-engram#361")
@pytest.mark.parametrize("account_id", [ACCOUNT, None], ids=["this account", "every account"])
def test_an_empty_list_is_no_proof(both: Bench, account_id: str | None) -> None:
    """get-engram#361: Stripe lists nothing for a customer: the payer keeps what is mirrored."""
    subscription_id = sell(both)
    both.sandbox.service.reset()
    reconcile(both.context, account_id)
    assert row_of(both, subscription_id).status == "active"
    assert has(both) == ("team", "active")
    assert both.explain().account.stripe_customer_id == row_of(both, subscription_id).stripe_customer_id


@failure(11, "pay#371", "pay#377", "pay#383")
def test_parallel_events_leave_one_row(both: Bench) -> None:
    """pay#371: everything about a purchase at once, in threads: one row each, and the latest state."""
    subscription_id = both.subscribe(trial_period_days=14)
    both.post(f"/v1/subscriptions/{subscription_id}", cancel_at_period_end=True)
    both.tick()
    both.post(f"/v1/subscriptions/{subscription_id}", trial_end="now", cancel_at_period_end=False)
    told = both.webhooks()
    together([partial(both.deliver, webhook) for webhook in reversed(told)])
    assert ids(both) == [subscription_id]
    row = row_of(both, subscription_id)
    truth = both.at_stripe(f"/v1/subscriptions/{subscription_id}")
    assert (row.status, row.cancel_at_period_end) == (truth["status"], False) == ("active", False)
    assert row.latest_invoice_id == truth["latest_invoice"]
    assert sorted((invoice.status, invoice.amount_paid) for invoice in both.rows(invoices)) == [
        ("paid", 0),
        ("paid", 4900),
    ]


@failure(12, "pay#1201")
@BOTH_ORDERS
def test_a_customer_that_goes_before_its_subscription(bench: Bench, arrange: Arrange) -> None:
    """pay#1201: `customer.deleted` before `subscription.deleted`: both are taken, and it is over."""
    subscription_id = sell(bench)
    bench.stripe.v1.customers.delete(row_of(bench, subscription_id).stripe_customer_id)
    told = arrange(only(bench.webhooks(), DELETED, "customer.deleted"))
    assert len(told) == 2
    bench.deliver(*told)
    assert states(bench, told) == {"applied"}
    assert [row.deleted for row in bench.rows(customers)] == [True]
    assert row_of(bench, subscription_id).status == "canceled"
    assert has(bench) == ("free", "canceled")


@failure(13, "dj-stripe#1239")
def test_one_event_in_parallel(both: Bench) -> None:
    """dj-stripe#1239: the same event five times at once: all are acknowledged, and it happens once."""
    both.subscribe()
    told = only(both.webhooks(), CREATED, "invoice.paid")
    together([partial(both.ingest, webhook.body) for webhook in told * 5])
    assert sorted(row.event_id for row in both.rows(events)) == sorted(w.event_id for w in told)
    assert [entry.kind for entry in both.explain().journal].count("converted") == 1
    assert has(both) == ("team", "active")


@failure(13, "dj-stripe#1239")
def test_one_event_in_parallel_over_http(site: Site) -> None:
    """dj-stripe#1239: over HTTP the same event four times at once is answered with 200 four times."""
    thing = {"id": "cus_foreign", "object": "customer", "created": 1_800_000_000}
    event = {"id": "evt_once", "type": "customer.created", "created": 1_800_000_000, "livemode": False}
    body = json.dumps({**event, "data": {"object": thing}}).encode()
    post = partial(site.as_nobody().post, "/webhooks/stripe", content=body, headers=signed(body))
    assert [answer.status_code for answer in together([post] * 4)] == [200] * 4


@failure(14, "dj-stripe#1218")
def test_what_is_gone_before_it_is_read(bench: Bench) -> None:
    """dj-stripe#1218: gone before anybody looked: acknowledged, closed, and not asked for again."""
    subscription_id, created, updated = first_payment(bench, 0)
    bench.sandbox.service.reset()
    bench.deliver(updated, created)
    assert states(bench, [created, updated]) == {"applied"}
    bench.line.requests.clear()
    bench.clock.advance(minutes=1)
    work(bench)
    assert not any(subscription_id in request for request in bench.line.requests)


@failure(15, "dj-stripe#1080")
@pytest.mark.parametrize("order", [1, -1], ids=["in order", "swapped"])
@TIE_OR_NOT
def test_a_trial_that_began_incomplete(bench: Bench, order: int, seconds_apart: int) -> None:
    """dj-stripe#1080: a trial first told as `incomplete` does not stay so: the later word counts."""
    trial = bench.at_stripe(f"/v1/subscriptions/{bench.subscribe(trial_period_days=14)}")
    bench.webhooks()
    told = [bench.event(CREATED, {**trial, "status": "incomplete"})]
    bench.clock.advance(seconds=seconds_apart)
    told.append(bench.event(UPDATED, trial))
    for event in told[::order]:
        bench.ingest(event)
    assert row_of(bench, trial["id"]).status == "trialing"
    assert has(bench) == ("team", "trialing")


@failure(8, "llmgateway#2911")
@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_two_plans_told_in_any_order(bench: Bench, order: tuple[int, ...]) -> None:
    """llmgateway#2911: whichever of the ends and beginnings of two plans is told first, B remains."""
    old = bench.subscribe("starter")
    told = only(bench.webhooks(), CREATED)
    bench.tick()
    new = sell_another(bench, "team")
    bench.tick()
    bench.stripe.v1.subscriptions.cancel(old)
    told += only(bench.webhooks(), CREATED, DELETED)
    bench.deliver(*(told[index] for index in order))
    assert {row.stripe_subscription_id: row.status for row in bench.rows(subscriptions)} == {
        old: "canceled",
        new: "active",
    }
    assert has(bench) == ("team", "active")
