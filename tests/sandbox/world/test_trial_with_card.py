"""A trial with a card: it converts, renews month after month, or its first charge is refused."""

from tests.sandbox.world.script import (
    DAY,
    FINALIZED,
    HOUR,
    LATER,
    NOW,
    PAID,
    REFUSED,
    ZERO_INVOICE,
    Script,
    at,
)

CONVERSION = NOW + 14 * DAY


def trial(script: Script, card: str = "pm_card_visa", days: int = 14) -> dict[str, object]:
    """Start a trial with a default card on the customer."""
    sub = script.subscribe(script.customer(card), script.price(2500), trial_period_days=days)
    assert sub["status"] == "trialing"
    assert sub["pending_setup_intent"] is None
    script.happened(
        *ZERO_INVOICE,
        "setup_intent.created",
        "setup_intent.succeeded",
        "customer.subscription.created",
        "customer.updated",
    )
    return sub


def test_it_is_active_before_it_is_charged(script: Script) -> None:
    """At the trial's end the subscription turns active with a draft; the charge follows an hour later."""
    sub = trial(script)
    script.advance_to(CONVERSION)
    turned = script.happened(
        "invoice.upcoming",
        "customer.subscription.trial_will_end",
        "invoice.created",
        "customer.subscription.updated",
    )
    assert turned.before("customer.subscription.updated").keys() == {"status", "latest_invoice", "items"}
    draft = turned.object_of("invoice.created")
    assert (draft["status"], draft["billing_reason"], draft["total"]) == ("draft", "subscription_cycle", 2500)
    assert draft["automatically_finalizes_at"] == draft["next_payment_attempt"] == CONVERSION + HOUR
    assert (draft["period_start"], draft["period_end"]) == (NOW, CONVERSION)

    script.advance(hours=1, seconds=-1)
    script.happened()
    script.advance(seconds=1)
    charged = script.happened(*FINALIZED, *PAID, *LATER)
    paid = charged.object_of("invoice.paid")
    assert (paid["amount_paid"], paid["attempt_count"], paid["auto_advance"]) == (2500, 1, False)
    assert paid["status_transitions"]["paid_at"] == CONVERSION + HOUR
    assert charged.before("customer.updated") == {"next_invoice_sequence": 2}
    assert charged.of("charge.succeeded")["created"] == CONVERSION + HOUR
    assert script.subscription(sub)["billing_cycle_anchor"] == CONVERSION


def test_it_renews_month_after_month(script: Script) -> None:
    """Three renewals: announced a week before, rolled on the day, charged an hour later, no other event."""
    sub = trial(script)
    script.advance_to(CONVERSION + 2 * HOUR)
    script.forget()
    for day in ("2026-02-28", "2026-03-29", "2026-04-29"):
        boundary = at(f"{day}T10:00:00")
        script.advance_to(boundary - 1)
        announced = script.happened("invoice.upcoming")
        upcoming = announced.object_of("invoice.upcoming")
        assert "id" not in upcoming
        assert upcoming["total"] == 2500
        assert announced.of("invoice.upcoming")["created"] == upcoming["period_end"] - 7 * DAY
        script.advance_to(upcoming["period_end"] + HOUR)
        renewed = script.happened(
            "invoice.created", "customer.subscription.updated", *FINALIZED, *PAID, *LATER
        )
        assert renewed.before("customer.subscription.updated").keys() == {"latest_invoice", "items"}
        assert renewed.of("invoice.created")["created"] == upcoming["period_end"]
    numbers = [one["number"][-4:] for one in script.get("/v1/invoices", subscription=sub["id"])["data"]]
    assert numbers == ["0005", "0004", "0003", "0002", "0001"]


