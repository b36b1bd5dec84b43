"""The bench of the services' tests: a database, a sandbox in this process, a line that can break."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from importlib.resources import files
from itertools import count
from typing import Any
from urllib.parse import urlencode, urlsplit

import stripe
from sqlalchemy import Row, Table, select

from tiergate.rules.instants import to_unix_seconds
from tiergate.services.access.explain import Explanation, explain
from tiergate.services.accounts.ensure_customer import ensure_customer
from tiergate.services.accounts.register_account import Details, register_account
from tiergate.services.context import Context
from tiergate.services.plans.push_plans import push_plans
from tiergate.services.webhooks.ingest_webhook import ingest_webhook
from tiergate.store import Database
from tiergate.store.tables import events, subscriptions
from tiergate.stripe_api.gateway import API_VERSION, Gateway
from tiergate_sandbox.testing import InProcessClient, Sandbox, Webhook

KEY = "sk_test_the_bench"
ACCOUNT = "acme"
BEGIN = datetime(2027, 3, 1, 10, tzinfo=UTC)
PUBLIC_URL = "https://app.example"

Json = dict[str, Any]

_numbers = count(1)


@dataclass
class Clock:
    """Real time, as the bench and the sandbox see it; it moves only when it is told to."""

    now: datetime = BEGIN

    def __call__(self) -> datetime:
        """Read the clock."""
        return self.now

    def unix_seconds(self) -> float:
        """Read it as the sandbox does."""
        return self.now.timestamp()

    def advance(self, **by: float) -> None:
        """Move it: ``advance(minutes=5)``."""
        self.now += timedelta(**by)


class Line(InProcessClient):
    """The line to Stripe. ``down``: nothing gets through; ``deaf``: Stripe acts, but its answer is lost."""

    def __init__(self, sandbox: Sandbox, clock: Clock) -> None:
        super().__init__(sandbox)
        self._clock = clock
        self.down = False
        self.deaf = False
        self.calls_left: int | None = None
        """After how many calls the line goes down by itself."""
        self.deaf_after: int | None = None
        """After how many calls the line goes deaf by itself."""
        self.requests: list[str] = []

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Make one request, unless the line is broken."""
        self.requests.append(f"{method.upper()} {urlsplit(url).path}")
        if self.down or self.calls_left == 0:
            raise lost()
        if self.calls_left is not None:
            self.calls_left -= 1
        body, status, answered = super().request(method, url, headers, post_data)
        if self.deaf_after:
            self.deaf_after -= 1
        elif self.deaf or self.deaf_after is not None:
            raise lost("the answer was lost")
        return body, status, {**answered, "Date": format_datetime(self._clock.now, usegmt=True)}


def lost(reason: str = "the line is down") -> stripe.APIConnectionError:
    """What the SDK raises where the line breaks."""
    return stripe.APIConnectionError(reason)  # type: ignore[no-untyped-call]  # the SDK leaves it untyped


class LineGateway(Gateway):
    """The gateway, speaking over a line instead of the network, and never trying again by itself."""

    def __init__(self, line: Line, secret_key: str = KEY) -> None:
        super().__init__(secret_key, http_client=line, network_retries=0)


