"""The choice of another plan, and what the change would cost."""

from typing import Any

import msgspec

from tiergate_sandbox.pages import wording
from tiergate_sandbox.pages.portal_view import price_of

Obj = dict[str, Any]

RHYTHMS = {"day": "Daily", "week": "Weekly", "month": "Monthly", "year": "Yearly"}


class Rhythm(msgspec.Struct, frozen=True):
    """One billing interval that can be chosen."""

    key: str
    name: str
    is_shown: bool


class Offer(msgspec.Struct, frozen=True):
    """One price that can be chosen."""

    price_id: str
    name: str
    description: str
    price: str
    per: str
    is_present: bool


class Choice(msgspec.Struct, frozen=True):
    """The page on which a plan is chosen. ``quantity`` is None where it cannot be changed."""

    rhythms: list[Rhythm]
    offers: list[Offer]
    quantity: int | None
    least: int
    most: int | None
    takes_code: bool


class Change(msgspec.Struct, frozen=True):
    """The page on which a change is confirmed."""

    before: str
    after: str
    starts: str
    is_now: bool
    due_today: str
    lines: list[tuple[str, str]]
    credit: str
    terms: str
    action: str


def choice_of(sub: Obj, features: Obj, prices: list[Obj], shown: str) -> Choice:
    """Return the plans that can be chosen in one billing interval.

    ``prices`` are those of the configuration with their products, ``shown`` the key of an interval or "".
    """
    update, item = features["subscription_update"], sub["items"]["data"][0]
    allowed = update["default_allowed_updates"]
    fitting = [
        price
        for price in prices
        if price["active"]
        and price["currency"] == sub["currency"]
        and ("price" in allowed or price["id"] == item["price"]["id"])
    ]
    keys = list(dict.fromkeys(rhythm_key(price) for price in sorted(fitting, key=_length)))
    present = rhythm_key(item["price"])
    key = shown if shown in keys else present if present in keys else (keys[0] if keys else "")
    chosen = [price for price in fitting if rhythm_key(price) == key]
    limits = _limits(update, chosen) if "quantity" in allowed else None
    return Choice(
        rhythms=[Rhythm(one, rhythm_name(one), one == key) for one in keys],
        offers=[_offer(price, item) for price in sorted(chosen, key=wording.unit_price)],
        quantity=item["quantity"] if limits else None,
        least=limits["minimum"] if limits else 1,
        most=limits["maximum"] if limits else None,
        takes_code="promotion_code" in allowed,
    )


def rhythm_key(price: Obj) -> str:
    """Return the billing interval of a price as one word, for instance ``month-1``."""
    return f"{price['recurring']['interval']}-{price['recurring']['interval_count']}"


def rhythm_name(key: str) -> str:
    """Return a billing interval as the page names it."""
    interval, _, count = key.partition("-")
    return RHYTHMS[interval] if count == "1" else f"Every {count} {interval}s"


def change_of(sub: Obj, price: Obj, quantity: int, preview: Obj) -> Change:
    """Return what a change means: what is due today, and what follows."""
    currency, invoice = sub["currency"], preview["invoice"]
    amount = wording.money(wording.unit_price(price) * quantity, currency)
    per = wording.interval(price["recurring"])
    many = f"{quantity} × " if quantity != 1 else ""
    before, before_per = price_of(sub)
    is_now = invoice is not None
    charged_now = is_now and invoice["billing_reason"] == "subscription_update"
    due = invoice["amount_due"] if charged_now else 0
    total = invoice["total"] if charged_now else 0
    if not is_now:
        terms = f"From {wording.day(preview['starts_at'])} you pay {amount} {per}."
    elif charged_now:
        terms = f"After that you pay {amount} {per}."
    else:
        next_due = wording.money(invoice["amount_due"], currency)
        terms = f"Your next invoice is {next_due}. After that you pay {amount} {per}."
    return Change(
        before=f"{sub['items']['data'][0]['price']['product']['name']}, {before} {before_per}",
        after=f"{many}{price['product']['name']}, {amount} {per}",
        starts="Today" if is_now else wording.day(preview["starts_at"]),
        is_now=is_now,
        due_today=wording.money(due, currency),
        lines=[_line(one) for one in invoice["lines"]["data"]] if is_now else [],
        credit=wording.money(-total, currency) if total < 0 else "",
        terms=terms,
        action=f"Confirm and pay {wording.money(due, currency)}" if due else "Confirm",
    )


def _line(line: Obj) -> tuple[str, str]:
    taken = sum(entry["amount"] for entry in line["discount_amounts"] or [])
    return str(line["description"] or ""), wording.money(line["amount"] - taken, line["currency"])


def _offer(price: Obj, item: Obj) -> Offer:
    return Offer(
        price_id=price["id"],
        name=price["product"]["name"],
        description=price["product"]["description"] or "",
        price=wording.money(wording.unit_price(price), price["currency"]),
        per=wording.interval(price["recurring"]),
        is_present=price["id"] == item["price"]["id"],
    )


def _limits(update: Obj, chosen: list[Obj]) -> Obj | None:
    products = {price["product"]["id"] for price in chosen}
    adjustable = [
        offer["adjustable_quantity"]
        for offer in update["products"]
        if offer["product"] in products and offer["adjustable_quantity"]["enabled"]
    ]
    if not adjustable:
        return None
    most = [one["maximum"] for one in adjustable]
    return {
        "minimum": min(one["minimum"] for one in adjustable),
        "maximum": None if None in most else max(most),
    }


def _length(price: Obj) -> tuple[int, int]:
    recurring = price["recurring"]
    return list(RHYTHMS).index(recurring["interval"]), recurring["interval_count"]
