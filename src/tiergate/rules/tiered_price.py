"""Prices that depend on how much is bought, and what a quantity costs by them.

Source: https://docs.stripe.com/products-prices/pricing-models#tiered-pricing
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from tiergate.rules.money import MinorUnits, whole_minor_units


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
    unit_amount: MinorUnits = 0
    flat_amount: MinorUnits = 0
    """Charged once where any unit falls into the tier; that of the first tier always."""


def tiered_total(tiers: Sequence[Tier], mode: TiersMode, quantity: int) -> int:
    """Return what ``quantity`` units cost together, in minor units; the exact sum is rounded once.

    Nobody has to buy anything to reach the first tier: its flat amount is due for a quantity of 0 too.
    ``tiers`` must rise from tier to tier, the last one without end; ``quantity`` is 0 or more.
    """
    reached = _units_in_tiers(tiers, quantity)
    if mode is TiersMode.VOLUME:
        reached = [(reached[-1][0], quantity)]
    exact = (Fraction(tier.flat_amount) + Fraction(tier.unit_amount) * units for tier, units in reached)
    return whole_minor_units(sum(exact, Fraction(0)))


def _units_in_tiers(tiers: Sequence[Tier], quantity: int) -> list[tuple[Tier, int]]:
    """Return the tiers that a quantity reaches, each with the units that fall into it."""
    reached: list[tuple[Tier, int]] = []
    below = 0
    for tier in tiers:
        if reached and quantity <= below:
            break
        end = quantity if tier.up_to is None else min(quantity, tier.up_to)
        reached.append((tier, end - below))
        below = end
    return reached
