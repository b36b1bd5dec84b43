"""Checks from memory: the same answers as from the database, without asking it."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from threading import current_thread
from typing import Any

import pytest
from sqlalchemy import create_engine, event

from tests.services.bench import ACCOUNT, BEGIN, KEY, Bench, northwind
from tests.services.desks import Ears, elsewhere, open_desk, statements
from tiergate.billing import Billing
from tiergate.rules.errors import UnknownAccountError, UnknownFeatureError
from tiergate.rules.state import Grant, GrantKind
from tiergate.services.access.answer_cache import AnswerCache
from tiergate.services.access.answer_check import answer_check
from tiergate.services.access.check_desk import CheckDesk
from tiergate.services.access.consume_usage import consume
from tiergate.services.plans.push_plans import push_plans
from tiergate.settings import Settings
from tiergate.store.change_feed import CATALOG, account_topic, clock_topic, note_change
from tiergate.store.grant_rows import save_grant
from tiergate.store.test_clock_rows import saw_clock

FEATURE = "roles"
COUNTED = "api_calls"


@pytest.fixture
def desk(both: Bench) -> Iterator[CheckDesk]:
    """A desk on each kind of database."""
    with open_desk(both) as opened:
        yield opened


@pytest.fixture
def ears(monkeypatch: pytest.MonkeyPatch) -> Ears:
    """What desks that are opened after this are told to forget."""
    ears, forget = Ears(), AnswerCache.forget

    def hear(cache: AnswerCache, topics: frozenset[str]) -> None:
        forget(cache, topics)
        ears.heard.put(topics)

    monkeypatch.setattr(AnswerCache, "forget", hear)
    return ears


def give(
    bench: Bench, grant_id: str = "gift", account_id: str = ACCOUNT, **features: bool | int | str
) -> None:
    """Give an account features by hand, in the process of the bench."""
    grant = Grant(
        grant_id, GrantKind.OVERRIDE, BEGIN - timedelta(days=1), features=features or {FEATURE: True}
    )
    with bench.context.database.write() as tx:
        save_grant(tx, account_id, grant, "ada", bench.clock.now)
        note_change(tx, account_topic(account_id))


def test_a_second_check_asks_nobody(both: Bench, desk: CheckDesk) -> None:
    """What was asked once is answered from memory, whatever the feature."""
    desk.check(ACCOUNT, FEATURE)
    with statements(both.context.database) as asked:
        answers = {feature: desk.check(ACCOUNT, feature) for feature in (FEATURE, COUNTED, "projects")}
        assert [desk.allowed(ACCOUNT, feature) for feature in answers] == [False, True, True]
    assert asked == []
    assert answers == {feature: answer_check(both.context, ACCOUNT, feature) for feature in answers}


def test_what_does_not_exist_is_an_error(both: Bench, desk: CheckDesk) -> None:
    """Accounts and features that nobody made known are errors, the first time and the next."""
    for ask in (desk.check, desk.allowed, desk.check):
        with pytest.raises(UnknownAccountError):
            ask("nobody", FEATURE)
        with pytest.raises(UnknownFeatureError):
            ask(ACCOUNT, "flying")
    both.register("nobody")
    assert not desk.allowed("nobody", FEATURE)


def test_a_process_reads_what_it_wrote(both: Bench, desk: CheckDesk) -> None:
    """What this process has committed is in the next answer."""
    for number in range(5):
        assert desk.check(ACCOUNT, "seats").limit == (2 if number == 0 else number)
        give(both, f"gift-{number}", seats=number + 1)


def test_a_subscription_counts_at_once(both: Bench, desk: CheckDesk) -> None:
    """What a webhook brings is in the next answer."""
    assert not desk.allowed(ACCOUNT, FEATURE)
    both.subscribe()
    both.deliver(*both.webhooks())
    assert desk.allowed(ACCOUNT, FEATURE)
    assert desk.check(ACCOUNT, FEATURE) == answer_check(both.context, ACCOUNT, FEATURE)


def test_what_was_used_is_told(both: Bench, desk: CheckDesk) -> None:
    """What is counted is in the next answer, up to the refusal at the limit."""
    assert desk.check(ACCOUNT, "projects").used == 0
    consume(both.context, ACCOUNT, "projects", 1, key="first")
    consume(both.context, ACCOUNT, COUNTED, 30, key="calls")
    assert (desk.allowed(ACCOUNT, "projects"), desk.check(ACCOUNT, "projects").used) == (False, 1)
    assert desk.check(ACCOUNT, COUNTED).remaining == 970
    assert desk.check(ACCOUNT, COUNTED) == answer_check(both.context, ACCOUNT, COUNTED)


def test_another_process_is_heard(both: Bench, ears: Ears) -> None:
    """What another process has committed is in the answers soon after."""
    with open_desk(both) as desk, elsewhere(both) as other:
        assert not desk.allowed(ACCOUNT, FEATURE)
        with other.database.write() as tx:
            save_grant(tx, ACCOUNT, Grant("g", GrantKind.COMP, BEGIN, plan_key="team"), "ada", both.clock.now)
            note_change(tx, account_topic(ACCOUNT))
        ears.wait_for(account_topic(ACCOUNT))
        assert desk.allowed(ACCOUNT, FEATURE)


def test_a_new_catalogue_is_heard(both: Bench, ears: Ears) -> None:
    """Plans that another process publishes are in the answers soon after."""
    with open_desk(both) as desk, elsewhere(both) as other:
        assert desk.check(ACCOUNT, "seats").limit == 2
        push_plans(other, northwind().replace("seats = 2,", "seats = 4,"))
        ears.wait_for(CATALOG)
        assert desk.check(ACCOUNT, "seats") == answer_check(both.context, ACCOUNT, "seats")


def test_a_boundary_is_passed_by_the_clock(both: Bench, desk: CheckDesk) -> None:
    """An answer changes at the instant it said it would, though nothing is heard."""
    both.subscribe(
        trial_period_days=14, trial_settings={"end_behavior": {"missing_payment_method": "cancel"}}
    )
    both.deliver(*both.webhooks())
    until = desk.check(ACCOUNT, FEATURE).valid_until
    assert until is not None
    seen = []
    for instant in (until - timedelta(seconds=1), until, until + timedelta(seconds=1)):
        both.clock.now = instant
        seen.append(desk.check(ACCOUNT, FEATURE).phase)
        assert desk.check(ACCOUNT, FEATURE) == answer_check(both.context, ACCOUNT, FEATURE)
    assert seen[0] != seen[1] == seen[2]


def test_an_account_on_a_clock_lives_by_it(both: Bench, ears: Ears) -> None:
    """On a test clock real time changes nothing, and the clock does as soon as it is heard of."""
    both.use_test_clock("clock_1")
    with both.context.database.write() as tx:
        saw_clock(tx, "clock_1", BEGIN, BEGIN)
    both.register("traveller")
    until = BEGIN + timedelta(days=3)
    with both.context.database.write() as tx:
        grant = Grant("g", GrantKind.COMP, BEGIN, until, plan_key="team")
        save_grant(tx, "traveller", grant, "ada", BEGIN)
    with open_desk(both) as desk, elsewhere(both) as other:
        assert desk.check("traveller", FEATURE).valid_until == until
        both.clock.advance(seconds=4)
        assert desk.remembered("traveller", FEATURE) is not None
        with other.database.write() as tx:
            saw_clock(tx, "clock_1", until, both.clock.now)
        ears.wait_for(clock_topic("clock_1"))
        assert not desk.allowed("traveller", FEATURE)


def test_a_change_while_an_account_is_read_is_not_missed(
    both: Bench, desk: CheckDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read and overtaken by a change in the same moment is not kept."""
    keep = AnswerCache.keep

    def overtaken(cache: AnswerCache, *kept: Any) -> None:
        monkeypatch.setattr(AnswerCache, "keep", keep)
        give(both)
        keep(cache, *kept)

    monkeypatch.setattr(AnswerCache, "keep", overtaken)
    assert not desk.allowed(ACCOUNT, FEATURE)
    assert desk.allowed(ACCOUNT, FEATURE)


