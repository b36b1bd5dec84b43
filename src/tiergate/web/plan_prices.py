"""What a plan costs somebody, as the billing pages write it."""

from collections.abc import Mapping

from tiergate.rules.catalog import Catalog, Plan
from tiergate.translation import Sentence
from tiergate.web.billing_facts import Terms
from tiergate.web.wording import Wording


def price_of(wording: Wording, terms: Terms, currency: str) -> tuple[str, str]:
    """Return amount and period: ``$49`` and ``/ month``; nothing where it is not sold so any more."""
    plan = terms.plan
    if plan is None:
        return "", ""
    if plan.is_free:
        return wording.price(0, currency), per(wording, "month")
    for price in plan.prices:
        amount = price.amount_in(currency)
        if price.interval == terms.interval and amount is not None:
            behind = per(wording, price.interval, per_seat=plan.seats is not None)
            return wording.price(amount.unit_amount, currency), behind
    return "", ""


def per(wording: Wording, interval: str, *, per_seat: bool = False) -> str:
    """Return what stands behind an amount: ``/ month``, ``per seat / year``."""
    return wording.say(_PER[interval, per_seat])


def seats_of(wording: Wording, plan: Plan | None, quantity: int) -> str:
    """Say for how many seats a plan is paid: ``5 seats``; nothing where seats are not counted."""
    if plan is None or plan.seats is None:
        return ""
    return wording.count("1 seat", "{count} seats", quantity)


def add_on_of(wording: Wording, catalog: Catalog, key: str, quantity: int) -> str:
    """Name so many of an add-on: ``Storage``, ``3 × Storage``, ``no Storage``."""
    add_on = catalog.add_ons.get(key)
    name = add_on.name if add_on else key
    if quantity == 0:
        return wording.say("no {name}", name=name)
    return name if quantity == 1 else f"{wording.number(quantity)} × {name}"


def changed_add_ons(now: Terms, terms: Terms) -> Mapping[str, int]:
    """Return how much there will be of each add-on that changes; nothing where the plan changes with it."""
    if (now.plan, now.interval, now.quantity) != (terms.plan, terms.interval, terms.quantity):
        return {}
    return add_ons_then(now, terms)


def add_ons_then(now: Terms, terms: Terms) -> Mapping[str, int]:
    """Return how much there will be of each add-on that changes, whatever becomes of the plan."""
    keys = dict.fromkeys([*now.add_ons, *terms.add_ons])
    then = {key: terms.add_ons.get(key, 0) for key in keys}
    return {key: quantity for key, quantity in then.items() if quantity != now.add_ons.get(key, 0)}


def add_ons_named(wording: Wording, catalog: Catalog, add_ons: Mapping[str, int]) -> str:
    """Name add-ons: ``Storage and 3 × Support``; those that are gone by their name alone."""
    return wording.list([add_on_of(wording, catalog, key, each or 1) for key, each in add_ons.items()])


def named(wording: Wording, now: Terms, terms: Terms) -> str:
    """Name what follows by what is different: ``Starter``, ``Team, paid yearly``, ``5 seats``."""
    plan = terms.plan
    if plan is None:
        return wording.say("another plan")
    if now.plan is not None and now.plan.key == plan.key:
        if terms.interval != now.interval:
            return paid(wording, plan, terms.interval)
        if terms.quantity != now.quantity:
            return wording.say(
                "{plan} with {seats}", plan=plan.name, seats=seats_of(wording, plan, terms.quantity)
            )
    return plan.name


def paid(wording: Wording, plan: Plan, interval: str | None) -> str:
    """Name a plan, and how it is paid: ``Team, paid yearly``."""
    return wording.say(_PAID.get(interval or "", _PAID[""]), plan=plan.name)


_PER: Mapping[tuple[str, bool], Sentence] = {
    ("month", False): Sentence("/ month"),
    ("year", False): Sentence("/ year"),
    ("month", True): Sentence("per seat / month"),
    ("year", True): Sentence("per seat / year"),
}
_PAID: Mapping[str, Sentence] = {
    "month": Sentence("{plan}, paid monthly"),
    "year": Sentence("{plan}, paid yearly"),
    "": Sentence("{plan}, paid otherwise"),
}
