"""Credits and debits for a change inside a period, as pending invoice items.

Flexible billing gives back what was really charged for the unused time, once; classic billing gives back
unused time at the current price. https://docs.stripe.com/billing/subscriptions/billing-mode
"""

from typing import Any

from tiergate_sandbox.world import wording
from tiergate_sandbox.world.billing import discounts
from tiergate_sandbox.world.billing.cycle import natural_period
from tiergate_sandbox.world.billing.lines import new_invoice_item, priced
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.proration import credit_of_debit
from tiergate_sandbox.world.rounding import share

Obj = dict[str, Any]


def credit(draft: Draft, sub: Obj, item: Obj, at: int) -> None:
    """Give back the time of an item after ``at``."""
    debits = item["_"]["debits"]
    if sub["billing_mode"]["type"] == "classic":
        _pending(
            draft, sub, item, -_rest(draft, sub, item, at), (at, item["current_period_end"]), debits[-1:]
        )
        return
    for debit in debits:
        until = debit.get("given_back_from", debit["end"])
        if until > at:
            charged = {**debit, "amount": discounts.net_of_debit(draft, debit)}
            amount = credit_of_debit(charged, at) - credit_of_debit(charged, until)
            _pending(draft, sub, item, amount, (at, until), [debit])


def debit(draft: Draft, sub: Obj, item: Obj, at: int) -> None:
    """Charge the rest of an item's period, from ``at``, and note it on the item for a later credit."""
    end = item["current_period_end"]
    amount = _rest(draft, sub, item, at)
    pending = _pending(draft, sub, item, amount, (at, end), None)
    item["_"]["debits"] = [
        {"amount": amount, "start": at, "end": end, "invoice": None, "line": pending["id"]}
    ]


def _rest(draft: Draft, sub: Obj, item: Obj, at: int) -> int:
    """Return what an item's period, which may fall short of a whole one, costs from ``at`` on."""
    start, end = item["current_period_start"], item["current_period_end"]
    whole_start, whole_end = natural_period(draft, sub, item, start)
    return share(discounts.net_price(draft, sub, item), end - max(at, start), whole_end - whole_start)


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
        tax_rates=list(item["tax_rates"]),
    )
