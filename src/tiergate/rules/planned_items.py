"""What is planned for the renewal of each item of a subscription: another wish is added to that."""

from collections.abc import Mapping
from dataclasses import dataclass

from tiergate.rules.change import Change, ChangeKind, Holds
from tiergate.rules.held import Held
from tiergate.rules.state import SubscriptionItem

Sold = tuple[str, int]
"""A price, by Stripe's id, and how much of it."""


@dataclass(frozen=True, slots=True)
class PlannedItems:
    """What follows each item that is held now, by the item's id, and what comes without having been there."""

    follows: Mapping[str, Sold | None]
    """``None`` for what is given up."""
    added: tuple[Sold, ...] = ()


def planned_items(held: Held) -> PlannedItems:
    """Return what the renewal brings as things are planned; what is held where nothing is."""
    if len(held.coming) != 1:
        return PlannedItems({item.id: (item.price_id, item.quantity) for item in held.subscription.items})
    left = list(held.coming[0])
    follows: dict[str, Sold | None] = {}
    for item in held.subscription.items:
        found = next((each for each in left if _continues(held, item, each)), None)
        follows[item.id] = (found.price_id, found.quantity) if found else None
        if found:
            left.remove(found)
    return PlannedItems(follows, tuple([(each.price_id, each.quantity) for each in left]))


def goes_with_planned(change: Change, held: Held) -> bool:
    """Whether a change for the renewal leaves in place what else is planned for it.

    A number of seats says nothing of another plan that is to follow: that one is dropped. So is a schedule
    of several steps, which nobody made here.
    """
    if change.holds is not Holds.AT_RENEWAL or change.kind is ChangeKind.CANCEL or len(held.coming) != 1:
        return False
    is_of_seats = change.add_on_key is None and change.kind in (ChangeKind.FEWER, ChangeKind.STAY)
    return not is_of_seats or keeps_plan(held)


def keeps_plan(held: Held) -> bool:
    """Whether the same plan goes on after the renewal, as far as that is planned."""
    return not held.coming or any(item.plan_key == held.item.plan_key for item in held.coming[0])


def drops_planned(change: Change, held: Held) -> bool:
    """Whether a change gives up something that is planned, rather than adding to it."""
    if change.releases is None or not held.coming:
        return False
    if not goes_with_planned(change, held):
        return True
    if change.add_on_key is not None or change.kind in (ChangeKind.FEWER, ChangeKind.STAY):
        return change.kind is ChangeKind.STAY
    own = (held.item.price_id, held.item.quantity)
    return planned_items(held).follows.get(held.item.id) != own


def _continues(held: Held, item: SubscriptionItem, planned: SubscriptionItem) -> bool:
    if item.price_id == planned.price_id:
        return True
    if item.add_on_key is not None:
        return item.add_on_key == planned.add_on_key
    return item.id == held.item.id and planned.plan_key is not None