def test_a_feature_that_was_dropped_is_still_answered(both: Bench, desk: CheckDesk) -> None:
    """Who bought a feature under an older version has it, and for all others it is not included."""
    fax = '[features.fax]\nname = "Fax"\nkind = "switch"\n\n[plans.free]'
    with_fax = northwind().replace("[plans.free]", fax)
    with_fax = with_fax.replace("[plans.team.features]", "[plans.team.features]\nfax = true")
    push_plans(both.context, with_fax)
    both.subscribe()
    both.deliver(*both.webhooks())
    push_plans(both.context, northwind())
    both.register("newcomer")
    for account_id, has in ((ACCOUNT, True), ("newcomer", False)):
        assert desk.allowed(account_id, "fax") is has
        assert desk.check(account_id, "fax") == answer_check(both.context, account_id, "fax")
        assert desk.check(account_id, "fax").reason == ("included" if has else "not_included")
    with pytest.raises(UnknownFeatureError):
        desk.allowed(ACCOUNT, "telex")


def test_what_the_host_commits_itself_is_told_at_once(both: Bench, desk: CheckDesk) -> None:
    """What was counted in a transaction of the host is in the next answer once that is committed."""
    host = create_engine(both.database_url)
    with host.connect() as connection:
        for number, end, used in ((1, connection.rollback, 0), (2, connection.commit, 30)):
            assert desk.check(ACCOUNT, COUNTED).used == 0
            consume(both.context, ACCOUNT, COUNTED, 30, key=f"calls-{number}", connection=connection)
            assert desk.remembered(ACCOUNT, COUNTED) is not None
            end()
            assert (desk.remembered(ACCOUNT, COUNTED) is None) is (used == 30)
            assert desk.check(ACCOUNT, COUNTED).used == used
        consume(both.context, ACCOUNT, COUNTED, 5, key="more", connection=connection)
        connection.commit()
        assert desk.check(ACCOUNT, COUNTED).used == 35
    host.dispose()