@dataclass
class Bench:
    """Everything a test of a service needs; Northwind is on sale and ``acme`` is known."""

    database_url: str
    clock: Clock
    sandbox: Sandbox
    line: Line
    context: Context
    stripe: stripe.StripeClient
    """The SDK with a line of its own: Stripe's dashboard, so to say."""

    def tick(self) -> None:
        """Let one second pass, so that what Stripe says next is newer than what it said before."""
        self.clock.advance(seconds=1)

    def webhooks(self, *types: str) -> list[Webhook]:
        """Take the webhooks that Stripe has emitted since the last call, of these types or all."""
        taken = self.sandbox.take_webhooks(API_VERSION)
        return [webhook for webhook in taken if not types or webhook.type in types]

    def webhook(self, event_type: str) -> Webhook:
        """Take what Stripe has emitted, and return the last event of a type."""
        return self.webhooks(event_type)[-1]

    def deliver(self, *webhooks: Webhook) -> None:
        """Deliver webhooks in the order given."""
        for webhook in webhooks:
            self.ingest(webhook.body)

    def ingest(self, body: bytes | Json) -> str:
        """Deliver an event, signed now."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return ingest_webhook(self.context, raw, self.sign(raw))

    def sign(self, body: bytes, secret: str | None = None, at: datetime | None = None) -> str:
        """Return the ``Stripe-Signature`` of a body."""
        header: str = stripe.WebhookSignature.generate_signature_header(
            body.decode(), secret or self.sandbox.webhook_secret, to_unix_seconds(at or self.clock.now)
        )
        return header

    def event(self, event_type: str, thing: Json, **differing: Any) -> Json:
        """Return an event as Stripe would send it now; ``differing`` replaces fields of its envelope."""
        event = {
            "id": f"evt_made_up_{next(_numbers)}",
            "object": "event",
            "api_version": API_VERSION,
            "created": to_unix_seconds(self.clock.now),
            "livemode": False,
            "type": event_type,
            "data": {"object": thing},
        }
        return {**event, **differing}

    def rows(self, table: Table) -> list[Row[Any]]:
        """Return all rows of a table."""
        with self.context.database.read() as tx:
            return list(tx.execute(select(table)))

    def stored(self, event_id: str) -> Row[Any]:
        """Return the row of an event."""
        return next(row for row in self.rows(events) if row.event_id == event_id)

    def stored_of(self, event_type: str) -> list[Row[Any]]:
        """Return the rows of the events of a type."""
        return [row for row in self.rows(events) if row.event_type == event_type]

    def use_gateway(self, gateway: Gateway) -> None:
        """Go on with another gateway, for instance one of live mode."""
        self.context = replace(self.context, gateway=gateway)

    def use_test_clock(self, test_clock: str) -> None:
        """Put new customers on a test clock from now on."""
        self.context = replace(self.context, test_clock=test_clock)

    def register(self, account_id: str, **details: Any) -> None:
        """Make an account known."""
        register_account(self.context, account_id, Details(**details))

    def pay(self, checkout_url: str, card: str = "") -> None:
        """Fill in Stripe's checkout page; without a card where none is asked for."""
        page = self.sandbox.request("GET", checkout_url, {}).body.decode()
        form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        form |= {"email": "ap@acme.test"}
        form |= {"number": card, "expiry": "12 / 34", "cvc": "123", "name": "Ada"} if card else {}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self.sandbox.request("POST", checkout_url, headers, urlencode(form).encode())
        assert answer.status == 303, answer.body.decode()

    def mirrored(self, subscription_id: str) -> Row[Any]:
        """Return the mirror of a subscription."""
        found = [row for row in self.rows(subscriptions) if row.stripe_subscription_id == subscription_id]
        assert len(found) == 1, found
        return found[0]

    def mirrored_ids(self) -> set[str]:
        """Return the ids of all mirrored subscriptions."""
        return {row.stripe_subscription_id for row in self.rows(subscriptions)}

    def explain(self, account_id: str = ACCOUNT) -> Explanation:
        """Tell what an account has, and why."""
        return explain(self.context, account_id)

    def reason(self, account_id: str = ACCOUNT) -> str:
        """Return the reason of an account's access."""
        return str(self.explain(account_id).phase.reason)

    def price(self, plan: str, interval: str = "monthly") -> str:
        """Return the id of a price at Stripe."""
        found = self.stripe.v1.prices.list({"lookup_keys": [f"{plan}_{interval}"]}).data
        return found[0].id

    def customer_without_card(self, account_id: str = ACCOUNT) -> str:
        """Return an account's customer at Stripe."""
        return ensure_customer(self.context, account_id)

    def customer(self, account_id: str = ACCOUNT) -> str:
        """Return an account's customer at Stripe, with a card that can be charged."""
        customer_id = self.customer_without_card(account_id)
        card = self.stripe.v1.payment_methods.attach("pm_card_visa", {"customer": customer_id})
        self.stripe.v1.customers.update(
            customer_id, {"invoice_settings": {"default_payment_method": card.id}}
        )
        return customer_id

    def subscribe(self, plan: str = "team", account_id: str = ACCOUNT, **params: Any) -> str:
        """Let an account have a subscription at Stripe, as the dashboard makes it: without metadata."""
        order = {"customer": self.customer(account_id), "items": [{"price": self.price(plan)}], **params}
        return str(self.post("/v1/subscriptions", **order)["id"])

    def post(self, path: str, **params: Any) -> Json:
        """Do something at Stripe, as the dashboard would, and return its answer."""
        answer: Json = json.loads(self.stripe.raw_request("post", path, **params).body)
        return answer

    def at_stripe(self, path: str) -> Json:
        """Return an object as Stripe shows it, in the shapes we ask for."""
        answer: Json = json.loads(self.stripe.raw_request("get", path).body)
        return answer


def northwind() -> str:
    """Return the catalogue of the demo."""
    return (files("tiergate.demo") / "northwind.toml").read_text(encoding="utf-8")


@contextmanager
def open_bench(database_url: str) -> Iterator[Bench]:
    """Set up a bench on a migrated database."""
    clock = Clock()
    sandbox = Sandbox(now=clock.unix_seconds)
    line = Line(sandbox, clock)
    context = Context(
        database=Database(database_url),
        gateway=LineGateway(line),
        now=clock,
        webhook_secrets=(sandbox.webhook_secret,),
        public_url=PUBLIC_URL,
    )
    dashboard = stripe.StripeClient(KEY, stripe_version=API_VERSION, http_client=Line(sandbox, clock))
    try:
        push_plans(context, northwind())
        register_account(context, ACCOUNT, Details(email="ap@acme.test", name="Acme Inc."))
        sandbox.take_webhooks()
        line.requests.clear()
        yield Bench(database_url, clock, sandbox, line, context, dashboard)
    finally:
        context.database.close()
