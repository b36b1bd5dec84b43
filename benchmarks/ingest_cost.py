"""What events ask of the database and of Stripe, counted exactly, so that no noise of the machine matters."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, event

from benchmarks.ingest_events import Signed
from benchmarks.ingest_stripe import times_asked


@dataclass(frozen=True)
class Cost:
    """The most that one of several events took: SQL statements before its first commit and in all, and calls.

    Beginning and committing are not counted as statements.
    """

    until_durable: int
    in_all: int
    calls: int


def cost(take: Callable[[bytes, str], object], events: Sequence[Signed], stripe_base: str) -> Cost:
    """Take events in one by one, and count."""
    found = [_cost_of_one(take, one, stripe_base) for one in events]
    return Cost(
        max(one.until_durable for one in found),
        max(one.in_all for one in found),
        max(one.calls for one in found),
    )


def _cost_of_one(take: Callable[[bytes, str], object], one: Signed, stripe_base: str) -> Cost:
    asked = times_asked(stripe_base)
    with _counting() as seen:
        take(*one)
    statements = [what for what in seen if what != _COMMIT]
    until_durable = seen.index(_COMMIT) if _COMMIT in seen else len(seen)
    return Cost(until_durable, len(statements), times_asked(stripe_base) - asked)


_COMMIT = "COMMIT"


@contextmanager
def _counting() -> Iterator[list[str]]:
    """Collect the statements of every engine in this process, and its commits."""
    seen: list[str] = []

    def executes(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    def commits(_connection: Any) -> None:
        seen.append(_COMMIT)

    event.listen(Engine, "before_cursor_execute", executes)
    event.listen(Engine, "commit", commits)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", executes)
        event.remove(Engine, "commit", commits)
