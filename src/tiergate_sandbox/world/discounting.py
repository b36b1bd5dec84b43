"""What coupons take off the lines of an invoice: line by line, in the order in which the discounts stand.

A discount of a line comes before those of the whole invoice; each takes its part of what the ones before it
left. https://docs.stripe.com/billing/subscriptions/coupons
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tiergate_sandbox.world.rounding import share


class Rebate(NamedTuple):
    """A discount in one currency: a part in basis points, or an amount; ``products`` None means all."""

    discount: str
    basis_points: int | None
    amount_off: int | None
    products: frozenset[str] | None = None


@dataclass(slots=True)
class Share:
    """A line while discounts are taken off: ``left`` of its amount, and what each discount ``took``."""

    left: int
    product: str | None
    discountable: bool = True
    own: Sequence[Rebate] = ()
    took: list[tuple[str, int]] = field(default_factory=list)

    def take(self, rebate: Rebate, amount: int) -> None:
        """Take an amount off."""
        self.left -= amount
        self.took.append((rebate.discount, amount))


def take_off(shares: Sequence[Share], rebates: Sequence[Rebate]) -> None:
    """Take the lines' own discounts off, then those of the invoice (``rebates``)."""
    for one in shares:
        for rebate in one.own:
            _spread([one], rebate)
    for rebate in rebates:
        _spread(shares, rebate)


def _spread(shares: Sequence[Share], rebate: Rebate) -> None:
    """Take one discount off all lines it applies to; an amount is divided in proportion to what is left."""
    touched = [one for one in shares if _applies(rebate, one)]
    if rebate.basis_points is not None:
        for one in touched:
            one.take(rebate, share(one.left, rebate.basis_points, 10_000))
        return
    whole = sum(one.left for one in touched)
    left_to_take = min(rebate.amount_off or 0, whole)
    for one in touched:
        part = share(left_to_take, one.left, whole) if whole else 0
        whole -= one.left
        left_to_take -= part
        one.take(rebate, part)


def _applies(rebate: Rebate, one: Share) -> bool:
    return one.discountable and one.left >= 0 and (rebate.products is None or one.product in rebate.products)
