"""A trial for which no card was left: what happens at its end is for ``missing_payment_method`` to say."""

from tests.sandbox.world.script import DAY, FINALIZED, LATER, NOW, ZERO_INVOICE, Script


def trial(script: Script, missing: str) -> dict[str, object]:
    """Start a trial of fourteen days without a card."""
    end_behavior = {"missing_payment_method": missing}
    sub = script.subscribe(
        script.customer(),
        script.price(2500),
        trial_period_days=14,
        trial_settings={"end_behavior": end_behavior},
    )
    assert sub["status"] == "trialing"
    assert sub["trial_start"] == NOW
    assert sub["trial_end"] == sub["billing_cycle_anchor"] == NOW + 14 * DAY
    assert sub["items"]["data"][0]["current_period_end"] == sub["trial_end"]
    started = script.happened(*ZERO_INVOICE, "customer.subscription.created", "customer.updated")
    assert started.before("customer.updated") == {"currency": None, "next_invoice_sequence": 1}
    invoice = script.invoice(sub)
    assert (invoice["status"], invoice["total"], invoice["attempted"], invoice["attempt_count"]) == (
        "paid",
        0,
        True,
        0,
    )
    assert invoice["lines"]["data"][0]["description"] == "Free trial for 1 × Pro"
    return sub


def test_the_end_of_the_trial_is_announced_three_days_before(script: Script) -> None:
    """trial_will_end comes at trial_end minus three days, caused by nobody."""
    trial(script, "cancel")
    script.advance(days=11, seconds=-1)
    script.happened()
    script.advance(seconds=1)
    notice = script.happened("customer.subscription.trial_will_end").of(
        "customer.subscription.trial_will_end"
    )
    assert notice["created"] == NOW + 11 * DAY
    assert notice["request"] == {"id": None, "idempotency_key": None}
    assert "previous_attributes" not in notice["data"]


def test_cancel_ends_the_subscription_without_an_invoice(script: Script) -> None:
    """With cancel, the trial's end brings the deleted event and nothing else."""
    sub = trial(script, "cancel")
    script.advance(days=20)
    ended = script.happened("customer.subscription.trial_will_end", "customer.subscription.deleted")
    deleted = ended.object_of("customer.subscription.deleted")
    assert deleted["status"] == "canceled"
    assert deleted["ended_at"] == deleted["canceled_at"] == NOW + 14 * DAY
    assert script.subscription(sub)["latest_invoice"] == sub["latest_invoice"]


def test_pause_stops_billing_until_the_subscription_is_resumed(script: Script) -> None:
    """With pause, nothing is invoiced until a card is there and the subscription is resumed."""
    sub = trial(script, "pause")
    script.advance(days=20)
    paused = script.happened(
        "customer.subscription.trial_will_end",
        "customer.subscription.paused",
        "customer.subscription.updated",
    )
    assert paused.before("customer.subscription.updated") == {"status": "trialing", "status_details": None}
    cause = paused.object_of("customer.subscription.paused")["status_details"]["paused"]["subscription"][
        "type"
    ]
    assert cause == "trial_end_without_payment_method"
    script.advance(days=40)
    script.happened()

    refused = script.refused(400, "POST", f"/v1/subscriptions/{sub['id']}/resume")
    assert refused["code"] == "resource_missing"
    script.post("/v1/payment_methods/pm_card_visa/attach", customer=sub["customer"])
    method = script.get(f"/v1/customers/{sub['customer']}/payment_methods")["data"][0]["id"]
    script.post(f"/v1/customers/{sub['customer']}", invoice_settings={"default_payment_method": method})
    script.forget()
    resumed = script.post(f"/v1/subscriptions/{sub['id']}/resume")
    assert resumed["status"] == "active"
    assert resumed["billing_cycle_anchor"] == script.frozen_time()
    happened = script.happened(
        "invoice.created",
        *FINALIZED,
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice_payment.paid",
        "invoice.paid",
        "invoice.payment_succeeded",
        "customer.subscription.resumed",
        "customer.subscription.updated",
        "customer.updated",
    )
    assert happened.before("customer.subscription.updated")["status"] == "paused"


def test_create_invoice_asks_for_money_and_falls_past_due(script: Script) -> None:
    """With create_invoice, the first invoice is made, and refused an hour later for want of a card."""
    sub = trial(script, "create_invoice")
    script.advance(days=14)
    rolled = script.happened(
        "customer.subscription.trial_will_end",
        "invoice.upcoming",
        "invoice.created",
        "customer.subscription.updated",
    )
    before = rolled.before("customer.subscription.updated")
    assert before["status"] == "trialing"
    assert before["latest_invoice"] == sub["latest_invoice"]
    assert before["items"]["data"][0]["current_period_end"] == NOW + 14 * DAY
    assert before.keys() == {"status", "latest_invoice", "items"}
    script.advance(hours=1)
    refused = script.happened(*FINALIZED, "invoice.payment_failed", *LATER, "customer.subscription.updated")
    assert refused.before("customer.subscription.updated") == {"status": "active"}
    failed = refused.object_of("invoice.payment_failed")
    assert failed["billing_reason"] == "subscription_cycle"
    assert (failed["attempt_count"], failed["attempted"]) == (1, True)
    assert failed["next_payment_attempt"] == NOW + 17 * DAY + 3600
    assert script.subscription(sub)["status"] == "past_due"


def test_a_trial_shorter_than_three_days_is_announced_at_once(script: Script) -> None:
    """A trial of one day sends trial_will_end together with its creation, and not again."""
    script.subscribe(script.customer(), script.price(2500), trial_period_days=1)
    script.happened(
        *ZERO_INVOICE,
        "customer.subscription.created",
        "customer.subscription.trial_will_end",
        "customer.updated",
    )
    script.advance(hours=23)
    script.happened()


def test_ending_the_trial_now_pauses_at_once(script: Script) -> None:
    """trial_end=now without a card and with pause goes straight to paused, as the CLI's trigger does."""
    sub = trial(script, "pause")
    paused = script.post(f"/v1/subscriptions/{sub['id']}", trial_end="now")
    assert paused["status"] == "paused"
    script.happened(
        "customer.subscription.trial_will_end",
        "customer.subscription.paused",
        "customer.subscription.updated",
    )
