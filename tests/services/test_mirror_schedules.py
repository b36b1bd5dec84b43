"""Subscription schedules in the mirror: what a subscription becomes later."""

import pytest

from tests.services.bench import ACCOUNT, Bench, Json
from tiergate.services.mirror.read_from_stripe import read_account
from tiergate.store.tables import subscription_schedules


def downgrade(bench: Bench, subscription_id: str) -> Json:
    """Schedule a change to the plan ``starter`` for the end of the period, as the portal does."""
    schedule = bench.post("/v1/subscription_schedules", from_subscription=subscription_id)
    (present,) = schedule["phases"]
    item = {"price": present["items"][0]["price"], "quantity": 1}
    first = {"items": [item], "start_date": present["start_date"], "end_date": present["end_date"]}
    then = {"items": [{"price": bench.price("starter"), "quantity": 1}]}
    return bench.post(f"/v1/subscription_schedules/{schedule['id']}", phases=[first, then])


def test_a_downgrade_that_is_scheduled_is_known(both: Bench) -> None:
    """Phases, what each sells, and the subscription's link to its schedule are mirrored from events."""
    subscription_id = both.subscribe()
    both.deliver(*both.webhooks())
    both.tick()
    schedule = downgrade(both, subscription_id)
    both.deliver(*both.webhooks())
    (row,) = both.rows(subscription_schedules)
    assert (row.account_id, row.stripe_subscription_id, row.status) == (ACCOUNT, subscription_id, "active")
    state = both.explain().state
    assert [[item.plan_key for item in phase.items] for phase in state.schedules[0].phases] == [
        ["team"],
        ["starter"],
    ]
    assert state.schedules[0].phases[0].ends_at == state.subscriptions[0].current_period_end
    assert state.subscriptions[0].schedule_id == schedule["id"]


def test_a_schedule_that_is_released_stays(both: Bench) -> None:
    """Its row keeps its phases and says that it was released; the subscription has none any more."""
    subscription_id = both.subscribe()
    schedule = downgrade(both, subscription_id)
    both.deliver(*both.webhooks())
    both.tick()
    both.post(f"/v1/subscription_schedules/{schedule['id']}/release")
    both.deliver(*both.webhooks())
    state = both.explain().state
    assert [(s.status, s.subscription_id) for s in state.schedules] == [("released", subscription_id)]
    assert state.subscriptions[0].schedule_id is None


def test_a_whole_reading_reads_schedules(both: Bench) -> None:
    """A schedule that no event told of is found."""
    subscription_id = both.subscribe()
    schedule = downgrade(both, subscription_id)
    both.webhooks()
    read_account(both.context, ACCOUNT, "test")
    assert [row.stripe_schedule_id for row in both.rows(subscription_schedules)] == [schedule["id"]]


@pytest.mark.parametrize("event_type", ["customer.subscription.created", "customer.subscription.updated"])
def test_an_event_that_shows_only_the_first_items_is_read(both: Bench, event_type: str) -> None:
    """Stripe embeds only the first of many items: what the others sell must not be lost."""
    whole = both.at_stripe(f"/v1/subscriptions/{both.subscribe()}")
    partial = {**whole, "items": {**whole["items"], "data": [], "has_more": True}}
    both.ingest(both.event(event_type, partial))
    assert [item.plan_key for item in both.explain().state.subscriptions[0].items] == ["team"]
    assert both.reason() == "active"


def test_a_pause_of_collection_is_mirrored(both: Bench) -> None:
    """`pause_collection` changes no status, but is known with its end, and gone when it is lifted."""
    subscription_id = both.subscribe()
    both.deliver(*both.webhooks())
    both.tick()
    resumes_at = int(both.clock.now.timestamp()) + 86400
    pause = {"behavior": "void", "resumes_at": resumes_at}
    both.post(f"/v1/subscriptions/{subscription_id}", pause_collection=pause)
    both.deliver(*both.webhooks())
    paused = both.explain().state.subscriptions[0].pause_collection
    assert paused is not None
    assert paused.resumes_at is not None
    assert (paused.behavior, int(paused.resumes_at.timestamp())) == ("void", resumes_at)
    both.tick()
    both.post(f"/v1/subscriptions/{subscription_id}", pause_collection="")
    both.deliver(*both.webhooks())
    assert both.explain().state.subscriptions[0].pause_collection is None
