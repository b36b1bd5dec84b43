"""The seed's six events, each alone, and every shape in which Stripe may send them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.services.bench import ACCOUNT, Bench
from tiergate.rules.instants import to_unix_seconds
from tiergate.services.checkout.order import Order
from tiergate.services.checkout.start_checkout import start_checkout
from tiergate.services.run_due import run_due
from tiergate.store.checkout_table import checkouts

VERSIONS = ["2020-08-27", "2024-06-20", "2025-03-31.basil", "2026-10-28.endive"]


def test_checkout_session_completed_alone(bench: Bench) -> None:
    """`checkout.session.completed` is enough: the subscription it names is fetched and mirrored."""
    bench.pay(start_checkout(bench.context, ACCOUNT, Order("team")))
    bench.deliver(bench.webhook("checkout.session.completed"))
    assert [row.status for row in bench.rows(checkouts)] == ["complete"]
    assert (bench.explain().phase.plan_key, bench.reason()) == ("team", "trialing")


def test_customer_subscription_created_alone(bench: Bench) -> None:
    """`customer.subscription.created` opens the plan."""
    bench.subscribe()
    bench.deliver(bench.webhook("customer.subscription.created"))
    assert (bench.explain().phase.plan_key, bench.reason()) == ("team", "active")


def test_customer_subscription_updated_alone(bench: Bench) -> None:
    """`customer.subscription.updated` of a subscription never seen before is as good as `created`."""
    subscription_id = bench.subscribe()
    bench.stripe.v1.subscriptions.update(subscription_id, {"cancel_at_period_end": True})
    bench.deliver(bench.webhook("customer.subscription.updated"))
    row = bench.mirrored(subscription_id)
    assert (row.status, row.cancel_at_period_end) == ("active", True)
    assert bench.explain().phase.ends_at == row.current_period_end


def test_customer_subscription_deleted_alone(bench: Bench) -> None:
    """`customer.subscription.deleted` of a subscription never seen before opens nothing."""
    subscription_id = bench.subscribe()
    bench.stripe.v1.subscriptions.cancel(subscription_id)
    bench.deliver(bench.webhook("customer.subscription.deleted"))
    assert bench.mirrored(subscription_id).status == "canceled"
    assert (bench.explain().phase.plan_key, bench.reason()) == ("free", "canceled")


def test_invoice_paid_is_a_conversion(bench: Bench) -> None:
    """`invoice.paid` with an amount is mirrored and journalled as the conversion, once."""
    subscription_id = bench.subscribe()
    emitted = bench.webhooks()
    created = next(webhook for webhook in emitted if webhook.type == "customer.subscription.created")
    paid = next(webhook for webhook in emitted if webhook.type == "invoice.paid")
    bench.deliver(created, paid)
    run_due(bench.context)
    converted = [entry for entry in bench.explain().journal if entry.kind == "converted"]
    assert [(entry.data["subscription"], entry.happened_at) for entry in converted] == [
        (subscription_id, bench.clock.now)
    ]


def test_a_trials_invoice_over_nothing_is_no_conversion(bench: Bench) -> None:
    """The paid invoice over $0 that begins a trial counts as no payment (inbox-zero#3709)."""
    bench.subscribe(trial_period_days=14)
    bench.deliver(*bench.webhooks())
    assert [invoice.total for invoice in bench.explain().state.invoices] == [0]
    assert "converted" not in [entry.kind for entry in bench.explain().journal]


def test_invoice_payment_failed_starts_the_grace_period(bench: Bench) -> None:
    """`invoice.payment_failed`, with its `past_due`, gives grace from then on, no end (cashier#768)."""
    subscription_id = bench.subscribe()
    bench.deliver(*bench.webhooks())
    customer = bench.explain().account.stripe_customer_id
    assert customer
    bad = bench.stripe.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer})
    bench.stripe.v1.subscriptions.update(subscription_id, {"default_payment_method": bad.id})
    bench.clock.now = bench.mirrored(subscription_id).current_period_end + timedelta(hours=1)
    bench.sandbox.catch_up()
    emitted = bench.webhooks()
    assert "invoice.payment_failed" in {webhook.type for webhook in emitted}
    bench.deliver(*emitted)
    phase = bench.explain().phase
    assert (phase.plan_key, str(phase.reason)) == ("team", "past_due_grace")
    assert phase.ends_at == bench.clock.now + timedelta(days=3)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_of_the_api_is_read(bench: Bench, version: str) -> None:
    """Payloads of old and new API versions give the same mirror (dj-stripe#2196, lilypad#723)."""
    subscription_id = bench.subscribe()
    for webhook in bench.sandbox.take_webhooks(version):
        bench.ingest(webhook.body)
    period_end = bench.at_stripe(f"/v1/subscriptions/{subscription_id}")["items"]["data"][0][
        "current_period_end"
    ]
    told = bench.explain()
    assert told.phase.ends_at == datetime.fromtimestamp(period_end, UTC)
    assert [invoice.subscription_id for invoice in told.state.invoices] == [subscription_id]
    assert "converted" in [entry.kind for entry in told.journal]


