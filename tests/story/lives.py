"""The lives that are told, each a script of business time.

An event that is named here and does not come fails the story, and so does one that comes unnamed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from tests.story.life import DECLINES_LATER, Life, require
from tests.story.steps import (
    CHARGED,
    CHECKED_OUT,
    DECLINED,
    DECLINED_AGAIN,
    PERIOD_ROLLED,
    RECOVERED,
    SECOND,
    TRIAL_STARTED,
    convert_scale,
    count_down,
    expect_trialing,
    fail_renewal,
    replace_card,
    start_scale_trial,
    start_team_trial,
)
from tests.story.trial_lives import (
    KEEPING,
    bought_at_once,
    bought_keeping_the_days,
    declined_on_day_five,
    reverse_northwind,
    reverse_trial,
)


@dataclass(frozen=True)
class Story:
    """One life, and how its stage is set."""

    letter: str
    title: str
    tell: Callable[[Life], None]
    webhooks: bool = True
    catalog: str | None = None


def trial_without_card(life: Life) -> None:
    """Tell of reminders at 3 days, 1 day and the day itself, and of the free plan after them."""
    trial_end = life.stage.starts_at + timedelta(days=14)
    start_team_trial(life, trial_end)
    count_down(life, "team", ["customer.subscription.trial_will_end"])
    life.advance(hours=SECOND)
    life.expect(
        "the trial is over",
        ["customer.subscription.deleted"],
        reason="trial_ended",
        entries=["access:trial_ended"],
    )
    life.advance(days=30)
    life.expect("a month later", reason="trial_ended")


def trial_ends_while_nobody_listens(life: Life) -> None:
    """Tell of the last second and the one after it, with no webhook and the worker asleep."""
    trial_end = life.stage.starts_at + timedelta(days=14)
    start_team_trial(life, trial_end)
    life.hold_webhooks()
    life.advance_only(days=14, hours=-SECOND)
    life.expect(
        "the last second, no webhook arrives",
        ["customer.subscription.trial_will_end"],
        plan="team",
        reason="trialing",
        premium=True,
        until=trial_end,
    )
    life.advance_only(hours=SECOND)
    life.expect("the trial is over, nobody said so", ["customer.subscription.deleted"], reason="trial_ended")
    life.release_webhooks()
    life.expect("the webhooks arrive at last", reason="trial_ended", entries=["access:trial_ended"])


def trial_with_card(life: Life) -> None:
    """Tell of a conversion, a renewal, and a renewal whose webhooks come a day late."""
    renews_at = convert_scale(life)
    renewal = ["invoice.upcoming", *PERIOD_ROLLED, *CHARGED]
    life.advance_to(renews_at + timedelta(hours=2))
    next_renewal = life.period_end()
    life.expect(
        "a month later it renews",
        renewal,
        plan="scale",
        reason="active",
        premium=True,
        until=next_renewal,
        entries=[],
    )
    require(next_renewal > renews_at, "the period has moved on")
    life.hold_webhooks()
    life.advance_only(hours=(next_renewal - life.now()) / timedelta(hours=1) + 2)
    life.expect(
        "it renews again, and Stripe is silent",
        renewal,
        plan="scale",
        reason="unconfirmed",
        premium=True,
        until=next_renewal + timedelta(days=4),
    )
    life.advance_only(days=1)
    life.release_webhooks()
    life.expect(
        "a day later the webhooks arrive",
        plan="scale",
        reason="active",
        premium=True,
        until=life.period_end(),
        entries=[],
    )


def cancel_and_resume(life: Life) -> None:
    """Tell of a cancellation at the period's end, of a change of mind, and of the end."""
    renews_at = convert_scale(life)
    for what, flag, reason in [
        ("cancels for the end of the period", "true", "canceling"),
        ("thinks better of it", "false", "active"),
        ("cancels again", "true", "canceling"),
    ]:
        life.stage.stripe_post(f"/v1/subscriptions/{life.subscription_id()}", {"cancel_at_period_end": flag})
        life.expect(
            what,
            ["customer.subscription.updated"],
            plan="scale",
            reason=reason,
            premium=True,
            until=renews_at,
            entries=[f"access:{reason}"],
        )
    life.advance_to(renews_at - timedelta(seconds=1))
    life.expect("the last paid second", plan="scale", reason="canceling", premium=True, until=renews_at)
    life.advance(hours=SECOND)
    life.expect(
        "the period is over",
        ["customer.subscription.deleted"],
        reason="canceled",
        entries=["access:canceled"],
    )


def renewal_fails_and_recovers(life: Life) -> None:
    """Tell of a declined renewal, of the grace, and of the payment that ends it."""
    convert_scale(life)
    grace_ends_at = fail_renewal(life)
    life.advance(days=1)
    life.expect("a day of grace", plan="scale", reason="past_due_grace", premium=True, until=grace_ends_at)
    replace_card(life, "pm_card_visa")
    invoice = life.open_invoice_id()
    life.stage.stripe_post(f"/v1/invoices/{invoice}/pay", {})
    life.expect(
        "a good card pays the invoice",
        ["payment_method.attached", "customer.subscription.updated", *RECOVERED],
        plan="scale",
        reason="active",
        premium=True,
        until=life.period_end(),
        entries=["access:active"],
    )


