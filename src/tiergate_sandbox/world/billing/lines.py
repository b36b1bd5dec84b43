"""Invoice lines: for a period of service, for a change inside a period, for a single thing."""

from typing import Any

from tiergate_sandbox.world import wording
from tiergate_sandbox.world.billing import discounts, taxes
from tiergate_sandbox.world.billing.pricing import price_in
from tiergate_sandbox.world.blanks import blank
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.rounding import line_amount

Obj = dict[str, Any]
Period = tuple[int, int]


def priced(price: Obj, unit_amount_decimal: str | None) -> Obj:
    """Return the ``pricing`` hash of a line; a proration has no unit amount."""
    return {
        "price_details": {"price": price["id"], "product": price["product"]},
        "type": "price_details",
        "unit_amount_decimal": unit_amount_decimal,
    }


def add_trial(draft: Draft, invoice: Obj, sub: Obj, item: Obj) -> None:
    """Add the free line for an item's trial."""
    price = price_in(draft, item["price"], sub["currency"])
    words = wording.free_trial(draft.glance("product", price["product"]), item["quantity"])
    line = _new_line(draft, invoice, 0, words, _period_of(item), item["quantity"], priced(price, "0"))
    _belongs_to(draft, invoice, line, sub, item)


def add_service(
    draft: Draft, invoice: Obj, sub: Obj, item: Obj, amount: int, *, partial: bool = False
) -> None:
    """Add the line for an item's current period and note on the item what it has been charged."""
    price = price_in(draft, item["price"], sub["currency"])
    words = wording.service(draft.glance("product", price["product"]), price, item["quantity"])
    unit = None if partial else price["unit_amount_decimal"]
    line = _new_line(draft, invoice, amount, words, _period_of(item), item["quantity"], priced(price, unit))
    _belongs_to(draft, invoice, line, sub, item)
    line["parent"]["subscription_item_details"]["proration"] = partial
    start, end = _period_of(item)
    item["_"]["debits"] = [
        {"amount": amount, "start": start, "end": end, "invoice": invoice["id"], "line": line["id"]}
    ]


def add_usage(draft: Draft, invoice: Obj, sub: Obj, item: Obj, used: int, period: Period) -> None:
    """Add the line for what was used of a metered item in a period."""
    price = price_in(draft, item["price"], sub["currency"])
    words = wording.service(draft.glance("product", price["product"]), price, used)
    pricing = priced(price, price["unit_amount_decimal"])
    line = _new_line(draft, invoice, line_amount(price, used), words, period, used, pricing)
    _belongs_to(draft, invoice, line, sub, item)


def add_pending(draft: Draft, invoice: Obj, item: Obj) -> None:
    """Add a pending invoice item to a draft invoice."""
    line = _new_line(
        draft,
        invoice,
        item["amount"],
        item["description"],
        (item["period"]["start"], item["period"]["end"]),
        item["quantity"],
        item["pricing"],
    )
    item["invoice"] = invoice["id"]
    line["metadata"] = dict(item["metadata"])
    line["discountable"] = item["discountable"]
    line["discounts"] = list(item["discounts"])
    taxes.set_rates(invoice, line, item["tax_rates"])
    owner = (item["parent"] or {}).get("subscription_details") or {
        "subscription": None,
        "subscription_item": None,
    }
    line["subscription"] = owner["subscription"]
    details: Obj = {
        "invoice_item": item["id"],
        "proration": item["proration"],
        "proration_details": {"credited_items": (item["proration_details"] or {}).get("credited_items")},
        "subscription": owner["subscription"],
    }
    kind = "subscription_item_details" if item["proration"] else "invoice_item_details"
    if item["proration"]:
        details["subscription_item"] = owner["subscription_item"]
    line["parent"] = {
        "invoice_item_details": None,
        "subscription_item_details": None,
        kind: details,
        "type": kind,
    }
    _note_on_debit(draft, item, invoice, line)


