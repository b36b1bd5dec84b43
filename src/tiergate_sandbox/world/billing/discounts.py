"""Discounts: coupons at work on a customer, a subscription, one of its items, an invoice or an invoice item.

https://docs.stripe.com/billing/subscriptions/coupons
"""

from collections.abc import Iterable, Sequence
from typing import Any

from tiergate_sandbox.world.billing import redeeming
from tiergate_sandbox.world.billing.pricing import price_in
from tiergate_sandbox.world.billing.redeeming import Place, Redeemed
from tiergate_sandbox.world.blanks import blank
from tiergate_sandbox.world.discounting import Rebate, Share, take_off
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid
from tiergate_sandbox.world.periods import Interval, boundary
from tiergate_sandbox.world.rounding import line_amount

Obj = dict[str, Any]


def give(draft: Draft, holder: Obj, sent: Sequence[Obj], place: Place) -> None:
    """Give exactly these discounts to a subscription, an item, an invoice or an invoice item.

    ``sent`` are hashes with a ``coupon``, a ``promotion_code`` or (to keep one) a ``discount``.

    Raises:
        StripeError: when one does not exist, has expired, or is not meant for this customer.
    """
    known = list(holder["discounts"])
    kept: list[str] = []
    for index, one in enumerate(sent):
        kept.append(_one(draft, holder, one, place, f"discounts[{index}]"))
    for gone in known:
        if gone not in kept:
            remove(draft, gone)
    holder["discounts"] = kept


def give_customer(draft: Draft, customer: Obj, wanted: Obj, place: Place) -> None:
    """Give a customer the one discount that counts wherever a subscription or an invoice has none."""
    event = "customer.discount.created"
    if customer["discount"] is not None:
        draft.the("discount", customer["discount"])["_"]["over"] = True
        event = "customer.discount.updated"
    redeemed = redeeming.redeem(draft, wanted, place, "coupon")
    customer["discount"] = new(draft, redeemed, customer, place, event)["id"]


def new(
    draft: Draft, redeemed: Redeemed, holder: Obj, place: Place, event: str = "customer.discount.created"
) -> Obj:
    """Return a new discount for a redeemed coupon, told with an event."""
    coupon, code = redeemed
    customer = place.customer
    discount = blank(
        "discount",
        draft.new_id("di_"),
        customer=customer["id"] if customer else None,
        end=_end(coupon, place.now),
        promotion_code=code["id"] if code else None,
        source={"coupon": coupon["id"], "type": "coupon"},
        start=place.now,
    )
    field = {"checkout.session": "checkout_session", "invoiceitem": "invoice_item"}
    name = field.get(holder["object"], holder["object"])
    if name in discount and name != "customer":
        discount[name] = holder["id"]
    if holder["object"] == "subscription_item":
        discount["subscription"] = holder["subscription"]
    discount["_"]["test_clock"] = customer["test_clock"] if customer else None
    draft.add(discount)
    draft.emit(event, discount)
    return discount


def remove(draft: Draft, discount_id: str) -> None:
    """End a discount; what it has taken off already stays."""
    discount = draft.the("discount", discount_id)
    if not discount["_"]["over"]:
        discount["_"]["over"] = True
        draft.emit("customer.discount.deleted", discount)


def run_out(draft: Draft, discount: Obj, _now: int) -> None:
    """End a discount whose months are over, wherever it is held."""
    remove(draft, discount["id"])
    sub = draft.get("subscription", discount["subscription"])
    customer = draft.get("customer", discount["customer"])
    _forget(discount["id"], sub, customer)


def for_invoice(draft: Draft, customer: Obj, sub: Obj | None, now: int) -> list[str]:
    """Return the discounts that a new invoice inherits: the subscription's, or else the customer's."""
    if sub is not None and sub["discounts"]:
        return in_force(draft, sub["discounts"], now)
    return in_force(draft, [customer["discount"]] if customer["discount"] else [], now)