def test_what_is_read_while_the_host_commits_is_not_kept(both: Bench, desk: CheckDesk) -> None:
    """A check in the midst of the commit may see the state before it, and the next one does not."""
    host = create_engine(both.database_url)
    with host.connect() as connection:
        consume(both.context, ACCOUNT, COUNTED, 30, key="calls", connection=connection)
        seen: list[int | None] = []
        event.listen(connection, "commit", lambda _: seen.append(desk.check(ACCOUNT, COUNTED).used))
        connection.commit()
        assert (seen, desk.check(ACCOUNT, COUNTED).used) == ([0], 30)
    host.dispose()


def test_a_full_memory_answers_all_the_same(both: Bench) -> None:
    """Where more accounts are asked for than are kept, every answer is right."""
    for number in range(7):
        both.register(f"account-{number}")
    give(both, account_id="account-3")
    with open_desk(both, most=2) as desk:
        for _ in range(3):
            answers = [desk.allowed(f"account-{number}", FEATURE) for number in range(7)]
            assert answers == [number == 3 for number in range(7)]


def test_a_transaction_of_the_host_is_read(both: Bench, desk: CheckDesk) -> None:
    """Within a transaction a check sees what that has written, and nobody else does."""
    assert desk.allowed(ACCOUNT, "projects")
    with elsewhere(both) as other, other.database.write() as connection:
        consume(both.context, ACCOUNT, "projects", 1, key="first", connection=connection)
        assert not desk.check_within(connection, ACCOUNT, "projects").allowed
        assert desk.allowed(ACCOUNT, "projects")


def test_all_accounts_are_loaded_at_once(both: Bench, desk: CheckDesk) -> None:
    """After warming up nobody is asked for anything, and the answers are the same."""
    both.subscribe()
    both.deliver(*both.webhooks())
    for number in range(7):
        both.register(f"account-{number}")
    give(both, account_id="account-3")
    consume(both.context, "account-4", COUNTED, 5, key="calls")
    ids = [ACCOUNT, *(f"account-{number}" for number in range(7))]
    assert desk.warm() == len(ids)
    with statements(both.context.database) as asked:
        answers = {(one, feature): desk.check(one, feature) for one in ids for feature in (FEATURE, COUNTED)}
    assert asked == []
    assert answers == {asked_for: answer_check(both.context, *asked_for) for asked_for in answers}


def test_a_long_history_takes_no_more_memory(both: Bench, desk: CheckDesk) -> None:
    """An account that was given much is loaded as its answers alone, however much that was."""
    for number in range(100):
        give(both, f"gift-{number}")
    assert desk.warm() == 1
    assert desk.remembered(ACCOUNT, COUNTED) is not None


def test_no_more_are_loaded_than_are_kept(both: Bench) -> None:
    """Warming up stops where memory is full."""
    for number in range(7):
        both.register(f"account-{number}")
    with open_desk(both, most=5) as desk:
        assert desk.warm() == 5


def test_an_event_loop_is_not_held_up(both: Bench) -> None:
    """An async host is answered from memory at once, and reads in a thread what is not there."""
    settings = Settings(both.database_url, KEY, ("whsec_1",))

    async def ask(billing: Billing) -> tuple[bool, set[str], bool]:
        threads: set[str] = set()
        event.listen(billing._context.database.engine, "begin", lambda _: threads.add(current_thread().name))
        first = (await billing.acheck(ACCOUNT, FEATURE)).allowed
        with statements(billing._context.database) as asked:
            await billing.acheck(ACCOUNT, FEATURE)
        return first, threads - {"tiergate-changes"}, asked == []

    with Billing(settings, now=both.clock) as billing:
        allowed, threads, from_memory = asyncio.run(ask(billing))
    assert (allowed, from_memory) == (False, True)
    assert current_thread().name not in threads