def renewal_fails_for_good(life: Life) -> None:
    """Tell of a declined renewal whose grace runs out, and of Stripe's giving up."""
    convert_scale(life)
    grace_ends_at = fail_renewal(life)
    life.advance_to(grace_ends_at - timedelta(seconds=1))
    life.expect(
        "the last second of grace", plan="scale", reason="past_due_grace", premium=True, until=grace_ends_at
    )
    life.advance(hours=SECOND)
    life.expect("the grace is over", DECLINED_AGAIN, reason="past_due", entries=["access:past_due"])
    life.advance(days=30)
    life.expect(
        "Stripe gives up",
        [*DECLINED_AGAIN, *DECLINED_AGAIN, "customer.subscription.deleted"],
        reason="canceled",
        entries=["access:canceled"],
    )


def webhooks_in_disorder(life: Life) -> None:
    """Tell of the same webhook five times over, and of webhooks that arrive in the wrong order."""
    life.hold_webhooks()
    life.pay(life.click("team"))
    life.expect("the trial has begun, nothing has arrived", TRIAL_STARTED, reason="no_subscription")
    life.release_webhooks(only="customer.subscription.created", times=5)
    expect_trialing(life, "the same webhook, five times", entries=["access:trialing"])
    life.release_webhooks()
    expect_trialing(life, "and the rest")
    life.hold_webhooks()
    subscription = f"/v1/subscriptions/{life.subscription_id()}"
    for flag in ("true", "false"):
        life.stage.stripe_post(subscription, {"cancel_at_period_end": flag})
    expect_trialing(life, "cancelled and taken back at once", ["customer.subscription.updated"] * 2)
    life.release_webhooks(backwards=True)
    expect_trialing(life, "the two arrive the wrong way round")
    require(life.cancels_at() is None, "it is not cancelled")


def three_clicks(life: Life) -> None:
    """Tell of an impatient customer: three clicks, one page, one subscription."""
    urls = {life.click("team") for _ in range(3)}
    require(len(urls) == 1, f"three clicks led to {len(urls)} pages")
    life.expect("clicks three times: one checkout page", ["customer.created"], reason="no_subscription")
    url = urls.pop()
    for _ in range(2):
        life.come_back(life.pay(url))
    expect_trialing(life, "submits it twice: one trial", CHECKED_OUT, entries=["access:trialing"])
    require("/c/pay/" in life.click("scale"), "who tries without a card is asked for one, to buy the trial")
    found = life.stage.stripe_get("/v1/subscriptions", customer=life.customer_id(), status="all")["data"]
    require(len(found) == 1, f"there are {len(found)} subscriptions")
    expect_trialing(life, "clicks again: nothing begins a second time", ["setup_intent.created"])


def first_charge_declined(life: Life) -> None:
    """Tell of a trial whose first charge is declined: no conversion, and no grace."""
    start_scale_trial(life, DECLINES_LATER)
    life.advance(hours=1)
    life.expect(
        "the first charge is declined",
        DECLINED,
        reason="past_due",
        entries=["access:past_due"],
    )
    life.advance(days=30)
    life.expect(
        "Stripe gives up",
        [*DECLINED_AGAIN * 3, "customer.subscription.deleted"],
        reason="canceled",
        entries=["access:canceled"],
    )
    kinds = {entry.kind for entry in life.stage.billing.explain("acme").journal}
    require("converted" not in kinds, "it never counted as converted")


STORIES = [
    Story("a", "Trial without card", trial_without_card),
    Story("a", "Trial without card, no webhook ever", trial_without_card, webhooks=False),
    Story("a", "Trial without card, ended by the clock alone", trial_ends_while_nobody_listens),
    Story("b", "Trial with card, converts and renews, once a day late", trial_with_card),
    Story("c", "Cancels at the period's end, resumes once, then ends", cancel_and_resume),
    Story("d", "Renewal fails, grace, recovers", renewal_fails_and_recovers),
    Story("e", "Renewal fails, grace runs out", renewal_fails_for_good),
    Story("f", "The same webhook five times, and two swapped", webhooks_in_disorder),
    Story("g", "Three clicks on the button", three_clicks),
    Story("h", "Trial with card, first charge declined", first_charge_declined),
    Story("i", "Reverse trial, free, buys later", reverse_trial, catalog=reverse_northwind()),
    Story("j", "Trial without card, bought on day 5 at once", bought_at_once),
    Story("j", "Trial without card, bought on day 5 at once, no webhook", bought_at_once, webhooks=False),
    Story("k", "Trial without card, bought on day 5 keeping it", bought_keeping_the_days, catalog=KEEPING),
    Story("l", "Trial without card, bought on day 5, declined", declined_on_day_five),
]
