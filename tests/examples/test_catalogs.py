"""The offers of well-known products, each checked, pushed, shown and bought as its customers would."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
import stripe

from tests.cli.demo import REPOSITORY
from tests.rules.catalog_schema import VALIDATOR
from tests.web.routes.site import HTML, KEY, Site, open_site
from tiergate.rules.catalog import Catalog
from tiergate.rules.catalog_file import parse_catalog, parse_document
from tiergate_sandbox.testing import run_sandbox

FOLDER = REPOSITORY / "examples" / "catalogs"
FILES = sorted(path.stem for path in FOLDER.glob("*.toml"))
VISA = "4242 4242 4242 4242"
ACCOUNT = "acme"


@dataclass(frozen=True)
class Purchase:
    """What is bought from an offer, and what must come of it."""

    file: str
    order: dict[str, str]
    total: int
    """What one period costs, in minor units of ``currency``: charged now, or after the trial."""
    status: str
    quantity: int = 1
    currency: str = "usd"
    card: str = VISA
    limits: dict[str, int | str | None] = field(default_factory=dict)
    """What each of these features is allowed up to; ``None`` without end."""
    refused: str = ""
    """A feature that the plan lacks."""

    def __str__(self) -> str:
        """Name the test case."""
        return self.file


PURCHASES = [
    Purchase(
        "basecamp",
        {"plan": "pro_unlimited", "interval": "year"},
        total=358_800,
        status="trialing",
        card="",
        limits={"users": None, "storage": 5000},
    ),
    Purchase(
        "calendly",
        {"plan": "standard", "seats": "3"},
        total=3600,
        status="active",
        quantity=3,
        limits={"seats": 3, "calendars": 6, "event_types": None},
        refused="round_robin",
    ),
    Purchase(
        "dropbox",
        {"plan": "standard", "interval": "year"},
        total=54_000,
        status="trialing",
        quantity=3,
        limits={"users": 3, "storage": 5000},
        refused="audit_logs",
    ),
    Purchase(
        "notion",
        {"plan": "plus", "seats": "5", "currency": "jpy"},
        total=10_000,
        status="active",
        quantity=5,
        currency="jpy",
        limits={"members": 5, "guests": 100},
        refused="sso",
    ),
    Purchase(
        "plausible",
        {"plan": "growth", "seats": "150"},
        total=4400,
        status="trialing",
        quantity=150,
        card="",
        limits={"pageviews": 150, "sites": 3},
        refused="funnels",
    ),
]

SHOWN = {
    "basecamp": {"Free": "$0", "Plus": "$15", "Pro Unlimited": "$349 $299 $3,588"},
    "calendly": {"Free": "$0", "Standard": "$12 $10 $120", "Teams": "$20 $16 $192", "Enterprise": ""},
    "dropbox": {
        "Basic": "$0",
        "Plus": "$11.99 $9.99 $119.88",
        "Standard": "$18 $15 $180",
        "Advanced": "$30 $24 $288",
    },
    "notion": {"Free": "$0", "Plus": "$12 $10 $120", "Business": "$24 $20 $240", "Enterprise": ""},
    "plausible": {"Starter": "$9 $90", "Growth": "$14 $140", "Business": "$19 $190", "Enterprise": ""},
}
"""The public plans of each file, and the amounts that its page must show for them."""


def text_of(file: str) -> str:
    """The text of an example."""
    return (FOLDER / f"{file}.toml").read_text(encoding="utf-8")


def catalog_of(file: str) -> Catalog:
    """An example, read."""
    return parse_catalog(text_of(file), f"{file}.toml")


@pytest.fixture(scope="module")
def sandbox_url() -> Iterator[str]:
    """The address of one sandbox for all: each offer has products of its own name."""
    with run_sandbox() as sandbox:
        yield sandbox.base_url


@pytest.fixture
def site(sandbox_url: str, tmp_path: Path) -> Iterator[Site]:
    """An application with an account, and nothing on sale yet."""
    with open_site(f"sqlite:///{tmp_path / 'tiergate.db'}", sandbox_url) as opened:
        opened.billing.migrate()
        yield opened


class _Text(HTMLParser):
    """The words of a page, without its markup."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        """Keep what is shown."""
        self.words += data.split()


def shown(html: str) -> str:
    """Return what a page shows, in one line."""
    page = _Text()
    page.feed(html)
    return " ".join(page.words)


def test_five_products_are_modelled() -> None:
    """Each file has its purchase and its page, and says what it models and as of when."""
    assert FILES == sorted(SHOWN) == [purchase.file for purchase in PURCHASES]
    assert len(FILES) == 5
    assert [file for file in FILES if not re.search(r"(?m)^# .*20\d\d", text_of(file))] == []


@pytest.mark.parametrize("file", FILES)
def test_it_is_right_at_once(file: str) -> None:
    """The reader and the schema find nothing wrong with it."""
    assert list(catalog_of(file).plans)
    assert list(VALIDATOR.iter_errors(parse_document(text_of(file)))) == []


@pytest.mark.parametrize("file", FILES)
def test_it_is_pushed_with_every_price(site: Site, sandbox_url: str, file: str) -> None:
    """Each price arrives at Stripe with its amounts in all currencies; pushing again creates nothing."""
    pushed = site.billing.push_plans(text_of(file), f"{file}.toml")
    prices = {price.lookup_key: price for price in catalog_of(file).prices}
    assert sorted(pushed.created) == sorted(prices)
    assert site.billing.push_plans(text_of(file), f"{file}.toml").created == ()
    for price in at_stripe(sandbox_url, list(prices)):
        told = prices[price["lookup_key"]]
        assert price["recurring"]["interval"] == told.interval
        assert price["tax_behavior"] == str(told.tax_behavior)
        assert {
            currency: option["unit_amount"] for currency, option in price["currency_options"].items()
        } == {
            currency: None if told.tiers else amount.unit_amount
            for currency in told.currencies
            if (amount := told.amount_in(currency))
        }
        assert [(tier["up_to"], tier["flat_amount"]) for tier in price.get("tiers") or ()] == [
            (tier.up_to, tier.flat_amount) for tier in told.tiers
        ]


def client_of(sandbox_url: str) -> stripe.StripeClient:
    """The SDK: Stripe's dashboard, so to say."""
    return stripe.StripeClient(KEY, base_addresses={"api": sandbox_url})