def test_an_event_without_a_version_is_read(bench: Bench) -> None:
    """`api_version: null` is no reason to refuse an event."""
    active = bench.at_stripe(f"/v1/subscriptions/{bench.subscribe()}")
    event = bench.event("customer.subscription.created", active, api_version=None)
    bench.ingest(event)
    assert (bench.stored(event["id"]).state, bench.reason()) == ("applied", "active")


def test_a_trial_end_that_is_taken_back_is_cleared(bench: Bench) -> None:
    """`"trial_end": null` clears the trial that was mirrored (cashier#1824)."""
    trial = bench.at_stripe(f"/v1/subscriptions/{bench.subscribe(trial_period_days=14)}")
    bench.ingest(bench.event("customer.subscription.created", trial))
    bench.tick()
    bench.ingest(
        bench.event("customer.subscription.updated", trial | {"status": "active", "trial_end": None})
    )
    assert bench.mirrored(trial["id"]).trial_end is None
    assert bench.reason() == "active"


def test_a_cancelled_trial_runs_to_its_end_and_can_be_resumed(bench: Bench) -> None:
    """A trial cancelled runs to its end; taking that back clears it (dj-stripe#2101, dust#20964)."""
    subscription_id = bench.subscribe(trial_period_days=14)
    bench.deliver(*bench.webhooks())
    trial_end = bench.mirrored(subscription_id).trial_end
    change(bench, subscription_id, cancel_at_period_end=True)
    assert (bench.reason(), bench.explain().state.subscriptions[0].cancels_at) == ("trialing", trial_end)
    change(bench, subscription_id, cancel_at_period_end=False)
    assert (bench.reason(), bench.explain().state.subscriptions[0].cancels_at) == ("trialing", None)


def test_a_portals_cancellation_is_seen(bench: Bench) -> None:
    """`cancel_at` without `cancel_at_period_end` is a scheduled end (better-auth#5780, stripe-node#2470)."""
    subscription_id = bench.subscribe()
    bench.deliver(*bench.webhooks())
    period_end = bench.mirrored(subscription_id).current_period_end
    change(bench, subscription_id, cancel_at=to_unix_seconds(period_end))
    row = bench.mirrored(subscription_id)
    assert (row.cancel_at, row.cancel_at_period_end) == (period_end, False)
    assert bench.explain().phase.ends_at == period_end
    bench.clock.now = period_end
    assert bench.explain().phase.plan_key == "free"


def test_a_status_of_tomorrow_opens_nothing_and_is_reported(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """A status that this code does not know is refused, mirrored word for word, and warned of."""
    active = bench.at_stripe(f"/v1/subscriptions/{bench.subscribe()}")
    bench.ingest(bench.event("customer.subscription.created", active | {"status": "hibernating"}))
    assert bench.mirrored(active["id"]).status == "hibernating"
    assert (bench.reason(), bench.explain().phase.plan_key) == ("unknown_status", "free")
    assert [record.levelname for record in caplog.records if "unknown_status" in record.message] == [
        "WARNING"
    ]


def test_a_detached_card_is_looked_up(bench: Bench) -> None:
    """After `payment_method.detached` the customer is asked for, because only it knows its default card."""
    bench.subscribe(trial_period_days=14)
    bench.deliver(*bench.webhooks())
    customer = bench.at_stripe(f"/v1/customers/{bench.explain().account.stripe_customer_id}")
    bench.tick()
    bench.stripe.v1.payment_methods.detach(customer["invoice_settings"]["default_payment_method"])
    bench.deliver(*bench.webhooks("payment_method.detached"))
    told = bench.explain()
    assert told.state.has_card(told.state.subscriptions[0]) is False


def change(bench: Bench, subscription_id: str, **params: Any) -> None:
    """Change a subscription at Stripe, a second later, and let the application know."""
    bench.tick()
    bench.post(f"/v1/subscriptions/{subscription_id}", **params)
    bench.deliver(*bench.webhooks())
    run_due(bench.context)
