"""What a client wants changed, and what that comes to by the rules."""

from dataclasses import asdict, dataclass
from typing import Any

from tiergate.rules.change import Change
from tiergate.rules.errors import TiergateError
from tiergate.rules.plan_change import plan_change
from tiergate.rules.quantity_change import add_on_change, seat_change
from tiergate.services.changes.change_facts import Facts

MOST = 1_000_000
"""Of seats, or of an add-on."""


class InvalidWishError(TiergateError):
    """It does not say what is wanted, or says it twice, or a number is out of all bounds."""

    code = "wish_invalid"


@dataclass(frozen=True, slots=True)
class Wish:
    """One of: a plan (per ``interval``, or as it is paid now), a number of seats, a quantity of an add-on."""

    plan: str | None = None
    interval: str | None = None
    seats: int | None = None
    add_on: str | None = None
    quantity: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return what was said, as JSON."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def change_for(wish: Wish, facts: Facts) -> Change:
    """Return what a wish comes to.

    Raises ``InvalidWishError``, ``UnknownPlanError`` and ``UnknownAddOnError``.
    """
    _check(wish)
    members = facts.account.members
    if wish.plan is not None:
        return plan_change(
            facts.held, facts.catalog, facts.intervals, wish.plan, wish.interval, facts.at, members
        )
    if wish.seats is not None:
        return seat_change(facts.held, wish.seats, members, facts.at)
    return add_on_change(facts.held, facts.catalog, wish.add_on or "", wish.quantity or 0, facts.at)


def _check(wish: Wish) -> None:
    said = [name for name in ("plan", "seats", "add_on") if getattr(wish, name) is not None]
    if len(said) != 1:
        raise InvalidWishError("It is not clear what is wanted.", "Say one of: plan, seats, add_on.")
    if (wish.add_on is None) is not (wish.quantity is None):
        raise InvalidWishError("An add-on needs a quantity.", "Pass add_on and quantity together.")
    if wish.interval is not None and wish.plan is None:
        raise InvalidWishError("An interval needs a plan.", "Pass plan and interval together.")
    for name, least in (("seats", 1), ("quantity", 0)):
        number = getattr(wish, name)
        if number is not None and not least <= number <= MOST:
            raise InvalidWishError(f"{number} is no possible number of {name}.", f"Pass {least} or more.")
