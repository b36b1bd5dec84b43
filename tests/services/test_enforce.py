"""When access changes it is journalled, announced and told to the host's code: each change once, in order."""

import multiprocessing
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.services.bench import ACCOUNT, BEGIN, Bench, northwind
from tiergate.rules.errors import UnknownAccountError
from tiergate.services.access.access_change import AccessChange, Listening
from tiergate.services.access.deliver_changes import AlreadyListeningError, deliver_changes, listen
from tiergate.services.access.enforce import enforce
from tiergate.services.access.grant_access import GrantDetails, grant_access
from tiergate.services.plans.push_plans import push_plans
from tiergate.services.run_due import run_due
from tiergate.store import Database
from tiergate.store.tables import journal, outbox, phases
from tiergate.stripe_api.gateway import StripeUnavailableError

TRIAL = timedelta(days=14)


@dataclass
class Host:
    """The host's code: it keeps what it is told, and may fail first."""

    told: list[AccessChange] = field(default_factory=list)
    failures: int = 0

    def __call__(self, change: AccessChange) -> None:
        """Take one change."""
        if self.failures:
            self.failures -= 1
            raise RuntimeError("the host is busy")
        self.told.append(change)

    @property
    def reasons(self) -> list[tuple[str, str | None]]:
        """What it was told, account by account."""
        return [(change.account_id, change.after.reason) for change in self.told]


def host_of(bench: Bench) -> Host:
    """A host that has heard all that was before, and listens."""
    host = Host()
    listen(bench.context, host, in_transaction=False)
    deliver_changes(bench.context)
    host.told.clear()
    return host


def start_trial(bench: Bench, account_id: str = ACCOUNT) -> None:
    """Let an account try Team without a card, known from its webhooks."""
    customer = bench.customer_without_card(account_id)
    bench.stripe.v1.subscriptions.create(
        {
            "customer": customer,
            "items": [{"price": bench.price("team")}],
            "trial_period_days": TRIAL.days,
            "trial_settings": {"end_behavior": {"missing_payment_method": "cancel"}},
        }
    )
    bench.deliver(*bench.webhooks())


def states(bench: Bench, channel: str = "callback") -> list[str]:
    """What became of the messages of a channel, in order."""
    mine = [row for row in bench.rows(outbox) if row.channel == channel]
    return [row.state for row in sorted(mine, key=lambda row: row.message_key)]


def test_the_host_is_told_right_after_the_change(both: Bench) -> None:
    """A webhook that begins a trial tells the host before it returns: what was, what is, when, and why."""
    host = host_of(both)
    start_trial(both)
    (change,) = host.told
    assert change.before is not None
    assert (change.account_id, change.before.plan, change.before.reason) == (
        ACCOUNT,
        "free",
        "no_subscription",
    )
    assert (change.after.plan, change.after.access, change.after.reason) == ("team", "full", "trialing")
    assert (change.before.features["projects"], change.after.features["projects"]) == (1, "unlimited")
    assert "roles" not in change.before.features
    assert change.after.features["roles"] is True
    assert change.at == BEGIN
    assert "customer.subscription.created" in change.cause
    assert change.connection is None
    assert states(both)[-1] == "delivered"


def test_time_alone_tells_the_host_too(both: Bench) -> None:
    """At a trial's end the worker tells of it without any webhook, with the instant at which it was true."""
    host = host_of(both)
    start_trial(both)
    both.clock.advance(days=14, hours=5)
    both.line.down = True
    run_due(both.context)
    assert host.reasons == [(ACCOUNT, "trialing"), (ACCOUNT, "trial_ended")]
    assert (host.told[-1].at, host.told[-1].cause) == (BEGIN + TRIAL, "time")


def test_enforce_does_it_now_for_one_or_for_all(bench: Bench) -> None:
    """One account is looked at, or all where none is named; the number of changes told is returned."""
    host = host_of(bench)
    for account_id in ("a", "b"):
        bench.register(account_id)
        start_trial(bench, account_id)
    bench.clock.advance(days=15)
    host.told.clear()
    assert enforce(bench.context, "a") == 1
    assert host.reasons == [("a", "trial_ended")]
    assert enforce(bench.context) == 1
    assert host.reasons == [("a", "trial_ended"), ("b", "trial_ended")]
    assert enforce(bench.context) == 0
    with pytest.raises(UnknownAccountError):
        enforce(bench.context, "ghost")


