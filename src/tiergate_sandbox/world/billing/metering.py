"""What was used, and what it costs: https://docs.stripe.com/billing/subscriptions/usage-based.

The usage of a period is billed when the period is over; a trial's usage is free.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tiergate_sandbox.world.billing import lines
from tiergate_sandbox.world.billing.pricing import price_in
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.rounding import line_amount

Obj = dict[str, Any]

METER_EVENT = "billing.meter_event"


def is_metered(price: Obj) -> bool:
    """Tell whether a price bills what was used instead of a quantity."""
    return bool(price["recurring"]) and price["recurring"]["usage_type"] == "metered"


def quantity_of(price: Obj, quantity: int | None) -> int:
    """Return the quantity of an item: none for a metered price, else what was asked for, or 1."""
    if is_metered(price):
        return 0
    return 1 if quantity is None else quantity


def add_usage(draft: Draft, invoice: Obj, sub: Obj, item: Obj) -> None:
    """Bill what was used since the last time, until the item's present period began."""
    until = item["current_period_start"]
    since = item["_"].get("used_since")
    item["_"]["used_since"] = until
    used = 0 if since is None else _used(draft, sub, item, since, until)
    period = (until if since is None else since, until)
    lines.add_usage(draft, invoice, sub, item, used, period)


def leave_pending(draft: Draft, sub: Obj, now: int) -> None:
    """Let the usage that has not been billed when a subscription ends wait for its last invoice."""
    customer = draft.the("customer", sub["customer"])
    for item in sub["items"]:
        price = price_in(draft, item["price"], sub["currency"])
        since = item["_"].get("used_since")
        if not is_metered(draft.glance("price", item["price"])) or since is None:
            continue
        used = _used(draft, sub, item, since, now)
        item["_"]["used_since"] = now
        if used:
            lines.new_invoice_item(
                draft,
                customer,
                sub,
                item,
                now,
                amount=line_amount(price, used),
                currency=sub["currency"],
                description=draft.glance("product", price["product"])["name"],
                period={"start": since, "end": now},
                pricing=lines.priced(price, price["unit_amount_decimal"]),
                quantity=used,
            )


def aggregated(draft: Draft, meter: Obj, customer_id: str, since: int, until: int) -> Decimal:
    """Return what a meter shows for a customer from one instant up to (not including) another."""
    found = draft.find(METER_EVENT, "usage", f"{meter['id']}/{customer_id}")
    counted = [one for one in found if since <= one["timestamp"] < until and not one["_"]["canceled"]]
    formula = meter["default_aggregation"]["formula"]
    if formula == "count":
        return Decimal(len(counted))
    if formula == "last":
        latest = max(counted, key=lambda one: one["timestamp"], default=None)
        return Decimal(latest["_"]["value"]) if latest else Decimal(0)
    return sum((Decimal(one["_"]["value"]) for one in counted), Decimal(0))


def _used(draft: Draft, sub: Obj, item: Obj, since: int, until: int) -> int:
    meter_id = draft.glance("price", item["price"])["recurring"]["meter"]
    used = aggregated(draft, draft.the("billing.meter", meter_id), sub["customer"], since, until)
    return int(used.to_integral_value(ROUND_HALF_UP))
