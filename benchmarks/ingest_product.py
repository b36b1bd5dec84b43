"""The product under the load of webhooks: a database with buyers in it, a server, and a look at the result.

``python -m benchmarks.ingest_product`` serves ``Billing`` with settings from the environment; the first line
that it prints is its port.
"""

import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import stripe
from sqlalchemy import Select, func, select

from benchmarks.ingest_contest import judge
from benchmarks.ingest_events import SECRET, Events, Json, Scenery, account_id, signature
from benchmarks.listening import serve_and_tell
from tiergate import Billing
from tiergate.cli.serving import collect_rarely
from tiergate.real_time import now as real_now
from tiergate.settings import Settings
from tiergate.store import Database
from tiergate.store.tables import accounts, events
from tiergate_sandbox.testing import run_sandbox

KEY = "sk_test_00000000000000000000benchmark"
CHANGED = "customer.subscription.updated"
_PRICE = "team_monthly"
_MOST_ROUNDS = 10_000
_ACCOUNT = {"id": "account", "object": "account", "country": "US", "email": "founder@example.com"}


def settings(url: str, stripe_base: str) -> Settings:
    """Return the settings of the product under test."""
    return Settings(url, KEY, (SECRET,), stripe_api_base=stripe_base)


def variables(url: str, stripe_base: str) -> dict[str, str]:
    """Return the same settings as environment variables."""
    return {
        "DATABASE_URL": url,
        "STRIPE_SECRET_KEY": KEY,
        "STRIPE_WEBHOOK_SECRET": SECRET,
        "STRIPE_API_BASE": stripe_base,
    }


def set_up(urls: Sequence[str]) -> Scenery:
    """Create the tables in each database, and put Northwind's plans on sale there."""
    text = (files("tiergate.demo") / "northwind.toml").read_text(encoding="utf-8")
    with run_sandbox() as sandbox:
        for url in urls:
            with Billing(settings(url, sandbox.base_url)) as billing:
                billing.migrate()
                billing.push_plans(text)
        client = stripe.StripeClient(KEY, base_addresses={"api": sandbox.base_url})
        return _buy(client)


def fill(url: str, story: Events, stripe_base: str) -> None:
    """Let every buyer of the story be known: account, customer, card, subscription, paid invoice."""
    with Billing(settings(url, stripe_base)) as billing:
        for number in range(story.subscriptions):
            billing.register(account_id(number), email=f"{number}@example.com")
            for delivery in story.created(number):
                billing.ingest_webhook(delivery.body, signature(delivery.body))
        for _ in range(_MOST_ROUNDS):
            if billing.run_due() == 0 and waiting(url) == 0:
                return
    raise RuntimeError(f"after {_MOST_ROUNDS} rounds something is still due")


def waiting(url: str) -> int:
    """Return how many events are not applied yet, and how many accounts are not told yet what follows."""
    database = Database(url)
    try:
        return unapplied(database) + untold(database)
    finally:
        database.close()


def unapplied(database: Database) -> int:
    """Return how many events are not applied yet."""
    return _count(database, select(func.count()).where(events.c.state == "received"))


def untold(database: Database) -> int:
    """Return how many accounts are not told yet what follows from the events."""
    return _count(database, select(func.count()).where(accounts.c.next_due_at <= real_now()))


def _count(database: Database, query: Select[int]) -> int:
    with database.read() as tx:
        return int(tx.execute(query).scalar_one())


def what_is_wrong(url: str, story: Events, expected: int) -> str:
    """Compare the tables with what was sent; ``expected`` changes must be applied. Empty when all is well."""
    counted = "SELECT state, count(*) FROM tiergate_events WHERE event_type = '{}' GROUP BY state"
    states = dict(_rows(url, counted.format(CHANGED)))
    rows = _rows(url, "SELECT stripe_subscription_id, items FROM tiergate_subscriptions")
    seats = {key: _decoded(items)[0]["quantity"] for key, items in rows}
    return judge(states, seats, story, expected)


def _decoded(items: Any) -> Any:
    return json.loads(items) if isinstance(items, str) else items


def _rows(url: str, query: str) -> list[tuple[Any, ...]]:
    database = Database(url)
    try:
        with database.read() as tx:
            return [tuple(row) for row in tx.exec_driver_sql(query)]
    finally:
        database.close()


def _buy(client: stripe.StripeClient) -> Scenery:
    def call(method: str, path: str, **params: object) -> Json:
        found: Json = json.loads(client.raw_request(method, path, **params).body)
        return found

    price = call("get", "/v1/prices", lookup_keys=[_PRICE])["data"][0]
    customer = call("post", "/v1/customers", email="ada@example.com", name="Ada Lovelace")["id"]
    card = call("post", "/v1/payment_methods/pm_card_visa/attach", customer=customer)
    default = {"default_payment_method": card["id"]}
    subscription = call(
        "post", "/v1/subscriptions", customer=customer, items=[{"price": price["id"]}], **default
    )
    return Scenery(
        customer=call("post", f"/v1/customers/{customer}", invoice_settings=default),
        payment_method=card,
        subscription=subscription,
        invoice=call("get", f"/v1/invoices/{subscription['latest_invoice']}"),
        others=(price, call("get", f"/v1/products/{price['product']}"), _ACCOUNT),
    )


def main() -> None:
    """Serve until killed, with the thread that does what is due, as ``tiergate serve`` does."""
    billing = Billing()
    billing.start()
    application = billing.asgi
    collect_rarely()
    serve_and_tell(application)


if __name__ == "__main__":
    main()
