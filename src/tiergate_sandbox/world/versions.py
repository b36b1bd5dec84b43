"""The shapes of answers and events in older API versions, rendered on the way out.

https://docs.stripe.com/changelog. Each change says in which version the newer shape arrived; a caller with an
older version gets the change undone, newest first.
"""

from collections.abc import Callable
from typing import Any

from tiergate_sandbox.world.render import plan_of

Obj = dict[str, Any]
Glance = Callable[[str, str], Obj]
"""Reads another object by kind and id."""

BASIL = "2025-03-31"
FLEXIBLE = "2025-06-30"
CLOVER = "2025-09-30"
DAHLIA = "2026-03"
SUMMER_2026 = "2026-08-26"
ENDIVE = "2026-09-30"


def predates(version: str, change: str) -> bool:
    """Tell whether an API version is older than the one that brought a change."""
    return version[:10] < change


def shaped(obj: Obj, version: str, glance: Glance) -> Obj:
    """Return a rendered object (changed in place) in the shape of a version."""
    undo = _UNDO.get(obj["object"])
    if undo is not None and not obj.get("deleted"):
        for change, function in undo:
            if predates(version, change):
                function(obj, glance)
    obj.pop("_", None)
    return obj


def _subscription(sub: Obj, glance: Glance) -> None:
    items = sub["items"]["data"] if "items" in sub else []
    sub["current_period_start"] = max((item["current_period_start"] for item in items), default=None)
    sub["current_period_end"] = min((item["current_period_end"] for item in items), default=None)
    waiting = (sub.get("pending_update") or {}).get("subscription_items") or []
    for item in [*items, *waiting]:
        _item(item, glance)
    sub["discount"] = _first_discount(sub["discounts"], glance)
    for newer in (
        "billing_mode",
        "billing_schedules",
        "managed_payments",
        "presentment_details",
        "status_details",
    ):
        sub.pop(newer, None)


def _item(item: Obj, _glance: Glance) -> None:
    for newer in ("current_period_start", "current_period_end", "billed_until", "current_trial"):
        item.pop(newer, None)


def _invoice(invoice: Obj, glance: Glance) -> None:
    own = invoice.get("_") or {}
    details = (invoice.pop("parent", None) or {}).get("subscription_details")
    invoice["subscription"] = details["subscription"] if details else None
    invoice["subscription_details"] = {"metadata": details["metadata"] if details else None}
    intent = own.get("payment_intent")
    invoice["payment_intent"] = intent
    invoice["charge"] = glance("payment_intent", intent)["latest_charge"] if intent else None
    invoice["paid"] = invoice["status"] == "paid"
    invoice["paid_out_of_band"] = bool(own.get("out_of_band"))
    invoice["quote"] = invoice["application_fee_amount"] = None
    invoice["discount"] = _first_discount(invoice["discounts"], glance)
    invoice["tax"] = sum(tax["amount"] for tax in invoice["total_taxes"]) if invoice["total_taxes"] else None
    invoice["transfer_data"] = None
    invoice["total_tax_amounts"] = [_tax_amount(tax) for tax in invoice.pop("total_taxes")]
    for newer in ("amount_overpaid", "amount_paid_off_stripe", "status_details"):
        invoice.pop(newer, None)
    for line in invoice["lines"]["data"]:
        _line(line, glance)


def _line(line: Obj, glance: Glance) -> None:
    parent = line.pop("parent", None) or {"type": None}
    detail = parent.get(parent["type"]) or {}
    priced = (line.pop("pricing", None) or {}).get("price_details")
    line["price"] = _price(glance, priced)
    line["plan"] = _plan(line["price"])
    line["type"] = "subscription" if parent["type"] == "subscription_item_details" else "invoiceitem"
    line["proration"] = bool(detail.get("proration"))
    line["proration_details"] = detail.get("proration_details") or {"credited_items": None}
    line["subscription"] = detail.get("subscription")
    for name in ("subscription_item", "invoice_item"):
        if detail.get(name):
            line[name] = detail[name]
    taxes = line.pop("taxes")
    included = sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "inclusive")
    line["tax_amounts"] = [_tax_amount(tax) for tax in taxes]
    line["tax_rates"] = [_plain(glance("tax_rate", tax["tax_rate_details"]["tax_rate"])) for tax in taxes]
    line["amount_excluding_tax"] = line["amount"] - included
    for newer in ("quantity_decimal", "subtotal"):
        line.pop(newer, None)


