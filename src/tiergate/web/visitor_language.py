"""Which language a visitor reads, from the request at hand; and how a choice is remembered.

``page_frame`` asks for it. ``Languages`` is around all routes: it remembers what an address asks for, and
tells caches and browsers which language a page is in.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import Request, Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tiergate.figures import readable_locale
from tiergate.rules.choose_language import choose_language, locale_of_page
from tiergate.settings import Settings
from tiergate.translation import Translation
from tiergate.translation_files import read_translations
from tiergate.web.accept_language import accepted_languages
from tiergate.web.render import LANGUAGE_PARAMETER, LanguageLink

COOKIE = "tiergate_language"
_SPOKEN = "tiergate.language"
"""Where the scope of a request holds the language that its answer is in."""
_YEAR_SECONDS = 365 * 24 * 60 * 60
_KEPT = ("interval", "plan", "seats", "add_on", "quantity", "session_id")
"""What else of an address names the page, so that another language shows the same one."""


@dataclass(frozen=True, slots=True)
class Reader:
    """The language of a visitor, whose figures it is read with, and what else there is."""

    translation: Translation
    locale: str
    languages: tuple[LanguageLink, ...]


def reader_of(request: Request, settings: Settings, account_locale: str | None = None) -> Reader:
    """Find the language to answer in: what the address says, what the cookie remembers, what the browser
    asks for, the account's, the first that is offered.
    """
    offered = translations_of(settings)
    language = choose_language([*_wanted(request), account_locale], tuple(offered))
    speak(request, language)
    locale = readable_locale([locale_of_page(language, [*_browser(request), account_locale])])
    return Reader(offered[language], locale, _links(request, offered))


def language_at_stripe(request: Request, settings: Settings) -> str | None:
    """Return the language in which Stripe's pages go on; ``None`` where the visitor wants none of ours."""
    return choose_language(_wanted(request), ("", *translations_of(settings))) or None


def _wanted(request: Request) -> list[str | None]:
    asked_for = (request.query_params.get(LANGUAGE_PARAMETER), request.cookies.get(COOKIE))
    return [*asked_for, *_browser(request)]


def _browser(request: Request) -> tuple[str, ...]:
    return accepted_languages(request.headers.get("accept-language"))


def speak(request: Request, language: str) -> None:
    """Note which language the answer to a request is in."""
    request.scope[_SPOKEN] = language


def translations_of(settings: Settings) -> Mapping[str, Translation]:
    """Return the languages that are offered, by tag. Raises ``TranslationError``."""
    return read_translations(settings.translations, settings.languages)


def _links(request: Request, offered: Mapping[str, Translation]) -> tuple[LanguageLink, ...]:
    """Return the addresses of this page in each language, relative to it; a form's answer has none."""
    if len(offered) <= 1 or request.method not in ("GET", "HEAD"):
        return ()
    kept = [(name, value) for name, value in request.query_params.multi_items() if name in _KEPT]
    return tuple(
        LanguageLink(language, translation.name, f"?{urlencode([*kept, (LANGUAGE_PARAMETER, language)])}")
        for language, translation in offered.items()
    )


class Languages:
    """ASGI middleware: remembers the language that an address asks for, and names it on the answer."""

    def __init__(self, app: ASGIApp, offered: Collection[str], public_url: str) -> None:
        """Wrap ``app``, whose pages are offered in these languages and reached at this address."""
        self._app = app
        self._offered = offered
        self._is_secure = public_url.startswith("https:")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and complete the headers of its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start" and _SPOKEN in scope:
                self._complete(Request(scope), MutableHeaders(scope=message))
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _complete(self, request: Request, headers: MutableHeaders) -> None:
        if not headers.get("content-type", "").startswith("text/html"):
            return
        headers["content-language"] = request.scope[_SPOKEN]
        headers.add_vary_header("Accept-Language, Cookie")
        asked_for = request.query_params.get(LANGUAGE_PARAMETER)
        if asked_for is not None and asked_for in self._offered and request.method in ("GET", "HEAD"):
            headers.append("set-cookie", self._cookie(request, asked_for))

    def _cookie(self, request: Request, language: str) -> str:
        """Remember a language for a year, below the mount."""
        made = Response()
        made.set_cookie(
            COOKIE,
            language,
            max_age=_YEAR_SECONDS,
            path=str(request.scope.get("root_path", "")) or "/",
            secure=self._is_secure,
            httponly=True,
            samesite="lax",
        )
        return made.headers["set-cookie"]
