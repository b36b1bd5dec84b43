"""The amounts of a draft invoice: its lines, less discounts, plus taxes, against the customer's balance.

https://docs.stripe.com/api/invoices/object
"""

from collections.abc import Sequence
from typing import Any

from tiergate_sandbox.world.billing import discounts, taxes
from tiergate_sandbox.world.discounting import Share, take_off
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.taxing import included_in, taxes_on

Obj = dict[str, Any]

_SMALLEST_CHARGE = {"gbp": 30, "jpy": 50, "sek": 300, "nok": 300, "dkk": 250, "mxn": 1000, "hkd": 400}
_SMALLEST_CHARGE_ELSEWHERE = 50


def total_up(draft: Draft, invoice: Obj) -> None:
    """Compute the amounts of a draft and of its lines."""
    subtotal = _take_discounts(draft, invoice)
    included = _add_taxes(draft, invoice)
    taken = sum(entry["amount"] for entry in invoice["total_discount_amounts"])
    total = sum(line["amount"] for line in invoice["lines"]) - taken
    all_taxes = [tax for line in invoice["lines"] for tax in line["taxes"]]
    total += sum(tax["amount"] for tax in all_taxes if tax["tax_behavior"] == "exclusive")
    invoice.update(
        subtotal=subtotal,
        subtotal_excluding_tax=subtotal - included,
        total=total,
        total_excluding_tax=total - sum(tax["amount"] for tax in all_taxes),
    )
    due = _due(invoice)
    invoice.update(amount_due=due, amount_remaining=due)


def _take_discounts(draft: Draft, invoice: Obj) -> int:
    """Take the discounts off every line; return the subtotal, which knows only the lines' own discounts."""
    lines = invoice["lines"]
    if not invoice["discounts"] and not any(line["discounts"] for line in lines):
        invoice["total_discount_amounts"] = []
        for line in lines:
            line["discount_amounts"] = []
        return sum(line["amount"] for line in lines)
    currency = invoice["currency"]
    shares = [
        Share(
            line["amount"],
            product_of(line),
            line["discountable"],
            discounts.rebates(draft, line["discounts"], currency),
        )
        for line in lines
    ]
    take_off(shares, discounts.rebates(draft, invoice["discounts"], currency))
    subtotal = 0
    for line, one in zip(lines, shares, strict=True):
        line["discount_amounts"] = [{"amount": amount, "discount": name} for name, amount in one.took]
        own = sum(amount for name, amount in one.took if name in line["discounts"])
        subtotal += line["amount"] - own
    invoice["total_discount_amounts"] = _by_discount(lines)
    return subtotal


def _add_taxes(draft: Draft, invoice: Obj) -> int:
    """Put the taxes on every line; return how much inclusive tax the subtotal contains."""
    exempt = invoice["customer_tax_exempt"] or "none"
    included = 0
    for line in invoice["lines"]:
        rates = taxes.rates_for(draft, invoice, line)
        if not rates:
            line["taxes"] = []
            continue
        taken = sum(entry["amount"] for entry in line["discount_amounts"])
        own = sum(
            entry["amount"] for entry in line["discount_amounts"] if entry["discount"] in line["discounts"]
        )
        line["taxes"] = taxes_on(line["amount"] - taken, rates, exempt)
        included += included_in(line["amount"] - own, rates) if exempt == "none" else 0
    invoice["total_taxes"] = _by_rate(invoice["lines"])
    return included


def product_of(line: Obj) -> str | None:
    """Return the product that a line is about."""
    details = (line["pricing"] or {}).get("price_details")
    return details["product"] if details else None


def _by_discount(lines: Sequence[Obj]) -> list[Obj]:
    sums: dict[str, int] = {}
    for line in lines:
        for entry in line["discount_amounts"]:
            sums[entry["discount"]] = sums.get(entry["discount"], 0) + entry["amount"]
    return [{"amount": amount, "discount": name} for name, amount in sums.items()]


def _by_rate(lines: Sequence[Obj]) -> list[Obj]:
    sums: dict[tuple[str, str], Obj] = {}
    for line in lines:
        for tax in line["taxes"]:
            key = (tax["tax_rate_details"]["tax_rate"], tax["tax_behavior"])
            known = sums.get(key)
            if known is None:
                sums[key] = {**tax, "tax_rate_details": dict(tax["tax_rate_details"])}
            else:
                known["amount"] += tax["amount"]
                known["taxable_amount"] += tax["taxable_amount"]
    return list(sums.values())


def _due(invoice: Obj) -> int:
    due = max(0, int(invoice["total"]) + int(invoice["starting_balance"]))
    smallest = _SMALLEST_CHARGE.get(invoice["currency"], _SMALLEST_CHARGE_ELSEWHERE)
    return due if due >= smallest else 0
