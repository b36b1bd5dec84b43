"""Events that are applied together leave what they would have left one by one."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import msgspec
import pytest

from tests.services.bench import ACCOUNT, Bench, Json
from tiergate.services import run_due as run_due_module
from tiergate.services.access.tell_account import tell_accounts
from tiergate.services.context import Context
from tiergate.services.run_due import run_due
from tiergate.services.webhooks import apply_together
from tiergate.services.webhooks import take_in as take_in_module
from tiergate.services.webhooks.apply_event import Applied, apply_event
from tiergate.services.webhooks.delivery import Arrival
from tiergate.services.webhooks.ingest_webhook import (
    aingest_webhook,
    apply_stored,
    ingest_webhook,
    wait_until_told,
)
from tiergate.services.webhooks.read_event import read_event
from tiergate.services.webhooks.take_in import take_in, take_up
from tiergate.store import Transaction
from tiergate.store.event_rows import insert_events
from tiergate.store.tables import accounts, customers, events, invoices, journal, subscriptions

_BOOKKEEPING = {"fetched_at", "event_seen_at", "last_event_id", "created_at", "updated_at", "raw", "as_of"}


def arrival(bench: Bench, event: Json) -> Arrival:
    """An event that arrives now."""
    return read_event(msgspec.json.encode(event), bench.clock.now)


def life(bench: Bench) -> list[Json]:
    """What happens to a subscription, with an end in the middle, ties, and somebody else's events between."""
    active = bench.at_stripe(f"/v1/subscriptions/{bench.subscribe()}")
    paid = bench.at_stripe(f"/v1/invoices/{active['latest_invoice']}")
    customer = bench.at_stripe(f"/v1/customers/{active['customer']}")
    bench.webhooks()
    bench.tick()
    told = [
        bench.event("customer.subscription.created", {**active, "status": "incomplete"}),
        bench.event("invoice.created", {**paid, "status": "open", "amount_paid": 0}),
        bench.event("customer.updated", customer),
        bench.event("charge.dispute.created", {"id": "dp_1", "object": "dispute"}),
    ]
    bench.tick()
    told += [
        bench.event("customer.subscription.updated", active),
        bench.event("invoice.paid", paid),
        bench.event(
            "customer.subscription.created", {**active, "id": "sub_other", "customer": "cus_stranger"}
        ),
        bench.event("customer.subscription.updated", {**active, "cancel_at_period_end": True}),
    ]
    bench.tick()
    return [*told, bench.event("invoice.updated", paid)]


def mirror(bench: Bench) -> list[Any]:
    """What is mirrored, apart from how it was learnt."""
    return [
        sorted(
            (
                sorted((name, str(value)) for name, value in row._mapping.items() if name not in _BOOKKEEPING)
                for row in bench.rows(table)
            ),
        )
        for table in (customers, subscriptions, invoices)
    ]


@pytest.mark.parametrize("seed", range(3))
def test_together_is_like_one_by_one(both: Bench, seed: int) -> None:
    """In any order, a batch leaves the mirror, the states and the access of single deliveries."""
    told = life(both)
    Random(seed).shuffle(told)
    arrivals = [arrival(both, event) for event in told]
    for outcome in take_in(both.context, arrivals):
        assert outcome.error is None
    run_due(both.context)
    together = (mirror(both), {row.event_id: row.state for row in both.rows(events)}, both.reason())
    for table in (events, subscriptions, invoices, customers, journal):
        with both.context.database.write() as tx:
            tx.execute(table.delete())
    for event in told:
        both.ingest(event)
    run_due(both.context)
    assert (mirror(both), {row.event_id: row.state for row in both.rows(events)}, both.reason()) == together
    assert set(together[1].values()) == {"applied", "noted"}


def test_one_that_breaks_takes_nobody_down(both: Bench) -> None:
    """The neighbours of an event that no database can save are applied; it waits with its error."""
    told = life(both)[:3]
    broken = both.event("customer.subscription.updated", {"id": "sub_1", "object": "subscription"})
    unsavable = both.event("invoice.updated", {**told[1]["data"]["object"], "id": "in_2", "total": 2**80})
    arrivals = [arrival(both, event) for event in (told[0], broken, unsavable, *told[1:])]
    outcomes = take_in(both.context, arrivals)
    assert [outcome.error for outcome in outcomes] == [None] * len(arrivals)
    assert [both.stored(event["id"]).state for event in told] == ["applied"] * 3
    for event in (broken, unsavable):
        row = both.stored(event["id"])
        assert (row.state, row.attempts) == ("received", 1)
        assert row.note


