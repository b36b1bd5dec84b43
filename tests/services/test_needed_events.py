"""The events that an endpoint is registered for are those that something here depends on."""

import pytest

from tests.services.bench import Bench, Json
from tiergate.stripe_api.needed_events import NEEDED_EVENTS

CUSTOMER = {"id": "cus_1", "object": "customer"}
OBJECTS: dict[str, Json] = {
    "checkout.session": {"id": "cs_1", "object": "checkout.session", "status": "expired"},
    "customer": CUSTOMER,
    "customer.subscription": {
        "id": "sub_1", "object": "subscription", "customer": "cus_1", "status": "active", "created": 1
    },
    "invoice": {"id": "in_1", "object": "invoice", "customer": "cus_1", "status": "open", "created": 1},
    "payment_method": {"id": "pm_1", "object": "payment_method", "customer": "cus_1", "type": "card"},
    "subscription_schedule": {
        "id": "sub_sched_1", "object": "subscription_schedule", "customer": "cus_1", "status": "active"
    },
    "test_helpers.test_clock": {
        "id": "clock_1", "object": "test_helpers.test_clock", "frozen_time": 1, "status": "ready"
    },
}  # fmt: skip


@pytest.mark.parametrize("event_type", NEEDED_EVENTS)
def test_every_needed_event_is_used(bench: Bench, event_type: str) -> None:
    """It is applied, and not noted as something that nothing depends on."""
    kind = max((name for name in OBJECTS if event_type.startswith(f"{name}.")), key=len)
    event = bench.event(event_type, OBJECTS[kind])
    bench.ingest(event)
    assert bench.stored(event["id"]).state == "applied"


def test_each_is_named_once() -> None:
    """And none twice: Stripe refuses a list that repeats itself."""
    assert len(set(NEEDED_EVENTS)) == len(NEEDED_EVENTS)
