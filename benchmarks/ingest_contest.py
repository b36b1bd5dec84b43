"""A contest: every contestant gets the same events over as many connections, and is judged by its tables."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.ingest_events import CHANGES, Events, signed
from benchmarks.ingest_load import deliver
from benchmarks.ingest_stripe import times_asked
from benchmarks.listening import Server
from benchmarks.load import cpu_seconds

CONNECTIONS = 32
WARM_UP = 32
"""Buyers whose events are delivered first, and not counted."""
_PATIENCE_SECONDS = 60
_MOST_SECONDS_EACH = 15.0
_LOOK_EVERY_SECONDS = 0.01


@dataclass(frozen=True)
class Running:
    """A contestant that takes deliveries.

    ``unapplied`` counts the events that were taken in and are still to be applied. ``what_is_wrong`` is told
    how many changes were delivered in all, and looks at what has become of them; empty when all is well.
    ``untold`` counts the accounts for which the product has still to work out what follows; no other
    contestant does anything like it.
    """

    server: Server
    path: str
    unapplied: Callable[[], int]
    what_is_wrong: Callable[[int], str]
    untold: Callable[[], int] = lambda: 0


@dataclass(frozen=True)
class Contestant:
    """Something that takes webhooks in. ``start`` runs it on a database without any changes in it.

    A slow one gets the events of its first ``most_buyers`` alone, without which it would take many minutes.
    """

    name: str
    start: Callable[[], AbstractContextManager[Running]]
    most_buyers: int = 1_000_000


@dataclass
class Result:
    """What came of the rounds of one contestant: per second, in milliseconds, in microseconds."""

    rates: list[float] = field(default_factory=list)
    """Events applied a second: what is asked of Stripe is in the mirror too."""
    told: list[float] = field(default_factory=list)
    """Events a second until everything that follows from them is told as well."""
    answered: list[float] = field(default_factory=list)
    """Deliveries answered a second; what is left to do then counts in ``rates``."""
    p99_milliseconds: list[float] = field(default_factory=list)
    cpu_microseconds: list[float] = field(default_factory=list)
    asked: list[float] = field(default_factory=list)
    """Requests to Stripe for each event."""
    wrong: str = ""

    @property
    def rate(self) -> float:
        """The median of the rounds."""
        return median(self.rates)

    def __str__(self) -> str:
        """What is told beside the rate."""
        return (
            f"{median(self.answered):,.0f} deliveries/s answered, "
            f"{median(self.told):,.0f} events/s with all that follows told, "
            f"p99 {median(self.p99_milliseconds):,.0f} ms, "
            f"{median(self.cpu_microseconds):,.0f} µs of processor time and "
            f"{median(self.asked):.2f} calls of Stripe for an event"
        )


def contest(
    contestants: Sequence[Contestant], events: Events, stripe_base: str, rounds: int, connections: int
) -> dict[str, Result]:
    """Let the contestants take turns, so that whatever else the machine does hits all of them alike.

    Each gets ``rounds`` rounds; a slow one, whose figures are the less noisy, stops when its time is up.
    """
    results = {one.name: Result() for one in contestants}
    left_seconds = dict.fromkeys(results, _MOST_SECONDS_EACH)
    for _ in range(rounds):
        for one in contestants:
            if left_seconds[one.name] > 0:
                began_at = time.perf_counter()
                its_events = events.of_first(one.most_buyers)
                with one.start() as running:
                    _measure(running, its_events, stripe_base, connections, results[one.name])
                left_seconds[one.name] -= time.perf_counter() - began_at
    return results


def _measure(running: Running, events: Events, stripe_base: str, connections: int, result: Result) -> None:
    counted = range(WARM_UP, events.subscriptions)
    _deliver(running, events, range(WARM_UP), connections)
    asked, cpu = times_asked(stripe_base), _cpu_seconds(running.server.pid)
    took = _deliver(running, events, counted, connections)
    changes = len(counted) * CHANGES
    result.rates.append(changes / took.applied_seconds)
    result.told.append(changes / took.told_seconds)
    result.answered.append(len(took.latencies) / took.answered_seconds)
    result.p99_milliseconds.append(percentile(took.latencies, 99) * 1e3)
    result.cpu_microseconds.append((_cpu_seconds(running.server.pid) - cpu) / changes * 1e6)
    result.asked.append((times_asked(stripe_base) - asked) / changes)
    result.wrong = result.wrong or running.what_is_wrong(events.subscriptions * CHANGES)


@dataclass(frozen=True)
class _Took:
    """Seconds from the first delivery until all were answered, applied and told, and of each answer."""

    answered_seconds: float
    applied_seconds: float
    told_seconds: float
    latencies: list[float]


def _deliver(running: Running, events: Events, numbers: range, connections: int) -> _Took:
    """Deliver all about some buyers, and wait until nothing is left to do."""
    queues = events.queues(numbers, connections)
    requests = [[signed(running.path, one.body) for one in queue] for queue in queues]
    began_at = time.perf_counter()
    latencies = deliver(running.server.port, requests)
    answered_seconds = time.perf_counter() - began_at
    _wait_for(running.unapplied)
    applied_seconds = time.perf_counter() - began_at
    _wait_for(running.untold)
    return _Took(answered_seconds, applied_seconds, time.perf_counter() - began_at, latencies)


def _wait_for(left: Callable[[], int]) -> None:
    began_at = time.perf_counter()
    while left() and time.perf_counter() < began_at + _PATIENCE_SECONDS:
        time.sleep(_LOOK_EVERY_SECONDS)


def _cpu_seconds(pid: int) -> float:
    """Return the processor time that a server and its worker processes have used so far."""
    workers = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return cpu_seconds(pid) + sum(cpu_seconds(int(worker)) for worker in workers)


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value that so many percent of the values do not exceed."""
    return sorted(values)[min(int(len(values) * percent / 100), len(values) - 1)]


def judge(states: Mapping[str, int], seats: Mapping[str, int], events: Events, expected: int) -> str:
    """Say what is wrong with the states of the changes, or with the subscriptions; empty when all is well."""
    if states != {"applied": expected}:
        return f"{expected} changes were sent, but the events are {states}"
    stale = [key for key, newest in events.newest_seats().items() if seats.get(key) != newest]
    return f"{len(stale)} subscriptions do not show their newest state" if stale else ""
