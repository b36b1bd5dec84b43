"""What follows when a plan no longer holds, as the policy decides it: whole sentences, for every language."""

from collections.abc import Mapping
from enum import StrEnum

from tiergate.rules.catalog import Plan
from tiergate.rules.policy import Afterwards
from tiergate.translation import Sentence
from tiergate.web.wording import Wording


class When(StrEnum):
    """After what it follows."""

    DATE = "date"
    """Needs ``date``."""
    TRIAL_DAYS = "trial_days"
    """Needs ``days``."""
    TRIAL_END = "trial_end"
    """Needs ``date``."""
    WITHOUT_CARD = "without_card"
    """The second half of a sentence about what follows with a card."""
    PERIOD_END = "period_end"
    UNCONFIRMED = "unconfirmed"
    """Needs ``date``."""
    UNPAID = "unpaid"
    AT_ONCE = "at_once"
    """Needs ``plan``."""
    THEN = "then"


def what_follows(
    wording: Wording, when: When, afterwards: Afterwards, free_plan: Plan | None, **values: str
) -> str:
    """Say what becomes of the account; without a free plan it can only lose its access."""
    free, read_only, blocked = _ENDINGS[when]
    if afterwards is Afterwards.FREE and free_plan is not None:
        return wording.say(free, free=free_plan.name, **values)
    return wording.say(read_only if afterwards is Afterwards.READ_ONLY else blocked, **values)


_ENDINGS: Mapping[When, tuple[Sentence, Sentence, Sentence]] = {
    When.DATE: (
        Sentence("On {date} your account moves to the {free} plan."),
        Sentence("On {date} your account becomes read-only."),
        Sentence("On {date} your access ends."),
    ),
    When.TRIAL_DAYS: (
        Sentence("After {days} days the trial ends by itself and your account moves to the {free} plan."),
        Sentence("After {days} days the trial ends by itself and your account becomes read-only."),
        Sentence("After {days} days the trial ends by itself and your access ends."),
    ),
    When.TRIAL_END: (
        Sentence("On {date} the trial ends and your account moves to the {free} plan."),
        Sentence("On {date} the trial ends and your account becomes read-only."),
        Sentence("On {date} the trial ends and your access ends."),
    ),
    When.WITHOUT_CARD: (
        Sentence("without one, your account moves to the {free} plan."),
        Sentence("without one, your account becomes read-only."),
        Sentence("without one, your access ends."),
    ),
    When.PERIOD_END: (
        Sentence("With the period that is paid for your account moves to the {free} plan."),
        Sentence("With the period that is paid for your account becomes read-only."),
        Sentence("With the period that is paid for your access ends."),
    ),
    When.UNCONFIRMED: (
        Sentence("If nothing is confirmed by {date}, your account moves to the {free} plan."),
        Sentence("If nothing is confirmed by {date}, your account becomes read-only."),
        Sentence("If nothing is confirmed by {date}, your access ends."),
    ),
    When.UNPAID: (
        Sentence("If the payment has not arrived then, your account moves to the {free} plan."),
        Sentence("If the payment has not arrived then, your account becomes read-only."),
        Sentence("If the payment has not arrived then, your access ends."),
    ),
    When.AT_ONCE: (
        Sentence("{plan} ends at once: your account moves to the {free} plan."),
        Sentence("{plan} ends at once: your account becomes read-only."),
        Sentence("{plan} ends at once: your access ends."),
    ),
    When.THEN: (
        Sentence("Then your account moves to the {free} plan."),
        Sentence("Then your account becomes read-only."),
        Sentence("Then your access ends."),
    ),
}
