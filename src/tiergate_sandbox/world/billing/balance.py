"""The customer's balance: what is owed (positive) or in credit (negative) until the next invoice.

https://docs.stripe.com/billing/customer/balance
"""

from typing import Any

from tiergate_sandbox.world.blanks import blank
from tiergate_sandbox.world.draft import Draft

Obj = dict[str, Any]


def move(draft: Draft, customer: Obj, amount: int, currency: str, kind: str, **values: Any) -> Obj:
    """Change a customer's balance by an amount and keep a transaction of it."""
    customer["balance"] += amount
    customer["currency"] = customer["currency"] or currency
    transaction = blank(
        "customer_balance_transaction",
        draft.new_id("cbtxn_"),
        amount=amount,
        created=draft.now_for(customer),
        currency=currency,
        customer=customer["id"],
        ending_balance=customer["balance"],
        type=kind,
        **values,
    )
    transaction["_"]["test_clock"] = customer["test_clock"]
    return draft.add(transaction)


def apply_to(draft: Draft, invoice: Obj, customer: Obj) -> None:
    """Settle an invoice that is being finalized against the balance."""
    invoice["starting_balance"] = customer["balance"]
    applied = invoice["amount_due"] - invoice["total"]
    invoice["ending_balance"] = invoice["starting_balance"] - applied
    if applied:
        kind = "applied_to_invoice"
        move(draft, customer, -applied, invoice["currency"], kind, invoice=invoice["id"])


def give_back(draft: Draft, invoice: Obj, customer: Obj) -> None:
    """Undo what an invoice took from (or put on) the balance, because it was voided."""
    if customer.get("deleted") or invoice["ending_balance"] is None:
        return
    applied = invoice["starting_balance"] - invoice["ending_balance"]
    if applied:
        kind = "unapplied_from_invoice"
        move(draft, customer, applied, invoice["currency"], kind, invoice=invoice["id"])
