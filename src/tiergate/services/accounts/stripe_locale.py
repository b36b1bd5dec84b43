"""In which language Stripe's own pages are shown."""

from tiergate.rules.choose_language import choose_language

_BY_BROWSER = "auto"
_LOCALES = (
    *("bg", "cs", "da", "de", "el", "en", "en-GB", "es", "es-419", "et", "fi", "fil", "fr", "fr-CA", "hr"),
    *("hu", "id", "it", "ja", "ko", "lt", "lv", "ms", "mt", "nb", "nl", "pl", "pt", "pt-BR", "ro", "ru"),
    *("sk", "sl", "sv", "th", "tr", "vi", "zh", "zh-HK", "zh-TW"),
)
"""What both the checkout and the portal speak.
Source: https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-locale
"""


def stripe_locale(language: str | None) -> str:
    """Return what Stripe calls a language; its pages go by the browser where none is named or known."""
    return choose_language([language], (_BY_BROWSER, *_LOCALES))