def in_force(draft: Draft, names: Iterable[str], now: int) -> list[str]:
    """Return those of the discounts that have not ended."""
    found = [draft.glance("discount", name) for name in names]
    return [one["id"] for one in found if not one["_"]["over"] and (one["end"] is None or one["end"] > now)]


def spend(draft: Draft, invoice: Obj, customer: Obj, sub: Obj | None) -> None:
    """Take the ``once`` discounts that worked on an invoice away from its subscription or customer."""
    for entry in invoice["total_discount_amounts"]:
        discount = draft.the("discount", entry["discount"])
        coupon = draft.glance("coupon", discount["source"]["coupon"])
        works = entry["amount"] > 0 or draft.settings.free_invoice_spends_coupon
        if coupon["duration"] == "once" and works and _forget(discount["id"], sub, customer):
            remove(draft, discount["id"])


def rebates(draft: Draft, names: Sequence[str], currency: str) -> list[Rebate]:
    """Return what the discounts take off, in a currency."""
    found = [draft.glance("discount", name) for name in names]
    return [rebate(draft.glance("coupon", one["source"]["coupon"]), one["id"], currency) for one in found]


def rebate(coupon: Obj, name: str, currency: str) -> Rebate:
    """Return what a coupon takes off, in a currency, under the name of a discount."""
    products = frozenset(coupon["_"]["products"]) if coupon["_"]["products"] else None
    if coupon["percent_off"] is not None:
        return Rebate(name, round(coupon["percent_off"] * 100), None, products)
    return Rebate(name, None, redeeming.amount_off(coupon, currency), products)


def net_of_debit(draft: Draft, debit: Obj) -> int:
    """Return what was really charged for a debit: its amount less the discounts on its invoice line."""
    invoice = draft.get("invoice", debit["invoice"])
    for line in invoice["lines"] if invoice else ():
        if line["id"] == debit["line"]:
            taken: int = sum(entry["amount"] for entry in line["discount_amounts"])
            return int(debit["amount"]) - taken
    return int(debit["amount"])


def net_price(draft: Draft, sub: Obj, item: Obj) -> int:
    """Return what a whole period of an item costs after today's discounts.

    Flexible billing divides an amount off among all items; classic billing takes all of it off this one.
    """
    own = in_force(draft, item["discounts"], draft.now_for(sub))
    names = for_invoice(draft, draft.the("customer", sub["customer"]), sub, draft.now_for(sub))
    classic = sub["billing_mode"]["type"] == "classic"
    together = [item] if classic or not names else sub["items"]
    shares = []
    for one in together:
        price = price_in(draft, one["price"], sub["currency"])
        its = own if one["id"] == item["id"] else in_force(draft, one["discounts"], draft.now_for(sub))
        amount = line_amount(price, one["quantity"])
        shares.append(Share(amount, price["product"], own=rebates(draft, its, sub["currency"])))
    take_off(shares, rebates(draft, names, sub["currency"]))
    left: int = next(one.left for one, its in zip(shares, together, strict=True) if its["id"] == item["id"])
    return left


def _one(draft: Draft, holder: Obj, sent: Obj, place: Place, param: str) -> str:
    kept = sent.get("discount")
    if kept is None:
        return str(new(draft, redeeming.redeem(draft, sent, place, param), holder, place)["id"])
    discount = draft.need("discount", kept, f"{param}[discount]", 400)
    if discount["_"]["over"]:
        raise invalid(f"The discount {kept} has ended; pass its coupon to begin a new one.", param)
    return str(discount["id"])


def _end(coupon: Obj, now: int) -> int | None:
    months = coupon["duration_in_months"]
    return None if months is None else boundary(now, Interval("month", months), 1)


def _forget(name: str, sub: Obj | None, customer: Obj | None) -> bool:
    """Take a discount from its holders; tell whether anyone had it."""
    had = False
    for holder in [sub, *sub["items"]] if sub else ():
        if name in holder["discounts"]:
            holder["discounts"].remove(name)
            had = True
    if customer is not None and customer.get("discount") == name:
        customer["discount"] = None
        had = True
    return had
