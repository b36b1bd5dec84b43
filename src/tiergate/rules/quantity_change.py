"""What becomes of the wish for more or fewer seats, and for more or less of an add-on."""

from dataclasses import replace
from datetime import datetime

from tiergate.rules.catalog import AddOn, Catalog
from tiergate.rules.change import Change, ChangeKind, Holds, Needs, Refusal
from tiergate.rules.errors import UnknownAddOnError
from tiergate.rules.held import Held
from tiergate.rules.planned_items import keeps_plan
from tiergate.rules.policy import FewerSeats
from tiergate.rules.price import Price
from tiergate.rules.state import SubscriptionItem


def seat_change(held: Held | None, seats: int, members: int | None, at: datetime) -> Change:
    """Return what the wish for a number of seats comes to.

    More hold at once and fewer too: both are prorated. Fewer than there are people is refused, or waits for
    the renewal, as the plan's policy says.
    """
    if held is None:
        return Change(ChangeKind.BUY, None, quantity=seats, effective_at=at, needs=Needs.CHECKOUT)
    change = _change(held, held.item.quantity, seats, at)
    if change.kind is ChangeKind.NOTHING and keeps_plan(held):
        change = _unless_planned_otherwise(held, change)
    refusal = held.hindrance or _refused_seats(held, seats)
    if refusal is not None or change.kind is not ChangeKind.FEWER or seats >= (members or 0):
        return replace(change, refusal=refusal)
    waits = held.plan is not None and held.plan.policy.fewer_seats_than_members is FewerSeats.AT_RENEWAL
    if not waits or held.is_ending:
        return replace(change, refusal=Refusal.FEWER_SEATS_THAN_MEMBERS)
    return _at_renewal(held, change)


def add_on_change(held: Held | None, catalog: Catalog, key: str, quantity: int, at: datetime) -> Change:
    """Return what the wish for a quantity of an add-on comes to: more now, less when it is renewed.

    Raises ``UnknownAddOnError`` for more of one that is not in the catalogue in force, or not sold by the
    interval that the account pays by. What is not sold any more can still be given up.
    """
    item = held.add_on(key) if held else None
    if item is None:
        add_on_of(catalog, key)
    if held is None:
        return Change(ChangeKind.BUY, None, None, quantity, add_on_key=key, needs=Needs.CHECKOUT)
    change = _change(held, item.quantity if item else 0, quantity, at, add_on_key=key)
    if change.kind is ChangeKind.MORE:
        price_of_add_on(add_on_of(catalog, key), held.interval, held.currency)
    if item is not None and change.kind is ChangeKind.NOTHING:
        change = _unless_planned_otherwise(held, change)
    if held.hindrance or change.kind is not ChangeKind.FEWER or held.is_in_trial:
        return replace(change, refusal=held.hindrance)
    if held.is_ending:
        return replace(change, kind=ChangeKind.NOTHING, effective_at=held.subscription.cancels_at)
    return _at_renewal(held, change)


def price_of_add_on(add_on: AddOn, interval: str | None, currency: str | None = None) -> Price:
    """Return an add-on's price for an interval, the one that is sold in ``currency`` where that is given.

    Raises ``UnknownAddOnError`` where there is none.
    """
    for price in add_on.prices:
        if price.interval == interval and (currency is None or currency in price.currencies):
            return price
    sold = ", ".join(f"{price.interval} in {'/'.join(price.currencies)}" for price in add_on.prices)
    wanted = f"{interval or 'interval of this subscription'}{f' in {currency}' if currency else ''}"
    raise UnknownAddOnError(
        f"The add-on {add_on.key!r} is not sold per {wanted}.", f"It is sold per: {sold or 'nothing'}."
    )


def is_sold_per(catalog: Catalog, key: str, interval: str, currency: str | None) -> bool:
    """Whether the catalogue in force sells an add-on by an interval, and in a currency if one is given."""
    add_on = catalog.add_ons.get(key)
    return add_on is not None and any(
        price.interval == interval and (currency is None or currency in price.currencies)
        for price in add_on.prices
    )


def add_on_of(catalog: Catalog, key: str) -> AddOn:
    """Return an add-on by key. Raises ``UnknownAddOnError``."""
    if key not in catalog.add_ons:
        known = ", ".join(catalog.add_ons)
        raise UnknownAddOnError(f"There is no add-on {key!r}.", f"The add-ons are: {known or 'none'}.")
    return catalog.add_ons[key]


def _change(held: Held, there_are: int, wanted: int, at: datetime, add_on_key: str | None = None) -> Change:
    kind = ChangeKind.NOTHING
    if wanted != there_are:
        kind = ChangeKind.MORE if wanted > there_are else ChangeKind.FEWER
    change = Change(
        kind,
        held.plan,
        held.interval,
        wanted,
        effective_at=at,
        add_on_key=add_on_key,
        trial_end=held.subscription.trial_end if held.is_in_trial else None,
        releases=None if kind is ChangeKind.NOTHING else held.schedule_id,
    )
    pending = held.subscription.pending_update
    waits = kind is ChangeKind.MORE and pending is not None and _is_planned(held, pending.items, change)
    return replace(change, waits_for_payment=waits)


def _refused_seats(held: Held, seats: int) -> Refusal | None:
    limits = held.plan.seats if held.plan else None
    if limits is None:
        return Refusal.NOT_PER_SEAT
    fits = limits.minimum <= seats and (limits.maximum is None or seats <= limits.maximum)
    return None if fits else Refusal.SEATS_OUT_OF_RANGE


def _at_renewal(held: Held, change: Change) -> Change:
    """Let a step down wait; what is planned already needs nothing."""
    waiting = replace(change, holds=Holds.AT_RENEWAL, effective_at=held.renews_at)
    if held.coming and _is_planned(held, held.coming[0], change):
        return replace(waiting, kind=ChangeKind.NOTHING, releases=None)
    return waiting


def _unless_planned_otherwise(held: Held, change: Change) -> Change:
    """Return ``STAY`` where the renewal was to bring another quantity than there is: that is taken back.

    What else is planned stays so, and is planned anew.
    """
    if len(held.coming) != 1 or held.is_ending or _is_planned(held, held.coming[0], change):
        return change
    stays = replace(change, kind=ChangeKind.STAY, releases=held.schedule_id)
    now, then = (_others(held, items, change) for items in (held.subscription.items, held.coming[0]))
    return stays if now == then else replace(stays, holds=Holds.AT_RENEWAL, effective_at=held.renews_at)


def _others(held: Held, items: tuple[SubscriptionItem, ...], change: Change) -> list[tuple[str, int]]:
    """Return what is sold, but for the quantity that a change is about."""
    if change.add_on_key is None:
        own = held.item.plan_key
        return sorted((each.price_id, 0 if each.plan_key == own else each.quantity) for each in items)
    return sorted((each.price_id, each.quantity) for each in items if each.add_on_key != change.add_on_key)


def _is_planned(held: Held, items: tuple[SubscriptionItem, ...], change: Change) -> bool:
    own = held.item.plan_key
    if change.add_on_key is None:
        return any(item.plan_key == own and item.quantity == change.quantity for item in items)
    planned = sum(item.quantity for item in items if item.add_on_key == change.add_on_key)
    return planned == change.quantity
