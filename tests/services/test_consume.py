"""Usage is counted once for each key, never past a limit, and in the account's own window of time."""

import multiprocessing
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import create_engine, text

from tests.services.bench import ACCOUNT, Bench, northwind
from tests.store.together import together
from tiergate.rules.decision import Verdict
from tiergate.rules.errors import UnknownAccountError, UnknownFeatureError
from tiergate.services.access.consume_usage import Consumed, UsageError, consume, release
from tiergate.services.plans.push_plans import push_plans
from tiergate.store import Database
from tiergate.store.tables import changes, usage, usage_keys

FREE_CALLS = 1000
"""What the free plan of Northwind includes of ``api_calls`` each month."""


def use(bench: Bench, feature: str, n: int = 1, *, key: str) -> Consumed:
    """Use something of the account's."""
    return consume(bench.context, ACCOUNT, feature, n, key=key)


def counted(bench: Bench) -> list[int]:
    """What is counted, window by window."""
    return [row.used for row in sorted(bench.rows(usage), key=lambda row: row.window_starts_at)]


def test_usage_counts_up_to_the_limit_and_not_beyond(both: Bench) -> None:
    """The last one that fits is allowed; the next is refused, counts nothing, and names an offer."""
    last = use(both, "api_calls", FREE_CALLS - 1, key="a")
    assert (last.allowed, last.used, last.remaining, last.limit) == (True, 999, 1, FREE_CALLS)
    assert use(both, "api_calls", key="b").remaining == 0
    refused = use(both, "api_calls", key="c")
    assert (refused.allowed, refused.used, refused.remaining) == (False, FREE_CALLS, 0)
    assert refused.decision.reason is Verdict.LIMIT_REACHED
    assert refused.decision.offer is not None
    assert refused.decision.offer.plan == "starter"
    assert counted(both) == [FREE_CALLS]


def test_a_wish_that_does_not_fit_whole_is_refused_whole(both: Bench) -> None:
    """With 1 left, 2 are refused and 1 is allowed; the refused key may be tried again."""
    use(both, "api_calls", FREE_CALLS - 1, key="a")
    refused = use(both, "api_calls", 2, key="b")
    assert (refused.allowed, refused.used, refused.remaining) == (False, 999, 1)
    assert refused.decision.reason is Verdict.LIMIT_REACHED
    assert use(both, "api_calls", 1, key="b").allowed
    assert not use(both, "seats", 3, key="c").allowed


def test_the_same_key_counts_once(both: Bench) -> None:
    """A retry gets the first answer, also when the limit has been reached since."""
    first = use(both, "api_calls", 10, key="request 1")
    use(both, "api_calls", FREE_CALLS - 10, key="request 2")
    again = use(both, "api_calls", 10, key="request 1")
    assert (again.allowed, again.used, again.remaining) == (first.allowed, first.used, first.remaining)
    assert counted(both) == [FREE_CALLS]


def test_a_retry_after_the_plan_ended_gets_the_first_answer(bench: Bench) -> None:
    """What was counted stays counted: a retry is no new wish, whatever the account has by now."""
    subscription_id = bench.subscribe("team")
    bench.deliver(*bench.webhooks())
    assert use(bench, "projects", 5, key="a").allowed
    bench.tick()
    bench.stripe.v1.subscriptions.cancel(subscription_id)
    bench.deliver(*bench.webhooks())
    assert use(bench, "projects", 5, key="a").allowed
    assert not use(bench, "projects", key="b").allowed
    assert counted(bench) == [5]


def test_a_key_names_one_thing(both: Bench) -> None:
    """The same key with another amount, another feature or another direction is an error; nothing counts."""
    use(both, "seats", 1, key="a")
    for wrong in (
        partial(use, both, "seats", 2, key="a"),
        partial(use, both, "api_calls", 1, key="a"),
        partial(release, both.context, ACCOUNT, "seats", 1, key="a"),
    ):
        with pytest.raises(UsageError, match="was used for 1 of 'seats'"):
            wrong()
    assert counted(both) == [1]


def test_keys_are_an_accounts_own(both: Bench) -> None:
    """Two accounts may use the same key."""
    both.register("globex")
    assert use(both, "seats", key="a").used == 1
    assert consume(both.context, "globex", "seats", 1, key="a").used == 1


