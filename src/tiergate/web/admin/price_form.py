"""The prices of a plan as fields of a form, and back: amounts as people write them, exactly."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tiergate.rules.money import CURRENCIES, to_decimal, to_minor_units
from tiergate.rules.price import INTERVALS, TaxBehavior
from tiergate.web.admin.form_fields import Fields, is_whole, put
from tiergate.web.wording import Wording

Table = dict[str, Any]
Mistakes = dict[str, str]

EMPTY_ROWS = 2
"""How many further prices a form has room for."""
MOST_ROWS = 40
NAMES = ("interval", "currency", "amount", "options", "tax_behavior", "lookup_key", "stripe_price")


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One price in a form: its fields by their short names, and which price of the plan it was."""

    number: int
    was: str
    """The place among the plan's prices; empty for a new one."""
    has_tiers: bool
    shown: Mapping[str, str]

    def name(self, short: str) -> str:
        """Return the name of a field of this row."""
        return f"price-{self.number}-{short}"


def shown_prices(plan: Mapping[str, Any]) -> list[PriceRow]:
    """Return the rows of a plan's prices, and empty ones for more."""
    prices = _prices(plan)
    rows = [PriceRow(n, str(n), "tiers" in price, _shown(price)) for n, price in enumerate(prices)]
    empty = dict.fromkeys([*NAMES, "remove"], "") | {"interval": "month", "tax_behavior": "unspecified"}
    return rows + [PriceRow(len(rows) + n, "", False, empty) for n in range(EMPTY_ROWS)]


def sent_prices(fields: Fields, plan: Mapping[str, Any]) -> list[PriceRow]:
    """Return the rows as they were sent, to be shown again with what is wrong."""
    prices = _prices(plan)
    rows = []
    for number in range(MOST_ROWS):
        if f"price-{number}-interval" not in fields.given:
            break
        was = fields.text(f"price-{number}-was")
        shown = {name: fields.lines(f"price-{number}-{name}") for name in NAMES}
        shown["remove"] = "yes" if fields.flag(f"price-{number}-remove") else ""
        rows.append(PriceRow(number, was, "tiers" in _was(prices, was), shown))
    return rows


def read_prices(fields: Fields, plan: Mapping[str, Any], mistakes: Mistakes) -> list[Table]:
    """Return the prices that a form asks for; what cannot be read is noted in ``mistakes`` by its field."""
    prices = _prices(plan)
    wanted = []
    for row in sent_prices(fields, plan):
        before = _was(prices, row.was)
        is_empty = not before and not row.shown["amount"].strip() and not row.shown["stripe_price"].strip()
        if not is_empty and not row.shown.get("remove"):
            wanted.append(_read(row, before, mistakes))
    return wanted


def amount_text(minor_units: Any, currency: Any) -> str:
    """Write an amount as it is typed: ``49.00``; what is no amount is shown as it is."""
    if type(minor_units) is int and isinstance(currency, str):
        return str(to_decimal(minor_units, currency))
    return "" if minor_units is None else str(minor_units)


def _prices(plan: Mapping[str, Any]) -> list[Table]:
    found = plan.get("prices")
    return [price for price in found if isinstance(price, dict)] if isinstance(found, list) else []


def _was(prices: list[Table], was: str) -> Table:
    return prices[int(was)] if is_whole(was) and int(was) < len(prices) else {}


def _shown(price: Table) -> dict[str, str]:
    options = price.get("currency_options")
    lines = [f"{key} {amount_text(each, key)}" for key, each in (options or {}).items() if type(each) is int]
    return {
        "interval": str(price.get("interval", "month")),
        "currency": str(price.get("currency", "")),
        "amount": amount_text(price.get("unit_amount"), price.get("currency")),
        "options": "\n".join(lines),
        "tax_behavior": str(price.get("tax_behavior", TaxBehavior.UNSPECIFIED)),
        "lookup_key": str(price.get("lookup_key", "")),
        "stripe_price": str(price.get("stripe_price", "")),
        "remove": "",
    }


def _read(row: PriceRow, before: Table, mistakes: Mistakes) -> Table:
    interval = row.shown["interval"] if row.shown["interval"] in INTERVALS else INTERVALS[0]
    currency = row.shown["currency"].strip().lower()
    price = {**before}
    if not before or before.get("interval", INTERVALS[0]) != interval:
        price["interval"] = interval
    if currency not in CURRENCIES:
        mistakes[row.name("currency")] = "Write the three letters of a currency, such as usd."
        return price
    if str(before.get("currency", "")).lower() != currency:
        price["currency"] = currency
    if not row.has_tiers:
        amount = _amount(row.shown["amount"], currency, row.name("amount"), mistakes)
        if amount is not None:
            price["unit_amount"] = amount
        _read_options(row, price, currency, mistakes)
    tax = row.shown["tax_behavior"]
    usual = str(TaxBehavior.UNSPECIFIED)
    put(price, "tax_behavior", tax if tax in list(TaxBehavior) else usual, usual)
    put(price, "lookup_key", row.shown["lookup_key"].strip(), "")
    put(price, "stripe_price", row.shown["stripe_price"].strip(), "")
    return price


def _read_options(row: PriceRow, price: Table, currency: str, mistakes: Mistakes) -> None:
    options = {}
    for line in filter(str.strip, row.shown["options"].splitlines()):
        code, _, typed = line.strip().partition(" ")
        code = code.strip(":=").lower()
        if code not in CURRENCIES or code == currency or code in options:
            mistakes[row.name("options")] = f"{line.strip()!r}: write each other currency once, as eur 45.00."
            return
        amount = _amount(typed, code, row.name("options"), mistakes)
        if amount is None:
            return
        options[code] = amount
    price.pop("currency_options", None)
    if options:
        price["currency_options"] = options


def _amount(typed: str, currency: str, field: str, mistakes: Mistakes) -> int | None:
    try:
        return to_minor_units(typed.strip(" :="), currency)
    except ValueError as error:
        mistakes[field] = str(error)
        return None


def described(price: Mapping[str, Any], wording: Wording) -> Iterator[str]:
    """Say what a price is, in a few words for each currency: ``$49 a month``."""
    interval, currency = str(price.get("interval", "month")), price.get("currency")
    if "tiers" in price:
        yield f"in steps, {str(currency).upper()} a {interval}"
        return
    options = price.get("currency_options")
    amounts = {currency: price.get("unit_amount"), **(options if isinstance(options, dict) else {})}
    for code, amount in amounts.items():
        is_money = type(amount) is int and code in CURRENCIES
        shown = wording.price(amount, code) if is_money else f"{amount} {code}"
        yield f"{shown} a {interval}"
