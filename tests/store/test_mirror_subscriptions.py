"""What a subscription's row keeps, takes over and forgets."""

from dataclasses import replace
from typing import Any

import pytest

from tests.store.builders import NOON, at, event, reading, save, subscription, the_row
from tiergate.store import Database
from tiergate.store.mirror import Saved, save_subscription
from tiergate.store.tables import subscriptions


@pytest.mark.parametrize("ended", ["canceled", "incomplete_expired"])
@pytest.mark.parametrize("alive", ["active", "trialing", "past_due", "a_status_of_tomorrow"])
def test_an_event_never_revives(database: Database, ended: str, alive: str) -> None:
    """A delayed update after the deletion leaves it ended: langfuse#17388, onetimesecret#3692."""
    with database.write() as tx:
        save(tx, subscription(ended), event(5))
        outcome = save(tx, subscription(alive), event(6))
        left = the_row(tx, subscriptions).status
    assert (outcome, left) == (Saved.STALE, ended)


def test_a_reading_revives(database: Database) -> None:
    """What Stripe itself answers is believed, even that an ended subscription is alive."""
    with database.write() as tx:
        save(tx, subscription("canceled"), event(5, received=10))
        outcome = save(tx, subscription("active"), reading(6, began=11))
        left = the_row(tx, subscriptions).status
    assert (outcome, left) == (Saved.SAVED, "active")


def test_an_ended_subscription_still_learns(database: Database) -> None:
    """A newer event of a subscription that has ended is saved as long as it says so too."""
    with database.write() as tx:
        save(tx, subscription("canceled"), event(5))
        outcome = save(tx, subscription("canceled", ended_at=NOON), event(6))
        left = the_row(tx, subscriptions).ended_at
    assert (outcome, left) == (Saved.SAVED, NOON)


@pytest.mark.parametrize("field", ["trial_end", "cancel_at", "canceled_at", "default_payment_method"])
def test_what_stripe_took_back_is_cleared(database: Database, field: str) -> None:
    """A field that became null is null here too: cashier#1824, dust#20964."""
    before: Any = "pm_1" if field == "default_payment_method" else at(1000)
    with database.write() as tx:
        save(tx, replace(subscription(), **{field: before}), event(5))
        save(tx, subscription(), event(6))
        assert the_row(tx, subscriptions)._mapping[field] is None


def test_a_deleted_subscription_keeps_its_row(database: Database) -> None:
    """The history stays after the end: tamagui#4048, dj-stripe#855."""
    with database.write() as tx:
        save(tx, subscription("active", plan_key="pro"), event(5))
        save(tx, subscription("canceled", plan_key="pro"), event(6))
        row = the_row(tx, subscriptions)
    assert (row.status, row.plan_key) == ("canceled", "pro")


def test_a_status_of_tomorrow_is_kept_in_stripes_own_word(database: Database) -> None:
    """The column shows what Stripe said, although the rules know no such status."""
    with database.write() as tx:
        save(tx, subscription("hibernating"), event(5), raw_status="hibernating")
        assert the_row(tx, subscriptions).status == "hibernating"


def test_the_last_event_is_named(database: Database) -> None:
    """The row names the event applied last; a reading leaves that as it was."""
    with database.write() as tx:
        save(tx, subscription(), event(5, received=10))
        save(tx, subscription(), event(6, received=11))
        assert the_row(tx, subscriptions).last_event_id == "evt_6"
        save(tx, subscription(), reading(7, began=12))
        assert the_row(tx, subscriptions).last_event_id == "evt_6"


def test_an_event_leaves_the_time_of_the_last_reading(database: Database) -> None:
    """What a reading covers stays covered after a newer event was applied."""
    with database.write() as tx:
        save(tx, subscription(), reading(5, began=100))
        save(tx, subscription(), event(6, received=101))
        assert the_row(tx, subscriptions).fetched_at == at(100)


@pytest.mark.parametrize(
    ("clock", "stamp"), [(None, 5), ("clock_1", 4)], ids=["the same time", "another kind of time"]
)
def test_the_stamp_goes_back_only_into_another_kind_of_time(
    database: Database, clock: str | None, stamp: int
) -> None:
    """A reading with an older stamp keeps the later one, unless the two are on different clocks."""
    with database.write() as tx:
        save(tx, subscription(), event(5, received=10))
        save(tx, subscription(test_clock=clock), reading(4, began=11))
        assert the_row(tx, subscriptions).as_of == at(stamp)


def test_the_row_tells_when_it_was_made_and_changed(database: Database) -> None:
    """``created_at`` is Stripe's and stays; ``updated_at`` is the real time of the last change."""
    with database.write() as tx:
        save(tx, subscription(created_at=NOON), event(5, received=10))
        save(tx, subscription(created_at=NOON), event(6, received=20))
        save(tx, subscription(created_at=NOON), event(4, received=30))
        row = the_row(tx, subscriptions)
    assert (row.created_at, row.updated_at) == (NOON, at(20))


def test_both_orders_of_a_creation_and_an_update_end_alike(database: Database) -> None:
    """A subscription created incomplete and updated to trialing is not left incomplete: dj-stripe#1080."""
    told = [("incomplete", event(265)), ("trialing", event(266))]
    for number, order in enumerate((told, told[::-1])):
        with database.write() as tx:
            outcomes = [save(tx, subscription(s, id=f"sub_{number}"), sighting) for s, sighting in order]
            status = tx.execute(
                subscriptions.select().where(subscriptions.c.stripe_subscription_id == f"sub_{number}")
            ).one()
        assert status.status == "trialing"
        assert outcomes == ([Saved.SAVED, Saved.SAVED] if number == 0 else [Saved.SAVED, Saved.STALE])


def test_all_that_stripe_sent_is_kept(database: Database) -> None:
    """The object as it came stands in the row, for what is not read yet."""
    raw = {"status": "active", "schedule": "sub_sched_1", "items": {"data": [{"id": "si_1"}]}}
    with database.write() as tx:
        save_subscription(tx, subscription(), raw, event(5), at(10))
        assert the_row(tx, subscriptions).raw == raw
