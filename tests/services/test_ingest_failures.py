"""Nothing that was accepted is lost: what cannot be applied now is tried again, later and later."""

import json
from datetime import timedelta

import pytest

from tests.services.bench import ACCOUNT, Bench, Json, open_bench
from tiergate.rules.instants import isoformat
from tiergate.services.run_due import run_due
from tiergate.services.webhooks.read_event import read_event
from tiergate.services.webhooks.take_in import take_in
from tiergate.store.tables import events


def uncertain(bench: Bench) -> tuple[str, Json]:
    """A subscription that is mirrored, and an event of the same second that only a fetch can settle."""
    subscription_id = bench.subscribe()
    bench.deliver(*bench.webhooks())
    bench.tick()
    bench.stripe.v1.subscriptions.update(subscription_id, {"cancel_at_period_end": True})
    bench.deliver(bench.webhook("customer.subscription.updated"))
    bench.stripe.v1.subscriptions.update(subscription_id, {"cancel_at_period_end": False})
    truth = bench.at_stripe(f"/v1/subscriptions/{subscription_id}")
    bench.webhooks()
    bench.line.requests.clear()
    return subscription_id, bench.event("customer.subscription.updated", truth)


def test_stripe_down_during_a_fetch_keeps_the_event(both: Bench) -> None:
    """The event waits with its reason, the subscription stays as it was, and it is applied later."""
    subscription_id, event = uncertain(both)
    both.line.down = True
    assert both.ingest(event) == event["id"]
    row = both.stored(event["id"])
    assert (row.state, row.attempts) == ("received", 1)
    assert "StripeUnavailableError: Stripe did not answer" in row.note
    assert both.mirrored(subscription_id).cancel_at_period_end is True
    both.line.down = False
    both.clock.now = row.next_attempt_at
    run_due(both.context)
    assert (both.stored(event["id"]).state, both.stored(event["id"]).next_attempt_at) == ("applied", None)
    assert both.mirrored(subscription_id).cancel_at_period_end is False


@pytest.mark.parametrize("is_alone", [True, False], ids=["alone", "among others"])
def test_what_the_database_refuses_keeps_the_event(migrated_postgres_url: str, *, is_alone: bool) -> None:
    """Also where it refuses the very last statement, which nobody waits for."""
    with open_bench(migrated_postgres_url) as bench:
        with bench.context.database.write() as tx:
            tx.exec_driver_sql(_REFUSE)
            tx.exec_driver_sql(_WHEN_CLOSED)
        session = {"object": "checkout.session", "status": "expired", "mode": "subscription"}
        events_of_now = [
            bench.event("checkout.session.expired", {"id": f"cs_{number}", **session})
            for number in range(1 if is_alone else 2)
        ]
        arrivals = [read_event(json.dumps(event).encode(), bench.clock.now) for event in events_of_now]
        assert [outcome.error for outcome in take_in(bench.context, arrivals)] == [None] * len(arrivals)
        for event in events_of_now:
            row = bench.stored(event["id"])
            assert (row.state, row.attempts) == ("received", 1)
            assert "not now" in row.note


_REFUSE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not now'; END $$
"""
_WHEN_CLOSED = """
CREATE TRIGGER refuse BEFORE UPDATE ON tiergate_events
FOR EACH ROW WHEN (NEW.state = 'applied') EXECUTE FUNCTION refuse()
"""


def test_the_waits_grow(bench: Bench) -> None:
    """A failing event is tried after seconds, minutes, at last every six hours; never before its time."""
    _, event = uncertain(bench)
    bench.line.down = True
    bench.ingest(event)
    waits: list[timedelta] = []
    for attempts in range(1, 9):
        row = bench.stored(event["id"])
        assert row.attempts == attempts
        waits.append(row.next_attempt_at - bench.clock.now)
        bench.clock.now = row.next_attempt_at - timedelta(microseconds=1)
        run_due(bench.context)
        assert bench.stored(event["id"]).attempts == attempts
        bench.clock.now = row.next_attempt_at
        run_due(bench.context)
    assert waits[:4] == [timedelta(seconds=5 * 4**n) for n in range(4)]
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(hours=6)


def test_an_exception_while_applying_keeps_the_event(both: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect of ours is noted on the event, which is applied once the defect is gone."""
    subscription_id = both.subscribe()
    webhook = both.webhook("customer.subscription.created")
    with monkeypatch.context() as broken:
        broken.setattr("tiergate.store.mirror._stamps", lambda *_: 1 / 0)
        both.deliver(webhook)
    row = both.stored(webhook.event_id)
    assert (row.state, row.attempts, row.note) == ("received", 1, "ZeroDivisionError: division by zero")
    both.clock.now = row.next_attempt_at
    run_due(both.context)
    assert both.stored(webhook.event_id).state == "applied"
    assert both.mirrored(subscription_id).status == "active"


