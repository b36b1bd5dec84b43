"""Finds out who would move to a version of the catalogue, what that changes for them, and who cannot."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tiergate.rules.catalog import Catalog
from tiergate.rules.catalog_diff import OfferChange, compare_floor, compare_plan
from tiergate.rules.errors import TiergateError, UnknownPlanError
from tiergate.rules.price import Amount, Price
from tiergate.rules.state import ENDED, Subscription, SubscriptionStatus
from tiergate.services.context import Context
from tiergate.services.plans.load_catalog import load_catalog
from tiergate.store import Transaction
from tiergate.store.catalog_rows import MappedPrice, prices_of_mode
from tiergate.store.version_rows import (
    find_subscription,
    scheduled_among,
    subscribed_after,
    unsubscribed_after,
)

When = Literal["now", "renewal"]
_BATCH = 500


class UnknownVersionError(TiergateError):
    """No such version of the catalogue is published, or it cannot be read any more."""

    code = "unknown_version"


@dataclass(frozen=True, slots=True)
class Moving:
    """Who is to be moved, where to, and when; ``None`` is everybody, from any version, to the newest."""

    to: int | None = None
    plan: str | None = None
    from_version: int | None = None
    account: str | None = None
    when: When = "renewal"
    prorate: bool = True
    """Whether a change of price now is charged for the rest of the period."""


@dataclass(frozen=True, slots=True)
class Move:
    """One subscription, or one account that has bought nothing, and what a move changes for it."""

    account_id: str
    subscription_id: str | None
    plan_key: str | None
    from_version: int
    change: OfferChange | None
    interval: str = ""
    before: Amount | None = None
    after: Amount | None = None
    prices: Mapping[str, str] = field(default_factory=dict)
    """Stripe's ids of the prices that are replaced, and of those that replace them."""
    why_not: str = ""
    """Why it stays where it is; empty where it can be moved."""


@dataclass(frozen=True, slots=True)
class Destination:
    """The version that accounts are moved to, beside the one they come from, and the prices there are."""

    now: Catalog
    target: Catalog
    prices: Mapping[str, MappedPrice]
    """All that are mapped, by Stripe's id."""

    def price_for(self, price: Price) -> MappedPrice | None:
        """Return the price at Stripe that can be bought and is as the target's."""
        return next(
            (
                each
                for each in self.prices.values()
                if each.active
                and each.lookup_key == price.lookup_key
                and each.amount_in(price.currency) == price.amount
            ),
            None,
        )


def destination(context: Context, moving: Moving) -> Destination:
    """Return where accounts are moved to.

    Raises ``UnknownVersionError``, ``UnknownPlanError`` and ``NoPlansError``.
    """
    with context.database.read() as tx:
        now = load_catalog(tx)
        mapped = {price.stripe_price_id: price for price in prices_of_mode(tx, context.livemode)}
    target = now if moving.to in (None, now.version) else now.older.get(moving.to or 0)
    if target is None:
        known = ", ".join(str(version) for version in [*sorted(now.older), now.version])
        raise UnknownVersionError(f"There is no version {moving.to}.", f"The versions are: {known}.")
    plans = {*target.plans, *(key for older in [now, *now.older.values()] for key in older.plans)}
    if moving.plan is not None and moving.plan not in plans:
        raise UnknownPlanError(
            f"There is no plan {moving.plan!r} in any version.", f"The plans are: {', '.join(sorted(plans))}."
        )
    return Destination(now, target, mapped)


def moves_of(context: Context, moving: Moving, to: Destination) -> Iterator[Move]:
    """Yield everybody whom it concerns: those who can be moved, and those who cannot and why.

    Who is in that version already is left out. Reads in pages, no transaction stays open between them.
    """
    after = ""
    while True:
        with context.database.read() as tx:
            page = subscribed_after(tx, context.livemode, after, _BATCH, account_id=moving.account)
            wanted = [(owner, each) for owner, each in page if _concerns(moving, to, each)]
            scheduled = scheduled_among(tx, [each.id for _, each in wanted])
        for owner, subscription in wanted:
            yield _move_of(moving, to, owner, subscription, subscription.id in scheduled)
        if len(page) < _BATCH:
            break
        after = page[-1][1].id
    yield from _unsubscribed(context, moving, to)