def at_stripe(sandbox_url: str, lookup_keys: list[str]) -> list[dict[str, Any]]:
    """Return prices as Stripe shows them, with their currencies and tiers."""
    found: list[dict[str, Any]] = []
    for key in lookup_keys:
        wanted = f"lookup_keys[]={key}&expand[]=data.currency_options&expand[]=data.tiers"
        answer = client_of(sandbox_url).raw_request("get", f"/v1/prices?{wanted}")
        found += json.loads(answer.body)["data"]
    assert len(found) == len(lookup_keys)
    return found


@pytest.mark.parametrize("file", FILES)
def test_its_page_shows_every_plan_and_price(site: Site, file: str) -> None:
    """The pricing page names each public plan, and what it costs by month and by year."""
    site.billing.push_plans(text_of(file))
    html = site.as_nobody(**HTML).get("/pricing").text
    words = shown(html)
    public = [plan for plan in catalog_of(file) if plan.is_public]
    assert [plan.name for plan in public] == list(SHOWN[file])
    for name, amounts in SHOWN[file].items():
        assert name in words
        assert [amount for amount in amounts.split() if amount not in words.split()] == []
    assert [plan.contact_url for plan in public if plan.contact_url not in html] == []


@pytest.mark.parametrize("purchase", PURCHASES, ids=str)
def test_it_is_bought_and_opens_what_it_should(site: Site, sandbox_url: str, purchase: Purchase) -> None:
    """An order on the page, a card at Stripe's checkout, and the way back end with the right access."""
    site.billing.push_plans(text_of(purchase.file))
    site.billing.register(ACCOUNT, email="ap@acme.test")
    buy(site, purchase)
    told = site.billing.describe(ACCOUNT)
    subscription = told.subscription
    assert subscription is not None
    assert (subscription.plan_key, str(subscription.status)) == (purchase.order["plan"], purchase.status)
    assert [item.quantity for item in subscription.items] == [purchase.quantity]
    assert charged(sandbox_url, subscription.id, purchase.status) == (purchase.total, purchase.currency)
    decisions = {feature: site.billing.check(ACCOUNT, feature) for feature in purchase.limits}
    assert {feature: decision.limit for feature, decision in decisions.items()} == purchase.limits
    assert all(decision.allowed for decision in decisions.values())
    assert not purchase.refused or not site.billing.allowed(ACCOUNT, purchase.refused)


def buy(site: Site, purchase: Purchase) -> None:
    """Post the order, fill in Stripe's page, and come back."""
    visitor = site.signed_in(ACCOUNT)
    ordered = site.submit("/api/billing/checkout", ACCOUNT, **purchase.order)
    assert ordered.status_code == 303, ordered.text
    with httpx2.Client(timeout=20, follow_redirects=False) as browser:
        page = browser.get(ordered.headers["location"]).text
        form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        typed = {"number": purchase.card, "expiry": "12 / 34", "cvc": "123", "name": "Ada"}
        form |= {"email": "ap@acme.test", **(typed if purchase.card else {})}
        paid = browser.post(ordered.headers["location"], data=form)
    assert paid.status_code == 303, paid.text
    back = urlsplit(paid.headers["location"])
    assert visitor.get(f"{back.path}?{back.query}").status_code == 200


def charged(sandbox_url: str, subscription: str, status: str) -> tuple[int, str]:
    """Return what was charged, or for a trial what will be at its end, and in which currency."""
    client = client_of(sandbox_url)
    if status == "trialing":
        preview = client.v1.invoices.create_preview({"subscription": subscription})
        return preview.total, preview.currency
    invoices = client.v1.invoices.list({"subscription": subscription}).data
    (invoice,) = (each for each in invoices if each.total)  # that of a trial is of nothing
    return invoice.amount_paid, invoice.currency
