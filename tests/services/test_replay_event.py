"""Events as people look at them, and once more."""

import json

import pytest

from tests.services.bench import Bench
from tiergate.services.webhooks.replay_event import UnknownEventError, replay_event, show_event
from tiergate.store.event_log import logged_events


def test_events_are_listed_the_newest_first(both: Bench) -> None:
    """The log tells what came and what became of it, and can be narrowed by state, type and account."""
    both.subscribe("team")
    both.deliver(*both.webhooks())
    with both.context.database.read() as tx:
        everything = logged_events(tx)
        ours = logged_events(tx, account_id="acme", event_type="customer.subscription.created")
        failed = logged_events(tx, state="failed")
    assert [event.received_at for event in everything] == sorted(
        (event.received_at for event in everything), reverse=True
    )
    assert [event.event_type for event in ours] == ["customer.subscription.created"]
    assert failed == []


def test_an_event_is_shown_with_its_payload(bench: Bench) -> None:
    """One event is shown as it arrived."""
    bench.subscribe("team")
    webhook = bench.webhook("customer.subscription.created")
    bench.deliver(webhook)
    logged, payload = show_event(bench.context, json.loads(webhook.body)["id"])
    assert (logged.state, payload.encode()) == ("applied", webhook.body)


def test_an_event_that_failed_is_applied_by_a_replay(both: Bench) -> None:
    """What failed while Stripe was silent is applied once it is replayed."""
    subscription = both.subscribe("team")
    both.deliver(*both.webhooks())
    late = both.event("customer.subscription.updated", both.at_stripe(f"/v1/subscriptions/{subscription}"))
    both.line.down = True
    event_id = both.ingest(late)
    assert both.stored(event_id).state == "received"
    both.line.down = False
    assert replay_event(both.context, event_id).state == "applied"
    assert both.stored(event_id).attempts == 0


def test_an_event_that_never_came_is_unknown(bench: Bench) -> None:
    """An id that was never received is refused with a word on where to look."""
    with pytest.raises(UnknownEventError, match="events resend"):
        replay_event(bench.context, "evt_nowhere")
