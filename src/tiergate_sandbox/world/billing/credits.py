"""Credits and debits for a change inside a period, as pending invoice items.

Flexible billing gives back what was really charged for the unused time, once; classic billing gives back
unused time at the current price. https://docs.stripe.com/billing/subscriptions/billing-mode
"""

from typing import Any

from tiergate_sandbox.world import wording
from tiergate_sandbox.world.billing.lines import new_invoice_item, priced
from tiergate_sandbox.world.billing.pricing import price_in
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.proration import credit_at_price, credit_of_debit, debit_for_rest

Obj = dict[str, Any]


def credit(draft: Draft, sub: Obj, item: Obj, at: int) -> None:
    """Give back the time of an item after ``at``."""
    price = price_in(draft, item["price"], sub["currency"])
    period = (item["current_period_start"], item["current_period_end"])
    debits = item["_"]["debits"]
    if sub["billing_mode"]["type"] == "classic":
        amount = credit_at_price(price, item["quantity"], period, at)
        _pending(draft, sub, item, amount, (at, period[1]), debits[-1:])
        return
    for debit in debits:
        if debit["end"] > at:
            _pending(draft, sub, item, credit_of_debit(debit, at), (at, debit["end"]), [debit])


def debit(draft: Draft, sub: Obj, item: Obj, at: int) -> None:
    """Charge the rest of an item's period, from ``at``, and note it on the item for a later credit."""
    price = price_in(draft, item["price"], sub["currency"])
    start, end = item["current_period_start"], item["current_period_end"]
    amount = debit_for_rest(price, item["quantity"], (start, end), at)
    pending = _pending(draft, sub, item, amount, (at, end), None)
    item["_"]["debits"] = [
        {"amount": amount, "start": at, "end": end, "invoice": None, "line": pending["id"]}
    ]


def _pending(draft: Draft, sub: Obj, item: Obj, amount: int, period: tuple[int, int], credited: Any) -> Obj:
    price = draft.glance("price", item["price"])
    product = draft.glance("product", price["product"])
    billed = [debit for debit in credited or () if debit["invoice"] is not None]
    details: Obj = {
        "credited_items": {
            "invoice": billed[0]["invoice"],
            "invoice_line_items": [debit["line"] for debit in billed],
        }
        if billed
        else None,
        "discount_amounts": [],
    }
    return new_invoice_item(
        draft,
        draft.the("customer", sub["customer"]),
        sub,
        item,
        draft.now_for(sub),
        amount=amount,
        currency=sub["currency"],
        description=wording.proration(product, item["quantity"], period[0], credit=credited is not None),
        discountable=False,
        metadata=dict(sub["metadata"]),
        period={"end": period[1], "start": period[0]},
        pricing=priced(price, None),
        proration=True,
        proration_details=details,
        quantity=item["quantity"],
    )
