"""An account that pays for a plan: at Stripe, and mirrored by the product from what Stripe tells of it."""

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from importlib.resources import files
from itertools import count
from typing import Any

import stripe

from tiergate.billing import Billing
from tiergate.settings import Settings
from tiergate.stripe_api.gateway import API_VERSION
from tiergate_sandbox.testing import run_sandbox

SECRET = "whsec_benchmark"
KEY = "sk_test_benchmark"
FEATURE = "api_calls"
"""What the checks ask for: a metered feature, so that the answer rests on a limit and on what is used."""

AN_HOUR_SECONDS = 3600
_AMOUNTS = "expand[0]=data.currency_options&expand[1]=data.tiers"
_numbers = count()

Json = dict[str, Any]


def account_id(number: int) -> str:
    """Name an account."""
    return f"account-{number:07d}"


def settings(url: str, api_base: str | None = None) -> Settings:
    """Return the settings of a benchmark; without ``api_base`` nobody must ask Stripe."""
    nowhere = "http://127.0.0.1:9"
    return Settings(url, KEY, (SECRET,), stripe_api_base=api_base or nowhere)


@dataclass(frozen=True)
class Paying:
    """An account that pays for a plan, as Stripe shows it, and the prices and products on sale there."""

    subscription: Json
    customer: Json
    invoice: Json
    card: Json
    prices: list[Json]
    products: list[Json]


def make_account(url: str) -> Paying:
    """Create the tables, publish Northwind, and let ``account_id(0)`` pay for a plan."""
    with run_sandbox() as sandbox, Billing(settings(url, sandbox.base_url)) as billing:
        billing.migrate()
        billing.push_plans(northwind())
        billing.register(account_id(0), email="ada@example.com", name="Ada Lovelace")
        paying = _pay(
            stripe.StripeClient(KEY, stripe_version=API_VERSION, base_addresses={"api": sandbox.base_url})
        )
        created = int(time.time()) - AN_HOUR_SECONDS
        deliver(billing, "payment_method.attached", paying.card, created)
        deliver(billing, "customer.updated", paying.customer, created)
        deliver(billing, "customer.subscription.created", paying.subscription, created)
        deliver(billing, "invoice.paid", paying.invoice, created)
        billing.run_due()
    return paying


def northwind() -> str:
    """Return the catalogue of the demo."""
    return (files("tiergate.demo") / "northwind.toml").read_text(encoding="utf-8")


def _pay(client: stripe.StripeClient) -> Paying:
    prices = _get(client, f"/v1/prices?limit=100&{_AMOUNTS}")["data"]
    price = next(price["id"] for price in prices if price["lookup_key"] == "team_monthly")
    customer = _customer(client)
    subscription = _post(client, "/v1/subscriptions", customer=customer["id"], items=[{"price": price}])
    invoice = _get(client, f"/v1/invoices/{subscription['latest_invoice']}")
    card = _get(client, f"/v1/payment_methods/{customer['invoice_settings']['default_payment_method']}")
    products = _get(client, "/v1/products?limit=100")["data"]
    return Paying(subscription, customer, invoice, card, prices, products)


def _customer(client: stripe.StripeClient) -> Json:
    made = _post(client, "/v1/customers", email="ada@example.com", metadata={"account_id": account_id(0)})
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": made["id"]})
    return _post(client, f"/v1/customers/{made['id']}", invoice_settings={"default_payment_method": card.id})


def _post(client: stripe.StripeClient, path: str, **params: Any) -> Json:
    made: Json = json.loads(client.raw_request("post", path, **params).body)
    return made


def _get(client: stripe.StripeClient, path: str) -> Json:
    found: Json = json.loads(client.raw_request("get", path).body)
    return found


def deliver(billing: Billing, event_type: str, thing: Json, created: int) -> None:
    """Deliver an event, signed now, that Stripe created at ``created`` (seconds since 1970)."""
    event = {
        "id": f"evt_benchmark_{created}_{next(_numbers)}",
        "object": "event",
        "api_version": API_VERSION,
        "created": created,
        "livemode": False,
        "type": event_type,
        "data": {"object": thing},
    }
    body = json.dumps(event).encode()
    now = int(time.time())
    signature = hmac.digest(SECRET.encode(), b"%d." % now + body, hashlib.sha256).hex()
    billing.ingest_webhook(body, f"t={now},v1={signature}")
