"""Publishes a catalogue: to Stripe as products and prices, and into the database as a new version."""

import hashlib
import logging
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tiergate.rules.catalog_file import parse_catalog
from tiergate.rules.errors import TiergateError
from tiergate.rules.money import MinorUnits
from tiergate.rules.price import Amount, Price, TaxBehavior
from tiergate.rules.push_steps import Action, Offer, PushSteps, Step, plan_push
from tiergate.rules.tiered_price import Tier
from tiergate.services.context import Context
from tiergate.services.mirror.remap import remap
from tiergate.services.plans.given_prices import check_given_prices, given_prices
from tiergate.services.plans.read_offer import read_offer
from tiergate.store import Transaction
from tiergate.store.account_rows import due_now
from tiergate.store.catalog_rows import (
    MappedPrice,
    PublishedCatalog,
    map_price,
    newest_catalog,
    publish_catalog,
    sell_only,
)
from tiergate.store.lease_rows import give_back_lease, keep_lease, take_lease
from tiergate.stripe_api.gateway import StripeRefusedError
from tiergate.stripe_api.read_offer import read_price

log = logging.getLogger("tiergate")

_JOB = "push_plans"
_LEASE = timedelta(seconds=30)
"""Longer than steps usually take; prolonged with each. Who took longer goes on if nobody came between."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push did."""

    version: int
    created: tuple[str, ...]
    """Lookup keys of the prices that were created at Stripe."""
    kept: tuple[str, ...]
    """Lookup keys of the prices that were there already."""
    others: tuple[str, ...] = ()
    """What else was done at Stripe, in words: products created and renamed, what was archived."""


class PushBusyError(TiergateError):
    """Somebody else is publishing at this moment, or was cut off a moment ago."""

    code = "push_busy"


class OvertakenError(TiergateError):
    """Another version was published than the one that was to be followed."""

    code = "plans_overtaken"


class PushInterruptedError(TiergateError):
    """A push broke off half-way: ``done`` and ``left`` say in words what was done and what was not.

    What was in force still is, unless ``left`` is nothing but archiving. Pushing again goes on from there.
    """

    code = "push_interrupted"

    def __init__(self, cause: TiergateError, done: tuple[str, ...], left: tuple[str, ...]) -> None:
        told = [f"The push broke off: {cause.message}"]
        told += [f"  done: {each}" for each in done] or ["  Nothing was done."]
        told += [f"  left: {each}" for each in left]
        super().__init__("\n".join(told), f"{cause.remedy}\nThen push again: it goes on from there.".strip())
        self.done, self.left, self.cause = done, left, cause


def push_plans(
    context: Context, text: str, file_name: str = "billing.toml", *, follows: int | None = None
) -> Pushed:
    """Make the offer of a file live; pushing the same file again changes nothing.

    Prices are found again by their lookup keys. One that differs is never edited: a new price takes over
    its lookup key, and who bought at the old one keeps it. The version is published after everything new is
    at Stripe, so that nobody is offered what cannot be sold yet, and before anything is archived. With
    ``follows`` nothing is done unless that version is in force (0: none). Raises ``CatalogError``,
    ``StripePriceError`` and ``OvertakenError`` before anything is written, ``PushBusyError``, and
    ``PushInterruptedError`` where it breaks off.
    """
    parse_catalog(text, file_name)
    with _alone(context) as prolong:
        _require_in_force(context, follows)
        published = PublishedCatalog(next_version(context, text), text)
        catalog = parse_catalog(text, file_name, published.version)
        given = given_prices(catalog, context.stripe_prices)
        reading = read_offer(context, [catalog], given.values())
        check_given_prices(catalog, given, reading.at_stripe)
        steps = plan_push(catalog, reading.at_stripe, reading.known, given)
        push = _Push(context, published, steps, prolong)
        push.run()
    remap(context, list(push.price_ids.values()))
    created = tuple(step.name for step in steps.all if step.action is Action.CREATE_PRICE)
    others = tuple(str(step) for step in steps.all if step.action is not Action.CREATE_PRICE)
    return Pushed(published.version, created, tuple(steps.kept), others)


def next_version(context: Context, text: str) -> int:
    """Return the version that publishing this text makes: the one in force where it says the same."""
    with context.database.read() as tx:
        newest = newest_catalog(tx)
    if newest is None:
        return 1
    return newest.version if newest.text == text else newest.version + 1


def _require_in_force(context: Context, version: int | None) -> None:
    with context.database.read() as tx:
        newest = newest_catalog(tx)
    in_force = newest.version if newest else 0
    if version is not None and version != in_force:
        raise OvertakenError(
            f"Version {in_force} was published meanwhile; this was to follow {version}.",
            "Look at what differs from the version in force, then publish again.",
        )


Prolong = Callable[[Transaction], None]


@contextmanager
def _alone(context: Context) -> Iterator[Prolong]:
    holder = uuid.uuid4().hex

    def prolong(tx: Transaction) -> None:
        if not keep_lease(tx, _JOB, holder, context.now() + _LEASE):
            raise OvertakenError(
                "Plans were published by somebody else while Stripe kept this push waiting.",
                "Look at `tiergate plans diff`: what this was to follow is not in force any more.",
            )

    with context.database.write() as tx:
        now = context.now()
        if not take_lease(tx, _JOB, holder, now, now + _LEASE):
            raise PushBusyError(
                "Plans are being published by somebody else at this moment.",
                f"Try again in {_LEASE.seconds} seconds, and look at `tiergate plans diff` before.",
            )
    try:
        yield prolong
    finally:
        with context.database.write() as tx:
            give_back_lease(tx, _JOB, holder)


