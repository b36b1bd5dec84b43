"""The languages that a browser asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiergate.figures import readable_locale
from tiergate.web.accept_language import accepted_languages


@pytest.mark.parametrize(
    ("header", "languages"),
    [
        (None, ()),
        ("", ()),
        ("de", ("de",)),
        ("de-AT,de;q=0.9,en;q=0.8", ("de-AT", "de", "en")),
        ("en;q=0.5, de-AT", ("de-AT", "en")),
        ("en; q = 0.5 , fr ;q=0.501", ("fr", "en")),
        ("en, de, fr", ("en", "de", "fr")),
        ("de;q=0, en;q=0.000, fr;q=1.000", ("fr",)),
        ("*, *;q=0.1, en;q=0.1", ("en",)),
        ("de;q=2, en;q=-1, fr;q=1e3, it;q=nan, ja;q=.5, sv", ("sv",)),
        ("de;level=1, en", ("en",)),
        ("../../etc/passwd, de\0, de-AT\r\nX: y, d, deutsch, 12, en", ("en",)),
        ("zh-Hant-TW, en-US-u-ca-gregory", ("zh-Hant-TW", "en-US-u-ca-gregory")),
        (",,;;=,q=1", ()),
    ],
)
def test_languages_are_in_the_order_of_the_wish(header: str | None, languages: tuple[str, ...]) -> None:
    """The most wanted come first, equals in their order; the refused and the malformed are left out."""
    assert accepted_languages(header) == languages


def test_long_headers_are_read_in_part() -> None:
    """Ten languages, and a thousand characters, are enough for anybody."""
    assert len(accepted_languages(", ".join(["de"] * 50))) == 10
    assert accepted_languages(" " * 1000 + "de") == ()


@given(st.text() | st.text("deEN-;q=0.1, *", max_size=60))
def test_any_header_is_answered_in_a_locale_that_is_known(header: str) -> None:
    """No text breaks the page: every one leads to a locale in which figures can be written."""
    assert readable_locale([readable_locale(accepted_languages(header))]) == readable_locale(
        accepted_languages(header)
    )
