"""Order never matters: an older payload never replaces a newer one, and ties are settled by asking Stripe."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from typing import Any

import pytest

from tests.services.bench import Bench, Json
from tiergate.rules.instants import to_unix_seconds
from tiergate.store.tables import invoices, subscriptions
from tiergate_sandbox.testing import Webhook

Arrange = Callable[[list[Json]], list[Json]]

BOTH_ORDERS = pytest.mark.parametrize("arrange", [list, lambda sent: sent[::-1]], ids=["in order", "swapped"])
TIE_OR_NOT = pytest.mark.parametrize("seconds_apart", [0, 1])


def subscription(bench: Bench, **params: Any) -> Json:
    """A subscription of the account at Stripe; nothing was delivered of it."""
    found = bench.at_stripe(f"/v1/subscriptions/{bench.subscribe(**params)}")
    bench.webhooks()
    return found


def created_then_updated(bench: Bench, seconds_apart: int) -> tuple[str, list[Json]]:
    """The events of a first payment that took a moment: created as incomplete, then active."""
    active = subscription(bench)
    first = bench.event("customer.subscription.created", {**active, "status": "incomplete"})
    bench.clock.advance(seconds=seconds_apart)
    return active["id"], [first, bench.event("customer.subscription.updated", active)]


@BOTH_ORDERS
@TIE_OR_NOT
def test_created_never_undoes_updated(bench: Bench, arrange: Arrange, seconds_apart: int) -> None:
    """`created(incomplete)` after `updated(active)` leaves `active` (cashier#1201, dj-stripe#1080)."""
    subscription_id, sent = created_then_updated(bench, seconds_apart)
    for event in arrange(sent):
        bench.ingest(event)
    assert bench.mirrored(subscription_id).status == "active"
    assert bench.reason() == "active"


@TIE_OR_NOT
def test_created_and_updated_at_once(both: Bench, seconds_apart: int) -> None:
    """`created(incomplete)` and `updated(active)` at once leave one row, `active` (cashier#1759, #1678)."""
    subscription_id, sent = created_then_updated(both, seconds_apart)
    with ThreadPoolExecutor(len(sent)) as pool:
        list(pool.map(both.ingest, sent))
    assert both.mirrored(subscription_id).status == "active"
    assert both.reason() == "active"


@BOTH_ORDERS
def test_a_plan_change_in_the_second_of_a_reminder(bench: Bench, arrange: Arrange) -> None:
    """`trial_will_end` and `updated` of one second leave the plan of `updated` (stripe/sync-engine#268)."""
    before = subscription(bench, plan="team", trial_period_days=3)
    bench.ingest(bench.event("customer.subscription.created", before))
    bench.tick()
    item = before["items"]["data"][0]["id"]
    bench.stripe.v1.subscriptions.update(
        before["id"], {"items": [{"id": item, "price": bench.price("scale")}]}
    )
    after = bench.at_stripe(f"/v1/subscriptions/{before['id']}")
    sent = [
        bench.event("customer.subscription.trial_will_end", before),
        bench.event("customer.subscription.updated", after),
    ]
    for event in arrange(sent):
        bench.ingest(event)
    assert bench.mirrored(before["id"]).plan_key == "scale"


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_an_invoice_told_three_times_in_a_second(bench: Bench, order: tuple[int, ...]) -> None:
    """Of three events of one second, the first saying `open`, the invoice is `paid` (PostHog#98651)."""
    paid = bench.at_stripe(f"/v1/invoices/{subscription(bench)['latest_invoice']}")
    unpaid = {**paid, "status": "open", "amount_paid": 0}
    sent = [
        bench.event("invoice.updated", unpaid),
        bench.event("invoice.paid", paid),
        bench.event("invoice.payment_succeeded", paid),
    ]
    for index in order:
        bench.ingest(sent[index])
    assert [(row.status, row.amount_paid) for row in bench.rows(invoices)] == [("paid", 4900)]


@pytest.mark.parametrize("late_by", [-1, 0, 1], ids=["older", "same second", "newer stamp"])
def test_what_was_cancelled_stays_cancelled(bench: Bench, late_by: int) -> None:
    """A late `updated(active)` revives nothing, whatever its stamp (langfuse#17388, onetimesecret#3692)."""
    active = subscription(bench)
    bench.tick()
    bench.stripe.v1.subscriptions.cancel(active["id"])
    bench.deliver(bench.webhook("customer.subscription.deleted"))
    stamp = to_unix_seconds(bench.clock.now) + late_by
    bench.ingest(bench.event("customer.subscription.updated", active, created=stamp))
    assert bench.mirrored(active["id"]).status == "canceled"
    assert bench.reason() == "canceled"


def test_the_end_of_one_subscription_leaves_the_next_alone(bench: Bench) -> None:
    """`deleted` of an old subscription does not touch the plan of its successor (llmgateway#2911)."""
    old = subscription(bench, plan="starter")
    bench.ingest(bench.event("customer.subscription.created", old))
    bench.tick()
    new = bench.stripe.v1.subscriptions.create(
        {"customer": old["customer"], "items": [{"price": bench.price("team")}]}
    )
    bench.tick()
    bench.stripe.v1.subscriptions.cancel(old["id"])
    bench.deliver(*bench.webhooks())
    assert bench.mirrored(old["id"]).status == "canceled"
    assert bench.explain().phase.plan_key == "team"
    assert new.id in str(bench.explain().phase.cause)


def test_a_trial_that_ends_does_not_lock_out_a_buyer(bench: Bench) -> None:
    """`deleted` of a trial leaves the access of the subscription bought meanwhile (managoat/fountain#349)."""
    trial = subscription(bench, plan="team", trial_period_days=14)
    bought = bench.stripe.v1.subscriptions.create(
        {"customer": trial["customer"], "items": [{"price": bench.price("team")}]}
    )
    bench.deliver(*bench.webhooks())
    bench.ingest(bench.event("customer.subscription.created", trial))
    bench.clock.advance(days=14)
    bench.stripe.v1.subscriptions.cancel(trial["id"])
    bench.deliver(bench.webhook("customer.subscription.deleted"))
    phase = bench.explain().phase
    assert (phase.plan_key, str(phase.reason)) == ("team", "active")
    assert bought.id in str(phase.cause)


def test_a_customer_deleted_before_its_subscription(bench: Bench) -> None:
    """`customer.deleted` before `customer.subscription.deleted`: both are taken, it is over (pay#1201)."""
    active = subscription(bench)
    bench.ingest(bench.event("customer.subscription.created", active))
    bench.tick()
    bench.stripe.v1.customers.delete(active["customer"])
    emitted = bench.webhooks("customer.deleted", "customer.subscription.deleted")
    in_wrong_order = sorted(emitted, key=lambda webhook: webhook.type)
    assert [webhook.type for webhook in in_wrong_order] == [
        "customer.deleted",
        "customer.subscription.deleted",
    ]
    bench.deliver(*in_wrong_order)
    assert {bench.stored(webhook.event_id).state for webhook in in_wrong_order} == {"applied"}
    assert bench.mirrored(active["id"]).status == "canceled"
    assert bench.reason() == "canceled"


def test_an_ended_subscription_is_kept(bench: Bench) -> None:
    """`deleted` ends a subscription and keeps its history (tamagui#4048, dj-stripe#855)."""
    active = subscription(bench)
    bench.ingest(bench.event("customer.subscription.created", active))
    bench.tick()
    bench.stripe.v1.subscriptions.cancel(active["id"])
    bench.deliver(*bench.webhooks())
    assert [row.stripe_subscription_id for row in bench.rows(subscriptions)] == [active["id"]]
    assert bench.mirrored(active["id"]).plan_key == "team"


def test_every_order_of_a_life_ends_the_same(bench: Bench) -> None:
    """A trial cancelled, resumed and ended leaves the same mirror, first to last and last to first."""
    trial = subscription(bench, trial_period_days=14)
    changes: list[Json] = [
        {"cancel_at_period_end": True},
        {"cancel_at_period_end": False},
        {"trial_end": "now"},
    ]
    for change in changes:
        bench.tick()
        bench.post(f"/v1/subscriptions/{trial['id']}", **change)
    emitted: list[Webhook] = bench.webhooks()
    bench.deliver(*reversed(emitted))
    row = bench.mirrored(trial["id"])
    truth = bench.at_stripe(f"/v1/subscriptions/{trial['id']}")
    assert (row.status, row.cancel_at_period_end, row.cancel_at) == (truth["status"], False, None)
    assert row.trial_end.timestamp() == truth["trial_end"]
    assert row.latest_invoice_id == truth["latest_invoice"]
    assert {invoice.status for invoice in bench.rows(invoices)} == {"paid"}
