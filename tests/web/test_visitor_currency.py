"""The visitor's currency, from a request."""

from types import SimpleNamespace

import pytest
from fastapi import Request, Response

from tiergate.rules.choose_currency import Because, ChosenCurrency
from tiergate.settings import Settings, SettingsError, settings_from
from tiergate.web.visitor_currency import depends_on, remember_currency, visitor_currency

OFFERED = ("usd", "eur", "jpy")
ENVIRONMENT = {"STRIPE_SECRET_KEY": "sk_test_1", "STRIPE_WEBHOOK_SECRET": "whsec_1"}
GERMAN = ("Accept-Language", "de-AT,de;q=0.9,en;q=0.8")


def settings(country_header: str | None = None, public_url: str = "http://localhost:8000") -> Settings:
    """Settings that believe this header."""
    return Settings(
        "sqlite://", "sk_test_1", ("whsec_1",), country_header=country_header, public_url=public_url
    )


def request(
    query: str = "", *headers: tuple[str, str], mount: str = "", given: Settings | None = None
) -> Request:
    """A request for a page with this query and these headers."""
    billing = SimpleNamespace(settings=given or settings())
    return Request(
        {
            "type": "http",
            "method": "GET",
            "path": "/pricing",
            "root_path": mount,
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
            "app": SimpleNamespace(state=SimpleNamespace(billing=billing)),
        }
    )


def shown(asked: Request, account_currency: str | None = None) -> tuple[str, str]:
    """The currency that is shown, and why."""
    found = visitor_currency(asked, OFFERED, "usd", account_currency)
    return found.currency, found.because.value


def test_the_account_goes_first() -> None:
    """Whoever pays in yen already sees yen, whatever was clicked; unless yen are not for sale any more."""
    asked = request("currency=eur", ("Cookie", "tiergate_currency=eur"), GERMAN)
    assert visitor_currency(asked, OFFERED, "usd", "jpy") == ChosenCurrency("jpy", Because.ACCOUNT)
    assert shown(asked, "sek") == ("eur", "choice")


def test_the_address_goes_before_the_cookie() -> None:
    """A choice counts from the address or the cookie, and the newer one is the address's."""
    remembered = ("Cookie", "tiergate_currency=jpy")
    assert shown(request("currency=eur", remembered)) == ("eur", "choice")
    assert shown(request("currency=EUR")) == ("eur", "choice")
    assert shown(request("", remembered, GERMAN)) == ("jpy", "choice")


@pytest.mark.parametrize("query", ["currency=sek", "currency=", "currency=%00<script>", "currency[]=eur"])
def test_a_choice_that_is_not_offered_is_none(query: str) -> None:
    """The cookie still counts then, and after it the language."""
    assert shown(request(query, ("Cookie", "tiergate_currency=jpy"))) == ("jpy", "choice")
    assert shown(request(query, ("Cookie", "tiergate_currency=sek"), GERMAN)) == ("eur", "language")


def test_only_the_trusted_header_names_a_country() -> None:
    """No header is believed until a setting names it, and then no other one."""
    japan = ("CF-IPCountry", "JP")
    assert shown(request("", japan, GERMAN)) == ("eur", "language")
    trusting = settings("CF-IPCountry")
    assert shown(request("", japan, GERMAN, given=trusting)) == ("jpy", "country")
    assert shown(request("", ("X-Country", "JP"), given=trusting)) == ("usd", "default")
    assert shown(request("", japan, ("CF-IPCountry", "DE"), given=trusting)) == ("usd", "default")
    assert shown(request("", ("cf-ipcountry", " jp "), given=trusting)) == ("jpy", "country")


@pytest.mark.parametrize("country", ["XX", "T1", "", "JP, DE", "Japan"])
def test_a_header_that_names_no_country_is_passed_over(country: str) -> None:
    """Proxies have words for not knowing; the language decides then."""
    asked = request("", ("CF-IPCountry", country), GERMAN, given=settings("CF-IPCountry"))
    assert shown(asked) == ("eur", "language")


def test_nothing_known_is_the_default() -> None:
    """A visitor who says nothing sees the default currency."""
    assert shown(request()) == ("usd", "default")


def cookie_of(asked: Request) -> str | None:
    """The cookie that an answer to this request sets."""
    response = Response()
    remember_currency(asked, response, OFFERED)
    return response.headers.get("set-cookie")


def test_a_choice_is_remembered_below_the_mount() -> None:
    """The cookie cannot be read by scripts, is sent by no foreign form, and concerns our paths only."""
    cookie = "tiergate_currency=eur; HttpOnly; Max-Age=31536000; Path={}; SameSite=lax"
    assert cookie_of(request("currency=EUR")) == cookie.format("/")
    assert cookie_of(request("currency=eur", mount="/billing-app")) == cookie.format("/billing-app")
    behind_https = settings(public_url="https://app.example.com")
    assert cookie_of(request("currency=eur", given=behind_https)) == cookie.format("/") + "; Secure"


@pytest.mark.parametrize("query", ["", "currency=sek", "currency=eur%3B%20Path=/", "currency=eur%0d%0aX:y"])
def test_only_what_is_offered_is_remembered(query: str) -> None:
    """Nothing that a visitor writes gets into the cookie but the name of an offered currency."""
    assert cookie_of(request(query)) is None


def test_caches_are_told_what_the_answer_depends_on() -> None:
    """Cookie and language always, the country's header where one is believed."""
    assert depends_on(settings()) == "Cookie, Accept-Language"
    assert depends_on(settings("CF-IPCountry")) == "Cookie, Accept-Language, CF-IPCountry"


def test_the_header_is_a_setting() -> None:
    """It comes from the environment, and is unset by default."""
    assert settings_from(ENVIRONMENT).country_header is None
    given = {**ENVIRONMENT, "TIERGATE_COUNTRY_HEADER": "CF-IPCountry"}
    assert settings_from(given).country_header == "CF-IPCountry"


@pytest.mark.parametrize("name", ["CF IPCountry", "X-Country:", "-", "X-Länd", "a\n", "a, b"])
def test_what_is_no_name_of_a_header_is_refused(name: str) -> None:
    """The message names the variable."""
    with pytest.raises(SettingsError, match="TIERGATE_COUNTRY_HEADER"):
        settings_from({**ENVIRONMENT, "TIERGATE_COUNTRY_HEADER": name})