def test_what_is_not_included_is_refused_with_its_offer(bench: Bench) -> None:
    """A limit that the plan does not have is refused before anything is counted."""
    push_plans(bench.context, northwind().replace("projects = 1, ", ""))
    bench.register("newcomer")
    refused = consume(bench.context, "newcomer", "projects", 1, key="a")
    assert (refused.allowed, refused.decision.reason) == (False, Verdict.NOT_INCLUDED)
    assert refused.decision.offer is not None
    assert (bench.rows(usage), bench.rows(usage_keys)) == ([], [])


def test_without_a_limit_everything_fits(bench: Bench) -> None:
    """Unlimited usage is counted, and nothing remains of nothing."""
    bench.subscribe("team")
    bench.deliver(*bench.webhooks())
    used = use(bench, "projects", 10**9, key="a")
    assert (used.allowed, used.used, used.limit, used.remaining) == (True, 10**9, None, None)


@pytest.mark.parametrize("n", [0, -1, True, 1.5, "1", 2**53])
def test_amounts_are_whole_and_positive(bench: Bench, n: int) -> None:
    """Anything but a whole number from 1 on is refused, for giving back too; so is what nothing can count."""
    with pytest.raises(UsageError, match="no amount"):
        use(bench, "seats", n, key="a")
    with pytest.raises(UsageError, match="no amount"):
        release(bench.context, ACCOUNT, "seats", n, key="a")


@pytest.mark.parametrize("key", ["", "x" * 256, "a\x00b"])
def test_keys_are_printable(bench: Bench, key: str) -> None:
    """A key that a database could not hold is refused."""
    with pytest.raises(UsageError, match="cannot be a key"):
        use(bench, "seats", key=key)


def test_what_is_unknown_or_not_counted_is_an_error(bench: Bench) -> None:
    """Nobody's usage, unknown features, and switches cannot be consumed."""
    with pytest.raises(UnknownAccountError):
        consume(bench.context, "ghost", "seats", 1, key="a")
    with pytest.raises(UnknownFeatureError):
        use(bench, "teleport", key="a")
    with pytest.raises(UsageError, match="it is a switch"):
        use(bench, "sso", key="a")


def test_what_was_given_back_may_be_used_again(both: Bench) -> None:
    """A seat that is given back is free again; the same key gives back once; below zero there is nothing."""
    use(both, "seats", 2, key="a")
    assert not use(both, "seats", key="b").allowed
    back = release(both.context, ACCOUNT, "seats", 1, key="c")
    assert (back.used, back.remaining) == (1, 1)
    assert release(both.context, ACCOUNT, "seats", 1, key="c") == back
    assert use(both, "seats", key="b").allowed
    assert release(both.context, ACCOUNT, "seats", 99, key="d").used == 0
    assert release(both.context, ACCOUNT, "seats", 1, key="e").used == 0
    assert counted(both) == [0]


def test_what_has_ended_can_be_given_back(bench: Bench) -> None:
    """Giving back needs no access: after the plan has ended the count still goes down."""
    subscription_id = bench.subscribe("team")
    bench.deliver(*bench.webhooks())
    use(bench, "seats", 9, key="a")
    bench.tick()
    bench.stripe.v1.subscriptions.cancel(subscription_id)
    bench.deliver(*bench.webhooks())
    assert release(bench.context, ACCOUNT, "seats", 8, key="b").used == 1


def test_metered_usage_is_not_given_back(bench: Bench) -> None:
    """Calls that were made stay made until their window is over."""
    use(bench, "api_calls", key="a")
    with pytest.raises(UsageError, match="cannot be given back"):
        release(bench.context, ACCOUNT, "api_calls", 1, key="b")