def _tax_amount(tax: Obj) -> Obj:
    return {
        "amount": tax["amount"],
        "inclusive": tax["tax_behavior"] == "inclusive",
        "tax_rate": tax["tax_rate_details"]["tax_rate"],
        "taxability_reason": tax["taxability_reason"],
        "taxable_amount": tax["taxable_amount"],
    }


def _invoice_item(item: Obj, glance: Glance) -> None:
    details = (item.pop("parent", None) or {}).get("subscription_details")
    priced = (item.pop("pricing", None) or {}).get("price_details")
    item["subscription"] = details["subscription"] if details else None
    if details and details.get("subscription_item"):
        item["subscription_item"] = details["subscription_item"]
    item["price"] = price = _price(glance, priced)
    item["plan"] = _plan(price)
    item["unit_amount"] = price["unit_amount"] if price else item["amount"]
    item["unit_amount_decimal"] = str(item["unit_amount"])
    for newer in ("net_amount", "proration_details", "quantity_decimal"):
        item.pop(newer, None)


def _price(glance: Glance, priced: Obj | None) -> Obj | None:
    if not priced:
        return None
    return _plain(glance("price", priced["price"]))


def _plan(price: Obj | None) -> Obj | None:
    return plan_of(price) if price and price["recurring"] else None


def _paid_for(obj: Obj, _glance: Glance) -> None:
    obj["invoice"] = (obj.get("_") or {}).get("invoice")


def _plain(obj: Obj) -> Obj:
    return {key: value for key, value in obj.items() if key != "_"}


def _discount(discount: Obj, glance: Glance) -> None:
    source = discount.pop("source", None) or {}
    discount["coupon"] = _coupon_of(source, glance)


def _promotion_code(code: Obj, glance: Glance) -> None:
    code["coupon"] = _coupon_of(code.pop("promotion", None) or {}, glance)


def _customer(customer: Obj, glance: Glance) -> None:
    if customer.get("discount"):
        _discount(customer["discount"], glance)


def _coupon_of(holder: Obj, glance: Glance) -> Obj | None:
    named = holder.get("coupon")
    if isinstance(named, str):
        return _plain(glance("coupon", named))
    found: Obj | None = named
    return found


def _first_discount(names: list[Any], glance: Glance) -> Obj | None:
    """Return the one discount that older versions show in place of a list."""
    if not names:
        return None
    name = names[0] if isinstance(names[0], str) else names[0]["id"]
    discount = _plain(glance("discount", name))
    _discount(discount, glance)
    return discount


def _session(session: Obj, _glance: Glance) -> None:
    words = {"hosted_page": "hosted", "embedded_page": "embedded", "elements": "custom"}
    session["ui_mode"] = words.get(session["ui_mode"], session["ui_mode"])


def _portal_configuration(configuration: Obj, _glance: Glance) -> None:
    features = configuration["features"]
    features["subscription_cancel"]["cancellation_reason"].pop("feedback_options", None)
    features["subscription_pause"].pop("duration", None)


def _schedule(schedule: Obj, _glance: Glance) -> None:
    schedule.pop("billing_mode", None)


def _schedule_before_pauses(schedule: Obj, _glance: Glance) -> None:
    schedule.pop("pause_schedules", None)


_UNDO: dict[str, list[tuple[str, Callable[[Obj, Glance], None]]]] = {
    "customer": [(CLOVER, _customer)],
    "discount": [(CLOVER, _discount)],
    "promotion_code": [(CLOVER, _promotion_code)],
    "subscription": [(BASIL, _subscription)],
    "subscription_item": [(BASIL, _item)],
    "subscription_schedule": [(ENDIVE, _schedule_before_pauses), (FLEXIBLE, _schedule)],
    "invoice": [(BASIL, _invoice)],
    "line_item": [(BASIL, _line)],
    "invoiceitem": [(BASIL, _invoice_item)],
    "payment_intent": [(BASIL, _paid_for)],
    "charge": [(BASIL, _paid_for)],
    "billing_portal.configuration": [(SUMMER_2026, _portal_configuration)],
    "checkout.session": [(DAHLIA, _session)],
}
