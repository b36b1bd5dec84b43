"""Order never matters: whatever arrives in whatever order, the mirror ends in what Stripe says."""

import itertools
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.builders import event, reading, save, subscription
from tiergate.rules.state import Subscription
from tiergate.store import Database, Transaction
from tiergate.store.mirror import Saved, Sighting
from tiergate.store.tables import subscriptions

STATUSES = ["incomplete", "trialing", "active", "past_due", "unpaid", "paused"]

_numbers = itertools.count()


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[int, Subscription]]:
    """The versions of a subscription with the second of each, some of them in the same; it may end."""
    seconds = sorted(draw(st.lists(st.integers(1, 6), min_size=1, max_size=6)))
    told = [draw(st.sampled_from(STATUSES)) for _ in seconds]
    if draw(st.booleans()):
        told[-1] = "canceled"
    versions = [subscription(status, latest_invoice_id=f"in_{n}") for n, status in enumerate(told)]
    return list(zip(seconds, versions, strict=True))


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[tuple[int, Subscription]], Subscription]:
    """Every version at least once, some twice, in any order; and the last version, which is the truth."""
    versions = draw(histories())
    again = draw(st.lists(st.sampled_from(versions), max_size=4))
    return draw(st.permutations(versions + again)), versions[-1][1]


@given(delivered=deliveries())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_and_any_repetition_end_in_the_truth(
    database: Database, delivered: tuple[list[tuple[int, Subscription]], Subscription]
) -> None:
    """Events in any order and number, with what is stale read from Stripe, leave the last version."""
    arrivals, truth = delivered
    object_id = f"sub_{next(_numbers)}"
    with database.write() as tx:
        for received, (created, version) in enumerate(arrivals, start=1000):
            _learn(tx, replace(version, id=object_id), event(created, received=received), truth)
        row = tx.execute(
            subscriptions.select().where(subscriptions.c.stripe_subscription_id == object_id)
        ).one()
    assert (row.status, row.latest_invoice_id) == (str(truth.status), truth.latest_invoice_id)


def _learn(tx: Transaction, version: Subscription, sighting: Sighting, truth: Subscription) -> None:
    """Do as a webhook does: save, and read from Stripe at once where that may be stale."""
    if save(tx, version, sighting) is Saved.STALE:
        after = (sighting.seen_at - event(0).as_of).total_seconds() + 0.5
        save(tx, replace(truth, id=version.id), reading(6, began=after))
