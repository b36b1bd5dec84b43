"""The embed in a real browser: on pages that are hostile, strict, dark, foreign, or without a script."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from playwright.sync_api import Locator, Page, Route

from tests.web.pages.gallery import DEUTSCH
from tests.web.pages.northwind import MEMBER, NORTHWIND, ON_TEAM, VISITOR, WHOLE, store
from tiergate.rules.choose_currency import Because, ChosenCurrency
from tiergate.rules.next_step import Position
from tiergate.web.offers import Storefront
from tiergate.web.plans_answer import plans_answer
from tiergate.web.render import own_file
from tiergate.web.visit import Visit

HOST = "http://localhost"
STRICT = "default-src 'self'; require-trusted-types-for 'script'"
FALLBACK = '<a href="/billing-app/pricing">See our plans</a>'
HOSTILE = """
    * { all: unset; }
    body * { color: lime !important; font: 7px fantasy !important; text-transform: uppercase; }
    button, a, .button, .btn { background: red !important; border-radius: 0 !important; display: none; }
    ul, li { list-style: square; margin: 3em; }
    tiergate-pricing { display: none !important; color: lime; letter-spacing: 1em; }
    .plan, .plans, .root { display: none !important; }
"""
Axe = Callable[[Page], None]


def answered(shop: Storefront) -> str:
    """What the API answers about a shop."""
    chosen = ChosenCurrency(shop.currency, Because.DEFAULT)
    return plans_answer(Visit(shop, chosen, is_settled=False)).model_dump_json()


VISITORS = answered(store(NORTHWIND))
MEMBERS = answered(store(NORTHWIND, MEMBER, position=Position("free")))


class Host:
    """A page of somebody else, which embeds the plans."""

    def __init__(
        self, page: Page, answer: str | None = VISITORS, *, css: str = "", csp: str = STRICT
    ) -> None:
        """Let the page be served; without an ``answer`` the plans cannot be had."""
        self.page, self.answer, self.css, self.csp = page, answer, css, csp
        self.complaints: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text))
        page.route(f"{HOST}/**", self._serve)

    def open(self, tag: str = "<tiergate-pricing></tiergate-pricing>", *, dark: bool = False) -> "Host":
        """Open it, with the element as it is written, and wait for its plans where it can have them."""
        self.tag = tag
        self.page.emulate_media(color_scheme="dark" if dark else "light")
        self.page.goto(f"{HOST}/page")
        if self.answer is not None and "script-src 'none'" not in self.csp:
            self.element.locator(".plan").first.wait_for()
        return self

    def _serve(self, route: Route) -> None:
        path = route.request.url.removeprefix(HOST).partition("?")[0]
        if path == "/page":
            html = f"""<!doctype html><html lang="en"><title>Host</title>
                <link rel="stylesheet" href="/host.css">
                <script type="module" src="/billing-app/embed.js"></script>
                <main><h1>What we charge</h1>{self.tag}</main></html>"""
            route.fulfill(body=html, content_type="text/html", headers={"content-security-policy": self.csp})
        elif path == "/host.css":
            route.fulfill(body=self.css, content_type="text/css")
        elif path == "/billing-app/embed.js":
            route.fulfill(body=own_file("embed.js").content, content_type="text/javascript")
        elif path == "/billing-app/api/plans":
            self.asked.append(route.request.url)
            route.fulfill(status=503) if self.answer is None else route.fulfill(
                body=self.answer, content_type="application/json"
            )
        else:
            route.fulfill(status=204)

    @property
    def element(self) -> Locator:
        """The element."""
        return self.page.locator("tiergate-pricing")

    def style(self, selector: str, name: str) -> str:
        """A computed style of something inside it."""
        return str(self.element.locator(selector).first.evaluate(f"e => getComputedStyle(e).{name}"))


def test_the_plans_are_shown_under_a_strict_policy(page: Page, axe: Axe) -> None:
    """Trusted types, no inline style: nothing is complained of, and axe finds nothing, on a phone neither."""
    host = Host(page).open()
    assert host.element.locator(".plan h3").all_inner_texts() == ["Free", "Starter", "Team", "Scale"]
    assert host.element.locator(".amount").all_inner_texts() == ["$0", "$19", "$49", "$149"]
    assert host.style(".plan.highlight .button", "backgroundColor").startswith("oklch(")
    axe(page)
    page.set_viewport_size({"width": 390, "height": 844})
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert host.complaints == []


def test_a_hostile_stylesheet_does_not_reach_it(page: Page) -> None:
    """Whatever the page does to every element, button and class, the plans look as they do elsewhere."""
    kept = {
        selector: ["display", "backgroundColor", "color", "fontSize", "letterSpacing", "textTransform"]
        for selector in (".root", ".plan", ".plan.highlight .button", ".amount", ".features li", ".switch")
    }

    def looks(css: str) -> dict[str, list[str]]:
        host = Host(page, css=css).open()
        host.element.locator(".plan").first.wait_for()
        return {selector: [host.style(selector, each) for each in names] for selector, names in kept.items()}

    assert looks(HOSTILE) == looks("")


def test_the_page_sets_accent_radius_and_font(page: Page) -> None:
    """A few variables and parts are what a page may change."""
    css = """tiergate-pricing { --tg-accent: #0a7d55; --tg-radius: 2px; --tg-font: "Courier New"; }
             tiergate-pricing::part(pill) { text-transform: uppercase }"""
    host = Host(page, css=css).open()
    assert host.style(".plan", "borderRadius") == "2px"
    assert host.style(".amount", "fontFamily") == '"Courier New"'
    assert host.style(".pill", "textTransform") == "uppercase"
    plain = Host(page).open()
    assert host.style(".plan.highlight", "borderColor") == plain.style(".plan.highlight", "borderColor")


@pytest.mark.parametrize(
    ("theme", "css", "dark", "is_dark"),
    [
        ("", "", True, False),
        ("", ":root { color-scheme: light dark }", True, True),
        ("", ":root { color-scheme: light dark }", False, False),
        ('theme="auto"', "", True, True),
        ('theme="dark"', "", False, True),
        ('theme="light"', ":root { color-scheme: dark }", True, False),
    ],
)
def test_light_and_dark(page: Page, axe: Axe, theme: str, css: str, dark: bool, is_dark: bool) -> None:
    """It follows the page, which may say otherwise; axe finds nothing in either."""
    colors = "background: #0a0b0e; color: #fff" if is_dark else "background: #fff; color: #000"
    host = Host(page, css=f"{css} body {{ {colors} }}")
    host.open(f"<tiergate-pricing {theme}></tiergate-pricing>", dark=dark)
    surface = host.style(".plan", "backgroundColor")
    assert surface == ("rgb(19, 20, 24)" if is_dark else "rgb(255, 255, 255)")
    axe(page)


def test_the_switch_works_by_keyboard(page: Page) -> None:
    """Arrow keys change the interval; the prices follow, and the focus stays where it was."""
    host = Host(page).open('<tiergate-pricing interval="month"></tiergate-pricing>')
    page.get_by_role("radio", name="Monthly").focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("radio", name="Yearly Save 20%").is_checked()
    assert host.element.locator(".amount").all_inner_texts() == ["$0", "$15", "$39", "$119"]
    assert page.evaluate("document.activeElement.shadowRoot.activeElement.value") == "year"


def test_attributes_choose_interval_and_currency(page: Page) -> None:
    """They count at the start and when they change; the currency is asked for at the API."""
    host = Host(page, answered(store(WHOLE, currency="eur")))
    host.open('<tiergate-pricing interval="year" currency="eur"></tiergate-pricing>')
    assert host.element.locator(".amount").all_inner_texts()[:2] == ["€0", "€15"]
    host.element.evaluate("element => element.setAttribute('interval', 'month')")
    assert host.element.locator(".amount").all_inner_texts()[:2] == ["€0", "€19"]
    with page.expect_response("**/api/plans?currency=jpy&lang=en"):
        host.element.evaluate("element => element.setAttribute('currency', 'jpy')")
    assert [url.partition("?")[2] for url in host.asked] == [
        "currency=eur&lang=en",
        "currency=jpy&lang=en",
    ]


def test_it_speaks_the_language_of_the_page_around_it(page: Page, axe: Axe) -> None:
    """The words are asked for in the language of the page, or of the element, and name their language."""
    german = answered(store(NORTHWIND, replace(VISITOR, translation=DEUTSCH, locale="de")))
    host = Host(page, german).open('<tiergate-pricing lang="de"></tiergate-pricing>')
    assert [url.partition("?")[2] for url in host.asked] == ["lang=de"]
    assert "14 Tage kostenlos testen" in host.element.locator(".plan .button").all_inner_texts()[1]
    assert host.element.locator(".root").get_attribute("lang") == "de"
    axe(page)


LISTEN = """() => document.addEventListener("tiergate:checkout", event => {
    window.told = event.detail;
    event.preventDefault();
})"""


def press(host: Host, name: str) -> None:
    """Press a button on a page that keeps it to itself."""
    host.page.evaluate(LISTEN)
    host.page.get_by_role("link", name=name).click()


def test_a_visitor_is_led_to_the_hosted_page(page: Page) -> None:
    """Who is not signed in goes on at the plan on the hosted page, with interval and currency."""
    host = Host(page).open()
    page.route("https://northwind.test/**", lambda route: route.fulfill(status=204))
    link = page.get_by_role("link", name="Start 14-day trial (Team)")
    assert link.get_attribute("href") == (
        "https://northwind.test/pricing?interval=month&currency=usd#plan-team"
    )
    press(host, "Start 14-day trial (Team)")
    assert page.evaluate("told") == {
        "plan": "team",
        "interval": "month",
        "currency": "usd",
        "verb": "start_trial",
        "url": "https://northwind.test/pricing?interval=month&currency=usd#plan-team",
    }
    assert page.url == f"{HOST}/page"


def test_an_account_goes_straight_to_the_checkout(page: Page) -> None:
    """A page of the same origin orders in the account's name, and goes where the answer says."""
    Host(page, MEMBERS).open()
    page.route(
        "**/billing-app/api/billing/checkout",
        lambda route: route.fulfill(
            body=json.dumps({"url": f"{HOST}/paid"}), content_type="application/json"
        ),
    )
    page.route("**/paid", lambda route: route.fulfill(body="paid", content_type="text/html"))
    with page.expect_request("**/api/billing/checkout") as ordered:
        page.get_by_role("link", name="Start 14-day trial (Team)").click()
    assert ordered.value.post_data_json == {"plan": "team", "interval": "month", "currency": "usd"}
    page.wait_for_url(f"{HOST}/paid")


def test_a_page_can_keep_the_order_to_itself(page: Page) -> None:
    """Nothing is ordered where the page prevents the event."""
    host = Host(page, MEMBERS).open()
    ordered: list[str] = []
    page.on("request", lambda request: ordered.append(request.url) if "checkout" in request.url else None)
    press(host, "Start 14-day trial (Scale)")
    assert page.evaluate("told.plan") == "scale"
    assert ordered == []


def test_a_subscribers_own_plan_is_at_rest(page: Page, axe: Axe) -> None:
    """The plan has no link, and the others lead to the billing page."""
    Host(page, answered(store(WHOLE, MEMBER, position=ON_TEAM))).open()
    assert page.get_by_role("link", name="Upgrade to Scale").get_attribute("href") == (
        "https://northwind.test/billing/change?plan=scale&interval=month"
    )
    assert page.get_by_role("link", name="Your plan").count() == 0
    assert page.locator(".plan.current .button").inner_text().startswith("Your plan")
    axe(page)


def test_the_pages_own_words_are_the_fall_back(page: Page) -> None:
    """Where the plans cannot be had, what is inside the tag is shown, and the page is told."""
    host = Host(page, None)
    page.add_init_script("addEventListener('tiergate:error', event => window.failed = event.detail.message)")
    host.open(f"<tiergate-pricing>{FALLBACK}</tiergate-pricing>")
    page.wait_for_function("window.failed")
    assert "answered 503" in page.evaluate("failed")
    assert page.get_by_role("link", name="See our plans").is_visible()


def test_without_a_script_the_fall_back_stays(page: Page) -> None:
    """A browser that runs no script shows what is inside the tag."""
    host = Host(page, csp="default-src 'self'; script-src 'none'")
    host.open(f"<tiergate-pricing>{FALLBACK}</tiergate-pricing>")
    assert page.get_by_role("link", name="See our plans").is_visible()
    assert host.asked == []
