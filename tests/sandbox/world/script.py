"""A script of business time: calls, jumps of a test clock, and the events that must have come of them."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any, Literal

from tests.sandbox.world.conformance import faults_of
from tiergate_sandbox.world import Answer, Call, Settings, World

Obj = dict[str, Any]

NEWEST = "2026-10-28.endive"
HOUR = 3_600
DAY = 86_400
NOW = 1_768_471_200
"""2026-01-15T10:00:00Z, when every script begins."""

ZERO_INVOICE = ("invoice.created", "invoice.finalized", "invoice.paid", "invoice.payment_succeeded")
PAID = (
    "charge.succeeded",
    "payment_intent.succeeded",
    "invoice_payment.paid",
    "invoice.paid",
    "invoice.payment_succeeded",
)
REFUSED = ("charge.failed", "payment_intent.payment_failed", "invoice.payment_failed")
FINALIZED = ("invoice.finalized", "payment_intent.created")
LATER = ("invoice.updated", "customer.updated")
"""What follows from finalizing an invoice that existed before: it changed, and so did the customer's
numbering.
"""


def at(text: str) -> int:
    """Return the unix seconds of an instant such as ``2026-01-25T10:00:00``."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


class Script:
    """One world with a catalogue, a test clock that stands at ``NOW``, and the events since they were last
    asked for.
    """

    def __init__(self, settings: Settings | None = None, now: int = NOW, seed: int = 0) -> None:
        self.world = World(seed, settings or Settings())
        self.now = now
        self.payloads: list[Obj] = []
        self.clock = self.post("/v1/test_helpers/test_clocks", frozen_time=now)["id"]
        self.product = self.post("/v1/products", name="Pro")["id"]
        self.forget()

    # calls

    def call(
        self, method: Literal["GET", "POST", "DELETE"], path: str, params: Obj, version: str = NEWEST
    ) -> Answer:
        """Call the API and keep the events; what comes back must have the keys of Stripe's SDK."""
        call = Call(
            method, path, {name: _sent(value) for name, value in params.items()}, version, "req_1", "key_1"
        )
        answer, events = self.world.call(call, self.now)
        payloads = [self.world.event_payload(event.event_id, version) for event in events]
        self.payloads += payloads
        if version == NEWEST and answer.status == 200:
            assert faults_of(answer.body) + faults_of(payloads) == []
        return answer

    def post(self, path: str, **params: Any) -> Obj:
        """POST something that must succeed."""
        return _body(self.call("POST", path, params))

    def get(self, path: str, **params: Any) -> Obj:
        """GET something that must succeed."""
        return _body(self.call("GET", path, params))

    def delete(self, path: str, **params: Any) -> Obj:
        """DELETE something that must succeed."""
        return _body(self.call("DELETE", path, params))

    def refused(self, status: int, method: Literal["GET", "POST", "DELETE"], path: str, **params: Any) -> Obj:
        """Call something that must be refused with a status, and return the error."""
        answer = self.call(method, path, params)
        assert answer.status == status, answer.body
        error: Obj = answer.body["error"]
        return error

    # the catalogue and the customers

    def price(self, amount: int, interval: str = "month", **params: Any) -> str:
        """Create a recurring price."""
        params = {"currency": "usd", "product": self.product, "recurring": {"interval": interval}, **params}
        price: str = self.post("/v1/prices", unit_amount=amount, **params)["id"]
        self.forget()
        return price

    def customer(self, card: str | None = None, **params: Any) -> str:
        """Create a customer on the clock, with a default card if one is named."""
        if card is not None:
            params |= {"payment_method": card, "invoice_settings": {"default_payment_method": card}}
        customer: str = self.post("/v1/customers", test_clock=self.clock, **params)["id"]
        self.forget()
        return customer

    def subscribe(self, customer: str, price: str, **params: Any) -> Obj:
        """Subscribe a customer to one price."""
        return self.post("/v1/subscriptions", customer=customer, items=[{"price": price}], **params)

    def subscription(self, sub: Obj | str) -> Obj:
        """Read a subscription again."""
        return self.get(f"/v1/subscriptions/{sub if isinstance(sub, str) else sub['id']}")

    def invoice(self, sub: Obj, **params: Any) -> Obj:
        """Read the latest invoice of a subscription."""
        return self.get(f"/v1/invoices/{self.subscription(sub)['latest_invoice']}", **params)

    # time

    def advance_to(self, target: int) -> None:
        """Advance the clock; its own three events do not count."""
        self.post(f"/v1/test_helpers/test_clocks/{self.clock}/advance", frozen_time=target)
        events = self.world.run_until(self.now)
        self.payloads += [self.world.event_payload(event.event_id, NEWEST) for event in events]
        self.payloads = [one for one in self.payloads if not one["type"].startswith("test_helpers.")]

    def frozen_time(self) -> int:
        """Return where the clock stands."""
        return int(self.get(f"/v1/test_helpers/test_clocks/{self.clock}")["frozen_time"])

    def advance(self, *, days: int = 0, hours: int = 0, seconds: int = 0) -> None:
        """Advance the clock by a while."""
        self.advance_to(self.frozen_time() + days * DAY + hours * HOUR + seconds)

    # events

    def forget(self) -> None:
        """Leave what has happened so far out of the next ``happened``."""
        self.payloads = []

    def happened(self, *types: str) -> "Happened":
        """Check that exactly these events came since the last look, in whatever order."""
        found = self.payloads
        self.payloads = []
        assert Counter(one["type"] for one in found) == Counter(types)
        return Happened(found)


class Happened:
    """The events of a step."""

    def __init__(self, payloads: list[Obj]) -> None:
        self.payloads = payloads

    def of(self, type: str) -> Obj:
        """Return the only event of a type."""
        (payload,) = (one for one in self.payloads if one["type"] == type)
        return payload

    def object_of(self, type: str) -> Obj:
        """Return the object of the only event of a type."""
        shown: Obj = self.of(type)["data"]["object"]
        return shown

    def before(self, type: str) -> Obj:
        """Return the ``previous_attributes`` of the only event of a type."""
        previous: Obj = self.of(type)["data"]["previous_attributes"]
        return previous


def _body(answer: Answer) -> Obj:
    assert answer.status == 200, answer.body
    return answer.body


def _sent(value: Any) -> Any:
    """Return a parameter as form encoding would carry it."""
    if isinstance(value, dict):
        return {name: _sent(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_sent(entry) for entry in value]
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
