"""Who may try a plan: what the founder has decided."""

from dataclasses import dataclass
from enum import StrEnum


class OncePer(StrEnum):
    """What is tried once only."""

    PRODUCT = "product"
    """One trial of whatever plan."""
    PLAN = "plan"
    """One trial of each plan."""


@dataclass(frozen=True, slots=True)
class TrialSettings:
    """The ``[trials]`` table of the file."""

    once_per: OncePer = OncePer.PRODUCT
    refuse_throwaway_mail: bool = True
    """Whether an address of a service for throw-away mail gets no trial."""
    refuse_known_cards: bool = True
    """Whether a card with which another account has tried gets no second trial."""
    refuse_known_mail: bool = True
    """Whether an address with which another account has tried gets no second trial."""
