"""Which currency a visitor sees, and why."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiergate.rules.choose_currency import Because, ChosenCurrency, choose_currency

OFFERED = ("usd", "eur", "gbp", "jpy")


@pytest.mark.parametrize(
    ("account", "chosen", "country", "languages", "currency", "because"),
    [
        ("gbp", "eur", "JP", ["de"], "gbp", "account"),
        ("GBP", None, None, [], "gbp", "account"),
        ("sek", "eur", "JP", ["de"], "eur", "choice"),
        (None, "eur", "JP", ["en-GB"], "eur", "choice"),
        (None, "EUR", None, [], "eur", "choice"),
        (None, "doubloons", "JP", ["en-GB"], "jpy", "country"),
        (None, "", "JP", ["en-GB"], "jpy", "country"),
        (None, None, "jp", ["en-GB"], "jpy", "country"),
        (None, None, "SE", ["en-GB"], "gbp", "language"),
        (None, None, "XX", ["en-GB", "de"], "gbp", "language"),
        (None, None, "", ["de-AT"], "eur", "language"),
        (None, None, None, ["de"], "eur", "language"),
        (None, None, None, ["ja"], "jpy", "language"),
        (None, None, None, ["sv-SE", "en", "de-CH", "fr-FR"], "eur", "language"),
        (None, None, None, ["en", "fr"], "usd", "default"),
        (None, None, None, ["de-CH"], "usd", "default"),
        (None, None, None, [], "usd", "default"),
        ("sek", "sek", "SE", ["sv"], "usd", "default"),
    ],
)
def test_the_first_reason_that_is_offered_decides(
    account: str | None,
    chosen: str | None,
    country: str | None,
    languages: Sequence[str],
    currency: str,
    because: str,
) -> None:
    """Account, choice, country, language, default; what is not offered falls through."""
    found = choose_currency(account, chosen, country, languages, OFFERED, "usd")
    assert found == ChosenCurrency(currency, Because(because))


def test_the_default_is_written_in_lower_case() -> None:
    """Like every other answer."""
    assert choose_currency(None, None, None, [], OFFERED, "USD").currency == "usd"


codes = st.none() | st.sampled_from(["usd", "eur", "gbp", "sek", "nonsense"]) | st.text(max_size=5)


@given(codes, codes, codes, st.lists(st.text(max_size=12), max_size=4), st.sets(st.sampled_from(OFFERED)))
def test_whatever_visitors_send_they_see_what_is_offered(
    account: str | None, chosen: str | None, country: str | None, languages: list[str], more: set[str]
) -> None:
    """Any text leads to an offered currency, and a reason that speaks for it."""
    offered = {*more, "usd"}
    found = choose_currency(account, chosen, country, languages, offered, "usd")
    assert found.currency in offered
    if account in offered:
        assert found == ChosenCurrency(str(account), Because.ACCOUNT)
    elif chosen in offered:
        assert found == ChosenCurrency(str(chosen), Because.CHOICE)