def _concerns(moving: Moving, to: Destination, subscription: Subscription) -> bool:
    version = to.now.as_sold(subscription.catalog_version).version
    return (
        version != to.target.version
        and subscription.plan_key is not None
        and moving.plan in (None, subscription.plan_key)
        and moving.from_version in (None, version)
    )


def _unsubscribed(context: Context, moving: Moving, to: Destination) -> Iterator[Move]:
    after = ""
    while True:
        with context.database.read() as tx:
            page = unsubscribed_after(tx, context.livemode, after, _BATCH, account_id=moving.account)
        for account_id, version in page:
            sold_in = to.now.as_sold(version)
            floor = sold_in.free_plan.key if sold_in.free_plan else None
            if (
                sold_in.version != to.target.version
                and moving.from_version in (None, sold_in.version)
                and moving.plan in (None, floor)
            ):
                change = compare_floor(sold_in, to.target)
                why_not = "the new version has no free plan" if change and change.is_gone else ""
                yield Move(account_id, None, floor, sold_in.version, change, why_not=why_not)
        if len(page) < _BATCH:
            return
        after = page[-1][0]


def is_wanted(tx: Transaction, to: Destination, subscription_id: str) -> bool:
    """Whether a subscription is still where it was: not moved, and not about to be."""
    found = find_subscription(tx, subscription_id)
    return (
        found is not None
        and found.status not in ENDED
        and to.now.as_sold(found.catalog_version).version != to.target.version
        and not scheduled_among(tx, [subscription_id])
    )


def _move_of(
    moving: Moving, to: Destination, account_id: str, subscription: Subscription, is_scheduled: bool
) -> Move:
    """Return what a move changes for a subscription, or why it cannot be moved."""
    sold_in = to.now.as_sold(subscription.catalog_version)
    plan_key = subscription.plan_key or ""
    change = compare_plan(plan_key, sold_in, to.target)
    here = Move(account_id, subscription.id, plan_key, sold_in.version, change)
    why_not = _why_not(moving, to, subscription, is_scheduled, change)
    if why_not:
        return _stays(here, why_not)
    prices: dict[str, str] = {}
    shown: tuple[str, Amount | None, Amount | None] = ("", None, None)
    for item in subscription.items:
        old = to.prices.get(item.price_id)
        if old is None:
            continue
        new = _price_in(to, old)
        if isinstance(new, str):
            return _stays(here, new)
        if new.stripe_price_id != old.stripe_price_id:
            prices[old.stripe_price_id] = new.stripe_price_id
        if item.plan_key:
            shown = (old.interval, old.amount_in(old.currency), new.amount_in(old.currency))
    return Move(account_id, subscription.id, plan_key, sold_in.version, change, *shown, prices)


def _stays(move: Move, why_not: str) -> Move:
    return Move(
        move.account_id, move.subscription_id, move.plan_key, move.from_version, move.change, why_not=why_not
    )


def _why_not(
    moving: Moving,
    to: Destination,
    subscription: Subscription,
    is_scheduled: bool,
    change: OfferChange,
) -> str:
    if subscription.plan_key not in to.target.plans:
        return f"version {to.target.version} has no plan {change.name}"
    if subscription.status is SubscriptionStatus.INCOMPLETE:
        return "its first payment is still open"
    if moving.when == "renewal" and subscription.cancels_at is not None:
        return "it ends before it would renew"
    if subscription.schedule_id or is_scheduled:
        return "a change of it is scheduled at Stripe already"
    return ""


def _price_in(to: Destination, old: MappedPrice) -> MappedPrice | str:
    """Return the price that replaces one in the target version; the same where nothing differs."""
    key = old.plan_key or old.add_on_key or ""
    offer = to.target.plans.get(key) if old.plan_key else to.target.add_ons.get(key)
    price = next(
        (
            each
            for each in (offer.prices if offer else ())
            if each.interval == old.interval and old.currency in each.currencies
        ),
        None,
    )
    if price is None:
        return f"version {to.target.version} does not sell {key} per {old.interval} in {old.currency}"
    same = all(old.amount_in(currency) == price.amount_in(currency) for currency in price.currencies)
    if same and old.tiers_mode == price.tiers_mode and set(old.currencies) == set(price.currencies):
        return old
    new = to.price_for(price)
    return new or f"the price {price.lookup_key} of version {to.target.version} is not sold any more"
