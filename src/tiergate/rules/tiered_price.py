"""Prices that depend on how much is bought."""

from dataclasses import dataclass
from enum import StrEnum


class TiersMode(StrEnum):
    """How the tiers of a price apply. Source: https://docs.stripe.com/products-prices/pricing-models"""

    GRADUATED = "graduated"
    """Each unit costs what the tier it falls into says."""
    VOLUME = "volume"
    """All units cost what the tier of the last one says."""


@dataclass(frozen=True, slots=True)
class Tier:
    """What units cost up to a quantity, ``up_to`` included; ``None`` is without end."""

    up_to: int | None
    unit_amount: int = 0
    flat_amount: int = 0
    """Charged once where any unit falls into the tier."""
