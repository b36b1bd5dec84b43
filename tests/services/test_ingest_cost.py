"""What taking in events costs, counted exactly: SQL statements and calls of Stripe."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import event

from tests.services.bench import Bench, Json
from tiergate.services.webhooks.delivery import Arrival, Outcome
from tiergate.services.webhooks.finish_event import finish_event
from tiergate.services.webhooks.read_event import read_event
from tiergate.services.webhooks.take_in import take_in
from tiergate.store.tables import accounts, events

NEWEST = 6
"""Event, account (which is due now), price, subscription, customer (is a card known?), change for others."""
PER_32_EVENTS = 3
"""On SQLite rows go 32 to a statement: events, subscriptions and changes."""


@dataclass
class Count:
    """How many statements were executed, without the beginning and end of transactions."""

    statements: list[str] = field(default_factory=list)


@contextmanager
def counted(bench: Bench) -> Iterator[Count]:
    """Count the statements in the block; what Stripe is asked stands in ``bench.line.requests``."""
    count = Count()

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith("BEGIN"):
            count.statements.append(statement)

    bench.line.requests.clear()
    engine: Any = bench.context.database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield count
    finally:
        event.remove(engine, "before_cursor_execute", note)


def subscriptions_known(bench: Bench, how_many: int) -> list[Json]:
    """Subscriptions of as many accounts, mirrored and told, as Stripe shows them a second later."""
    first = bench.at_stripe(f"/v1/subscriptions/{bench.subscribe()}")
    bench.deliver(*bench.webhooks())
    known = [first]
    for number in range(1, how_many):
        bench.register(f"account_{number}")
        customer = bench.customer_without_card(f"account_{number}")
        known.append({**first, "id": f"sub_{number}", "customer": customer})
        bench.ingest(bench.event("customer.subscription.created", known[-1]))
    bench.webhooks()
    bench.tick()
    return known


def arrivals_of(bench: Bench, things: list[Json]) -> list[Arrival]:
    """Events that tell of changes to subscriptions, as they arrive."""
    told = (bench.event("customer.subscription.updated", thing) for thing in things)
    return [read_event(encoded(one), bench.clock.now) for one in told]


def encoded(thing: Json) -> bytes:
    """The body of an event."""
    return msgspec.json.encode(thing)


def states(bench: Bench, outcomes: list[Outcome]) -> set[str]:
    """The states of some events."""
    ids = {outcome.arrival.event.event_id for outcome in outcomes}
    return {row.state for row in bench.rows(events) if row.event_id in ids}


def test_the_newest_event_alone(both: Bench) -> None:
    """Six statements, and Stripe is not asked."""
    arrivals = arrivals_of(both, subscriptions_known(both, 1))
    with counted(both) as count:
        outcomes = take_in(both.context, arrivals)
    assert len(count.statements) == NEWEST, count.statements
    assert both.line.requests == []
    assert states(both, outcomes) == {"applied"}
    assert [outcome.account_id for outcome in outcomes] == ["acme"]


def test_a_hundred_of_a_hundred_accounts(both: Bench) -> None:
    """As many statements as for one on PostgreSQL, a few more on SQLite; every account is due."""
    known = subscriptions_known(both, 20) * 5
    arrivals = []
    for begin in range(0, 100, 20):
        both.tick()
        arrivals += arrivals_of(both, known[begin : begin + 20])
    with counted(both) as count:
        outcomes = take_in(both.context, arrivals)
    rounds = 5
    per_round = 2 if both.context.database.is_sqlite else 1
    assert len(count.statements) <= NEWEST + PER_32_EVENTS + rounds * per_round, count.statements
    assert both.line.requests == []
    assert states(both, outcomes) == {"applied"}
    assert all(row.next_due_at < both.clock.now for row in both.rows(accounts))


def test_a_repetition(both: Bench) -> None:
    """One statement: what is known already is cheaper than what is new.

    On PostgreSQL a question about prices travels with it, and is not waited for by itself.
    """
    arrivals = arrivals_of(both, subscriptions_known(both, 1))
    take_in(both.context, arrivals)
    with counted(both) as count:
        outcomes = take_in(both.context, arrivals)
    assert len(count.statements) == (1 if both.context.database.is_sqlite else 2), count.statements
    assert both.line.requests == []
    assert [(outcome.is_known, outcome.account_id) for outcome in outcomes] == [(True, None)]


def test_an_event_of_the_same_second(both: Bench) -> None:
    """Two statements more, to learn that it may be older and to let it wait; then one call of Stripe."""
    known = subscriptions_known(both, 1)
    take_in(both.context, arrivals_of(both, known))
    tie = arrivals_of(both, known)
    with counted(both) as count:
        (outcome,) = take_in(both.context, tie)
    assert len(count.statements) == NEWEST - 1 + 2, count.statements
    assert both.line.requests == []
    assert states(both, [outcome]) == {"received"}
    finish_event(both.context, tie, outcome.needs)
    assert both.line.requests == [f"GET /v1/subscriptions/{known[0]['id']}"]
    assert states(both, [outcome]) == {"applied"}


def test_what_nobody_needs(both: Bench) -> None:
    """One statement stores and closes it."""
    told = both.event("charge.dispute.created", {"id": "dp_1", "object": "dispute"})
    arrival = read_event(encoded(told), both.clock.now)
    with counted(both) as count:
        outcomes = take_in(both.context, [arrival])
    assert len(count.statements) == 1, count.statements
    assert states(both, outcomes) == {"noted"}
