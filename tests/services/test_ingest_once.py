"""An event is stored once and applied once, however often and however concurrently it is delivered."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.services.bench import ACCOUNT, Bench
from tiergate.services.run_due import run_due
from tiergate.store.tables import events, invoices, subscriptions

WORKERS = 5


def journal_kinds(bench: Bench) -> list[str]:
    """The kinds of what was journalled of the account, in order."""
    return [entry.kind for entry in bench.explain().journal]


def test_five_deliveries_at_once_are_one(both: Bench) -> None:
    """The same event, delivered five times in parallel, is one row and one change (dj-stripe#1239)."""
    subscription_id = both.subscribe()
    webhook = both.webhook("customer.subscription.created")
    with ThreadPoolExecutor(WORKERS) as pool:
        answers = list(pool.map(both.ingest, [webhook.body] * WORKERS))
    assert answers == [webhook.event_id] * WORKERS
    assert [row.event_id for row in both.rows(events)] == [webhook.event_id]
    assert both.mirrored(subscription_id).status == "active"
    assert journal_kinds(both) == ["access_changed", "access_changed"]


def test_many_events_at_once_are_one_row_each(both: Bench) -> None:
    """All events of a purchase at once, each twice, leave one row per object, the latest (pay#371).

    An event whose object somebody else is reading at that moment waits for the worker.
    """
    subscription_id = both.subscribe()
    deliveries = both.webhooks() * 2
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(lambda webhook: both.ingest(webhook.body), deliveries))
    both.clock.advance(minutes=1)
    run_due(both.context)
    assert len(both.rows(events)) == len(deliveries) / 2
    assert "received" not in {row.state for row in both.rows(events)}
    assert [row.stripe_subscription_id for row in both.rows(subscriptions)] == [subscription_id]
    assert [(row.status, row.amount_paid) for row in both.rows(invoices)] == [("paid", 4900)]
    assert journal_kinds(both).count("converted") == 1
    assert both.reason() == "active"


def test_a_repetition_asks_nobody(bench: Bench) -> None:
    """An event that is known already is acknowledged without a call to Stripe and without a new entry."""
    bench.subscribe()
    webhooks = bench.webhooks()
    bench.deliver(*webhooks)
    before = (bench.rows(events), bench.rows(subscriptions), journal_kinds(bench))
    bench.line.requests.clear()
    bench.deliver(*webhooks)
    assert bench.line.requests == []
    assert (bench.rows(events), bench.rows(subscriptions), journal_kinds(bench)) == before


@pytest.mark.parametrize(
    "failing", ["mirror.save_object.save_subscription", "webhooks.apply_event.close_event"]
)
def test_a_failed_first_delivery_leaves_nothing_half_done(
    bench: Bench, failing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where applying fails what it wrote is undone; a repetition does not add to it (Plugin-Shop#276)."""
    subscription_id = bench.subscribe()
    webhook = bench.webhook("customer.subscription.created")
    with monkeypatch.context() as broken:
        broken.setattr("tiergate.services.webhooks.take_in.apply_together", fail)
        broken.setattr(f"tiergate.services.{failing}", fail)
        bench.deliver(webhook, webhook)
    assert bench.rows(subscriptions) == []
    assert bench.stored(webhook.event_id).state == "received"
    assert json.loads(bench.stored(webhook.event_id).payload) == json.loads(webhook.body)
    assert bench.explain(ACCOUNT).state.subscriptions == ()
    assert subscription_id not in str(bench.explain())


@pytest.mark.parametrize("failing", ["save_outlook", "load_state"])
def test_what_could_not_be_told_is_told_later(
    both: Bench, failing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event is applied also where telling breaks; the account stays due, and is told once."""
    subscription_id = both.subscribe()
    webhook = both.webhook("customer.subscription.created")
    with monkeypatch.context() as broken:
        broken.setattr(f"tiergate.services.access.refresh_account.{failing}", fail)
        both.deliver(webhook)
    assert both.stored(webhook.event_id).state == "applied"
    assert both.mirrored(subscription_id).status == "active"
    assert journal_kinds(both) == ["access_changed"]
    assert [run_due(both.context) for _ in range(2)] == [1, 0]
    assert journal_kinds(both) == ["access_changed", "access_changed"]


def fail(*_: object, **__: object) -> None:
    """Stand in for a step that breaks."""
    raise RuntimeError("out of order")
