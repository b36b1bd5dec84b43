"""A backlog: events that are stored and not applied drain, and the process that does so does not grow.

``python -m benchmarks.ingest_backlog`` does what is due in the database of ``DATABASE_URL`` until nothing is.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from benchmarks import ingest_product
from benchmarks.ingest_events import Delivery, Events
from benchmarks.row import Row
from tiergate import Billing
from tiergate.real_time import now
from tiergate.store import Database
from tiergate.store.tables import events

GROWTH_GATE = 1.2
_AT_ONCE = 1_000
_LOOK_EVERY_SECONDS = 0.1


def drained(database: str, url: str, story: Events, changes: int, stripe_base: str) -> Iterator[Row]:
    """Store so many changes of each buyer, then let one process apply them, and watch its memory."""
    size = changes * story.subscriptions
    later = story.continued(changes)
    buyers = range(story.subscriptions)
    _store(url, (later.changed(number, change) for change in range(1, changes + 1) for number in buyers))
    began_at = time.perf_counter()
    early, late = _watch(url, size, ingest_product.variables(url, stripe_base))
    seconds = time.perf_counter() - began_at
    wrong = ingest_product.what_is_wrong(url, later, size)
    name = f"memory late in a backlog of {size:,} events, {database}, against early in it"
    yield Row(name, late, early, GROWTH_GATE, "MB", f"{size / seconds:,.0f} events/s", wrong=wrong)


def _watch(url: str, size: int, variables: dict[str, str]) -> tuple[float, float]:
    """Return the megabytes that the process held when a tenth was drained, and the most after that."""
    early, most = 0.0, 0.0
    command = [sys.executable, "-m", "benchmarks.ingest_backlog"]
    with subprocess.Popen(command, env={**os.environ, **variables}) as process:
        while process.poll() is None:
            held = _megabytes(process.pid)
            if not early and ingest_product.waiting(url) <= size * 0.9:
                early = held
            most = max(most, held) if early else most
            time.sleep(_LOOK_EVERY_SECONDS)
    return early, most


def _store(url: str, deliveries: Iterable[Delivery]) -> None:
    """Store events as they are when they could not be applied, in the order in which they came."""
    source = iter(deliveries)
    database = Database(url)
    while some := list(islice(source, _AT_ONCE)):
        with database.write() as tx:
            tx.execute(events.insert(), [_row(one) for one in some])
    database.close()


def _row(delivery: Delivery) -> dict[str, object]:
    received_at = now()
    return {
        "event_id": delivery.event_id,
        "event_type": ingest_product.CHANGED,
        "object_id": delivery.subscription_id,
        "livemode": False,
        "event_created_at": datetime.fromtimestamp(delivery.created, UTC),
        "received_at": received_at,
        "next_attempt_at": received_at,
        "state": "received",
        "payload": delivery.body.decode(),
    }


def _megabytes(pid: int) -> float:
    """Return the memory that a process holds; 0 for one that has just ended."""
    fields = Path(f"/proc/{pid}/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    """Do what is due."""
    with Billing() as billing:
        while billing.run_due():
            pass


if __name__ == "__main__":
    main()
