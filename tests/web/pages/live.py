"""The application on a port with Stripe's events arriving by themselves, for the whole way of a customer."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

from playwright.sync_api import Page

from tests.support.ports import free_port
from tests.web.admin.live import serving
from tests.web.pages.product import product, who
from tests.web.routes.site import KEY
from tiergate.billing import Billing
from tiergate.real_time import now
from tiergate.services.examination.webhook_endpoints import register_webhooks
from tiergate.settings import Settings
from tiergate.stripe_api.gateway import Gateway

ACCOUNT = "acme"
PER_SEAT = """
[plans.crew]
name = "Crew"
description = "For crews that grow"
seats = { minimum = 2, maximum = 20 }
features = { projects = "unlimited", api_calls = 200000, roles = true, support = "Priority" }
[[plans.crew.prices]]
interval = "month"
currency = "usd"
unit_amount = 6000
[[plans.crew.prices]]
interval = "year"
currency = "usd"
unit_amount = 60000
"""


@dataclass(frozen=True)
class Shop:
    """Northwind with a plan per seat and a pause, on a test clock, and its one account."""

    url: str
    billing: Billing
    clock: str
    account: str = ACCOUNT

    def catch_up(self) -> None:
        """Read what Stripe holds: what its events have not brought yet."""
        self.billing.reconcile(self.account)

    def travel(self, days: float) -> None:
        """Move the account's time on."""
        self.billing.advance_clock(self.clock, timedelta(days=days), lambda: None)
        self.catch_up()


NEWCOMER = "brook"
TO_CREW = PER_SEAT.replace(
    "roles = true",
    'roles = true, sso = true, custom_domain = true, seats = "unlimited", audit_log = "1 year"',
)
"""What is bigger than Team: a plan per seat, with what Team lacks."""


@contextmanager
def open_product(folder: Path, sandbox_url: str) -> Iterator[Shop]:
    """Serve a product where one signs up: it tries Team by itself, and Crew has what Team lacks."""
    port = free_port()
    gateway = Gateway(KEY, sandbox_url)
    clock = str(gateway.create_test_clock(now(), "the product", f"product:{port}").body["id"])
    endpoint = register_webhooks(gateway, f"http://127.0.0.1:{port}")
    settings = Settings(
        f"sqlite:///{folder / 'product.db'}", KEY, (endpoint.secret or "",), sandbox_url,
        public_url=f"http://localhost:{port}", test_clock=clock, sign_up_url="/sign-up",
    )  # fmt: skip
    text = (files("tiergate.demo") / "northwind.toml").read_text(encoding="utf-8")
    text = text.replace("[plans.scale]", f"{TO_CREW}\n[plans.scale]", 1)
    team, rest = text.split("[plans.team]", 1)
    reverse = 'trial = { days = 14, model = "reverse_trial" }'
    rest = rest.replace('trial = { days = 14, card = "not_required" }', reverse, 1)
    with Billing(settings, account_of=who) as billing:
        billing.migrate()
        billing.push_plans(f"{team}[plans.team]{rest}")
        with serving(product(billing), port):
            yield Shop(settings.public_url, billing, clock, NEWCOMER)


@contextmanager
def open_shop(folder: Path, sandbox_url: str) -> Iterator[Shop]:
    """Serve the shop for as long as the block lasts."""
    port = free_port()
    gateway = Gateway(KEY, sandbox_url)
    clock = str(gateway.create_test_clock(now(), "the shop", f"shop:{port}").body["id"])
    endpoint = register_webhooks(gateway, f"http://127.0.0.1:{port}")
    settings = Settings(
        f"sqlite:///{folder / 'shop.db'}", KEY, (endpoint.secret or "",), sandbox_url,
        public_url=f"http://localhost:{port}", test_clock=clock,
    )  # fmt: skip
    with Billing(settings, account_of=lambda _: ACCOUNT) as billing:
        billing.migrate()
        text = (files("tiergate.demo") / "northwind.toml").read_text(encoding="utf-8")
        text = text.replace(
            "grace_days = 3", 'grace_days = 3\npause_days = 30\non_pause_collection = "pause"'
        )
        billing.push_plans(text.replace("[pricing_page]", f"{PER_SEAT}\n[pricing_page]"))
        billing.register(ACCOUNT, name="Acme Inc.", email="ap@acme.test", members=2)
        with serving(billing.asgi, port):
            yield Shop(settings.public_url, billing, clock)


def type_card(page: Page, number: str = "4242 4242 4242 4242") -> None:
    """Fill in a card on one of Stripe's pages."""
    page.locator('[name="number"]').fill(number)
    page.locator('[name="expiry"]').fill("12 / 34")
    page.locator('[name="cvc"]').fill("123")
    page.locator('[name="name"]').fill("Ada Lovelace")
