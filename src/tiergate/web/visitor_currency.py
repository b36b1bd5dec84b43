"""Which currency a visitor sees, from the request at hand; and how a choice is remembered.

A page calls ``visitor_currency``, and ``remember_currency`` on its answer. One that may be cached sends
``Vary`` as ``depends_on`` says; the others are ``no-store`` anyway.
"""

from collections.abc import Collection

from fastapi import Request, Response

from tiergate.rules.choose_currency import ChosenCurrency, choose_currency
from tiergate.settings import Settings
from tiergate.web.accept_language import accepted_languages
from tiergate.web.page_frame import billing_of

PARAMETER = "currency"
"""The query parameter that chooses a currency: ``/pricing?currency=eur``."""
COOKIE = "tiergate_currency"
_YEAR_SECONDS = 365 * 24 * 60 * 60


def visitor_currency(
    request: Request, offered: Collection[str], default: str, account_currency: str | None = None
) -> ChosenCurrency:
    """Return the currency to show, and why; ``offered`` is in lower case.

    What the address says goes before what the cookie remembers, and neither counts unless it is offered.
    """
    return choose_currency(
        account_currency,
        _asked_for(request, offered) or request.cookies.get(COOKIE),
        _country(request),
        accepted_languages(request.headers.get("accept-language")),
        offered,
        default,
    )


def remember_currency(request: Request, response: Response, offered: Collection[str]) -> None:
    """Let a cookie remember what the address asked for, for a year and below the mount; else do nothing."""
    asked_for = _asked_for(request, offered)
    if asked_for is not None:
        response.set_cookie(
            COOKIE,
            asked_for,
            max_age=_YEAR_SECONDS,
            path=str(request.scope.get("root_path", "")) or "/",
            secure=billing_of(request).settings.public_url.startswith("https:"),
            httponly=True,
            samesite="lax",
        )


def depends_on(settings: Settings) -> str:
    """Return the ``Vary`` header of an answer that shows the visitor's currency."""
    return ", ".join(filter(None, ["Cookie", "Accept-Language", settings.country_header]))


def _asked_for(request: Request, offered: Collection[str]) -> str | None:
    asked_for = request.query_params.get(PARAMETER, "").lower()
    return asked_for if asked_for in offered else None


def _country(request: Request) -> str | None:
    """Return what the trusted header says. One that is there twice was not set by the proxy alone."""
    header = billing_of(request).settings.country_header
    told = request.headers.getlist(header) if header else []
    return told[0].strip() if len(told) == 1 else None