def test_enforce_tells_what_is_certain_while_stripe_is_down(bench: Bench) -> None:
    """What Stripe cannot be asked about raises, after the host was told what was waiting."""
    bench.subscribe("team")
    bench.deliver(*bench.webhooks())
    host = Host()
    listen(bench.context, host, in_transaction=False)
    bench.clock.advance(days=32)
    bench.line.down = True
    with pytest.raises(StripeUnavailableError):
        enforce(bench.context, ACCOUNT)
    assert host.reasons == [(ACCOUNT, "no_subscription"), (ACCOUNT, "active")]


def test_a_callback_that_fails_is_called_again_later(both: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """A failure is noted and tried again after a growing wait, and later changes wait for it."""
    host = host_of(both)
    host.failures = 2
    start_trial(both)
    assert host.told == []
    assert "RuntimeError: the host is busy" in [row.note for row in both.rows(outbox)]
    assert "failed" in caplog.text
    both.clock.advance(seconds=4)
    run_due(both.context)
    assert host.failures == 1
    both.clock.advance(seconds=1)
    run_due(both.context)
    assert (host.failures, host.told) == (0, [])
    both.clock.advance(days=15)
    run_due(both.context)
    assert host.reasons == [(ACCOUNT, "trialing"), (ACCOUNT, "trial_ended")]
    assert set(states(both)) == {"delivered"}


def test_a_callback_that_always_fails_is_given_up(bench: Bench) -> None:
    """After twenty attempts a change is closed as failed, with its note; the next one is told."""
    host = host_of(bench)
    host.failures = 20
    start_trial(bench)
    for _ in range(25):
        bench.clock.advance(hours=6)
        deliver_changes(bench.context)
    assert (host.failures, host.told) == (0, [])
    assert states(bench)[-1] == "failed"
    bench.clock.advance(days=15)
    run_due(bench.context)
    assert host.reasons == [(ACCOUNT, "trial_ended")]


def test_without_a_callback_changes_wait_for_one(both: Bench) -> None:
    """A process that has registered none leaves them alone; one that registers gets them all, in order."""
    start_trial(both)
    both.clock.advance(days=15)
    run_due(both.context)
    assert set(states(both)) == {"waiting"}
    host = Host()
    listen(both.context, host, in_transaction=False)
    run_due(both.context)
    assert [reason for _, reason in host.reasons] == ["no_subscription", "trialing", "trial_ended"]
    assert host.told[0].before is None


def test_a_second_callback_is_refused(bench: Bench) -> None:
    """Which of two would have succeeded could not be told apart, so there is one."""
    listen(bench.context, Host(), in_transaction=False)
    with pytest.raises(AlreadyListeningError, match="Register one"):
        listen(bench.context, Host(), in_transaction=False)


def test_workers_at_once_tell_each_change_once(both: Bench) -> None:
    """Four workers that find three accounts' ends at the same time tell three changes."""
    host = host_of(both)
    for account_id in ("a", "b", "c"):
        both.register(account_id)
        start_trial(both, account_id)
    both.clock.advance(days=15)
    host.told.clear()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: run_due(both.context), range(4)))
    assert sorted(host.reasons) == [(name, "trial_ended") for name in ("a", "b", "c")]
    assert len({(change.account_id, change.key) for change in host.told}) == 3


def test_in_the_transaction_that_notes_it(both: Bench) -> None:
    """What a callback writes through the change's connection is undone with a failure, and there once."""
    with both.context.database.write() as tx:
        tx.execute(text("CREATE TABLE seats_taken (change TEXT PRIMARY KEY)"))
    failures = [True]

    def downgrade(change: AccessChange) -> None:
        assert change.connection is not None
        change.connection.execute(text("INSERT INTO seats_taken VALUES (:key)"), {"key": change.key})
        if failures:
            failures.pop()
            raise RuntimeError("after the insert")

    def taken() -> int:
        with both.context.database.read() as tx:
            return int(tx.execute(text("SELECT count(*) FROM seats_taken")).scalar_one())

    listen(both.context, downgrade, in_transaction=True)
    deliver_changes(both.context)
    assert (taken(), states(both)) == (0, ["waiting"])
    both.clock.advance(minutes=1)
    deliver_changes(both.context)
    assert (taken(), states(both)) == (1, ["delivered"])


