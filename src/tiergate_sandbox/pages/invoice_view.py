"""What an invoice says, on its page and in its PDF."""

from typing import Any

import msgspec

from tiergate_sandbox.pages import wording
from tiergate_sandbox.pages.portal_view import INVOICE_WORDS

Obj = dict[str, Any]


class InvoiceLine(msgspec.Struct, frozen=True):
    """One line."""

    description: str
    period: str
    quantity: str
    unit: str
    amount: str


class InvoiceView(msgspec.Struct, frozen=True):
    """Everything that is shown."""

    path: str
    merchant: str
    number: str
    status: str
    tone: str
    is_payable: bool
    amount: str
    summary: str
    dates: list[tuple[str, str]]
    bill_to: list[str]
    lines: list[InvoiceLine]
    totals: list[tuple[str, str]]
    due: str
    memo: str
    footer: str


def invoice_view(invoice: Obj, lines: list[Obj], merchant: str) -> InvoiceView:
    """Return a finalized invoice as its page and its PDF show it."""
    currency = invoice["currency"]
    status, tone = INVOICE_WORDS.get(invoice["status"], (invoice["status"], ""))
    is_payable = invoice["status"] in ("open", "uncollectible") and invoice["amount_remaining"] > 0
    due = wording.money(invoice["amount_remaining"], currency)
    return InvoiceView(
        path=f"/i/{invoice['id']}",
        merchant=merchant,
        number=invoice["number"],
        status=status,
        tone=tone,
        is_payable=is_payable,
        amount=due if is_payable else wording.money(invoice["total"], currency),
        summary=_summary(invoice, due),
        dates=_dates(invoice),
        bill_to=_bill_to(invoice),
        lines=[_line(line) for line in lines],
        totals=_totals(invoice),
        due=due,
        memo=invoice["description"] or "",
        footer=invoice["footer"] or "",
    )


def _summary(invoice: Obj, due: str) -> str:
    moments = invoice["status_transitions"]
    if invoice["status"] == "paid":
        return f"Paid on {wording.day(moments['paid_at'])}"
    if invoice["status"] == "void":
        return "This invoice was voided. Nothing is to be paid."
    if invoice["due_date"] is not None:
        return f"{due} due {wording.day(invoice['due_date'])}"
    return f"{due} due now"


def _dates(invoice: Obj) -> list[tuple[str, str]]:
    finalized_at = invoice["status_transitions"]["finalized_at"] or invoice["created"]
    dates = [("Invoice number", invoice["number"]), ("Date of issue", wording.day(finalized_at))]
    due_at = invoice["due_date"] or finalized_at
    return [*dates, ("Date due", wording.day(due_at))]


def _bill_to(invoice: Obj) -> list[str]:
    address = invoice["customer_address"] or {}
    place = " ".join(address[name] for name in ("postal_code", "city", "state") if address.get(name))
    known = [
        invoice["customer_name"],
        address.get("line1"),
        address.get("line2"),
        place,
        address.get("country"),
    ]
    tax_ids = [entry["value"] for entry in invoice["customer_tax_ids"] or []]
    return [one for one in (*known, invoice["customer_email"], *tax_ids) if one]


def _line(line: Obj) -> InvoiceLine:
    period, currency = line["period"], line["currency"]
    span = ""
    if period["end"] > period["start"]:
        span = f"{wording.short_day(period['start'])} – {wording.short_day(period['end'])}"
    unit = (line["pricing"] or {}).get("unit_amount_decimal")
    return InvoiceLine(
        description=line["description"] or "",
        period=span,
        quantity="" if line["quantity"] is None else str(line["quantity"]),
        unit=""
        if unit is None
        else wording.money(wording.unit_price({"unit_amount_decimal": unit}), currency),
        amount=wording.money(line["amount"], currency),
    )


def _totals(invoice: Obj) -> list[tuple[str, str]]:
    currency = invoice["currency"]
    rows = [("Subtotal", invoice["subtotal"])]
    rows += [("Discount", -entry["amount"]) for entry in invoice["total_discount_amounts"] or []]
    taxes: dict[str, int] = {"inclusive": 0, "exclusive": 0}
    for entry in invoice["total_taxes"] or []:
        taxes[entry["tax_behavior"]] += entry["amount"]
    rows += [("Tax", taxes["exclusive"])] if taxes["exclusive"] else []
    rows += [("Total", invoice["total"])]
    rows += [("Tax included", taxes["inclusive"])] if taxes["inclusive"] else []
    applied = invoice["amount_due"] - max(invoice["total"], 0)
    rows += [("Applied balance", applied)] if applied and invoice["total"] > 0 else []
    rows += [("Amount paid", -invoice["amount_paid"])] if invoice["amount_paid"] else []
    return [(name, wording.money(amount, currency)) for name, amount in rows]
