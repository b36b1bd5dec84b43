"""Steps that several lives have in common, and what Stripe sends at each."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from tests.story.life import VISA, Life

SECOND = 1 / 3600
"""One second, in hours."""

CARD_SAVED = ["setup_intent.created", "setup_intent.succeeded", "payment_method.attached"]
ZERO_INVOICE = ["invoice.created", "invoice.finalized", "invoice.paid", "invoice.payment_succeeded"]
"""The invoice over nothing that begins a trial."""

CHECKED_OUT = [
    "customer.updated",
    "customer.subscription.created",
    *ZERO_INVOICE,
    "checkout.session.completed",
]
TRIAL_STARTED = ["customer.created", *CHECKED_OUT]
PERIOD_ROLLED = ["customer.subscription.updated", "invoice.created"]
PAID = [
    "payment_intent.succeeded",
    "charge.succeeded",
    "invoice.paid",
    "invoice.payment_succeeded",
    "invoice_payment.paid",
]
CHARGED = ["customer.updated", "invoice.finalized", "payment_intent.created", "invoice.updated", *PAID]
DECLINED_AGAIN = [
    "payment_intent.payment_failed",
    "charge.failed",
    "invoice.payment_failed",
    "invoice.updated",
]
DECLINED = [
    "customer.updated",
    "invoice.finalized",
    "payment_intent.created",
    "customer.subscription.updated",
    *DECLINED_AGAIN,
]
RECOVERED = ["customer.updated", "invoice.updated", "customer.subscription.updated", *PAID]


def start_team_trial(life: Life, trial_end: datetime) -> None:
    """Sign up, and try Team without a card."""
    life.expect("signed up", reason="no_subscription")
    life.come_back(life.pay(life.click("team")))
    life.expect(
        "starts a trial of Team, no card",
        TRIAL_STARTED,
        plan="team",
        reason="trialing",
        premium=True,
        until=trial_end,
        entries=["access:trialing"],
    )


def expect_trialing(life: Life, what: str, events: Sequence[str] = (), entries: Sequence[str] = ()) -> None:
    """Expect a trial of Team that runs its full fortnight."""
    trial_end = life.stage.starts_at + timedelta(days=14)
    life.expect(what, events, plan="team", reason="trialing", premium=True, until=trial_end, entries=entries)


def count_down(life: Life, plan: str, events_at_three_days: list[str]) -> None:
    """Live through a trial until its last second; Stripe and tiergate remind of its end on the way."""
    trial_end = life.stage.starts_at + timedelta(days=14)
    for what, hours, step, events in [
        ("3 days left", 11 * 24, "3_days", events_at_three_days),
        ("1 day left", 2 * 24, "1_day", []),
        ("the last second", 24 - SECOND, "same_day", []),
    ]:
        life.advance(hours=hours)
        life.expect(
            what,
            events,
            plan=plan,
            reason="trialing",
            premium=True,
            until=trial_end,
            entries=[f"trial_reminder:{step}"],
        )


def start_scale_trial(life: Life, card: str) -> datetime:
    """Try Scale, which asks for a card; return the end of the trial."""
    trial_end = life.stage.starts_at + timedelta(days=14)
    life.come_back(life.pay(life.click("scale"), card))
    life.expect(
        "starts a trial of Scale with a card",
        [*CARD_SAVED, *TRIAL_STARTED],
        plan="scale",
        reason="trialing",
        premium=True,
        until=trial_end,
        entries=["access:trialing"],
    )
    count_down(life, "scale", ["customer.subscription.trial_will_end", "invoice.upcoming"])
    life.advance(hours=SECOND)
    life.expect(
        "the trial is over, the card not charged yet",
        PERIOD_ROLLED,
        plan="scale",
        reason="first_charge_pending",
        premium=True,
        until=trial_end + timedelta(days=4),
        entries=["access:first_charge_pending"],
    )
    return trial_end


def convert_scale(life: Life) -> datetime:
    """Try Scale with a good card and become a paying customer; return when it renews."""
    start_scale_trial(life, VISA)
    life.advance(hours=1)
    renews_at = life.period_end()
    life.expect(
        "the card is charged: a paying customer",
        CHARGED,
        plan="scale",
        reason="active",
        premium=True,
        until=renews_at,
        entries=["access:active", "converted"],
    )
    return renews_at


def replace_card(life: Life, alias: str) -> None:
    """Put another card on the subscription, as the customer would in Stripe's portal."""
    customer = life.customer_id()
    card = life.stage.stripe_post(f"/v1/payment_methods/{alias}/attach", {"customer": customer})["id"]
    life.stage.stripe_post(f"/v1/subscriptions/{life.subscription_id()}", {"default_payment_method": card})


def fail_renewal(life: Life) -> datetime:
    """Let a renewal be declined; return when the grace period ends."""
    replace_card(life, "pm_card_chargeCustomerFail")
    renews_at = life.period_end()
    life.expect(
        "the card is replaced by one that will be declined",
        ["payment_method.attached", "customer.subscription.updated"],
        plan="scale",
        reason="active",
        premium=True,
        until=renews_at,
    )
    life.advance(hours=(renews_at - life.now()) / timedelta(hours=1) + 1)
    grace_ends_at = renews_at + timedelta(hours=1, days=3)
    life.expect(
        "the renewal is declined: three days of grace",
        ["invoice.upcoming", *PERIOD_ROLLED, *DECLINED],
        plan="scale",
        reason="past_due_grace",
        premium=True,
        until=grace_ends_at,
        entries=["access:past_due_grace"],
    )
    return grace_ends_at
