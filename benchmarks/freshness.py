"""How soon a change that one process has committed is seen by the checks of another.

``python -m benchmarks.freshness URL`` is the other process: in each turn it asks again and again until the
answer is another one, and tells when that was.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from benchmarks import freshness_cost
from benchmarks.check_accounts import account_id, deliver, make_account, settings
from benchmarks.check_turns import contestant, take_turns
from benchmarks.row import Row
from tests.support.postgres import postgres_server
from tiergate.billing import Billing

MOST_MEDIAN_MS, AIM_MEDIAN_MS = 50, 2
MOST_P99_MS = 1000
FEATURE = "roles"
"""What the plan has and the free one has not."""
PAUSE_SECONDS = 0.0002
"""Between two questions of the process that watches, so that its other threads have their turns."""
PATIENCE_SECONDS = 30


def rows(quick: bool) -> Iterator[Row]:
    """Measure on both databases."""
    changes, rounds = (100, 15) if quick else (1_000, 61)
    aim = AIM_MEDIAN_MS / MOST_MEDIAN_MS
    with tempfile.TemporaryDirectory() as folder, postgres_server(durable=True) as server:
        for title, url in (
            ("SQLite", f"sqlite:///{Path(folder) / 'tiergate.db'}"),
            ("PostgreSQL", server.create_database()),
        ):
            watched = watch_changes(url, changes)
            waits = [one.after_answer_ms for one in watched]
            name = f"webhook answered until another process sees it, {title}"
            note = (
                f"{changes:,} changes; longest {max(waits):,.1f} ms; "
                f"{median(one.after_sending_ms for one in watched):,.1f} ms after it was handed in"
            )
            yield Row(f"{name}, median", median(waits), MOST_MEDIAN_MS, 1, "ms", note, aim)
            yield Row(f"{name}, 99 of 100", quantiles(waits, n=100)[-1], MOST_P99_MS, 1, "ms")
            yield freshness_cost.row(title, url, rounds)


@dataclass(frozen=True)
class Watched:
    """How long a change was unseen, in milliseconds; one that is seen before the answer was never unseen."""

    after_sending_ms: float
    after_answer_ms: float


def watch_changes(url: str, changes: int) -> list[Watched]:
    """Commit changes one by one, while another process watches."""
    subscription = make_account(url).subscription
    newest = int(time.time()) + 1
    watched = []
    with (
        Billing(settings(url)) as billing,
        contestant(sys.executable, "-m", "benchmarks.freshness", url) as watcher,
    ):
        for number in range(changes):
            changed = {**subscription, "status": "active" if number % 2 else "paused"}
            watcher.ask()
            sent = time.monotonic()
            deliver(billing, "customer.subscription.updated", changed, newest + number)
            answered = time.monotonic()
            seen = watcher.answer()
            watched.append(Watched((seen - sent) * 1000, max(0.0, seen - answered) * 1000))
    return watched


class Watcher:
    """Asks for one account, in another process than the one that changes it."""

    def __init__(self, billing: Billing) -> None:
        self._billing = billing
        self._last = self._allowed()

    def _allowed(self) -> bool:
        return self._billing.allowed(account_id(0), FEATURE)

    def next_change(self) -> float:
        """Wait for another answer, and return when it came (seconds of the machine's monotonic clock)."""
        began = time.monotonic()
        while (allowed := self._allowed()) is self._last:
            if time.monotonic() > began + PATIENCE_SECONDS:
                raise TimeoutError(f"no change was seen in {PATIENCE_SECONDS} seconds")
            time.sleep(PAUSE_SECONDS)
        self._last = allowed
        return time.monotonic()


def main(url: str) -> None:
    """Watch in turns."""
    with Billing(settings(url)) as billing:
        take_turns({}, Watcher(billing).next_change)


if __name__ == "__main__":
    main(sys.argv[1])
