"""Events are stored first, each once, and kept until they are dealt with and after."""

import json
from functools import partial

import pytest

from tests.store.builders import NOON, at, rows, the_row
from tests.store.together import together
from tiergate.store import Database, Transaction
from tiergate.store.event_rows import StoredEvent, close_event, insert_event, postpone_event, waiting_events
from tiergate.store.tables import events

HANDS = 8


def _event(event_id: str = "evt_1", received: float = 0, payload: str = "{}") -> StoredEvent:
    return StoredEvent(
        event_id=event_id,
        event_type="invoice.paid",
        object_id="in_1",
        livemode=True,
        api_version="2026-10-28.endive",
        event_created_at=at(received - 1),
        received_at=at(received),
        payload=payload,
    )


def _waiting(tx: Transaction, seconds: float, limit: int = 10) -> list[str]:
    return [event.event_id for event in waiting_events(tx, at(seconds), limit)]


def test_an_event_is_stored_once(database: Database) -> None:
    """The second time it is known already, and nothing of the first changes."""
    with database.write() as tx:
        assert insert_event(tx, _event(payload='{"first": 1}'))
        assert not insert_event(tx, _event(payload='{"second": 2}', received=5))
        row = the_row(tx, events)
    assert (row.payload, row.received_at, row.state) == ('{"first": 1}', at(0), "received")


def test_an_event_delivered_many_times_at_once_is_stored_once(database: Database) -> None:
    """One of eight parallel deliveries stores it, the others are told so: dj-stripe#1239."""

    def deliver() -> bool:
        with database.write() as tx:
            return insert_event(tx, _event())

    outcomes = together([deliver] * HANDS)
    with database.read() as tx:
        assert len(rows(tx, events)) == 1
    assert sorted(outcomes) == [False] * (HANDS - 1) + [True]


def test_an_event_whose_first_delivery_failed_is_stored_by_the_next(database: Database) -> None:
    """A delivery that is rolled back leaves nothing behind that would hide the retry: Plugin-Shop#276."""
    with database.write() as tx, tx.begin_nested() as delivery:
        insert_event(tx, _event())
        delivery.rollback()
    with database.write() as tx:
        assert insert_event(tx, _event())


def test_the_body_is_kept_byte_for_byte(database: Database) -> None:
    """Space, order, escapes and letters of the payload stay as they came."""
    payload = '{ "b": 1,\n\t"a":"\\u0000 \\u00e9 é 漢字 \'",  "c":1.50 }'
    with database.write() as tx:
        insert_event(tx, _event(payload=payload))
        (waiting,) = waiting_events(tx, at(0), 1)
    assert waiting.payload == payload
    assert json.loads(waiting.payload)["c"] == 1.5


def test_a_stored_event_waits_at_once_as_it_came(database: Database) -> None:
    """It is to be applied from the instant of its arrival on, with all its fields."""
    with database.write() as tx:
        insert_event(tx, _event(received=5))
        assert waiting_events(tx, at(4.999), 10) == []
        assert waiting_events(tx, at(5), 10) == [_event(received=5)]


def test_the_oldest_waiting_events_come_first(database: Database) -> None:
    """By arrival, then by id, and no more than are asked for."""
    with database.write() as tx:
        for event_id, received in (("evt_d", 2.0), ("evt_b", 1.0), ("evt_c", 1.0), ("evt_a", 3.0)):
            insert_event(tx, _event(event_id, received))
        assert _waiting(tx, 10) == ["evt_b", "evt_c", "evt_d", "evt_a"]
        assert _waiting(tx, 10, limit=2) == ["evt_b", "evt_c"]


def test_a_postponed_event_waits_until_then(database: Database) -> None:
    """A failure is noted, counted and tried again at its time, no earlier."""
    with database.write() as tx:
        insert_event(tx, _event())
        postpone_event(tx, "evt_1", "StripeUnavailableError: no answer", at(60))
        assert _waiting(tx, 59.999) == []
        (waiting,) = waiting_events(tx, at(60), 10)
        assert waiting.attempts == 1
        postpone_event(tx, "evt_1", "again", at(120))
        row = the_row(tx, events)
    assert (row.attempts, row.note, row.state, row.next_attempt_at) == (2, "again", "received", at(120))


@pytest.mark.parametrize("state", ["applied", "noted"])
def test_a_closed_event_waits_no_more(database: Database, state: str) -> None:
    """It keeps its end, its account and the reason; others go on waiting."""
    with database.write() as tx:
        insert_event(tx, _event("evt_1"))
        insert_event(tx, _event("evt_2"))
        close_event(tx, "evt_1", state, at(7), account_id="acme", note="why")
        assert _waiting(tx, 10**6) == ["evt_2"]
        row = tx.execute(events.select().where(events.c.event_id == "evt_1")).one()
    assert (row.state, row.processed_at, row.account_id, row.note) == (state, at(7), "acme", "why")
    assert row.payload == "{}"


def test_a_failure_told_too_late_wakes_no_event(database: Database) -> None:
    """Where one worker has applied it, another one's failure does not make it wait again."""
    with database.write() as tx:
        insert_event(tx, _event())
        close_event(tx, "evt_1", "applied", at(7))
        postpone_event(tx, "evt_1", "too late", at(8))
        assert _waiting(tx, 10**6) == []


def test_parallel_deliveries_of_different_events_all_count(database: Database) -> None:
    """Eight events that arrive together are eight rows."""

    def deliver(number: int) -> bool:
        with database.write() as tx:
            return insert_event(tx, _event(f"evt_{number}"))

    assert together([partial(deliver, number) for number in range(HANDS)]) == [True] * HANDS
    with database.read() as tx:
        assert {row.received_at for row in rows(tx, events)} == {NOON}
        assert len(rows(tx, events)) == HANDS
