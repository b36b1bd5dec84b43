"""The regular reconcile: by one process, once an interval."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.services.bench import Bench
from tiergate.services.reconcile.reconcile_regularly import reconcile_regularly
from tiergate.services.run_due import run_due
from tiergate.store.job_rows import find_job
from tiergate.store.tables import subscriptions


@pytest.fixture
def daily(both: Bench) -> Bench:
    """A bench that reconciles once a day, and has just been set up."""
    both.context = replace(both.context, reconcile_every=timedelta(days=1))
    assert not reconcile_regularly(both.context)
    return both


def test_a_lost_webhook_is_made_good_within_a_day(daily: Bench) -> None:
    """What was never told is found by what is done regularly, one interval after the set-up."""
    subscription_id = daily.subscribe("team")
    daily.webhooks()
    daily.clock.advance(hours=23)
    run_due(daily.context)
    assert daily.rows(subscriptions) == []
    daily.clock.advance(hours=1)
    run_due(daily.context)
    assert daily.mirrored(subscription_id).status == "active"
    with daily.context.database.read() as tx:
        job = find_job(tx, "reconcile")
    assert job is not None
    assert job.finished_at == daily.clock.now
    assert job.progress["differences"] > 0


def test_only_one_process_does_it(daily: Bench) -> None:
    """Of several processes that find it due one does it, and none again before the next interval."""
    daily.clock.advance(days=1)
    assert reconcile_regularly(daily.context)
    assert not reconcile_regularly(daily.context)
    daily.clock.advance(days=1)
    assert reconcile_regularly(daily.context)


def test_it_can_be_switched_off(bench: Bench) -> None:
    """Without an interval nothing is ever asked."""
    bench.line.requests.clear()
    bench.clock.advance(days=365)
    assert not reconcile_regularly(bench.context)
    assert bench.line.requests == []
