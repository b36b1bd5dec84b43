"""Every page in every state as a static file, to look at: ``python -m tests.web.pages.gallery [DIR]``."""

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from tests.web.pages.changing import buy_pages, change_pages, leaving_pages
from tests.web.pages.northwind import (
    CREW,
    ENTERPRISE,
    EXTENDED,
    FREE,
    GERMAN,
    LONG_CATALOG,
    LONG_FRAME,
    MEMBER,
    NOW,
    ON_TEAM,
    PERIOD_END,
    SCALE,
    STARTER,
    TEAM,
    TRIAL_END,
    VISITOR,
    WHOLE,
    billing_pages,
    for_a_member,
    long_account,
    self_serve_pages,
    store,
    unpaid_pages,
)
from tiergate.rules.catalog import Plan
from tiergate.rules.next_step import Position
from tiergate.services.accounts.ask_to_upgrade import Asked
from tiergate.translation import Translation
from tiergate.translation_files import read_translations
from tiergate.web.billing_page import BillingPage, render_billing
from tiergate.web.buy_page import BuyPage, render_buy
from tiergate.web.change_page import ChangePage, render_change
from tiergate.web.checkout_return_page import CheckoutReturnPage, render_checkout_return
from tiergate.web.leaving_page import LeavingPage, render_leaving
from tiergate.web.order_form import Choice
from tiergate.web.pricing_page import PricingPage, render_pricing
from tiergate.web.problem_page import ProblemPage, render_problem
from tiergate.web.problems import problem_words
from tiergate.web.render import Frame, LanguageLink, static_file, static_url

AnyPage = PricingPage | BillingPage | ChangePage | BuyPage | LeavingPage | CheckoutReturnPage | ProblemPage

LANGUAGES = (LanguageLink("en", "English", "?lang=en"), LanguageLink("de", "Deutsch", "?lang=de"))
DEUTSCH = read_translations()["de"]
_PROBLEM_CODES = {401: "sign_in_required", 404: "http_404", 409: "already_subscribed"}


def pages() -> Iterator[tuple[str, str]]:
    """All pages by name, as HTML: in English, and in German under names that end in ``-de``."""
    for name, page in models():
        yield name, html_of(page)
        if name != "pricing-german":
            yield f"{name}-de", html_of(spoken(page, DEUTSCH))


def models() -> Iterator[tuple[str, AnyPage]]:
    """What all pages are made from, in English but for one."""
    for name, page in _models():
        yield name, _framed(page, replace(frame_of(page), languages=LANGUAGES))


def spoken(page: AnyPage, translation: Translation) -> AnyPage:
    """The same page in another language, with its figures."""
    frame = replace(frame_of(page), translation=translation, locale=translation.language)
    if isinstance(page, ProblemPage):
        words = problem_words(translation, _PROBLEM_CODES[page.status], page.title, page.remedy)
        return replace(page, frame=frame, title=words.title, detail="", remedy=words.remedy)
    return _framed(page, frame)


def frame_of(page: AnyPage) -> Frame:
    """What surrounds a page."""
    if isinstance(page, PricingPage):
        return page.store.frame
    return page.account.frame if isinstance(page, ChangePage | BuyPage | LeavingPage) else page.frame


def _framed(page: AnyPage, frame: Frame) -> AnyPage:
    if isinstance(page, PricingPage):
        return replace(page, store=replace(page.store, frame=frame))
    if isinstance(page, ChangePage | BuyPage | LeavingPage):
        return replace(page, account=replace(page.account, frame=frame))
    return replace(page, frame=frame)


def html_of(page: AnyPage) -> str:
    """The page as HTML."""
    match page:
        case PricingPage():
            return render_pricing(page)
        case BillingPage():
            return render_billing(page)
        case ChangePage():
            return render_change(page)
        case BuyPage():
            return render_buy(page)
        case LeavingPage():
            return render_leaving(page)
        case CheckoutReturnPage():
            return render_checkout_return(page)
        case ProblemPage():
            return render_problem(page)


def _models() -> Iterator[tuple[str, AnyPage]]:
    yield from _pricing_pages()
    for name, page in (*billing_pages(), *self_serve_pages(), *unpaid_pages()):
        yield f"billing-{name}", page
    yield "billing-long", long_account()
    yield "billing-member", for_a_member(dict(self_serve_pages())["own-grace"])
    asked = (Asked("bob@acme.test", "scale", "month", NOW), Asked("", None, None, NOW))
    yield "billing-asked", replace(dict(self_serve_pages())["own-active"], asked=asked)
    yield from _change_pages()
    yield from _return_pages()
    yield from _problem_pages()