def test_a_refused_first_charge_leaves_it_past_due(script: Script) -> None:
    """The card attached well but is refused when charged: active, then past_due, retried in 3 days."""
    sub = trial(script, "pm_card_chargeCustomerFail")
    script.advance_to(CONVERSION)
    script.forget()
    script.advance(hours=1)
    refused = script.happened(*FINALIZED, *REFUSED, *LATER, "customer.subscription.updated")
    assert refused.before("customer.subscription.updated") == {"status": "active"}
    assert refused.before("customer.updated") == {"delinquent": False, "next_invoice_sequence": 2}
    assert refused.object_of("charge.failed")["failure_code"] == "card_declined"
    failed = refused.object_of("invoice.payment_failed")
    assert (failed["attempt_count"], failed["next_payment_attempt"]) == (1, CONVERSION + HOUR + 3 * DAY)
    assert script.subscription(sub)["status"] == "past_due"


def test_a_subscription_can_be_put_on_trial_again(script: Script) -> None:
    """trial_end on an active subscription: trialing, unused time given back, the anchor moved."""
    sub = script.subscribe(script.customer("pm_card_visa"), script.price(3100))
    script.advance(days=10)
    script.forget()
    again = script.post(f"/v1/subscriptions/{sub['id']}", trial_end=script.frozen_time() + 10 * DAY)
    assert (again["status"], again["trial_start"]) == ("trialing", NOW + 10 * DAY)
    assert again["billing_cycle_anchor"] == again["trial_end"] == NOW + 20 * DAY
    happened = script.happened("invoiceitem.created", "customer.subscription.updated")
    assert happened.object_of("invoiceitem.created")["amount"] == -2100
    script.advance(days=10)
    assert script.invoice(sub)["total"] == 3100 - 2100


def test_a_longer_trial_is_announced_anew(script: Script) -> None:
    """Moving trial_end moves the announcement; the old one is not sent as well."""
    sub = trial(script)
    script.advance(days=12)
    script.happened("invoice.upcoming", "customer.subscription.trial_will_end")
    script.post(f"/v1/subscriptions/{sub['id']}", trial_end=NOW + 40 * DAY)
    moved = script.happened("customer.subscription.updated")
    assert moved.before("customer.subscription.updated").keys() == {
        "trial_end",
        "billing_cycle_anchor",
        "items",
    }
    script.advance_to(NOW + 38 * DAY)
    script.happened("invoice.upcoming", "customer.subscription.trial_will_end")


def test_ending_the_trial_now_charges_at_once(script: Script) -> None:
    """trial_end=now with a card: the first paid period begins and is paid in the request."""
    sub = trial(script)
    script.advance(days=5)
    paid = script.post(f"/v1/subscriptions/{sub['id']}", trial_end="now", expand=["latest_invoice"])
    assert paid["status"] == "active"
    assert paid["billing_cycle_anchor"] == paid["trial_end"] == NOW + 5 * DAY
    assert (paid["latest_invoice"]["billing_reason"], paid["latest_invoice"]["total"]) == (
        "subscription_update",
        2500,
    )
    script.happened(
        "customer.subscription.trial_will_end",
        "invoice.created",
        *FINALIZED,
        *PAID,
        "customer.subscription.updated",
        "customer.updated",
    )


def test_the_trial_end_stays_after_it_has_passed(script: Script) -> None:
    """trial_start and trial_end remain on the subscription when the trial is over."""
    sub = trial(script)
    script.advance(days=16)
    after = script.subscription(sub)
    assert (after["trial_start"], after["trial_end"]) == (NOW, CONVERSION)


def test_trial_end_now_without_a_trial_changes_nothing(script: Script) -> None:
    """trial_end=now on a subscription without a trial is accepted and has no effect."""
    sub = script.subscribe(script.customer("pm_card_visa"), script.price(2500))
    script.advance(days=3)
    script.forget()
    same = script.post(f"/v1/subscriptions/{sub['id']}", trial_end="now")
    assert (same["billing_cycle_anchor"], same["trial_end"]) == (NOW, None)
    script.happened()
