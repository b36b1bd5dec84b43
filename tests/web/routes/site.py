"""The application as its callers see it, with two accounts that know nothing of each other."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from importlib.resources import files
from urllib.parse import urlencode, urlsplit

import stripe
from fastapi import FastAPI, Request
from httpx2 import Response
from starlette.testclient import TestClient

from tests.web.routes.described import DescribedClient
from tiergate.billing import Billing
from tiergate.services.accounts.acting import Acting
from tiergate.services.administration.admin_accounts import AdminError
from tiergate.settings import Settings
from tiergate.web.app import create_app

KEY = "sk_test_the_site_of_tests"
SECRET = "whsec_the_site_of_tests"
SECRET_KEY = "what the site of the tests signs its links with"
ADMIN = "ada@northwind.test"
PASSWORD = "four words of no renown"
HTML = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
HOST = "http://northwind.test"
TRIED = {"trial_period_days": 14}
TO_BE_SENT = {"collection_method": "send_invoice", "days_until_due": 30}
"""A subscription that needs no card."""


def account_of(request: Request) -> str | None:
    """Who asks: in these tests a header says so, in a host its session does."""
    return request.headers.get("x-account")


class AdminClient(DescribedClient):
    """A client with an admin's session."""

    def token(self) -> str:
        """Return the token of the session, as a form bears it."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get("/admin/plans/text").text)
        assert found
        return found[1]

    def submit(self, path: str, **fields: str) -> Response:
        """Send a form with the token; ``__`` in a name stands for a hyphen."""
        named = {name.replace("__", "-"): value for name, value in fields.items()}
        return self.post(path, data={"csrf_token": self.token(), **named})


@dataclass(frozen=True)
class Site:
    """The application, mounted nowhere, and its ``Billing``."""

    billing: Billing
    app: FastAPI

    def as_nobody(self, **headers: str) -> TestClient:
        """Return a client that is not signed in; it follows no redirects, and sees 500, not exceptions."""
        return DescribedClient(
            self.app, HOST, raise_server_exceptions=False, follow_redirects=False, headers=headers
        )

    def signed_in(self, account_id: str = "acme") -> TestClient:
        """Return a client that acts for an account."""
        return self.as_nobody(**{"x-account": account_id})

    def form_token(self, account_id: str = "acme") -> str:
        """Return what the forms of an account's owner bear."""
        return self.billing.form_token(Acting(account_id))

    def submit(self, path: str, account_id: str = "acme", **fields: str) -> Response:
        """Send a form of our own pages, as an account's owner."""
        form = {"form_token": self.form_token(account_id), **fields}
        return self.signed_in(account_id).post(path, data=form)

    def as_admin(self) -> "AdminClient":
        """Return a client of an admin who has just signed in."""
        with suppress(AdminError):
            self.billing.administration.add(ADMIN, PASSWORD)
        client = AdminClient(self.app, HOST, raise_server_exceptions=False, follow_redirects=False)
        answer = client.post("/admin/sign-in", data={"email": ADMIN, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        return client

    def start_checkout(self, account_id: str) -> str:
        """Let an account start the checkout of Team, and return the session's id."""
        url = self.billing.start_checkout(account_id, "team")
        found = re.search(r"cs_test_\w+", url)
        assert found, url
        return found[0]

    def pay(self, session_id: str, card: str = "") -> None:
        """Fill in Stripe's checkout page, with a card where it asks for one."""
        line = HTTPConnection(urlsplit(str(self.billing.settings.stripe_api_base)).netloc)
        line.request("GET", f"/c/pay/{session_id}")
        page = line.getresponse().read().decode()
        form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        typed = {"number": card, "expiry": "12 / 34", "cvc": "123", "name": "Ada"} if card else {}
        body = urlencode({**form, "email": "ap@acme.test", **typed})
        line.request(
            "POST", f"/c/pay/{session_id}", body, {"Content-Type": "application/x-www-form-urlencoded"}
        )
        assert line.getresponse().status == 303
        line.close()

    def subscribe(self, account_id: str, *, on_trial: bool = True) -> None:
        """Let an account have Team, made in the dashboard and told by a webhook; tried, or to be paid."""
        self.billing.start_checkout(account_id, "starter")
        customer = self.billing.describe(account_id).told.account.stripe_customer_id
        base = self.billing.settings.stripe_api_base
        client = stripe.StripeClient(KEY, base_addresses={"api": str(base)})
        price = client.v1.prices.list({"lookup_keys": ["team_monthly"]}).data[0].id
        order = {
            "customer": str(customer),
            "items": [{"price": price}],
            **(TRIED if on_trial else TO_BE_SENT),
        }
        created = json.loads(client.raw_request("post", "/v1/subscriptions", **order).body)
        event = {
            "id": f"evt_{created['id']}",
            "type": "customer.subscription.created",
            "created": created["created"],
            "livemode": False,
            "data": {"object": created},
        }
        body = json.dumps(event).encode()
        self.billing.ingest_webhook(body, signed(body)["Stripe-Signature"])


@contextmanager
def open_site(database_url: str, sandbox_url: str) -> Iterator[Site]:
    """Open a site on a database that was furnished."""
    settings = Settings(database_url, KEY, (SECRET,), sandbox_url, public_url=HOST, secret_keys=(SECRET_KEY,))
    with Billing(settings) as billing:
        yield Site(billing, create_app(billing, account_of))


def furnish(database_url: str, sandbox_url: str) -> None:
    """Put Northwind on sale, and make the accounts ``acme`` and ``rival`` known."""
    with open_site(database_url, sandbox_url) as site:
        site.billing.migrate()
        site.billing.push_plans((files("tiergate.demo") / "northwind.toml").read_text(encoding="utf-8"))
        site.billing.register("acme", name="Acme Inc.", email="ap@acme.test")
        site.billing.register("rival", name="Rival Ltd.", email="boss@rival.test")


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    """Return the headers of a webhook that is signed now."""
    from tiergate.real_time import now

    header = stripe.WebhookSignature.generate_signature_header(body.decode(), secret, int(now().timestamp()))
    return {"Stripe-Signature": header}