def _pricing_pages() -> Iterator[tuple[str, PricingPage]]:
    visitor = PricingPage(store())
    yield "pricing", visitor
    yield "pricing-yearly", replace(visitor, interval="year")
    for name, position in _POSITIONS.items():
        yield f"pricing-{name}", PricingPage(store(WHOLE, MEMBER, position=position))
    currencies = ("usd", "eur", "jpy")
    yield "pricing-five", PricingPage(store(WHOLE), currencies=currencies)
    yield "pricing-euro", PricingPage(store(WHOLE, currency="eur"), "year", currencies)
    for name, plans in _OFFERS.items():
        catalog = replace(WHOLE, plans={plan.key: plan for plan in plans})
        yield f"pricing-{name}", PricingPage(store(catalog))
    german = replace(VISITOR, locale="de", translation=DEUTSCH, product=GERMAN.product)
    yield "pricing-german", PricingPage(store(GERMAN, german), "year", ("eur", "usd"))
    yield from _order_pages()
    yield "pricing-long", PricingPage(store(LONG_CATALOG, LONG_FRAME))


def _order_pages() -> Iterator[tuple[str, PricingPage]]:
    catalog = replace(EXTENDED, plans={plan.key: plan for plan in (FREE, STARTER, CREW, SCALE)})
    untried = replace(Position("free"), has_tried=True)
    orders = store(catalog, MEMBER, position=untried, members=4)
    yield "pricing-orders", PricingPage(orders)
    chosen = Choice("crew", "month", 12, {"storage": 2}, "checkout")
    yield "pricing-turned-back", PricingPage(orders, choice=chosen)


_POSITIONS = {
    "team": ON_TEAM,
    "team-yearly": replace(ON_TEAM, interval="year"),
    "free": Position("free", has_tried=True),
}
_OFFERS: dict[str, tuple[Plan, ...]] = {
    "one": (TEAM,),
    "two": (FREE, TEAM),
    "three": (FREE, STARTER, TEAM),
    "seats": (FREE, CREW, ENTERPRISE),
    "many": (FREE, STARTER, replace(CREW, highlight=False), TEAM, SCALE),
}


def _change_pages() -> Iterator[tuple[str, AnyPage]]:
    for name, change in change_pages():
        yield f"change-{name}", change
    for name, leaving in leaving_pages():
        yield f"leaving-{name}", leaving
    for name, purchase in buy_pages():
        yield f"buy-{name}", purchase


def _return_pages() -> Iterator[tuple[str, AnyPage]]:
    waiting = CheckoutReturnPage(MEMBER, TEAM, "/billing/return?checks=1")
    yield "return-waiting", waiting
    yield "return-late", replace(waiting, checks=45)
    yield "return-trial", replace(waiting, confirmed=True, trial_end=TRIAL_END)
    yield "return-kept", replace(waiting, confirmed=True, trial_end=TRIAL_END, kept_until=TRIAL_END)
    yield "return-minute", replace(waiting, checks=18)
    yield "return-unpaid", replace(waiting, pay_url="https://invoice.stripe.test/i/1", trial_end=TRIAL_END)
    yield "return-over", replace(waiting, is_over=True)
    yield "return-paid", replace(waiting, confirmed=True, current_period_end=PERIOD_END)


def _problem_pages() -> Iterator[tuple[str, AnyPage]]:
    told = ("You are not signed in", "Billing belongs to an account.", "Sign in first.")
    yield "problem-401", ProblemPage(VISITOR, 401, *told)
    yield "problem-404", ProblemPage(MEMBER, 404, "There is no such page")
    detail = f"It renews on {MEMBER.wording.date(NOW + timedelta(days=10))}."
    told = ("You have Team already", detail, "Open the billing page to see it.")
    yield "problem-409", ProblemPage(MEMBER, 409, *told)


def write(folder: Path) -> list[Path]:
    """Write the pages, and the static files that they load by relative address; return the pages."""
    (folder / "static").mkdir(parents=True, exist_ok=True)
    for name in ("tiergate.css", "billing.css", "inter-latin.woff2", "mark.svg"):
        file = static_file(static_url("", name).rpartition("/")[2])
        assert file is not None
        (folder / "static" / file.name).write_bytes(file.content)
    written = []
    for name, html in pages():
        path = folder / f"{name}.html"
        path.write_text(html.replace('"/static/', '"static/'))
        written.append(path)
    return written


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp(prefix="pages-"))
    sys.stdout.writelines(f"{path}\n" for path in write(target))
