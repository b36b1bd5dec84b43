"""The add-ons of a trial are bought with it, and paid by the same interval as its plan."""

from dataclasses import replace

from tiergate.rules.catalog import Catalog
from tiergate.rules.money import line_total
from tiergate.rules.quantity_change import is_sold_per
from tiergate.rules.state import Subscription
from tiergate.rules.tiered_price import TiersMode, tiered_total
from tiergate.services.changes.change_errors import AddOnNotSoldSoError
from tiergate.services.checkout.order import Order
from tiergate.store import Transaction
from tiergate.store.catalog_rows import MappedPrice, find_price


def with_tried_add_ons(
    tx: Transaction, trial: Subscription | None, catalog: Catalog, order: Order, currency: str | None
) -> Order:
    """Return an order with the add-ons that are tried by another interval than the plan is bought by.

    What is tried by the same interval stays as it is. Raises ``AddOnNotSoldSoError``.
    """
    ordered = {key: quantity for key, quantity in order.add_ons.items() if quantity}
    for item in trial.items if trial else ():
        key, price = item.add_on_key, find_price(tx, item.price_id)
        if key is None or key in ordered or price is None or price.interval == order.interval:
            continue
        if not is_sold_per(catalog, key, order.interval, currency):
            raise AddOnNotSoldSoError(
                f"The add-on {key!r} that is tried is not sold per {order.interval}.",
                "Remove the add-on first, or choose another interval.",
            )
        ordered[key] = item.quantity
    return replace(order, add_ons=ordered)


def cost_of_kept_add_ons(
    tx: Transaction, trial: Subscription | None, order: Order, currency: str
) -> list[int]:
    """Return what each add-on costs that is bought just as it is tried."""
    items = [item for item in trial.items if item.add_on_key not in (None, *order.add_ons)] if trial else []
    prices = [(find_price(tx, item.price_id), item.quantity) for item in items]
    return [_cost(price, quantity, currency) for price, quantity in prices if price is not None]


def _cost(price: MappedPrice, quantity: int, currency: str) -> int:
    option = price.currency_options.get(currency)
    tiers = option.tiers if option else price.tiers
    if tiers and price.tiers_mode is not None:
        return tiered_total(tiers, TiersMode(price.tiers_mode), quantity)
    return line_total(option.unit_amount if option else price.unit_amount, quantity)
