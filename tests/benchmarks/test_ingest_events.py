"""The events of the webhook benchmark: the mix that it states, and what they look like."""

import json
from collections import Counter, defaultdict

import pytest

from benchmarks.ingest_contest import judge
from benchmarks.ingest_events import CHANGES, LAST, ORDER, SECRET, Events, Scenery, subscription_id
from tiergate.real_time import now
from tiergate.stripe_api.verify_signature import verify_signature

SCENERY = Scenery(
    customer={"id": "cus_1", "object": "customer"},
    payment_method={"id": "pm_1", "object": "payment_method", "customer": "cus_1"},
    subscription={
        "id": "sub_1",
        "object": "subscription",
        "customer": "cus_1",
        "items": {"data": [{"id": "si_1", "quantity": 1}]},
    },
    invoice={"id": "in_1", "object": "invoice", "customer": "cus_1"},
    others=(),
)


@pytest.fixture(name="events")
def fixture_events() -> Events:
    """Ten buyers."""
    return Events(SCENERY, 10)


def test_mix(events: Events) -> None:
    """One delivery in ten is a duplicate, one in twenty shares its second with the one before it."""
    deliveries = [one for queue in events.queues(range(10), 4) for one in queue]
    times = Counter(one.event_id for one in deliveries)
    assert len(deliveries) == 200
    assert sum(seen - 1 for seen in times.values()) == 20
    seconds = defaultdict(set)
    for one in deliveries:
        seconds[one.subscription_id, one.created].add(one.event_id)
    assert sum(len(same) - 1 for same in seconds.values()) == 10


def test_one_connection_for_each_subscription(events: Events) -> None:
    """All about a subscription goes over one connection, in the order in which it happened."""
    queues = events.queues(range(10), 4)
    for number in range(10):
        mine = [[one for one in queue if one.subscription_id == subscription_id(number)] for queue in queues]
        assert sorted(map(len, mine)) == [0, 0, 0, len(ORDER)]
        seen = dict.fromkeys(one.event_id for queue in mine for one in queue)
        assert list(seen) == [events.changed(number, change).event_id for change in range(1, LAST + 1)]


def test_an_event(events: Events) -> None:
    """An event names its own subscription with the seats it had then, and bears a signature that holds."""
    delivery = events.changed(7, 3)
    body, header = delivery.signed()
    verify_signature(body, header, (SECRET,), now())
    told = json.loads(body)
    shown = told["data"]["object"]
    assert told["id"] == delivery.event_id
    assert told["created"] == delivery.created
    assert shown["id"] == subscription_id(7)
    assert shown["items"]["data"][0]["quantity"] == events.seats_after(3)
    assert told["data"]["previous_attributes"] == {"quantity": events.seats_after(2)}


def test_newest_state(events: Events) -> None:
    """The last change leaves what Stripe shows in the end."""
    last = json.loads(events.changed(2, LAST).body)["data"]["object"]
    assert events.newest(2) == last
    assert events.newest_seats()[subscription_id(2)] == last["quantity"]


def test_continued(events: Events) -> None:
    """What comes after the story is later than all of it, and ties nowhere."""
    later = events.continued(5)
    seconds = [later.changed(0, change).created for change in range(1, 6)]
    assert events.changed(0, LAST).created < seconds[0]
    assert sorted(set(seconds)) == seconds
    assert later.newest_seats()[subscription_id(0)] == later.seats_after(5)


def test_judge(events: Events) -> None:
    """A result is right when all changes are applied and every subscription shows the last one."""
    right, expected = events.newest_seats(), 10 * CHANGES
    assert judge({"applied": expected}, right, events, expected) == ""
    assert "received" in judge({"applied": expected - 1, "received": 1}, right, events, expected)
    stale = {**right, subscription_id(3): 1}
    assert judge({"applied": expected}, stale, events, expected).startswith("1 subscriptions")
    del stale[subscription_id(3)]
    assert judge({"applied": expected}, stale, events, expected).startswith("1 subscriptions")