def test_an_exception_after_a_fetch_keeps_the_event(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect that only the fetched object brings out is noted too, answered 2xx, and tried again later."""
    subscription_id, event = uncertain(bench)
    with monkeypatch.context() as broken:
        broken.setattr("tiergate.services.mirror.read_from_stripe.save_reading", lambda *_: 1 / 0)
        assert bench.ingest(event) == event["id"]
    row = bench.stored(event["id"])
    assert (row.state, row.attempts, row.note) == ("received", 1, "ZeroDivisionError: division by zero")
    bench.clock.now = row.next_attempt_at
    run_due(bench.context)
    assert bench.mirrored(subscription_id).cancel_at_period_end is False


def test_one_broken_event_does_not_hold_up_the_next(bench: Bench) -> None:
    """An event that can never be applied waits by itself, before others that are waiting too."""
    bench.ingest(bench.event("customer.subscription.created", {"id": "sub_1", "object": "subscription"}))
    bench.tick()
    subscription_id, event = uncertain(bench)
    bench.line.down = True
    bench.ingest(event)
    bench.line.down = False
    bench.clock.advance(minutes=1)
    run_due(bench.context)
    assert {row.attempts for row in bench.rows(events) if row.state == "received"} == {2}
    assert bench.mirrored(subscription_id).cancel_at_period_end is False


def test_an_event_that_can_never_be_applied_is_given_up_and_kept(both: Bench) -> None:
    """After twenty attempts over days an event is closed as `failed`, with its reason and its payload."""
    event = both.event("customer.subscription.created", {"id": "sub_1", "object": "subscription"})
    both.ingest(event)
    for attempts in range(1, 20):
        row = both.stored(event["id"])
        assert (row.state, row.attempts) == ("received", attempts)
        both.clock.now = row.next_attempt_at
        run_due(both.context)
    row = both.stored(event["id"])
    assert (row.state, row.next_attempt_at, json.loads(row.payload)) == ("failed", None, event)
    assert "KeyError" in row.note
    assert timedelta(days=3) < row.processed_at - row.received_at < timedelta(days=5)
    both.clock.advance(days=30)
    run_due(both.context)
    assert both.stored(event["id"]) == row


def test_a_crash_between_storing_and_fetching_is_picked_up(
    both: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event that was committed, and whose process died before the fetch, is finished by the worker."""
    subscription_id, event = uncertain(both)

    def die(*_: object) -> None:
        raise SystemExit(137)

    with monkeypatch.context() as killed:
        killed.setattr("tiergate.services.webhooks.ingest_webhook.finish_event", die)
        with pytest.raises(SystemExit):
            both.ingest(event)
    assert both.stored(event["id"]).state == "received"
    assert both.line.requests == []
    run_due(both.context)
    assert both.stored(event["id"]).state == "applied"
    assert both.mirrored(subscription_id).cancel_at_period_end is False


def test_what_is_gone_at_stripe_is_closed(bench: Bench) -> None:
    """What Stripe does not have any more is noted as gone, and not asked for again (dj-stripe#1218)."""
    active = bench.at_stripe(f"/v1/subscriptions/{bench.subscribe()}") | {"id": "sub_gone"}
    bench.webhooks()
    sent = [bench.event("customer.subscription.updated", active) for _ in range(2)]
    for event in sent:
        bench.ingest(event)
    row = bench.stored(sent[1]["id"])
    assert (row.state, row.note) == ("applied", "gone at Stripe")
    bench.line.requests.clear()
    bench.clock.advance(days=1)
    run_due(bench.context)
    assert not any("sub_gone" in request for request in bench.line.requests)


def test_no_transaction_is_open_while_stripe_is_asked(both: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every call that an event needs finds no connection in use; they are few (dj-stripe#1162, #1310)."""
    _, event = uncertain(both)
    in_use: list[int] = []
    ask = both.line.request

    def watched(*args: object, **options: object) -> object:
        in_use.append(both.context.database.engine.pool.checkedout())  # type: ignore[attr-defined]  # of QueuePool
        return ask(*args, **options)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(both.line, "request", watched)
    both.ingest(event)
    assert set(in_use) == {0}
    assert 1 <= len(in_use) <= 2


def test_what_a_fetch_changed_names_its_event(bench: Bench) -> None:
    """The journal names the event that led to a change, also when a fetch settled it."""
    subscription_id = bench.subscribe()
    active = bench.at_stripe(f"/v1/subscriptions/{subscription_id}")
    bench.webhooks()
    bench.ingest(bench.event("customer.subscription.created", active | {"status": "incomplete"}))
    event = bench.event("customer.subscription.updated", active)
    bench.ingest(event)
    last = next(entry for entry in reversed(bench.explain(ACCOUNT).journal) if entry.kind == "access_changed")
    assert last.cause == f"event {event['id']} customer.subscription.updated"
    assert last.data["to"]["reason"] == "active"
    assert last.data["until"] == isoformat(bench.explain().phase.ends_at)
