"""Lives of trials: one that begins at the sign-up, and some that are bought before they end."""

from datetime import timedelta

from tests.story.life import DECLINES_LATER, VISA, Life, require
from tests.story.stage import northwind
from tests.story.steps import CARD_SAVED, CHARGED, PAID, PERIOD_ROLLED, SECOND, ZERO_INVOICE, count_down

KEEPING = northwind().replace("[policy]\n", '[policy]\nupgrade_in_trial = "keep_trial"\n')

SAVED_FOR_LATER = [*CARD_SAVED, "checkout.session.completed", "customer.updated"]
"""The page that only saves a card, and the card becoming the default."""

TRIAL_BEGUN = ["customer.created", "customer.updated", "customer.subscription.created", *ZERO_INVOICE]
CHARGED_AT_ONCE = [
    "customer.subscription.trial_will_end",
    "customer.subscription.updated",
    "customer.updated",
    "invoice.created",
    "invoice.finalized",
    "payment_intent.created",
]
DECLINED_AT_ONCE = ["charge.failed", "invoice.payment_failed", "payment_intent.payment_failed"]
CONVERTED = [*CHARGED_AT_ONCE, *PAID]
BOUGHT_IN_CHECKOUT = [
    "payment_method.attached",
    "customer.subscription.created",
    "checkout.session.completed",
    "customer.updated",
    "invoice.created",
    "invoice.finalized",
    "payment_intent.created",
    *PAID,
]


def reverse_northwind() -> str:
    """Return the demo's catalogue, with Team tried from the sign-up on."""
    text, trial = northwind(), 'trial = { days = 14, card = "not_required" }'
    at = text.index("[plans.team]")
    return text[:at] + text[at:].replace(trial, 'trial = { days = 14, model = "reverse_trial" }', 1)


def reverse_trial(life: Life) -> None:
    """Tell of a trial that nobody asked for, of its end, the free plan, and a purchase a month later."""
    trial_end = life.stage.starts_at + timedelta(days=14)
    life.expect("signs up, and has Team", plan="team", reason="trialing", premium=True, until=trial_end)
    count_down(life, "team", ["customer.subscription.trial_will_end"])
    life.advance(hours=SECOND)
    life.expect(
        "the trial is over",
        ["customer.subscription.deleted"],
        reason="trial_ended",
        entries=["access:trial_ended"],
    )
    life.advance(days=30)
    life.expect("a month on the free plan", reason="trial_ended")
    life.come_back(life.pay(life.click("team"), VISA))
    life.expect(
        "buys Team after all, without a second trial",
        BOUGHT_IN_CHECKOUT,
        plan="team",
        reason="active",
        premium=True,
        until=life.period_end(),
        entries=["access:active", "converted"],
    )


def _day_five(life: Life) -> None:
    """Start a trial of Team without a page, and use it for five days."""
    trial_end = life.stage.starts_at + timedelta(days=14)
    answer = life.stage.http.post(f"{life.stage.app_url}/api/billing/trial", json={"plan": "team"})
    require(answer.status_code == 200, f"the trial answered {answer.status_code}: {answer.text}")
    life.expect(
        "tries Team, no card, no page",
        TRIAL_BEGUN,
        plan="team",
        reason="trialing",
        premium=True,
        until=trial_end,
        entries=["access:trialing"],
    )
    life.advance(days=5)
    life.expect("five days later", plan="team", reason="trialing", premium=True, until=trial_end)


def bought_at_once(life: Life) -> None:
    """Tell of a trial that is bought on its fifth day and charged at once."""
    _day_five(life)
    life.come_back(life.pay(life.click("team"), VISA))
    life.expect(
        "buys on day 5: the trial ends, the card is charged",
        [*SAVED_FOR_LATER, *CONVERTED],
        plan="team",
        reason="active",
        premium=True,
        until=life.now() + timedelta(days=31),
        entries=["bought_in_trial", "access:active", "converted"],
    )


def bought_keeping_the_days(life: Life) -> None:
    """Tell of a trial that is bought on its fifth day and charged when it is over."""
    trial_end = life.stage.starts_at + timedelta(days=14)
    _day_five(life)
    life.come_back(life.pay(life.click("team"), VISA))
    life.expect(
        "buys on day 5: nine days are left",
        SAVED_FOR_LATER,
        plan="team",
        reason="trialing",
        premium=True,
        until=trial_end,
        entries=["bought_in_trial"],
    )
    life.advance_to(trial_end + timedelta(hours=SECOND))
    life.expect(
        "the trial is over, the card not charged yet",
        ["customer.subscription.trial_will_end", "invoice.upcoming", *PERIOD_ROLLED],
        plan="team",
        reason="first_charge_pending",
        premium=True,
        until=trial_end + timedelta(days=4),
        entries=["access:first_charge_pending"],
    )
    life.advance(hours=1)
    life.expect(
        "the card is charged: a paying customer",
        CHARGED,
        plan="team",
        reason="active",
        premium=True,
        until=life.period_end(),
        entries=["access:active", "converted"],
    )


def declined_on_day_five(life: Life) -> None:
    """Tell of a purchase whose charge is declined: the trial goes on, and nothing counts as converted."""
    trial_end = life.stage.starts_at + timedelta(days=14)
    _day_five(life)
    life.come_back(life.pay(life.click("team"), DECLINES_LATER))
    life.expect(
        "the card is declined: the trial goes on",
        [*SAVED_FOR_LATER, *CHARGED_AT_ONCE, *DECLINED_AT_ONCE],
        plan="team",
        reason="trialing",
        premium=True,
        until=trial_end,
        entries=["purchase_pending"],
    )
