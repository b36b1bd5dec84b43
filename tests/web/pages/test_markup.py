"""What holds for every page: its markup, its links, its escaping."""

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from tests.web.pages.gallery import pages
from tests.web.pages.markup import Document, read
from tests.web.pages.northwind import MEMBER, NORTHWIND, TEAM, after_failed_payment, on_team, store
from tiergate.rules.access import Reason
from tiergate.rules.catalog import Catalog
from tiergate.rules.next_step import Position
from tiergate.web.billing_page import render_billing
from tiergate.web.checkout_return_page import CheckoutReturnPage, render_checkout_return
from tiergate.web.pricing_page import PricingPage, render_pricing
from tiergate.web.problem_page import ProblemPage, render_problem
from tiergate.web.render import Frame

PAGES = dict(pages())
HOSTILE = "\"'><script>alert(1)</script><b onclick=x {{ 7*7 }}>"


@pytest.fixture(params=PAGES)
def document(request: pytest.FixtureRequest) -> Document:
    """Each page in turn, which must be well-formed to be read at all."""
    return read(PAGES[request.param])


def test_nothing_needs_an_exception_from_the_policy(document: Document) -> None:
    """No script, no style in the page, no handler: the content-security policy stays strict."""
    assert document.all("script") == []
    assert document.all("style") == []
    for element in document.elements:
        assert not [name for name in element.attributes if name == "style" or name.startswith("on")]


def test_pages_load_only_their_own_files(document: Document) -> None:
    """Styles, font and icon come from the static folder, and nothing else is loaded."""
    loaded = [link for link in document.all("link") if link["rel"] not in ("canonical", "alternate")]
    assert len(loaded) in (3, 4)  # the billing pages have a style sheet of their own besides
    for link in loaded:
        assert re.fullmatch(r"/static/[\w-]+\.[0-9a-f]{12}\.(css|woff2|svg)", link["href"] or "")
    assert document.all("img") == []


def test_landmarks_and_headings_are_in_order(document: Document) -> None:
    """One main with the skip link's target, one h1, and no level left out."""
    assert [main["id"] for main in document.all("main")] == ["content"]
    assert document.all("a")[0]["href"] == "#content"
    levels = [int(element.tag[1]) for element in document.elements if re.fullmatch(r"h\d", element.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_identifiers_are_unique(document: Document) -> None:
    """No two elements share an id, and every reference finds its element."""
    ids = [element.attributes["id"] for element in document.elements if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    for element in document.elements:
        for name in ("for", "aria-labelledby"):
            assert element.attributes.get(name) in (None, *ids)


def test_tables_have_headers(document: Document) -> None:
    """Every header cell names its direction, and every table its caption."""
    assert all(header.get("scope") in ("col", "row") for header in document.all("th"))
    assert all(table.get("aria-labelledby") for table in document.all("table"))


PAGES_OF_A_FRAME: dict[str, Callable[[Frame], str]] = {
    "pricing": lambda frame: render_pricing(PricingPage(store(NORTHWIND, frame, position=Position("free")))),
    "billing": lambda frame: render_billing(after_failed_payment(Reason.PAST_DUE, frame=frame)),
    "return": lambda frame: render_checkout_return(
        CheckoutReturnPage(frame, TEAM, f"{frame.base_path}/return", confirmed=True)
    ),
    "problem": lambda frame: render_problem(ProblemPage(frame, 404, "There is no such page")),
}


@pytest.mark.parametrize("name", PAGES_OF_A_FRAME)
def test_links_stay_under_the_mount_path(name: str) -> None:
    """Every address on the own host begins with the mount path."""
    document = read(PAGES_OF_A_FRAME[name](replace(MEMBER, base_path="/billing-app", home_url="")))
    addresses = [
        element.attributes.get(attribute) or ""
        for element in document.elements
        for attribute in ("href", "action", "src")
        if attribute in element.attributes
    ]
    own = [each for each in addresses if not each.startswith(("#", "mailto:", "https://"))]
    assert own
    assert [each for each in own if not each.startswith("/billing-app/")] == []


def test_hostile_names_stay_text() -> None:
    """Whatever the catalogue, the account or Stripe calls something, it is shown and never becomes markup."""
    feature = replace(NORTHWIND.feature("sso"), name=HOSTILE)
    plan = replace(TEAM, key=HOSTILE, name=HOSTILE, description=HOSTILE, features={"sso": True})
    product = replace(
        NORTHWIND.product, name=HOSTILE, headline=HOSTILE, tagline=HOSTILE, support_email=HOSTILE
    )
    catalog = Catalog(product, {"sso": feature}, {HOSTILE: plan})
    frame = replace(
        MEMBER, product=product, account_name=HOSTILE, account_email=HOSTILE, home_url=f"/{HOSTILE}"
    )
    bill = replace(on_team(Reason.ACTIVE).invoices[0], number=HOSTILE)
    account = on_team(
        Reason.PAUSED, frame=frame, catalog=catalog, plan=plan, subscribed_plan=plan, invoices=(bill,)
    )
    for html in (
        render_pricing(PricingPage(store(catalog, frame))),
        render_billing(account),
        render_checkout_return(CheckoutReturnPage(frame, plan, HOSTILE)),
        render_problem(ProblemPage(frame, 404, HOSTILE, HOSTILE, HOSTILE)),
    ):
        document = read(html)
        assert document.all("script") == []
        assert document.all("b") == []
        assert HOSTILE in document.text


def test_a_visitor_sees_no_billing_link() -> None:
    """Billing is offered to those who are signed in, with the name of their account."""
    visitor, member = read(PAGES["pricing"]), read(PAGES["pricing-free"])
    assert "/billing" not in [link["href"] for link in visitor.all("a")]
    assert "/billing" in [link["href"] for link in member.all("a")]
    assert "Signed in as Acme Inc." in member.text


def test_only_the_pricing_page_is_for_search_engines() -> None:
    """Pricing describes itself; the pages of an account ask not to be listed."""
    descriptions = {
        name: [meta.get("content") for meta in read(PAGES[name]).all("meta") if meta.get("name") == "robots"]
        for name in ("pricing", "billing-active", "return-waiting", "problem-404")
    }
    assert descriptions == {
        "pricing": ["index, follow"],
        "billing-active": ["noindex"],
        "return-waiting": ["noindex"],
        "problem-404": ["noindex"],
    }
