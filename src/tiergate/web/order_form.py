"""What the form of an order asks for besides the plan: seats and add-ons, as they were chosen before."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tiergate.rules.catalog import AddOn, Catalog, Plan
from tiergate.rules.price import Amount, Interval
from tiergate.translation import Sentence
from tiergate.web.plan_prices import per
from tiergate.web.wording import Wording

ADD_ON = "add_ons."
"""What stands before an add-on's key in the name of a field."""

_MOST_DIGITS = 6
_TOLD: Mapping[str, Sentence] = {
    "checkout": Sentence("Nothing was ordered, and nothing was charged. What you chose is still here."),
    "expired": Sentence(
        "The page to pay at was no longer open, so nothing was ordered. What you chose is still here."
    ),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody has chosen before, and comes back to; ``after`` is what they come back from."""

    plan: str = ""
    interval: str = ""
    seats: int | None = None
    add_ons: Mapping[str, int] = field(default_factory=dict)
    after: str = ""

    def is_of(self, plan: Plan, interval: str | None) -> bool:
        """Whether it is this plan, paid so, that was chosen."""
        return self.plan == plan.key and self.interval in ("", interval)

    def told(self, wording: Wording) -> str:
        """Say something to whoever comes back without having bought anything."""
        return wording.say(_TOLD[self.after]) if self.after in _TOLD else ""


NOTHING = Choice()


@dataclass(frozen=True, slots=True)
class SeatsField:
    """The field in which the number of seats is said."""

    quantity: int
    minimum: int
    maximum: int | None
    hint: str = ""


@dataclass(frozen=True, slots=True)
class AddOnField:
    """An add-on that can be bought with the plan; ``quantity`` is how much, once it is ticked."""

    key: str
    name: str
    cost: str
    quantity: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class OrderForm:
    """The fields of an order."""

    seats: SeatsField | None = None
    add_ons: tuple[AddOnField, ...] = ()
    told: str = ""


def choice_of(query: Mapping[str, str]) -> Choice:
    """Read what was chosen from an address; what makes no sense there was not chosen."""
    add_ons = {
        name.removeprefix(ADD_ON): _number(value) or 0
        for name, value in query.items()
        if name.startswith(ADD_ON)
    }
    return Choice(
        query.get("plan", ""),
        query.get("interval", ""),
        _number(query.get("seats", "")),
        add_ons,
        query.get("after", ""),
    )


def order_form(
    catalog: Catalog,
    wording: Wording,
    plan: Plan,
    interval: Interval,
    currency: str,
    members: int | None,
    choice: Choice,
) -> OrderForm:
    """Return the fields for a plan at an interval, in the currency that is charged."""
    own = choice if choice.is_of(plan, interval) else NOTHING
    seats = None
    if plan.seats is not None:
        usual = max(plan.seats.minimum, members or 1)
        seats = SeatsField(own.seats or usual, plan.seats.minimum, plan.seats.maximum)
    return OrderForm(
        seats, add_on_fields(catalog, wording, interval, currency, own.add_ons), own.told(wording)
    )


def add_on_fields(
    catalog: Catalog, wording: Wording, interval: str | None, currency: str, chosen: Mapping[str, int]
) -> tuple[AddOnField, ...]:
    """Return the add-ons that are sold per interval in a currency."""
    found = []
    for add_on in catalog.add_ons.values():
        amount = amount_of(add_on, interval, currency)
        if amount is not None:
            cost = f"{wording.price(amount.unit_amount, currency)} {per(wording, interval or 'month')}"
            quantity = chosen.get(add_on.key, 0)
            found.append(AddOnField(add_on.key, add_on.name, cost, max(1, quantity), quantity > 0))
    return tuple(found)


def amount_of(add_on: AddOn, interval: str | None, currency: str) -> Amount | None:
    """Return what one of an add-on costs per interval; ``None`` where it is not sold so."""
    for price in add_on.prices:
        amount = price.amount_in(currency)
        if price.interval == interval and amount is not None:
            return amount
    return None


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else None
