"""What the portal's pages say, worked out from what the API answers."""

from typing import Any

import msgspec

from tiergate_sandbox.pages import wording

Obj = dict[str, Any]

TONES = {"active": "good", "trialing": "accent", "past_due": "warn", "unpaid": "bad", "paused": "warn"}
STATUS_WORDS = {
    "active": "Active",
    "trialing": "Trial",
    "past_due": "Payment failed",
    "unpaid": "Unpaid",
    "paused": "Paused",
    "incomplete": "Waiting for payment",
}
INVOICE_WORDS = {
    "paid": ("Paid", "good"),
    "open": ("Open", "warn"),
    "void": ("Void", ""),
    "uncollectible": ("Uncollectible", "bad"),
}
REASONS = {
    "too_expensive": "It is too expensive",
    "missing_features": "I need more features",
    "switched_service": "I found an alternative",
    "unused": "I no longer need it",
    "customer_service": "The customer service was less than expected",
    "too_complex": "It is too hard to use",
    "low_quality": "The quality was less than expected",
    "other": "Another reason",
}
DONE = {
    "updated": "Your plan has been changed.",
    "scheduled": "Your plan will change at the end of the billing period.",
    "canceled": "Your plan has been canceled.",
    "told": "Thank you for telling us.",
    "stayed": "Your discount has been added. Thank you for staying.",
    "renewed": "Your plan goes on. It is no longer canceled.",
    "paused": "Your plan is paused.",
    "resumed": "Your plan goes on.",
    "card": "Your new card has been saved. It is charged from now on.",
    "default": "This card is charged from now on.",
    "removed": "The card has been removed.",
    "customer": "Your billing information has been saved.",
}
BRANDS = {"amex": "American Express", "diners": "Diners Club", "jcb": "JCB", "unionpay": "UnionPay"}


class Plan(msgspec.Struct, frozen=True):
    """One subscription, and what can be done with it."""

    id: str
    name: str
    price: str
    per: str
    status: str
    tone: str
    facts: list[tuple[str, str]]
    ends: str
    actions: list[tuple[str, str]]
    can_renew: bool
    can_resume: bool


class CardRow(msgspec.Struct, frozen=True):
    """One payment method."""

    id: str
    name: str
    expires: str
    is_default: bool
    is_removable: bool


class InvoiceRow(msgspec.Struct, frozen=True):
    """One invoice."""

    day: str
    number: str
    amount: str
    status: str
    tone: str
    url: str
    pdf: str
    is_payable: bool


def plan_of(sub: Obj, page: Obj, card: str, upcoming: Obj | None) -> Plan:
    """Return a subscription as the home page shows it; ``upcoming`` is its next invoice, if there is any."""
    features, items = page["features"], sub["items"]["data"]
    ends_at, is_over = sub["cancel_at"], sub["status"] == "canceled"
    price, per = price_of(sub)
    actions = []
    if features["subscription_update"]["enabled"] and sub["id"] in page["updatable"]:
        actions.append(("change", "Change plan"))
    pausable = sub["status"] == "active" and ends_at is None and sub["billing_mode"]["type"] == "flexible"
    if features["subscription_pause"]["enabled"] and pausable:
        actions.append(("pause", "Pause plan"))
    if features["subscription_cancel"]["enabled"] and ends_at is None and not is_over:
        actions.append(("cancel", "Cancel plan"))
    name = " and ".join(item["price"]["product"]["name"] for item in items)
    return Plan(
        id=sub["id"],
        name=name,
        price=price,
        per=per,
        status="Canceled" if ends_at is not None else STATUS_WORDS.get(sub["status"], ""),
        tone="" if ends_at is not None else TONES.get(sub["status"], ""),
        facts=facts_of(sub, card, upcoming),
        ends=wording.day(ends_at) if ends_at is not None else "",
        actions=actions,
        can_renew=features["subscription_cancel"]["enabled"] and ends_at is not None,
        can_resume=features["subscription_pause"]["enabled"] and sub["status"] == "paused",
    )


def price_of(sub: Obj) -> tuple[str, str]:
    """Return what a whole period of a subscription costs, and what the price is per."""
    items = sub["items"]["data"]
    total = sum((wording.unit_price(item["price"]) * (item["quantity"] or 1) for item in items), start=0)
    return wording.money(total, sub["currency"]), wording.interval(items[0]["price"]["recurring"])


def facts_of(sub: Obj, card: str, upcoming: Obj | None) -> list[tuple[str, str]]:
    """Return what stands below the price: quantity, dates, the next invoice, the card."""
    items = sub["items"]["data"]
    facts = []
    if len(items) == 1 and items[0]["quantity"] != 1:
        facts.append(("Quantity", str(items[0]["quantity"])))
    if sub["cancel_at"] is not None:
        return [*facts, ("Ends", wording.day(sub["cancel_at"]))]
    if sub["status"] == "trialing":
        facts.append(("Trial ends", wording.day(sub["trial_end"])))
    elif sub["status"] in ("active", "past_due"):
        ends_at = min(item["current_period_end"] for item in items)
        facts.append(("Renews", wording.day(ends_at)))
    if upcoming is not None and sub["status"] in ("active", "trialing"):
        facts.append(("Next invoice", wording.money(upcoming["amount_due"], upcoming["currency"])))
    if card:
        facts.append(("Payment", card))
    return facts


def card_name(method: Obj) -> str:
    """Return a card's brand and last digits, for instance ``Visa •••• 4242``."""
    brand = method["card"]["brand"]
    return f"{BRANDS.get(brand, brand.capitalize())} •••• {method['card']['last4']}"


def card_row(method: Obj, default_id: str | None, in_use: list[str]) -> CardRow:
    """Return a payment method as the home page shows it."""
    card = method["card"]
    return CardRow(
        id=method["id"],
        name=card_name(method),
        expires=f"{card['exp_month']:02}/{card['exp_year']}",
        is_default=method["id"] == default_id,
        is_removable=method["id"] not in in_use,
    )


def invoice_row(invoice: Obj) -> InvoiceRow:
    """Return a finalized invoice as the home page shows it."""
    status, tone = INVOICE_WORDS.get(invoice["status"], (invoice["status"], ""))
    return InvoiceRow(
        day=wording.short_day(invoice["status_transitions"]["finalized_at"] or invoice["created"]),
        number=invoice["number"] or "",
        amount=wording.money(invoice["total"], invoice["currency"]),
        status=status,
        tone=tone,
        url=invoice["hosted_invoice_url"] or "",
        pdf=invoice["invoice_pdf"] or "",
        is_payable=invoice["status"] == "open" and invoice["amount_remaining"] > 0,
    )


def address_lines(customer: Obj) -> list[str]:
    """Return name, address and e-mail of a customer, line by line."""
    address = customer["address"] or {}
    place = " ".join(address[name] for name in ("postal_code", "city", "state") if address.get(name))
    lines = [customer["name"], address.get("line1"), address.get("line2"), place, address.get("country")]
    return [line for line in (*lines, customer["email"]) if line]
