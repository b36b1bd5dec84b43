"""When customers are reminded and warned: the founder's choices."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PromptSettings:
    """The ``[prompts]`` table of the file."""

    usage_at_percent: tuple[int, ...] = (80, 100)
    """From how much of a limit on the billing page warns, and from how much on that is urgent, in percent.
    One number is both; none, and only a limit that is reached is pointed out."""
    trial_ending_days: tuple[int, ...] = (3, 1, 0)
    """How many days before a trial ends its end is announced, the first reminder first; 0 is the last day."""

    def is_near(self, percent: int) -> bool:
        """Whether so much of a limit is used that the page warns."""
        return percent >= min(self.usage_at_percent, default=100)

    def is_urgent(self, percent: int) -> bool:
        """Whether so much of a limit is used that something should be done."""
        return percent >= min(100, max(self.usage_at_percent, default=100))