@dataclass
class _Push:
    """One push, on its way through the steps."""

    context: Context
    published: PublishedCatalog
    steps: PushSteps
    prolong: Prolong
    attempt: str = field(default_factory=lambda: uuid.uuid4().hex)
    done: list[str] = field(default_factory=list)
    price_ids: dict[str, str] = field(default_factory=dict)
    """Stripe's ids of the prices that are sold, by lookup key."""
    product_ids: dict[str, str] = field(default_factory=dict)

    def run(self) -> None:
        for key, found in self.steps.kept.items():
            self.price_ids[key], self.product_ids[key] = found.id, found.product_id
        publishing = f"publish version {self.published.version}"
        left = [*map(str, self.steps.before), publishing, *map(str, self.steps.after)]
        for step in [*self.steps.before, None, *self.steps.after]:
            try:
                if step is None:
                    self._publish()
                else:
                    self._carry_out(step)
            except TiergateError as error:
                raise PushInterruptedError(error, tuple(self.done), tuple(left)) from error
            self.done.append(left.pop(0))
            log.info("subscription offer: %s", self.done[-1])

    def _carry_out(self, step: Step) -> None:
        with self.context.database.write() as tx:
            self.prolong(tx)
        gateway, key = self.context.gateway, f"push:{self.attempt}:{_digest(step)}"
        if step.action is Action.CREATE_PRICE and step.offer and step.price:
            answer = gateway.create_price(_parameters(step.offer, step.price, self.published.version), key)
            made = read_price(answer.body)
            self.price_ids[step.name], self.product_ids[step.name] = made.id, made.product_id
        elif step.action is Action.CREATE_PRODUCT and step.offer:
            self._create_product(step.offer, key)
        elif step.action is Action.RENAME_PRODUCT and step.offer:
            gateway.update_product(step.object_id, {"name": step.offer.name}, key)
        elif step.action is Action.ARCHIVE_PRICE:
            gateway.update_price(step.object_id, {"active": False}, key)
        else:
            active = step.action is Action.REVIVE_PRODUCT
            gateway.update_product(step.object_id, {"active": active}, key)

    def _create_product(self, offer: Offer, key: str) -> None:
        """Create a product. We choose its id, so Stripe itself refuses a second one of it."""
        params = {"id": offer.product_id, "name": offer.name, "metadata": {offer.key_name: offer.key}}
        try:
            self.context.gateway.create_product(params, key)
        except StripeRefusedError as error:
            if error.stripe_code != "resource_already_exists":
                raise

    def _publish(self) -> None:
        """Map the prices and publish at once: nothing is sold under a version that is not there."""
        context, now = self.context, self.context.now()
        with context.database.write() as tx:
            self.prolong(tx)
            for offer in self.steps.offers:
                for price in offer.prices:
                    map_price(tx, self._mapped(offer, price), now)
            sell_only(tx, list(self.price_ids.values()), context.livemode)
            newest = newest_catalog(tx)
            if newest is None or newest.version < self.published.version:
                publish_catalog(tx, self.published, now)
                due_now(tx)

    def _mapped(self, offer: Offer, price: Price) -> MappedPrice:
        key = price.lookup_key
        return MappedPrice(
            stripe_price_id=self.price_ids[key],
            stripe_product_id=self.product_ids[key],
            lookup_key=key,
            plan_key=offer.key if offer.key_name == "plan_key" else None,
            add_on_key=offer.key if offer.key_name == "add_on_key" else None,
            interval=price.interval,
            currency=price.currency,
            unit_amount=price.unit_amount,
            livemode=self.context.livemode,
            catalog_version=self.published.version,
            active=True,
            currency_options=dict(price.currency_options),
            tiers=price.tiers,
            tiers_mode=price.tiers_mode,
            is_given=price.stripe_price is not None,
        )


def _digest(step: Step) -> str:
    return hashlib.sha256(f"{step.action}:{step.name}:{step.object_id}".encode()).hexdigest()[:32]


def _parameters(offer: Offer, price: Price, version: int) -> dict[str, Any]:
    """Return a price as Stripe wants it; it takes over its lookup key from whichever has it now."""
    options = {currency: _amount(amount) for currency, amount in price.currency_options.items()}
    taxed = price.tax_behavior is not TaxBehavior.UNSPECIFIED
    params: dict[str, Any] = {
        "product": offer.product_id,
        "lookup_key": price.lookup_key,
        "transfer_lookup_key": True,
        "currency": price.currency,
        "recurring": {"interval": price.interval},
        "metadata": {offer.key_name: offer.key, "catalog_version": str(version)},
        **_amount(price.amount),
    }
    if price.tiers:
        params |= {"billing_scheme": "tiered", "tiers_mode": str(price.tiers_mode)}
    if options:
        params["currency_options"] = options
    if taxed:
        params["tax_behavior"] = str(price.tax_behavior)
    for option in options.values() if taxed else ():
        option["tax_behavior"] = str(price.tax_behavior)
    return params


def _amount(amount: Amount) -> dict[str, Any]:
    if amount.tiers:
        return {"tiers": [_tier(tier) for tier in amount.tiers]}
    return {"unit_amount": amount.unit_amount}


def _tier(tier: Tier) -> dict[str, Any]:
    params: dict[str, Any] = {"up_to": "inf" if tier.up_to is None else tier.up_to}
    if tier.unit_amount or not tier.flat_amount:
        params |= _exactly("unit_amount", tier.unit_amount)
    if tier.flat_amount:
        params |= _exactly("flat_amount", tier.flat_amount)
    return params


def _exactly(name: str, amount: MinorUnits) -> dict[str, Any]:
    return {name: amount} if isinstance(amount, int) else {f"{name}_decimal": str(amount)}
