"""Which currency prices are shown in: the account's, the visitor's choice, the country's, the language's."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tiergate.rules.local_currency import currency_of_country, currency_of_language


class Because(StrEnum):
    """What a currency was chosen for."""

    ACCOUNT = "account"
    """The account pays in it already."""
    CHOICE = "choice"
    """The visitor asked for it."""
    COUNTRY = "country"
    """It is what people pay with where the visitor is."""
    LANGUAGE = "language"
    """It is what people pay with who speak the browser's language."""
    DEFAULT = "default"
    """Nothing speaks for another one."""


@dataclass(frozen=True, slots=True)
class ChosenCurrency:
    """A currency in lower case, and why it was chosen."""

    currency: str
    because: Because


def choose_currency(
    account_currency: str | None,
    chosen: str | None,
    country: str | None,
    languages: Sequence[str],
    offered: Collection[str],
    default: str,
) -> ChosenCurrency:
    """Choose one of the currencies that are offered; what is not offered falls through to the next reason.

    The account's own currency comes first, because Stripe keeps a customer's subscriptions in one; then
    ``chosen``, what the visitor asked for; then the country, which a trusted proxy names by two letters;
    then the browser's languages, most wanted first, as tags such as ``de-AT``; then ``default``, which is
    taken to be offered. Letters may be of either case; ``offered`` is in lower case.
    """
    for currency, because in _candidates(account_currency, chosen, country, languages):
        if currency is not None and currency.lower() in offered:
            return ChosenCurrency(currency.lower(), because)
    return ChosenCurrency(default.lower(), Because.DEFAULT)


def _candidates(
    account_currency: str | None, chosen: str | None, country: str | None, languages: Sequence[str]
) -> Iterator[tuple[str | None, Because]]:
    yield account_currency, Because.ACCOUNT
    yield chosen, Because.CHOICE
    yield currency_of_country(country or ""), Because.COUNTRY
    for tag in languages:
        yield currency_of_language(tag), Because.LANGUAGE
