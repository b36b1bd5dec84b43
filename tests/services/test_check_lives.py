"""Lives of accounts, made up: memory never answers otherwise than the rules, whatever is forgotten when."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rules.builders import account, catalog, failed, grant, paid, subscription
from tests.rules.strategies import START, instants, policies, states, subscriptions
from tests.services.bench import Bench
from tests.services.desks import open_desk
from tiergate.rules.catalog import Catalog
from tiergate.rules.decision import decide
from tiergate.rules.policy import FeaturePolicy, Policy
from tiergate.rules.state import AccountState, Grant, GrantKind, Subscription
from tiergate.rules.timeline import build_timeline
from tiergate.rules.usage import Usage
from tiergate.rules.usage_window import window_at
from tiergate.services.access.answer_check import read_answers
from tiergate.services.access.check_desk import CheckDesk
from tiergate.services.access.consume_usage import consume
from tiergate.services.access.outlines import Outlines
from tiergate.services.access.prepare_answers import Moment
from tiergate.store.change_feed import CATALOG, account_topic, note_change
from tiergate.store.grant_rows import save_grant
from tiergate.store.mirror import Sighting, save_subscription

_numbers = count()
OWN_POLICY = {
    "custom_domain": FeaturePolicy(grace=timedelta(days=9)),
    "api_calls": FeaturePolicy(grace=timedelta(0)),
}

catalogs = st.builds(
    lambda policy, has_own: catalog(replace(policy, features=OWN_POLICY if has_own else {})),
    policies,
    st.booleans(),
)
counts = st.dictionaries(st.sampled_from(["projects", "api_calls"]), st.integers(0, 6))


def as_decided(state: AccountState, sold: Catalog, used: dict[str, int], at: datetime) -> dict[str, object]:
    """What the rules say of every feature, one by one."""
    timeline = build_timeline(state, sold)
    found: dict[str, object] = {}
    for key in sold.features:
        window = window_at(state, timeline, key, at)
        resets_at = window.ends_at if key == "api_calls" else None
        found[key] = decide(timeline, key, at, Usage(used.get(key, 0), resets_at))
    return found


@given(st.lists(st.tuples(states(), instants, counts), min_size=1, max_size=6), catalogs)
def test_shared_answers_are_those_of_the_rules(
    accounts: list[tuple[AccountState, datetime, dict[str, int]]], sold: Catalog
) -> None:
    """What accounts share is what the rules say of each, and holds no longer than any of it."""
    outlines = Outlines()
    for state, at, counted in accounts:
        timeline = build_timeline(state, sold)
        used = {(key, window_at(state, timeline, key, at).starts_at): n for key, n in counted.items()}
        answers = Moment(at, outlines).answers(state, sold, used)
        expected = as_decided(state, sold, counted, at)
        assert {key: answers.decision(key) for key in sold.features} == expected
        assert {key: answers.decision(key).allowed for key in sold.features} == answers.allowed
        changes = [answers.decision(key).valid_until for key in sold.features]
        first = min((change for change in changes if change), default=None)
        assert answers.until <= (first.timestamp() if first else float("inf"))


PAID = account(subscription(), invoices=[paid("2026-03-01T09:30:00")])
OWES = account(
    subscription("past_due", period=("2026-04-01T09:30:00", "2026-05-01T09:30:00")),
    invoices=[paid("2026-03-01T09:30:00"), failed("2026-04-01T10:30:00")],
)
EXTRA = grant("add_on", "2026-03-05T00:00:00", projects=1, api_calls=5)
ON_TOP = grant("override", "2026-03-05T00:00:00", grant_id="gr_2", sso=True, history=7)


def test_what_differs_is_not_shared() -> None:
    """What is given on top, and a grace of one feature alone, stay with the account that has them."""
    sold, outlines = catalog(Policy(features=OWN_POLICY)), Outlines()
    for state in (PAID, replace(PAID, grants=(EXTRA,)), replace(PAID, grants=(EXTRA, ON_TOP)), OWES, PAID):
        for day in (2, 20, 32, 36, 50):
            moment = Moment(START + timedelta(days=59 + day), outlines)
            answers = moment.answers(state, sold, {})
            expected = as_decided(state, sold, {}, moment.now)
            assert {key: answers.decision(key) for key in sold.features} == expected


Step = Callable[[Bench, CheckDesk, str], object]


def _saved(subscription: Subscription) -> Step:
    def save(bench: Bench, _desk: CheckDesk, account_id: str) -> None:
        mine = replace(subscription, id=f"sub_{account_id}", customer_id=f"cus_{account_id}")
        sighting = Sighting(bench.clock.now, bench.clock.now, account_id=account_id)
        with bench.context.database.write() as tx:
            save_subscription(tx, mine, {"status": str(mine.status)}, sighting, bench.clock.now)
            note_change(tx, account_topic(account_id))

    return save


def _given(plan: str, days: int) -> Step:
    def give(bench: Bench, _desk: CheckDesk, account_id: str) -> None:
        now = bench.clock.now
        grant = Grant(f"g{next(_numbers)}", GrantKind.COMP, now, now + timedelta(days=days), plan_key=plan)
        with bench.context.database.write() as tx:
            save_grant(tx, account_id, grant, "ada", now)
            note_change(tx, account_topic(account_id))

    return give


steps: st.SearchStrategy[Step] = st.one_of(
    subscriptions("sub").map(_saved),
    st.builds(_given, st.sampled_from(["starter", "team"]), st.integers(1, 20)),
    st.integers(1, 900).map(
        lambda n: (
            lambda bench, _, account: consume(bench.context, account, "api_calls", n, key=str(next(_numbers)))
        )
    ),
    st.integers(1, 40).map(lambda days: lambda bench, *_: bench.clock.advance(days=days / 2)),
    st.just(lambda _, desk, __: desk._cache.forget([CATALOG])),
    st.just(lambda _, desk, __: desk.warm()),
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(steps, max_size=10))
def test_memory_changes_no_answer(both: Bench, life: list[Step]) -> None:
    """After each step of a life memory answers as the database does, also where it was emptied in between."""
    account_id = f"account-{next(_numbers)}"
    both.clock.now = START
    both.register(account_id)
    with open_desk(both) as desk:
        for step in life:
            step(both, desk, account_id)
            with both.context.database.read() as tx:
                decided = read_answers(both.context, tx, account_id, Outlines())
            for feature in decided.catalog.features:
                assert desk.check(account_id, feature) == decided.decision(feature)
                assert desk.allowed(account_id, feature) is decided.decision(feature).allowed