def test_metered_usage_starts_again_by_the_clock(both: Bench) -> None:
    """At its boundary, without any webhook, a window is new; limits that are kept have one for all time."""
    both.subscribe("starter")
    both.deliver(*both.webhooks())
    use(both, "api_calls", 20_000, key="a")
    use(both, "seats", 3, key="b")
    resets_at = use(both, "api_calls", key="c").decision.valid_until
    assert resets_at is not None
    assert both.clock.now < resets_at <= both.clock.now + timedelta(days=31)
    both.clock.now = resets_at - timedelta(seconds=1)
    assert not use(both, "api_calls", key="d").allowed
    both.clock.now = resets_at
    assert use(both, "api_calls", key="d").used == 1
    assert not use(both, "seats", key="e").allowed


def test_an_account_on_a_test_clock_counts_in_its_own_time(bench: Bench) -> None:
    """On a clock that stands still, real time passing does not start a new window."""
    frozen_time = int(bench.clock.now.timestamp())
    clock = bench.stripe.v1.test_helpers.test_clocks.create({"frozen_time": frozen_time}).id
    bench.use_test_clock(clock)
    bench.register("traveller")
    assert consume(bench.context, "traveller", "api_calls", FREE_CALLS, key="a").allowed
    bench.clock.advance(days=40)
    assert not consume(bench.context, "traveller", "api_calls", 1, key="b").allowed


def test_others_learn_of_what_was_counted(both: Bench) -> None:
    """What is counted is noted in the feed; a refusal changes nothing that anybody would need to know."""

    def noted() -> int:
        return max(
            (row.changed_in for row in both.rows(changes) if row.topic == f"account:{ACCOUNT}"), default=0
        )

    before = noted()
    use(both, "seats", 2, key="a")
    after = noted()
    assert after > before
    use(both, "seats", 1, key="b")
    assert noted() == after


def test_in_the_hosts_own_transaction(both: Bench) -> None:
    """With the host's connection the count is committed or undone with the host's own work."""
    engine = create_engine(both.database_url)
    with engine.connect() as connection:
        with connection.begin() as work:
            connection.execute(text("CREATE TABLE projects (name TEXT)"))
            assert consume(both.context, ACCOUNT, "projects", 1, key="a", connection=connection).allowed
            work.rollback()
        assert counted(both) == []
        with connection.begin():
            assert consume(both.context, ACCOUNT, "projects", 1, key="a", connection=connection).allowed
    engine.dispose()
    assert counted(both) == [1]


def test_a_limit_holds_against_many_threads(both: Bench) -> None:
    """Eight threads that want 640 together of the last 200 get 200, one by one or several at once."""

    def work(hand: int) -> int:
        wishes = (use(both, "api_calls", 1 + turn % 3, key=f"{hand}:{turn}") for turn in range(40))
        return sum(1 + turn % 3 for turn, answer in enumerate(wishes) if answer.allowed)

    use(both, "api_calls", FREE_CALLS - 200, key="before")
    allowed = together([partial(work, hand) for hand in range(8)])
    assert sum(allowed) == 200
    assert counted(both) == [FREE_CALLS]


def test_one_key_at_once_in_many_threads_counts_once(both: Bench) -> None:
    """Eight deliveries of the same request at the same moment are one, and all get the same answer."""
    use(both, "seats", 1, key="before")
    answers = together([partial(use, both, "seats", 1, key="same")] * 8)
    assert {(answer.allowed, answer.used) for answer in answers} == {(True, 2)}
    assert counted(both) == [2]


def test_a_limit_holds_against_many_processes(both: Bench) -> None:
    """Three processes with connections of their own use no more than there is."""
    use(both, "api_calls", FREE_CALLS - 20, key="before")
    spawn = multiprocessing.get_context("fork")
    answers = spawn.SimpleQueue()
    target: Callable[[int], None] = partial(_consume_apart, both, answers)
    hands = [spawn.Process(target=target, args=(hand,)) for hand in range(3)]
    for process in hands:
        process.start()
    allowed = [answers.get() for _ in hands]
    for process in hands:
        process.join()
    assert sum(allowed) == 20
    assert counted(both) == [FREE_CALLS]


def _consume_apart(bench: Bench, answers: "multiprocessing.SimpleQueue[int]", hand: int) -> None:
    context = replace(bench.context, database=Database(bench.database_url))
    wishes = (consume(context, ACCOUNT, "api_calls", 1, key=f"{hand}:{turn}") for turn in range(20))
    answers.put(sum(answer.allowed for answer in wishes))
