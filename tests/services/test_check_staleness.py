"""What is answered when the feed of changes is cut, and when the database is gone as well."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event
from typing import Any

import pytest

from tests.services.bench import ACCOUNT, BEGIN, Bench, northwind
from tests.services.desks import PATIENCE_SECONDS, STALE_SECONDS, elsewhere, open_desk, statements
from tiergate.rules.decision import Verdict
from tiergate.rules.state import Grant, GrantKind
from tiergate.services.access import follow_changes
from tiergate.services.access.check_desk import CheckDesk
from tiergate.services.context import Context
from tiergate.services.plans.push_plans import push_plans
from tiergate.store import Database
from tiergate.store.change_feed import account_topic, note_change
from tiergate.store.engine import DatabaseUnavailableError
from tiergate.store.grant_rows import save_grant
from tiergate.store.listen import Listener, open_listener

FEATURE, OTHER = "custom_domain", "roles"


@dataclass
class Line:
    """The line to the database: the feed can be cut, and the database taken away."""

    cut: bool = False
    gone: bool = False
    failed: Event = field(default_factory=Event)
    """Set when the feed has failed."""
    read: Event = field(default_factory=Event)
    """Set when the feed was read."""


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    """The line of every process."""
    line, connect = Line(), Database._connect

    def open_watched(database: Database) -> Listener:
        listener = open_listener(database)
        read = listener.read

        def watched_read(since: Any) -> Any:
            if line.cut:
                line.failed.set()
                raise ConnectionError("the feed is cut")
            found = read(since)
            line.read.set()
            return found

        monkeypatch.setattr(listener, "read", watched_read)
        return listener

    def connection(database: Database) -> Any:
        if line.gone:
            raise DatabaseUnavailableError("The database is gone.")
        return connect(database)

    monkeypatch.setattr(follow_changes, "open_listener", open_watched)
    monkeypatch.setattr(follow_changes, "_RETRY_SECONDS", 0.01)
    monkeypatch.setattr(Database, "_connect", connection)
    return line


@pytest.fixture
def desk(both: Bench, line: Line) -> Iterator[CheckDesk]:
    """A desk whose line can be cut; the account has starter for five hours."""
    text = northwind().replace("[policy]", f"[policy]\n{POLICY}")
    push_plans(both.context, text)
    with both.context.database.write() as tx:
        grant = Grant("g", GrantKind.COMP, BEGIN, BEGIN + timedelta(hours=5), plan_key="starter")
        save_grant(tx, ACCOUNT, grant, "ada", BEGIN)
        note_change(tx, account_topic(ACCOUNT))
    with open_desk(both) as opened:
        opened.check(ACCOUNT, FEATURE)
        yield opened


POLICY = 'on_unknown = "last_known"\nlast_known_hours = 3'


def cut(bench: Bench, line: Line, *, seconds: float = STALE_SECONDS) -> None:
    """Cut the feed, and let so much time pass."""
    line.cut = True
    assert line.failed.wait(PATIENCE_SECONDS)
    bench.clock.advance(seconds=seconds)


def take_back(other: Context) -> None:
    """Take the plan away, as another process would."""
    with other.database.write() as tx:
        override = Grant("h", GrantKind.OVERRIDE, BEGIN, features={FEATURE: False})
        save_grant(tx, ACCOUNT, override, "ada", BEGIN)
        note_change(tx, account_topic(ACCOUNT))


def test_memory_is_believed_for_a_while(both: Bench, line: Line, desk: CheckDesk) -> None:
    """Until so many seconds have passed without the feed, memory answers; from then on the database does."""
    cut(both, line, seconds=STALE_SECONDS - 0.001)
    with elsewhere(both) as other:
        take_back(other)
    with statements(both.context.database) as asked:
        assert desk.allowed(ACCOUNT, FEATURE)
        assert asked == []
        both.clock.advance(seconds=0.001)
        assert not desk.allowed(ACCOUNT, FEATURE)
        assert asked != []
        asked.clear()
        assert not desk.allowed(ACCOUNT, FEATURE)
        assert asked != []


def test_what_was_missed_is_heard_afterwards(both: Bench, line: Line, desk: CheckDesk) -> None:
    """When the feed is back, it tells what was committed while it was cut, and memory is believed again."""
    cut(both, line)
    with elsewhere(both) as other:
        take_back(other)
    line.read.clear()
    line.cut = False
    assert line.read.wait(PATIENCE_SECONDS)
    assert not desk.allowed(ACCOUNT, FEATURE)
    assert not desk.allowed(ACCOUNT, FEATURE)
    while desk.remembered(ACCOUNT, FEATURE) is None:
        desk.allowed(ACCOUNT, FEATURE)


def test_without_a_database_the_policy_answers(
    both: Bench, line: Line, desk: CheckDesk, caplog: pytest.LogCaptureFixture
) -> None:
    """With feed and database gone the last known answer holds as long as the policy says; it is logged."""
    desk.check(ACCOUNT, OTHER)
    cut(both, line)
    line.gone = True
    with caplog.at_level(logging.WARNING, "tiergate"):
        known = desk.check(ACCOUNT, FEATURE)
        assert (known.allowed, known.reason, known.plan) == (True, Verdict.UNKNOWN, "starter")
        assert known.valid_until is not None
        assert known.valid_until - both.clock.now >= timedelta(hours=3, seconds=-STALE_SECONDS - 1)
        assert not desk.allowed(ACCOUNT, OTHER)
    told = [record.getMessage() for record in caplog.records if "on_unknown" in record.getMessage()]
    assert len(told) == 1
    both.clock.now = known.valid_until
    assert not desk.allowed(ACCOUNT, FEATURE)
    line.gone = False
    both.clock.advance(seconds=2)
    assert desk.check(ACCOUNT, FEATURE).reason is Verdict.INCLUDED


@pytest.mark.parametrize("in_trial", [True, False])
def test_a_boundary_is_passed_without_a_database(both: Bench, line: Line, in_trial: bool) -> None:
    """A trial without a card ends at its end, also where on_unknown goes on with what was known last."""
    push_plans(both.context, northwind().replace("[policy]", f"[policy]\n{POLICY}"))
    if in_trial:
        order = {"customer": both.customer_without_card(), "items": [{"price": both.price("team")}]}
        no_card = {"end_behavior": {"missing_payment_method": "cancel"}}
        both.post("/v1/subscriptions", **order, trial_period_days=1, trial_settings=no_card)
    else:
        both.subscribe()
    both.deliver(*both.webhooks())
    with open_desk(both) as desk:
        ends_at = desk.check(ACCOUNT, FEATURE).valid_until
        assert ends_at is not None
        both.clock.now = ends_at - timedelta(seconds=1)
        for feature in (FEATURE, "projects"):
            assert desk.allowed(ACCOUNT, feature)
        cut(both, line, seconds=STALE_SECONDS)
        line.gone = True
        assert desk.check(ACCOUNT, FEATURE).reason is Verdict.UNKNOWN
        assert desk.allowed(ACCOUNT, FEATURE) is not in_trial
        assert desk.allowed(ACCOUNT, "projects")


def test_a_database_that_is_gone_is_spared(both: Bench, line: Line, desk: CheckDesk) -> None:
    """It is asked once a second, not with every check; as soon as it answers the policy is out of play."""
    cut(both, line)
    line.gone = True
    assert desk.check(ACCOUNT, FEATURE).reason is Verdict.UNKNOWN
    line.gone = False
    assert desk.check(ACCOUNT, FEATURE).reason is Verdict.UNKNOWN
    both.clock.advance(seconds=1)
    assert desk.check(ACCOUNT, FEATURE).reason is Verdict.INCLUDED


def test_a_stranger_is_refused_without_a_database(both: Bench, line: Line, desk: CheckDesk) -> None:
    """An account that is not in memory is refused for the time being: nothing is known of it."""
    cut(both, line)
    line.gone = True
    decision = desk.check("never-seen", FEATURE)
    assert (decision.allowed, decision.reason) == (False, Verdict.UNKNOWN)


def test_a_process_that_knows_nothing_says_so(both: Bench, line: Line) -> None:
    """A process that has never seen the database cannot answer, and what it lacks is named."""
    line.gone = True
    with open_desk(both) as desk, pytest.raises(DatabaseUnavailableError):
        desk.check(ACCOUNT, FEATURE)


def test_a_feed_that_cannot_begin_is_begun_later(both: Bench, line: Line) -> None:
    """Where the feed cannot begin the first check answers from the database as soon as that is there."""
    line.gone = True
    with open_desk(both) as desk:
        desk.follow()
        line.gone = False
        assert desk.check(ACCOUNT, "projects").allowed
        assert desk.remembered(ACCOUNT, "projects") is not None


def test_a_closed_desk_begins_again(both: Bench, line: Line, desk: CheckDesk) -> None:
    """After it was closed a desk believes nothing, and begins anew when it is asked."""
    desk.close()
    assert desk.remembered(ACCOUNT, FEATURE) is None
    assert desk.allowed(ACCOUNT, FEATURE)
    assert desk.remembered(ACCOUNT, FEATURE) is not None
