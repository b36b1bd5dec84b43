"""What somebody orders by a checkout, and what of it is for sale."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urljoin

from tiergate.rules.catalog import Catalog
from tiergate.rules.errors import TiergateError
from tiergate.rules.price import Price
from tiergate.rules.quantity_change import add_on_of, price_of_add_on
from tiergate.services.context import Context
from tiergate.store import Transaction
from tiergate.store.catalog_rows import MappedPrice, price_for_sale

_MOST = 1_000_000
OWN_PATH = r"^/([^\s\\/][^\s\\]*)?$"
"""A path of this site: never another host's, however a browser reads it."""


class PriceNotAtStripeError(TiergateError):
    """The price is in the catalogue but was never created at Stripe."""

    code = "price_not_at_stripe"


class InvalidOrderError(TiergateError):
    """Something of the order cannot be meant so: a quantity, or the path to come back to."""

    code = "order_invalid"


@dataclass(frozen=True, slots=True)
class Order:
    """A plan, paid how, for how many seats, in which currency, with how much of which add-ons.

    ``return_to`` is a path of this site, for whoever turns back on Stripe's page. ``language`` is a tag such
    as ``de``: what Stripe's page is in, and what we say on it; without it the page goes by the browser.
    """

    plan: str
    interval: str = "month"
    seats: int | None = None
    currency: str | None = None
    add_ons: Mapping[str, int] = field(default_factory=dict)
    return_to: str | None = None
    language: str | None = None


def price_at_stripe(context: Context, tx: Transaction, catalog: Catalog, price: Price) -> MappedPrice:
    """Return the price that is sold at Stripe; raises ``PriceNotAtStripeError``."""
    mapped = price_for_sale(tx, price.lookup_key, context.livemode)
    if mapped is None:
        raise PriceNotAtStripeError(
            f"The price {price.lookup_key!r} of catalogue version {catalog.version} is not at Stripe yet.",
            "Run: tiergate plans push",
        )
    return mapped


def ordered_add_ons(
    context: Context, tx: Transaction, catalog: Catalog, order: Order, currency: str | None
) -> dict[str, int]:
    """Return how much of each add-on is bought, by Stripe's id of its price; what is 0 is left out.

    Raises ``UnknownAddOnError`` for one that is not sold so, ``InvalidOrderError`` and
    ``PriceNotAtStripeError``.
    """
    found = {}
    for key, quantity in order.add_ons.items():
        add_on = add_on_of(catalog, key)
        if not 0 <= quantity <= _MOST:
            raise InvalidOrderError(
                f"{quantity} is no possible number of {add_on.name}.", "Order 1 or more, or none."
            )
        if quantity:
            price = price_of_add_on(add_on, order.interval, currency)
            found[price_at_stripe(context, tx, catalog, price).stripe_price_id] = quantity
    return found


def cancel_url(context: Context, order: Order, founders: str = "") -> str:
    """Return where somebody who turns back ends up.

    That is the path that the order names, else the founder's setting, else the pricing page with all that was
    chosen. A path is the host's, not the mount's. Raises ``InvalidOrderError``.
    """
    if order.return_to is not None:
        if not re.fullmatch(OWN_PATH, order.return_to):
            raise InvalidOrderError(
                f"{order.return_to!r} is no path of this site.", "Pass a path such as /pricing."
            )
        return urljoin(context.public_url, order.return_to)
    if founders:
        return urljoin(context.public_url, founders)
    return f"{context.public_url}/pricing?{urlencode(_chosen(order))}#plan-{order.plan}"


def _chosen(order: Order) -> dict[str, str]:
    """Return the choices as the pricing page reads them."""
    chosen = {"plan": order.plan, "interval": order.interval, "currency": order.currency or ""}
    chosen |= {"seats": str(order.seats or ""), "after": "checkout"}
    add_ons = {f"add_ons.{key}": str(quantity) for key, quantity in order.add_ons.items() if quantity}
    return {name: value for name, value in (chosen | add_ons).items() if value}
