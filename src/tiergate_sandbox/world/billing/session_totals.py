"""What a checkout session costs: its amounts and those of its line items, less discounts, plus taxes.

https://docs.stripe.com/api/checkout/sessions/object#checkout_session_object-total_details
"""

import re
from typing import Any

from tiergate_sandbox.world.billing import checkout, discounts, redeeming, taxes
from tiergate_sandbox.world.billing.pricing import price_in
from tiergate_sandbox.world.billing.redeeming import Place
from tiergate_sandbox.world.discounting import Share, take_off
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid
from tiergate_sandbox.world.rounding import line_amount
from tiergate_sandbox.world.taxing import Rate, taxes_on

Obj = dict[str, Any]

COUNTRY = re.compile("[A-Z]{2}")


def refresh(draft: Draft, session: Obj) -> None:
    """Compute the amounts of an open session again."""
    if session["mode"] == "setup":
        return
    sums = _of_payment if session["mode"] == "payment" else _of_first_invoice
    subtotal, discount, tax, total = sums(draft, session)
    session.update(amount_subtotal=subtotal, amount_total=total)
    session["total_details"] = {"amount_discount": discount, "amount_shipping": 0, "amount_tax": tax}


def choose(draft: Draft, session: Obj, wanted: list[Obj]) -> None:
    """Give an open session the discount that was asked for when it was created.

    Raises:
        StripeError: when it cannot be redeemed.
    """
    shown = []
    for one in wanted:
        coupon, code = redeeming.look_up(draft, one, _place(draft, session), "discounts[0]")
        shown.append({"coupon": coupon["id"], "promotion_code": code["id"] if code else None})
    session["discounts"] = shown
    refresh(draft, session)


def type_code(draft: Draft, session: Obj, text: str | None) -> None:
    """Apply the promotion code that a customer typed on the page, whatever its case; None takes it away.

    Raises:
        StripeError: when the page does not take codes, or this one cannot be redeemed.
    """
    if not session["allow_promotion_codes"]:
        raise invalid("This page takes no promotion codes; allow_promotion_codes is off.", "promotion_code")
    if text is None:
        choose(draft, session, [])
        return
    code = redeeming.code_named(draft, text.strip())
    if code is None:
        raise invalid("This code is invalid.", "promotion_code", "promotion_code_invalid")
    choose(draft, session, [{"promotion_code": code["id"]}])


def set_quantity(draft: Draft, session: Obj, item_id: str, quantity: int) -> None:
    """Change the quantity of a line item on the page.

    Raises:
        StripeError: when the session does not let it be adjusted, or not so far.
    """
    items = session["_"]["items"]
    item = next((one for one in items if one["id"] == item_id), None)
    limits = item["_"]["adjustable"] if item else None
    if item is None or limits is None or not limits["enabled"]:
        raise invalid("The quantity of this line item cannot be adjusted.", "item")
    least = 0 if limits.get("minimum") is None else limits["minimum"]
    most = 99 if limits.get("maximum") is None else limits["maximum"]
    if not least <= quantity <= most:
        raise invalid(f"The quantity must lie between {least} and {most}.", "quantity")
    total = line_amount(price_in(draft, item["price"], session["currency"]), quantity)
    item.update(quantity=quantity, amount_subtotal=total, amount_discount=0, amount_tax=0, amount_total=total)
    refresh(draft, session)


def set_address(draft: Draft, session: Obj, address: Obj | None) -> None:
    """Note the billing address that a customer typed on the page, for the automatic tax; None asks again.

    Raises:
        StripeError: when the page has no use for it, or it names no country.
    """
    if not session["automatic_tax"]["enabled"]:
        raise invalid("This page asks for no address before the card; automatic_tax is off.", "country")
    customer = draft.get("customer", session["customer"])
    if customer is not None and not session["_"].get("updates_address"):
        raise invalid("The address of this customer is known; change it on the customer.", "country")
    if address is not None and not COUNTRY.fullmatch(address["country"] or ""):
        raise invalid("Country is expected to be a 2 character code, like US.", "country")
    session["_"]["address"] = address
    known = address is not None or (customer is not None and taxes.has_location(customer))
    session["automatic_tax"]["status"] = "complete" if known else "requires_location_inputs"
    refresh(draft, session)


def _place(draft: Draft, session: Obj) -> Place:
    customer = draft.get("customer", session["customer"])
    now = draft.now_for(customer) if customer else draft.now_for(session)
    subtotal = sum(item["amount_subtotal"] for item in session["_"]["items"])
    return Place(customer, now, session["currency"], subtotal)


def _of_payment(draft: Draft, session: Obj) -> tuple[int, int, int, int]:
    items = session["_"]["items"]
    shares = [
        Share(item["amount_subtotal"], draft.glance("price", item["price"])["product"]) for item in items
    ]
    coupons = [draft.glance("coupon", one["coupon"]) for one in session["discounts"]]
    take_off(shares, [discounts.rebate(coupon, coupon["id"], session["currency"]) for coupon in coupons])
    for item, one in zip(items, shares, strict=True):
        rates = [Rate.of(draft.glance("tax_rate", rate)) for rate in item["_"]["tax_rates"]]
        added = taxes_on(one.left, rates)
        exclusive = sum(tax["amount"] for tax in added if tax["tax_behavior"] == "exclusive")
        item["amount_discount"] = item["amount_subtotal"] - one.left
        item["amount_tax"] = sum(tax["amount"] for tax in added)
        item["amount_total"] = one.left + exclusive
    subtotal, discount, tax, total = (
        sum(item[f"amount_{name}"] for item in items) for name in ("subtotal", "discount", "tax", "total")
    )
    return subtotal, discount, tax, total


def _of_first_invoice(draft: Draft, session: Obj) -> tuple[int, int, int, int]:
    invoice, trialing = checkout.first_invoice(draft, session)
    if not trialing:
        _copy_to_items(session["_"]["items"], invoice["lines"])
    subtotal = sum(line["amount"] for line in invoice["lines"])
    discount = sum(entry["amount"] for entry in invoice["total_discount_amounts"])
    tax = sum(entry["amount"] for entry in invoice["total_taxes"])
    return subtotal, discount, tax, invoice["total"]


def _copy_to_items(items: list[Obj], lines: list[Obj]) -> None:
    for item in items:
        for line in lines:
            details = (line["pricing"] or {}).get("price_details")
            if details is None or details["price"] != item["price"]:
                continue
            taken = sum(entry["amount"] for entry in line["discount_amounts"])
            exclusive = sum(tax["amount"] for tax in line["taxes"] if tax["tax_behavior"] == "exclusive")
            item.update(
                amount_subtotal=line["amount"],
                amount_discount=taken,
                amount_tax=sum(tax["amount"] for tax in line["taxes"]),
                amount_total=line["amount"] - taken + exclusive,
            )
