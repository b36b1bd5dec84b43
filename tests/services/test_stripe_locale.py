"""In which language Stripe's pages are shown."""

import pytest

from tiergate.services.accounts.stripe_locale import stripe_locale


@pytest.mark.parametrize(
    ("language", "locale"),
    [
        ("de", "de"),
        ("de-AT", "de"),
        ("pt_BR", "pt-BR"),
        ("en-US", "en"),
        ("zh-TW", "zh-TW"),
        ("gsw", "auto"),
        ("", "auto"),
        (None, "auto"),
    ],
)
def test_stripe_speaks_the_language_or_goes_by_the_browser(language: str | None, locale: str) -> None:
    """A region is served by its language; what Stripe does not speak is left to the browser."""
    assert stripe_locale(language) == locale
