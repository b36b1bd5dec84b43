"""The ``[prompts]`` table of ``billing.toml``."""

from tiergate.rules.document_reader import Reader
from tiergate.rules.prompt_settings import PromptSettings

_MOST_STEPS = 2
"""Of usage: a warning, and what is urgent."""
_MOST_REMINDERS = 10
_MOST_DAYS = 60


def read_prompts(reader: Reader) -> PromptSettings:
    """Read what customers are pointed to, and when."""
    usual = PromptSettings()
    return PromptSettings(
        usage_at_percent=_usage(reader, usual.usage_at_percent),
        trial_ending_days=_days(reader, usual.trial_ending_days),
    )


def _usage(reader: Reader, usual: tuple[int, ...]) -> tuple[int, ...]:
    percents = reader.integers("usage_at_percent", usual)
    if len(percents) <= _MOST_STEPS and all(1 <= each <= 100 for each in percents):
        return tuple(sorted(percents))
    reader.complain(
        "usage_at_percent",
        "Usage cannot be pointed out like that.",
        "Write up to two numbers from 1 to 100: from when the page warns, and from when it is urgent.",
    )
    return usual


def _days(reader: Reader, usual: tuple[int, ...]) -> tuple[int, ...]:
    days = reader.integers("trial_ending_days", usual)
    is_possible = all(0 <= each <= _MOST_DAYS for each in days)
    if is_possible and len(days) == len(set(days)) <= _MOST_REMINDERS:
        return tuple(sorted(days, reverse=True))
    reader.complain(
        "trial_ending_days",
        "A trial's end cannot be announced like that.",
        f"Write at most {_MOST_REMINDERS} different numbers of days, each 0 to {_MOST_DAYS}: [3, 1, 0].",
    )
    return usual