def test_a_process_that_dies_in_the_callback_leaves_the_change(both: Bench) -> None:
    """Killed between the callback and the note of it, the change is told again, with the same key."""
    start_trial(both)
    spawn = multiprocessing.get_context("fork")
    heard = spawn.SimpleQueue()

    def die() -> None:
        context = replace(both.context, database=Database(both.database_url), listening=Listening())

        def hear(change: AccessChange) -> None:
            heard.put(change.key)
            os._exit(9)

        listen(context, hear, in_transaction=False)
        deliver_changes(context)

    process = spawn.Process(target=die)
    process.start()
    process.join()
    assert process.exitcode == 9
    host = Host()
    listen(both.context, host, in_transaction=False)
    deliver_changes(both.context)
    assert host.told == []
    both.clock.advance(minutes=10)
    deliver_changes(both.context)
    assert host.told[0].key == heard.get()
    assert [reason for _, reason in host.reasons] == ["no_subscription", "trialing"]


def test_a_callback_may_use_tiergate_itself(both: Bench) -> None:
    """No transaction is open while the callback runs, so it may write through tiergate."""
    seen: list[str | None] = []

    def note(change: AccessChange) -> None:
        both.register(ACCOUNT, members=len(seen))
        seen.append(change.after.reason)

    listen(both.context, note, in_transaction=False)
    start_trial(both)
    assert seen == ["no_subscription", "trialing"]


def test_more_of_a_feature_is_a_change_of_access(both: Bench) -> None:
    """More of a feature on the same plan tells the host which one became what, and when: at both its ends."""
    host = host_of(both)
    details = GrantDetails(
        "add_on",
        features={"api_calls": 500},
        starts_at=BEGIN + timedelta(days=1),
        ends_at=BEGIN + timedelta(days=2),
    )
    grant_access(both.context, ACCOUNT, details)
    assert host.told == []
    for days in (1, 1):
        both.clock.advance(days=days, hours=1)
        run_due(both.context)
    calls = [(c.before.features["api_calls"], c.after.features["api_calls"]) for c in host.told if c.before]
    assert calls == [(1000, 1500), (1500, 1000)]
    assert [change.at for change in host.told] == [details.starts_at, details.ends_at]
    assert both.explain().journal[-1].data["features"] == {"api_calls": [1500, 1000]}
    held = [phase.starts_at for phase in both.explain().recorded if not phase.is_foreseen]
    assert held[-2:] == [details.starts_at, details.ends_at]


def test_a_new_catalogue_without_effect_tells_nobody(bench: Bench) -> None:
    """A feature that is new in the catalogue and that the account does not get is no change."""
    host = host_of(bench)
    push_plans(bench.context, northwind() + "\n[features.new]\n")
    run_due(bench.context)
    assert host.told == []


def test_notices_expire_with_what_they_tell(both: Bench) -> None:
    """A reminder expires when the next one is due or the trial ends, news of access with its phase."""
    start_trial(both)
    both.clock.advance(days=11)
    run_due(both.context)
    notices = {row.message_key: row for row in both.rows(outbox) if row.channel == "notice"}
    assert len(notices) == 2
    (reminder,) = [row for row in notices.values() if row.kind == "trial_reminder"]
    (change,) = [row for row in notices.values() if row.kind == "access_changed"]
    assert (reminder.expires_at, reminder.payload["step"]) == (BEGIN + timedelta(days=13), "3_days")
    assert change.expires_at == BEGIN + timedelta(days=7)
    both.clock.advance(days=4)
    run_due(both.context)
    last = max(
        (row for row in both.rows(outbox) if row.kind == "access_changed"), key=lambda row: row.message_key
    )
    assert last.channel == "notice"
    assert last.payload["to"]["reason"] == "trial_ended"


def test_the_same_news_again_announces_nothing(both: Bench) -> None:
    """Every event twice, workers between them and an account registered anew: nothing is told twice."""
    both.subscribe("team", trial_period_days=14)
    webhooks = both.webhooks()
    both.deliver(*webhooks)
    before = [len(both.rows(table)) for table in (journal, phases, outbox)]
    both.deliver(*reversed(webhooks))
    for webhook in webhooks:
        body = webhook.body.replace(b'"id":"evt_', b'"id":"evt_again_')
        both.ingest(body)
    run_due(both.context)
    both.register(ACCOUNT, members=3)
    assert [len(both.rows(table)) for table in (journal, phases, outbox)] == before