def test_where_a_batch_fails_each_is_applied_alone(both: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction that fails as a whole is undone, and nothing in it is lost or done twice."""
    told = life(both)[:3]

    def fail(*_: object) -> None:
        raise RuntimeError("out of order")

    with monkeypatch.context() as broken:
        broken.setattr(apply_together, "note_change", fail)
        take_in(both.context, [arrival(both, event) for event in told])
    assert [both.stored(event["id"]).state for event in told] == ["applied"] * 3
    assert len(both.rows(subscriptions)) == 1


def test_the_same_event_twice_in_a_batch_is_one(both: Bench) -> None:
    """The second delivery is told that it is known, and nothing is stored twice."""
    event = life(both)[0]
    outcomes = take_in(both.context, [arrival(both, event), arrival(both, event)])
    assert [outcome.is_known for outcome in outcomes] == [False, True]
    assert [row.event_id for row in both.rows(events)] == [event["id"]]


def test_a_route_answers_first_and_tells_then(both: Bench) -> None:
    """What a loop delivered is durable and applied on return; it is told, and ties are settled, soon."""
    told = life(both)
    bodies = [msgspec.json.encode(event) for event in told]

    async def deliver() -> list[str]:
        sent = [aingest_webhook(both.context, body, both.sign(body)) for body in bodies]
        return await asyncio.gather(*sent)

    assert asyncio.run(deliver()) == [event["id"] for event in told]
    assert len(both.rows(events)) == len(told)
    assert both.context.finishing.wait_until_done(30)
    assert both.context.telling.wait_until_done(30)
    assert "received" not in {row.state for row in both.rows(events)}
    assert [entry.kind for entry in both.explain().journal].count("access_changed") >= 2
    assert both.reason() == "active"


def test_a_thread_may_have_the_answer_first_too(both: Bench) -> None:
    """Told later, an event is durable on return; what follows is told, and a tie settled, soon."""
    told = life(both)[:2]
    told.append(both.event("customer.subscription.updated", told[0]["data"]["object"]))
    for event in told:
        body = msgspec.json.encode(event)
        assert ingest_webhook(both.context, body, both.sign(body), tells_later=True) == event["id"]
        assert both.stored(event["id"]).event_id == event["id"]
    assert wait_until_told(both.context, 30)
    assert {row.state for row in both.rows(events)} == {"applied"}
    assert [entry.kind for entry in both.explain().journal].count("access_changed") >= 2


def test_an_object_that_cannot_be_read_takes_no_neighbour_down(both: Bench) -> None:
    """A number that no machine holds is found when the event is applied: it is stored, and tried again."""
    event = life(both)[0]
    body = msgspec.json.encode(event).replace(b'"quantity":1', b'"quantity":1e999', 1)
    assert b"1e999" in body
    outcomes = take_in(both.context, [read_event(body, both.clock.now), arrival(both, life(both)[2])])
    assert [outcome.error for outcome in outcomes] == [None, None]
    first, second = outcomes[0].arrival.event.event_id, outcomes[1].arrival.event.event_id
    assert (both.stored(first).state, both.stored(first).attempts) == ("received", 1)
    assert both.stored(second).state == "applied"


@pytest.mark.parametrize("customer", [b'{"balance":1e999}', b"1e999"], ids=["inside", "itself"])
def test_a_customer_that_cannot_be_read_is_stored_all_the_same(both: Bench, customer: bytes) -> None:
    """What an event is about cannot be told then: it waits for somebody to look, and is not refused."""
    event = life(both)[0]
    told = msgspec.json.encode(event["data"]["object"]["customer"])
    body = msgspec.json.encode(event).replace(b'"customer":' + told, b'"customer":' + customer, 1)
    assert b"1e999" in body
    outcomes = take_in(both.context, [read_event(body, both.clock.now), arrival(both, life(both)[2])])
    assert [both.stored(one.arrival.event.event_id).state for one in outcomes] == ["received", "applied"]


def test_a_process_that_dies_before_telling_is_made_up_for(both: Bench) -> None:
    """What was committed and not told is due at once, on the account's time, and told by the worker."""
    take_in(both.context, [arrival(both, event) for event in life(both)[:1]])
    assert [entry.kind for entry in both.explain().journal] == ["access_changed"]
    due = {row.account_id for row in both.rows(accounts) if row.next_due_at < both.clock.now}
    assert due == {ACCOUNT}
    run_due(both.context)
    assert [entry.kind for entry in both.explain().journal] == ["access_changed"] * 2


def test_stored_events_are_taken_up_by_one_worker(both: Bench) -> None:
    """Waiting events are applied together; a second worker that read them too finds nothing to do."""
    arrivals = [arrival(both, event) for event in life(both)[:4]]
    waiting = [one.event for one in arrivals]
    with both.context.database.write() as tx:
        insert_events(tx, waiting)
    assert apply_stored(both.context, waiting) == len(waiting)
    assert {row.state for row in both.rows(events)} == {"applied", "noted"}
    assert apply_stored(both.context, waiting) == 0


def test_a_backlog_tells_an_account_once(both: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits is applied piece by piece, the newest named as the cause, and nothing stays due of it."""
    monkeypatch.setattr(run_due_module, "_BATCH", 1)
    told: list[Mapping[str, Sequence[str]]] = []

    def tell(context: Context, causes: Mapping[str, Sequence[str]]) -> None:
        told.append(dict(causes))
        tell_accounts(context, causes)

    monkeypatch.setattr(run_due_module, "tell_accounts", tell)
    stored = [arrival(both, event).event for event in life(both)[:4]]
    with both.context.database.write() as tx:
        insert_events(tx, stored)
    run_due(both.context)
    assert [list(causes) for causes in told if causes] == [[ACCOUNT]]
    assert {row.state for row in both.rows(events)} == {"applied", "noted"}
    assert all(row.next_due_at is None or row.next_due_at > both.clock.now for row in both.rows(accounts))


def applied_alone(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A list to which the ids of events are added that are applied one by one from now on, in their order."""
    found: list[str] = []

    def apply(context: Context, tx: Transaction, one: Arrival) -> Applied:
        found.append(one.event.event_id)
        return apply_event(context, tx, one)

    monkeypatch.setattr(take_in_module, "apply_event", apply)
    return found


_ODD: Mapping[str, Json] = {
    "more items": {"items": {"data": [], "has_more": True}},
    "deleted": {"deleted": True},
    "on a test clock": {"test_clock": "clock_1"},
    "unreadable": {"created": "never"},
}


@pytest.mark.parametrize("is_inside", [True, False], ids=["customer inside", "customer named"])
@pytest.mark.parametrize("odd", _ODD)
def test_what_follows_an_odd_event_of_its_customer_waits_its_turn(
    both: Bench, monkeypatch: pytest.MonkeyPatch, odd: str, is_inside: bool
) -> None:
    """It is applied alone after that, while what came before it, and what is others', is applied together."""
    subscribed, then, _, nobodys = life(both)[:4]
    thing, paid = subscribed["data"]["object"], then["data"]["object"]
    whose = {"id": thing["customer"], "object": "customer"} if is_inside else thing["customer"]
    odd_one = both.event("customer.subscription.updated", {**thing, "customer": whose, **_ODD[odd]})
    before = both.event("invoice.updated", {**paid, "id": "in_before"})
    alone = applied_alone(both, monkeypatch)
    arrivals = [arrival(both, event) for event in (before, odd_one, nobodys, then)]
    assert [outcome.error for outcome in take_in(both.context, arrivals)] == [None] * 4
    assert alone == [odd_one["id"], then["id"]]
    assert both.stored(then["id"]).state == "applied"


def test_a_customer_that_was_deleted_is_applied_alone(both: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its last event shows it as it was: the type alone tells, and what follows waits its turn."""
    subscribed, _, updated = life(both)[:3]
    gone = both.event("customer.deleted", updated["data"]["object"])
    alone = applied_alone(both, monkeypatch)
    take_in(both.context, [arrival(both, event) for event in (gone, subscribed)])
    assert alone == [gone["id"], subscribed["id"]]
    assert [row.deleted for row in both.rows(customers)] == [True]


@pytest.mark.parametrize("customer", [7, [], {}, {"id": 7}, "", "cus_\0", "cus_\ud800", "cus_\7"])
def test_a_customer_that_is_none_takes_no_neighbour_down(
    both: Bench, monkeypatch: pytest.MonkeyPatch, customer: Any
) -> None:
    """Its event is stored and applied alone; the neighbours are applied together all the same."""
    told = life(both)[:3]
    odd = both.event("customer.subscription.updated", {**told[0]["data"]["object"], "customer": customer})
    alone = applied_alone(both, monkeypatch)
    arrivals = [read_event(json.dumps(event).encode(), both.clock.now) for event in (odd, *told)]
    assert [outcome.error for outcome in take_in(both.context, arrivals)] == [None] * 4
    assert alone == [odd["id"]]
    assert both.stored(odd["id"]).account_id is None
    assert [both.stored(event["id"]).state for event in told] == ["applied"] * 3


def test_what_is_odd_in_a_backlog_is_not_closed_unapplied(
    both: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taken up by the worker, it is left waiting by those that are applied together, and applied alone."""
    told = life(both)[:4]
    thing = told[0]["data"]["object"]
    odd = both.event("customer.subscription.updated", {**thing, **_ODD["more items"]})
    broken = both.event(
        "customer.subscription.updated", {**thing, "customer": "cus_other", **_ODD["unreadable"]}
    )
    stranger = both.event("customer.updated", {**told[2]["data"]["object"], "id": "cus_stranger"})
    alone = applied_alone(both, monkeypatch)
    arrivals = [arrival(both, event) for event in (odd, broken, stranger, *told[1:])]
    with both.context.database.write() as tx:
        insert_events(tx, [one.event for one in arrivals])
    outcomes = take_up(both.context, arrivals)
    assert [outcome.is_known for outcome in outcomes] == [False] * len(arrivals)
    assert set(alone) >= {odd["id"], broken["id"], stranger["id"]}
    assert [need.kind for outcome in outcomes for need in outcome.needs] == ["subscription"]
    assert both.stored(odd["id"]).state == "received"
