"""The parts of the webhook benchmark: the canned Stripe, the load, the prototypes, the counting."""

import json
import socket
import threading
from contextlib import closing
from dataclasses import replace

import pytest
from sqlalchemy import text

from benchmarks.ingest_cost import cost
from benchmarks.ingest_events import LAST, SECRET, Events
from benchmarks.ingest_load import deliver
from benchmarks.ingest_stripe import Objects, canned_stripe, times_asked
from benchmarks.prototypes import sqlite_ingest
from benchmarks.prototypes.verified import Data, Event, Item, Items, Subscription, verified
from tests.benchmarks.test_ingest_events import SCENERY
from tiergate.store import Database

_ITEM = {"id": "si_1", "quantity": 1, "current_period_end": 1_900_000_000}
COMPLETE = replace(
    SCENERY, subscription={**SCENERY.subscription, "status": "active", "items": {"data": [_ITEM]}}
)


def _event(event_id: str, created: int, seats: int) -> Event:
    subscription = Subscription("sub_1", "cus_1", "active", Items([Item("si_1", seats, 1_900_000_000)]))
    return Event(event_id, "customer.subscription.updated", created, Data(subscription))


def test_canned_stripe() -> None:
    """Stripe shows each object as it is in the end, lists what a customer has, and has nothing else."""
    events = Events(SCENERY, 2)
    shown = Objects([events.object("customer", 1, 0), events.newest(1)])
    assert json.loads(shown.answer("/v1/subscriptions/sub_0000001") or b"") == events.newest(1)
    listed = json.loads(shown.answer("/v1/subscriptions?customer=cus_0000001&status=all") or b"")
    assert listed["data"] == [events.newest(1)]
    assert json.loads(shown.answer("/v1/customers/cus_0000001/payment_methods") or b"")["data"] == []
    assert shown.answer("/v1/subscriptions/sub_0000009") is None


def test_requests_are_counted(migrated_sqlite_url: str) -> None:
    """Statements before the first commit, those in all, and calls of Stripe are counted; beginning is not."""
    database = Database(migrated_sqlite_url)

    def take(_body: bytes, _header: str) -> None:
        for statements in (2, 1):
            with database.write() as tx:
                for _ in range(statements):
                    tx.execute(text("SELECT 1"))

    with canned_stripe(Events(SCENERY, 1)) as base:
        counted = cost(take, [(b"", "")], base)
        assert (counted.until_durable, counted.in_all, counted.calls) == (2, 3, 0)
        before = times_asked(base)
        assert times_asked(base) == before
    database.close()


def _serve(listener: socket.socket, answer: bytes) -> None:
    with closing(listener.accept()[0]) as connection:
        while connection.recv(65536):
            connection.sendall(answer)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    ],
    ids=["length", "chunks"],
)
def test_load(answer: bytes) -> None:
    """Each request is answered before the next is sent, and each answer is timed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve, args=(listener, answer), daemon=True).start()
        assert len(deliver(listener.getsockname()[1], [[b"one", b"two", b"three"]])) == 3


def test_load_fails_with_the_server() -> None:
    """An answer that is no success ends the load and is told."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        refusal = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\n\r\nno!!"
        threading.Thread(target=_serve, args=(listener, refusal), daemon=True).start()
        with pytest.raises(RuntimeError, match="500"):
            deliver(listener.getsockname()[1], [[b"one"]])


def test_prototype_on_sqlite() -> None:
    """The prototype applies what is newer, asks about a tie, and takes a duplicate for what it is."""
    with closing(sqlite_ingest.connect(":memory:")) as connection:

        def apply(event: Event, read: Subscription | None = None) -> bool:
            return sqlite_ingest.apply(connection, event, b"{}", read)

        tie = _event("evt_2", 100, 3)
        assert apply(_event("evt_1", 100, 2))
        assert not apply(tie)
        assert apply(tie)
        assert connection.execute("SELECT state FROM events ORDER BY event_id").fetchall() == [
            ("applied",),
            ("received",),
        ]
        assert apply(tie, tie.data.object)
        assert connection.execute("SELECT seats FROM subscriptions").fetchall() == [(3,)]
        assert connection.execute("SELECT DISTINCT state FROM events").fetchall() == [("applied",)]


def test_prototypes_verify() -> None:
    """The bound includes the signature: a body that was changed is refused."""
    body, header = Events(COMPLETE, 1).changed(0, LAST).signed()
    assert verified(body, header, SECRET.encode()).data.object.id == "sub_0000000"
    with pytest.raises(PermissionError):
        verified(body + b" ", header, SECRET.encode())