def pending_items(draft: Draft, customer_id: str, sub_id: str | None) -> list[Obj]:
    """Return what waits for the next invoice of a subscription (or of the customer alone), the oldest "
    "first.
    """
    waiting = draft.find("invoiceitem", "pending_of", customer_id)
    return [item for item in waiting if _owner(item) in (None, sub_id)]


def new_invoice_item(
    draft: Draft, customer: Obj, sub: Obj | None, item: Obj | None, now: int, **values: Any
) -> Obj:
    """Return a new pending invoice item."""
    pending = blank(
        "invoiceitem",
        draft.new_id("ii_"),
        customer=customer["id"],
        date=now,
        period={"end": now, "start": now},
        test_clock=customer["test_clock"],
    )
    pending.update(values)
    sum_up(pending)
    if sub is not None:
        owner = {"subscription": sub["id"], "subscription_item": item["id"] if item else None}
        pending["parent"] = {"subscription_details": owner, "type": "subscription_details"}
    draft.add(pending)
    draft.emit("invoiceitem.created", pending)
    return pending


def sum_up(pending: Obj) -> None:
    """Derive the other forms of an invoice item's amount and quantity."""
    pending["net_amount"] = None if pending["discountable"] else pending["amount"]
    pending["quantity_decimal"] = str(pending["quantity"])


def one_time(draft: Draft, customer: Obj, sub: Obj | None, price: Obj, quantity: int, now: int) -> Obj:
    """Return a pending item for a one-time price."""
    return new_invoice_item(
        draft,
        customer,
        sub,
        None,
        now,
        amount=line_amount(price, quantity),
        currency=price["currency"],
        description=draft.glance("product", price["product"])["name"],
        pricing=priced(price, price["unit_amount_decimal"]),
        quantity=quantity,
    )


def _owner(item: Obj) -> str | None:
    details = (item["parent"] or {}).get("subscription_details")
    return details["subscription"] if details else None


def _note_on_debit(draft: Draft, pending: Obj, invoice: Obj, line: Obj) -> None:
    """Let the subscription item know on which invoice its debit landed, for a later credit to point at."""
    owner = _owner(pending)
    sub = draft.get("subscription", owner)
    if sub is None or not pending["proration"] or pending["amount"] < 0:
        return
    for item in sub["items"]:
        for debit in item["_"]["debits"]:
            if debit["line"] == pending["id"]:
                debit.update(invoice=invoice["id"], line=line["id"])


def _belongs_to(draft: Draft, invoice: Obj, line: Obj, sub: Obj, item: Obj) -> None:
    """Say whose line it is, and give it the item's own discounts and tax rates."""
    line["parent"] = _of_item(sub, item)
    line["subscription"] = sub["id"]
    line["discounts"] = discounts.in_force(draft, item["discounts"], invoice["created"])
    taxes.set_rates(invoice, line, item["tax_rates"])


def _period_of(item: Obj) -> Period:
    return item["current_period_start"], item["current_period_end"]


def _of_item(sub: Obj, item: Obj) -> Obj:
    return {
        "invoice_item_details": None,
        "subscription_item_details": {
            "invoice_item": None,
            "proration": False,
            "proration_details": {"credited_items": None},
            "subscription": sub["id"],
            "subscription_item": item["id"],
        },
        "type": "subscription_item_details",
    }


def _new_line(
    draft: Draft, invoice: Obj, amount: int, words: str, period: Period, quantity: int, pricing: Obj | None
) -> Obj:
    line = blank(
        "line_item",
        draft.new_id("il_"),
        amount=amount,
        currency=invoice["currency"],
        description=words,
        invoice=invoice["id"],
        period={"end": period[1], "start": period[0]},
        pricing=pricing,
        quantity=quantity,
        quantity_decimal=str(quantity),
        subtotal=amount,
    )
    invoice["lines"].append(line)
    return line
