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
)
from tiergate.rules.catalog import Plan
from tiergate.rules.next_step import Position
from tiergate.services.ask_to_upgrade import Asked
from tiergate.web.billing_page import render_billing
from tiergate.web.buy_page import render_buy
from tiergate.web.change_page import render_change
from tiergate.web.checkout_return_page import CheckoutReturnPage, render_checkout_return
from tiergate.web.leaving_page import render_leaving
from tiergate.web.order_form import Choice
from tiergate.web.pricing_page import PricingPage, render_pricing
from tiergate.web.problem_page import ProblemPage, render_problem
from tiergate.web.render import static_file, static_url


def pages() -> Iterator[tuple[str, str]]:
    """All pages by name, as HTML."""
    yield from _pricing_pages()
    for name, page in (*billing_pages(), *self_serve_pages()):
        yield f"billing-{name}", render_billing(page)
    yield "billing-long", render_billing(long_account())
    yield "billing-member", render_billing(for_a_member(dict(self_serve_pages())["own-grace"]))
    asked = (Asked("bob@acme.test", "scale", "month", NOW), Asked("", None, None, NOW))
    yield "billing-asked", render_billing(replace(dict(self_serve_pages())["own-active"], asked=asked))
    yield from _change_pages()
    yield from _return_pages()
    yield from _problem_pages()


def _pricing_pages() -> Iterator[tuple[str, str]]:
    visitor = PricingPage(store())
    yield "pricing", render_pricing(visitor)
    yield "pricing-yearly", render_pricing(replace(visitor, interval="year"))
    for name, position in _POSITIONS.items():
        yield f"pricing-{name}", render_pricing(PricingPage(store(WHOLE, MEMBER, position=position)))
    currencies = ("usd", "eur", "jpy")
    yield "pricing-five", render_pricing(PricingPage(store(WHOLE), currencies=currencies))
    yield "pricing-euro", render_pricing(PricingPage(store(WHOLE, currency="eur"), "year", currencies))
    for name, plans in _OFFERS.items():
        catalog = replace(WHOLE, plans={plan.key: plan for plan in plans})
        yield f"pricing-{name}", render_pricing(PricingPage(store(catalog)))
    german = replace(VISITOR, locale="de", product=GERMAN.product)
    yield "pricing-german", render_pricing(PricingPage(store(GERMAN, german), "year", ("eur", "usd")))
    yield from _order_pages()
    yield "pricing-long", render_pricing(PricingPage(store(LONG_CATALOG, LONG_FRAME)))


def _order_pages() -> Iterator[tuple[str, str]]:
    catalog = replace(EXTENDED, plans={plan.key: plan for plan in (FREE, STARTER, CREW, SCALE)})
    untried = replace(Position("free"), has_tried=True)
    orders = store(catalog, MEMBER, position=untried, members=4)
    yield "pricing-orders", render_pricing(PricingPage(orders))
    chosen = Choice("crew", "month", 12, {"storage": 2}, "checkout")
    yield "pricing-turned-back", render_pricing(PricingPage(orders, choice=chosen))


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


def _change_pages() -> Iterator[tuple[str, str]]:
    for name, change in change_pages():
        yield f"change-{name}", render_change(change)
    for name, leaving in leaving_pages():
        yield f"leaving-{name}", render_leaving(leaving)
    for name, purchase in buy_pages():
        yield f"buy-{name}", render_buy(purchase)


def _return_pages() -> Iterator[tuple[str, str]]:
    waiting = CheckoutReturnPage(MEMBER, TEAM, "/billing/return?checks=1")
    yield "return-waiting", render_checkout_return(waiting)
    yield "return-late", render_checkout_return(replace(waiting, checks=45))
    yield "return-trial", render_checkout_return(replace(waiting, confirmed=True, trial_end=TRIAL_END))
    kept = replace(waiting, confirmed=True, trial_end=TRIAL_END, kept_until=TRIAL_END)
    yield "return-kept", render_checkout_return(kept)
    yield "return-minute", render_checkout_return(replace(waiting, checks=18))
    unpaid = replace(waiting, pay_url="https://invoice.stripe.test/i/1", trial_end=TRIAL_END)
    yield "return-unpaid", render_checkout_return(unpaid)
    yield "return-over", render_checkout_return(replace(waiting, is_over=True))
    paid = replace(waiting, confirmed=True, current_period_end=PERIOD_END)
    yield "return-paid", render_checkout_return(paid)


def _problem_pages() -> Iterator[tuple[str, str]]:
    yield (
        "problem-401",
        render_problem(
            ProblemPage(
                VISITOR, 401, "You are not signed in", "Billing belongs to an account.", "Sign in first."
            )
        ),
    )
    yield "problem-404", render_problem(ProblemPage(MEMBER, 404, "There is no such page"))
    yield (
        "problem-409",
        render_problem(
            ProblemPage(
                MEMBER,
                409,
                "You have Team already",
                f"It renews on {MEMBER.wording.date(NOW + timedelta(days=10))}.",
                "Open the billing page to see it.",
            )
        ),
    )


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
