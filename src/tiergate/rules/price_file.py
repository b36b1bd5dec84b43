"""The ``prices`` of ``billing.toml``: of a plan or of an add-on, and what is wrong with them."""

import re
from collections.abc import Iterable, Sequence

from tiergate.rules.document_reader import Reader
from tiergate.rules.money import CURRENCIES, complaint_about_unit_amount
from tiergate.rules.price import INTERVALS, Amount, Price, TaxBehavior
from tiergate.rules.tiered_price import Tier, TiersMode
from tiergate.rules.toml_positions import Path

_NO_CURRENCY = "usd"
"""Stands in for a currency that is missing, so that its absence is the only mistake told."""
_STRIPE_PRICE = re.compile(r"price_\w+|STRIPE_PRICE_[A-Z0-9_]*[A-Z0-9]")


def read_prices(owner: str, reader: Reader, path: Path) -> tuple[Price, ...]:
    """Read the list of prices that a plan or an add-on has; ``path`` is where it stands in the file."""
    prices = tuple(_price(owner, table) for table in reader.list("prices"))
    _check_twice(reader, path, prices)
    return prices


def _price(owner: str, reader: Reader) -> Price:
    wanted = reader.choice("interval", list(INTERVALS), "month")
    interval = next(each for each in INTERVALS if each == wanted)
    currency = _currency(reader)
    tiers, mode = _tiers(reader, currency)
    tax = reader.choice("tax_behavior", [str(each) for each in TaxBehavior], TaxBehavior.UNSPECIFIED)
    return Price(
        lookup_key=reader.text("lookup_key", f"{owner}_{interval}ly"),
        interval=interval,
        currency=currency,
        unit_amount=_unit_amount(reader, currency, tiers),
        currency_options=_options(reader, currency, tiers),
        tiers=tiers,
        tiers_mode=mode,
        tax_behavior=TaxBehavior(tax),
        stripe_price=_stripe_price(reader),
    )


def _currency(reader: Reader) -> str:
    currency = reader.text("currency", _NO_CURRENCY, required=True).lower()
    _check_currency(reader, "currency", currency)
    return currency


def _check_currency(reader: Reader, key: str, currency: str) -> None:
    if currency not in CURRENCIES:
        reader.complain(key, f"{currency!r} is not a currency.", 'Write its three letters, such as "usd".')


def _unit_amount(reader: Reader, currency: str, tiers: Sequence[Tier]) -> int:
    if tiers:
        if reader.has("unit_amount"):
            reader.complain(
                "unit_amount",
                "A price with tiers has no amount of its own.",
                "Delete unit_amount, and let the first tier say it.",
            )
            reader.skip("unit_amount")
        return int(tiers[0].unit_amount)  # the file has whole amounts only
    amount = reader.integer("unit_amount", 1, required=True)
    _check_amount(reader, "unit_amount", amount, currency)
    return amount


def _check_amount(reader: Reader, key: str, amount: int, currency: str) -> None:
    if amount < 1:
        reader.complain(
            key,
            "A price must be more than nothing.",
            "Write the amount in the smallest unit (4900 is $49.00); a free plan has no prices at all.",
        )
    elif currency in CURRENCIES and (complaint := complaint_about_unit_amount(amount, currency)):
        reader.complain(key, *complaint)


def _options(reader: Reader, own: str, tiers: Sequence[Tier]) -> dict[str, Amount]:
    """Read what the price costs in other currencies: an amount, or tiers where the price has them."""
    options: dict[str, Amount] = {}
    table = reader.table("currency_options")
    for key in table:
        currency = key.lower()
        _check_currency(table, key, currency)
        if currency == own or currency in options:
            table.complain(key, f"The price is in {currency!r} already.", "Delete one of the two.")
            table.skip(key)
        elif tiers:
            in_tiers, _ = _tier_list(table, key, currency)
            options[currency] = Amount(currency, int(in_tiers[0].unit_amount) if in_tiers else 0, in_tiers)
            _check_same_steps(table, key, tiers, in_tiers)
        else:
            amount = table.integer(key, 1)
            _check_amount(table, key, amount, currency)
            options[currency] = Amount(currency, amount)
    return options


def _check_same_steps(reader: Reader, key: str, tiers: Sequence[Tier], others: Sequence[Tier]) -> None:
    if others and [tier.up_to for tier in tiers] != [tier.up_to for tier in others]:
        reader.complain(
            key,
            f"The tiers in {key!r} have other steps than those of the price.",
            "Write the same up_to in each: Stripe keeps one set of steps for a price.",
        )


def _tiers(reader: Reader, currency: str) -> tuple[tuple[Tier, ...], TiersMode | None]:
    mode = reader.choice("tiers_mode", [str(each) for each in TiersMode], TiersMode.GRADUATED)
    tiers, is_there = _tier_list(reader, "tiers", currency)
    if not is_there and reader.has("tiers_mode"):
        reader.complain("tiers_mode", "There are no tiers.", "Add tiers = […], or delete tiers_mode.")
    return tiers, TiersMode(mode) if tiers else None


def _tier_list(reader: Reader, key: str, currency: str) -> tuple[tuple[Tier, ...], bool]:
    tables = list(reader.list(key))
    tiers = tuple(_tier(table, currency) for table in tables)
    if tiers:
        _check_steps(reader, key, tiers)
    return tiers, reader.has(key)


def _tier(reader: Reader, currency: str) -> Tier:
    up_to = reader.integer("up_to") if reader.has("up_to") else None
    if not reader.has("unit_amount") and not reader.has("flat_amount"):
        reader.complain("unit_amount", "A tier says what it costs.", "Add unit_amount, flat_amount or both.")
    unit_amount, flat_amount = reader.integer("unit_amount"), reader.integer("flat_amount")
    for key, amount in (("unit_amount", unit_amount), ("flat_amount", flat_amount)):
        complaint = complaint_about_unit_amount(amount, currency) if currency in CURRENCIES else None
        if complaint:
            reader.complain(key, *complaint)
    return Tier(up_to, unit_amount, flat_amount)


def _check_steps(reader: Reader, key: str, tiers: Sequence[Tier]) -> None:
    steps = [tier.up_to for tier in tiers]
    bounds = [step for step in steps if step is not None]
    rises = all(low < high for low, high in zip([0, *bounds], bounds, strict=False))
    if steps[-1] is not None or len(bounds) != len(steps) - 1 or not rises:
        reader.complain(
            key,
            "The tiers do not cover every quantity once.",
            "Let up_to rise from tier to tier, and leave it out in the last one.",
        )


def _stripe_price(reader: Reader) -> str | None:
    named = reader.text("stripe_price")
    if not reader.has("stripe_price") or _STRIPE_PRICE.fullmatch(named):
        return named or None
    reader.complain(
        "stripe_price",
        f"{named!r} is no price of Stripe's.",
        'Write its id ("price_…"), or the environment variable that holds it ("STRIPE_PRICE_PRO_MONTHLY").',
    )
    return None


def _check_twice(reader: Reader, path: Path, prices: Iterable[Price]) -> None:
    seen: set[tuple[str, str]] = set()
    for index, price in enumerate(prices):
        sold = [(price.interval, currency) for currency in price.currencies]
        again = [currency for interval, currency in sold if (interval, currency) in seen]
        if again:
            reader.complain_at(
                (*path, "prices", index),
                f"There are two prices per {price.interval} in {', '.join(again)}.",
                "Delete one: customers would not know which they pay.",
            )
        seen.update(sold)
