"""An object is read from Stripe by one process at a time."""

from datetime import timedelta
from typing import Any

import pytest

from tests.services.bench import ACCOUNT, Bench
from tiergate.services.mirror.read_from_stripe import BeingReadError, read_account, read_object
from tiergate.services.run_due import run_due
from tiergate.services.webhooks.delivery import Need
from tiergate.store.lease_rows import give_back_lease, take_lease
from tiergate.store.tables import leases
from tiergate.stripe_api.gateway import StripeUnavailableError


def hold(bench: Bench, name: str) -> None:
    """Let another process be reading something."""
    now = bench.clock.now
    with bench.context.database.write() as tx:
        assert take_lease(tx, name, "another", now, now + timedelta(minutes=5))


def test_a_second_reader_is_told(both: Bench) -> None:
    """While one reads an object, the other does not ask Stripe; when that one is done, it may."""
    subscription_id = both.subscribe()
    need = Need("subscription", subscription_id)
    hold(both, f"read subscription {subscription_id}")
    both.line.requests.clear()
    with pytest.raises(BeingReadError):
        read_object(both.context, need, "test")
    assert both.line.requests == []
    with both.context.database.write() as tx:
        give_back_lease(tx, f"read subscription {subscription_id}", "another")
    assert read_object(both.context, need, "test") is not None
    assert both.rows(leases) == []


def test_a_reader_that_was_killed_is_waited_for_no_longer_than_its_lease(both: Bench) -> None:
    """After five minutes of real time the object may be read by others."""
    subscription_id = both.subscribe()
    hold(both, f"read subscription {subscription_id}")
    both.clock.advance(minutes=4, seconds=59)
    with pytest.raises(BeingReadError):
        read_object(both.context, Need("subscription", subscription_id), "test")
    both.clock.advance(seconds=1)
    assert read_object(both.context, Need("subscription", subscription_id), "test") is not None


def test_an_event_whose_object_is_being_read_waits(both: Bench) -> None:
    """It stays received, without a warning, and is finished shortly after by whoever comes by."""
    active = both.at_stripe(f"/v1/subscriptions/{both.subscribe()}")
    both.ingest(both.event("customer.subscription.created", active))
    tie = both.event("customer.subscription.updated", active)
    hold(both, f"read subscription {active['id']}")
    both.ingest(tie)
    assert both.stored(tie["id"]).state == "received"
    with both.context.database.write() as tx:
        give_back_lease(tx, f"read subscription {active['id']}", "another")
    both.clock.advance(seconds=10)
    run_due(both.context)
    assert both.stored(tie["id"]).state == "applied"


def test_an_account_is_read_by_one(both: Bench) -> None:
    """Who comes second does nothing, and is told so."""
    customer = both.customer()
    hold(both, f"read all of {customer}")
    both.line.requests.clear()
    assert read_account(both.context, ACCOUNT, "test") is False
    assert both.line.requests == []


def test_a_failed_reading_gives_its_lease_back(both: Bench) -> None:
    """Trouble at Stripe does not keep the next reader waiting."""
    customer = both.customer()
    both.line.down = True
    for read in (
        lambda: read_account(both.context, ACCOUNT, "test"),
        lambda: read_object(both.context, Need("customer", customer), "test"),
    ):
        with pytest.raises(StripeUnavailableError):
            read()
    assert both.rows(leases) == []


def test_no_transaction_is_open_while_stripe_is_asked(both: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another writer gets through in the middle of a reading, on SQLite too."""
    customer = both.customer()
    asked: list[str] = []
    fetch = both.context.gateway.fetch_customer

    def slow(customer_id: str) -> Any:
        both.register("somebody-else")
        asked.append(customer_id)
        return fetch(customer_id)

    monkeypatch.setattr(both.context.gateway, "fetch_customer", slow)
    read_object(both.context, Need("customer", customer), "test")
    read_account(both.context, ACCOUNT, "test")
    assert asked == [customer, customer]
