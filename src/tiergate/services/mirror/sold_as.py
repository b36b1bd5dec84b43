"""What a subscription sells: the plan, the add-ons, and the version of the catalogue it was sold under."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tiergate.rules.state import PendingUpdate, Schedule, Subscription, SubscriptionItem
from tiergate.store.catalog_rows import Selling

_MOST_DIGITS = 9

Prices = Mapping[str, Selling]
"""Those of our prices that are concerned, by Stripe's id; strangers' prices are not among them."""


@dataclass(frozen=True, slots=True)
class Sold:
    """What a subscription sells; ``is_told`` where its metadata told the version."""

    unnamed: Subscription
    plan_key: str | None
    catalog_version: int | None
    items: tuple[SubscriptionItem, ...]
    pending_update: PendingUpdate | None
    is_told: bool

    @property
    def subscription(self) -> Subscription:
        """The subscription with its plan, add-ons and version."""
        return replace(
            self.unnamed,
            plan_key=self.plan_key,
            catalog_version=self.catalog_version,
            items=self.items,
            pending_update=self.pending_update,
        )


def sold_as(subscription: Subscription, prices: Prices) -> Sold:
    """Name what a subscription sells.

    The plan comes from the price: Stripe's portal changes prices and leaves our metadata as it was. So
    metadata fills in only where a price is not mapped, and its version counts only for the plan it names.
    """
    items = tuple(_named(item, prices) for item in subscription.items)
    plan_key = next((item.plan_key for item in items if item.plan_key), None)
    if plan_key is None and (not items or any(item.price_id not in prices for item in items)):
        plan_key = subscription.metadata.get("plan_key")
    told = _told_version(subscription.metadata, plan_key)
    version = told if told is not None else _version_of(items, plan_key, prices)
    pending = subscription.pending_update
    if pending is not None:
        pending = replace(pending, items=tuple(_named(item, prices) for item in pending.items))
    return Sold(subscription, plan_key, version, items, pending, told is not None)


def scheduled_as(schedule: Schedule, prices: Prices) -> Schedule:
    """Name what the phases of a schedule sell."""
    phases = tuple(
        replace(phase, items=tuple(_named(item, prices) for item in phase.items)) for phase in schedule.phases
    )
    return replace(schedule, phases=phases)


def resold_as(thing: Subscription | Schedule, prices: Prices) -> Subscription | Schedule:
    """Name anew what a mirrored subscription or schedule sells.

    A subscription whose plan stays stays in its version too, unless its metadata tells another.
    """
    if isinstance(thing, Schedule):
        return scheduled_as(thing, prices)
    sold = sold_as(thing, prices)
    stays = thing.catalog_version is not None and thing.plan_key == sold.plan_key
    if stays and not sold.is_told:
        sold = replace(sold, catalog_version=thing.catalog_version)
    return sold.subscription


def prices_in(thing: Subscription | Schedule) -> set[str]:
    """Return the ids of the prices that a subscription or a schedule names."""
    if isinstance(thing, Subscription):
        pending = thing.pending_update.items if thing.pending_update else ()
        return {item.price_id for item in (*thing.items, *pending)}
    return {item.price_id for phase in thing.phases for item in phase.items}


def _named(item: SubscriptionItem, prices: Prices) -> SubscriptionItem:
    price = prices.get(item.price_id)
    plan_key, add_on_key = (price.plan_key, price.add_on_key) if price else (None, None)
    if (item.plan_key, item.add_on_key) == (plan_key, add_on_key):
        return item
    return SubscriptionItem(
        item.id,
        item.price_id,
        item.quantity,
        item.current_period_start,
        item.current_period_end,
        plan_key,
        add_on_key,
    )


def _told_version(metadata: Mapping[str, str], plan_key: str | None) -> int | None:
    told = metadata.get("catalog_version") or ""
    names_it = plan_key is not None and metadata.get("plan_key") == plan_key
    return int(told) if names_it and told.isdecimal() and len(told) <= _MOST_DIGITS else None


def _version_of(items: tuple[SubscriptionItem, ...], plan_key: str | None, prices: Prices) -> int | None:
    versions = (
        prices[item.price_id].catalog_version
        for item in items
        if item.price_id in prices and item.plan_key == plan_key
    )
    return next(versions, None)
