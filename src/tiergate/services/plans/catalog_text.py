"""Edits the text of a catalogue in place, so that comments and order stay as their author wrote them."""

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import tomlkit
from tomlkit.items import AoT

from tiergate.rules.money import MinorUnits
from tiergate.rules.offer_at_stripe import StripePrice
from tiergate.rules.price import Amount
from tiergate.rules.tiered_price import Tier

Table = MutableMapping[str, Any]
Group = Literal["plans", "addons"]
GROUPS: tuple[Group, Group] = ("plans", "addons")


@dataclass(frozen=True, slots=True)
class FoundOffer:
    """A plan or an add-on as Stripe has it."""

    group: Group
    key: str
    name: str
    prices: tuple[StripePrice, ...]

    @property
    def trial_days(self) -> int | None:
        """How long its prices are tried at Stripe, where any says so."""
        return next((price.trial_days for price in self.prices if price.trial_days), None)


def with_offers(
    text: str, product: str, offers: Iterable[FoundOffer], stripe_prices: Mapping[str, str]
) -> str:
    """Return a text that sells what was found; what it says besides stays.

    ``stripe_prices`` has the values of the environment variables that ``stripe_price`` may name.
    """
    document = tomlkit.parse(text)
    if "product" not in document:
        document["product"] = {"name": product}
    for offer in offers:
        if offer.group not in document:
            document[offer.group] = tomlkit.table(is_super_table=True)
        group: Table = document[offer.group]
        if offer.key in group:
            _update(group[offer.key], offer, stripe_prices)
        else:
            group[offer.key] = _new_offer(offer)
    return tomlkit.dumps(document)


def named_prices(
    document: Mapping[str, Any], stripe_prices: Mapping[str, str]
) -> dict[str, tuple[Group, str]]:
    """Return which plan or add-on a document sells at which price, by the price's id or lookup key."""
    found: dict[str, tuple[Group, str]] = {}
    for group in GROUPS:
        for key, entry in (document.get(group) or {}).items():
            for table in entry.get("prices") or () if isinstance(entry, Mapping) else ():
                usual = _usual_key(key, table.get("interval", "month"))
                named = table.get("stripe_price") or table.get("lookup_key") or usual
                found[stripe_prices.get(named, named)] = (group, key)
    return found


def _new_offer(offer: FoundOffer) -> Any:
    table = tomlkit.table()
    table["name"] = offer.name
    if offer.trial_days and offer.group == "plans":
        table["trial"] = _inline({"days": offer.trial_days})
    prices = tomlkit.aot()
    for price in offer.prices:
        prices.append(_block(price_table(offer.key, price)))
    table["prices"] = prices
    return table


def _update(entry: Table, offer: FoundOffer, stripe_prices: Mapping[str, str]) -> None:
    shown = entry.get("name", offer.key.replace("_", " ").capitalize())
    if shown != offer.name:
        entry["name"] = offer.name
    if offer.trial_days and offer.group == "plans" and "trial" not in entry:
        entry["trial"] = _inline({"days": offer.trial_days})
    if "prices" not in entry:
        entry["prices"] = tomlkit.aot()
    listed: Any = entry["prices"]
    left = list(offer.prices)
    for index in reversed(range(len(listed))):
        found = _same(offer.key, listed[index], left, stripe_prices)
        if found is None:
            del listed[index]
        else:
            left.remove(found)
            _update_price(listed[index], price_table(offer.key, found))
    for price in left:
        wanted = price_table(offer.key, price)
        listed.append(_block(wanted) if isinstance(listed, AoT) else _inline(wanted))


def _same(
    key: str, table: Table, prices: Sequence[StripePrice], stripe_prices: Mapping[str, str]
) -> StripePrice | None:
    """Return the price that a table means: by id where it names one, by lookup key otherwise."""
    if "stripe_price" in table:
        named = str(table["stripe_price"])
        price_id = stripe_prices.get(named, named)
        return next((price for price in prices if price.id == price_id), None)
    lookup_key = table.get("lookup_key", _usual_key(key, table.get("interval", "month")))
    return next((price for price in prices if price.lookup_key == lookup_key), None)


def _update_price(table: Table, wanted: Mapping[str, Any]) -> None:
    """Change what differs; what can be written in two ways stays as it is written."""
    for name in ("unit_amount", "tiers", "tiers_mode", "currency_options", "tax_behavior"):
        if name not in wanted and name in table and (name, table[name]) != _UNSAID_TAX:
            del table[name]
    for name, value in wanted.items():
        is_said = name in table or (name, value) == ("interval", "month")
        if name in ("lookup_key", "stripe_price") or (is_said and _plain(table.get(name, value)) == value):
            continue
        table[name] = _value(value)


_UNSAID_TAX = ("tax_behavior", "unspecified")


def price_table(key: str, price: StripePrice) -> dict[str, Any]:
    """Return a price as the file writes it. One without a lookup key is named by its id."""
    table: dict[str, Any] = {"interval": price.interval, "currency": price.currency}
    if price.lookup_key is None:
        table["stripe_price"] = price.id
    elif price.lookup_key != _usual_key(key, price.interval):
        table["lookup_key"] = price.lookup_key
    if price.tiers_mode:
        table["tiers"] = [_tier(tier) for tier in price.tiers]
        table["tiers_mode"] = price.tiers_mode
    else:
        table["unit_amount"] = price.unit_amount
    if price.currency_options:
        table["currency_options"] = {
            currency: _option(amount) for currency, amount in price.currency_options.items()
        }
    if price.tax_behavior != "unspecified":
        table["tax_behavior"] = price.tax_behavior
    return table


def _usual_key(key: str, interval: str) -> str:
    return f"{key}_{interval}ly"


def _option(amount: Amount) -> Any:
    return [_tier(tier) for tier in amount.tiers] if amount.tiers else amount.unit_amount


def _tier(tier: Tier) -> dict[str, MinorUnits]:
    said: dict[str, MinorUnits | None] = {
        "up_to": tier.up_to,
        "unit_amount": tier.unit_amount or (None if tier.flat_amount else 0),
        "flat_amount": tier.flat_amount or None,
    }
    return {name: value for name, value in said.items() if value is not None}


def _block(values: Mapping[str, Any]) -> Any:
    table = tomlkit.table()
    table.update({name: _value(value) for name, value in values.items()})
    return table


def _inline(values: Mapping[str, Any]) -> Any:
    table = tomlkit.inline_table()
    table.update({name: _value(value) for name, value in values.items()})
    return table


def _value(value: Any) -> Any:
    """Return a value as it stands on one line."""
    if isinstance(value, dict):
        return _inline(value)
    if isinstance(value, list):
        listed = tomlkit.array()
        listed.extend(_inline(each) for each in value)
        return listed
    return value


def _plain(value: Any) -> Any:
    return value.unwrap() if hasattr(value, "unwrap") else value
