"""The window in which metered usage is counted, and when it rolls over."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.builders import (
    FOR_EVER,
    TRIAL_END,
    Cards,
    account,
    after_trial,
    at,
    catalog,
    failed,
    grant,
    paid,
    subscription,
    trial,
)
from tests.rules.strategies import catalogs, instants, states
from tiergate.rules.catalog import Catalog
from tiergate.rules.decision import Decision, decide
from tiergate.rules.errors import UnknownFeatureError
from tiergate.rules.instants import DISTANT_FUTURE, DISTANT_PAST
from tiergate.rules.policy import FeaturePolicy, Policy
from tiergate.rules.state import AccountState
from tiergate.rules.timeline import build_timeline
from tiergate.rules.usage import Usage
from tiergate.rules.usage_window import FOR_ALL_TIME, Window, window_at

SIGNED_UP = "2026-01-31T12:00:00"


def window(
    state: AccountState, moment: str, feature: str = "api_calls", offer: Catalog | None = None
) -> tuple[str, str]:
    """Ask for the window at an instant."""
    found = window_at(state, build_timeline(state, offer or catalog()), feature, at(moment))
    return (_written(found.starts_at), _written(found.ends_at))


def _written(instant: datetime) -> str:
    return FOR_EVER if instant == DISTANT_FUTURE else instant.isoformat().removesuffix("+00:00")


FREE = replace(account(), signed_up_at=at(SIGNED_UP))
MONTHLY = account(subscription())
YEARLY = account(subscription(period=("2026-03-01T09:30:00", "2027-03-01T09:30:00")))
TRIAL = replace(account(trial()), signed_up_at=at(SIGNED_UP))

CASES = [
    pytest.param(FREE, SIGNED_UP, SIGNED_UP, "2026-02-28T12:00:00", id="free: from the sign-up"),
    pytest.param(
        FREE,
        "2026-02-28T12:00:00",
        "2026-02-28T12:00:00",
        "2026-03-31T12:00:00",
        id="free: a month without a 31st ends on its last day, and the next one does not",
    ),
    pytest.param(FREE, "2026-02-28T11:59:59", SIGNED_UP, "2026-02-28T12:00:00", id="free: to the second"),
    pytest.param(
        FREE, "2025-12-31T11:59:59", "2025-11-30T12:00:00", "2025-12-31T12:00:00", id="before the sign-up"
    ),
    pytest.param(
        account(),
        "2026-03-05T00:00:00",
        "2026-03-01T00:00:00",
        "2026-04-01T00:00:00",
        id="nobody knows when it signed up: calendar months",
    ),
    pytest.param(
        MONTHLY, "2026-03-05T00:00:00", "2026-03-01T09:30:00", "2026-04-01T09:30:00", id="monthly: its period"
    ),
    pytest.param(
        MONTHLY,
        "2026-04-01T09:30:00",
        "2026-04-01T09:30:00",
        "2026-04-05T09:30:00",
        id="the renewal has not been heard of: the next month, until silence ends it",
    ),
    pytest.param(
        YEARLY, "2026-08-15T00:00:00", "2026-08-01T09:30:00", "2026-09-01T09:30:00", id="yearly: by the month"
    ),
    pytest.param(
        TRIAL, "2026-03-05T00:00:00", "2026-03-01T09:30:00", "2026-03-15T09:30:00", id="a trial: to its end"
    ),
    pytest.param(
        TRIAL,
        "2026-03-15T09:30:00",
        "2026-03-15T09:30:00",
        "2026-03-19T09:30:00",
        id="after it, before Stripe has spoken: a month of its own",
    ),
    pytest.param(
        account(after_trial(), invoices=[paid("2026-03-15T09:30:00")]),
        "2026-03-16T00:00:00",
        "2026-03-15T09:30:00",
        "2026-04-15T09:30:00",
        id="and the same one once it has",
    ),
    pytest.param(
        account(subscription(trial_end=TRIAL_END, period=("2026-06-20T00:00:00", "2026-07-20T00:00:00"))),
        "2026-06-25T00:00:00",
        "2026-06-20T00:00:00",
        "2026-07-20T00:00:00",
        id="long after a trial: its period",
    ),
    pytest.param(
        replace(TRIAL, customer=account(cards=Cards.NONE).customer),
        "2026-03-20T00:00:00",
        "2026-02-28T12:00:00",
        "2026-03-31T12:00:00",
        id="a trial that ended on the free plan: from the sign-up",
    ),
    pytest.param(
        account(subscription(period=None)),
        "2026-03-02T00:00:00",
        "2026-03-01T09:30:00",
        "2026-03-05T09:30:00",
        id="no period known: from its beginning",
    ),
    pytest.param(
        account(
            subscription("past_due", period=("2026-04-01T09:30:00", "2026-05-01T09:30:00")),
            invoices=[paid("2026-03-01T09:30:00"), failed("2026-04-01T09:30:00")],
        ),
        "2026-04-02T00:00:00",
        "2026-04-01T09:30:00",
        "2026-04-04T09:30:00",
        id="in grace: the period that is owed for",
    ),
    pytest.param(
        replace(FREE, grants=(grant("comp", "2026-02-10T00:00:00", plan_key="team"),)),
        "2026-02-15T00:00:00",
        SIGNED_UP,
        "2026-02-28T12:00:00",
        id="a comp counts from the sign-up",
    ),
]


@pytest.mark.parametrize(("state", "moment", "starts_at", "ends_at"), CASES)
def test_window(state: AccountState, moment: str, starts_at: str, ends_at: str) -> None:
    """Metered usage is counted by the month of what speaks for the account, by the clock alone."""
    assert window(state, moment) == (starts_at, ends_at)


@pytest.mark.parametrize(
    ("period", "windows"),
    [
        pytest.param(("2026-01-31", "2026-02-28"), ["01-31", "02-28", "03-31", "04-30"], id="from the 31st"),
        pytest.param(("2026-02-28", "2026-03-31"), ["02-28", "03-31", "04-30", "05-31"], id="after February"),
        pytest.param(("2026-02-28", "2026-03-28"), ["02-28", "03-28", "04-28", "05-28"], id="from the 28th"),
        pytest.param(("2026-04-30", "2026-05-30"), ["04-30", "05-30", "06-30", "07-30"], id="from the 30th"),
        pytest.param(("2026-04-30", "2027-04-30"), ["04-30", "05-30", "06-30", "07-30"], id="by the year"),
        pytest.param(("2026-03-01", "2026-03-15"), ["03-01", "04-01", "05-01", "06-01"], id="half a month"),
    ],
)
def test_months_follow_the_day_of_the_anchor(period: tuple[str, str], windows: list[str]) -> None:
    """The anchor's day comes back after a month that lacks it, also when Stripe has moved the period on."""
    start, end = (f"{day}T09:30:00" for day in period)
    state = account(subscription(period=(start, end), created_at=at("2026-01-01T00:00:00")))
    timeline = build_timeline(state, catalog(Policy(max_unconfirmed=timedelta(days=365))))
    moment, found = at(start), []
    for _ in windows:
        each = window_at(state, timeline, "api_calls", moment)
        assert each.starts_at == moment
        found.append(each.starts_at.strftime("%m-%d"))
        moment = each.ends_at
    assert found == windows


def test_an_extended_trial_is_counted_alike_before_and_after_it_is_cancelled() -> None:
    """That Stripe has cancelled a trial which a grant keeps going begins no other count."""
    extension = grant("extension", "2026-03-10T00:00:00", "2026-04-10T00:00:00")
    for bought in (trial(), trial("canceled", canceled_at=TRIAL_END, ended_at=TRIAL_END)):
        state = replace(account(bought, cards=Cards.NONE), grants=(extension,))
        assert window(state, "2026-03-20T00:00:00") == ("2026-03-15T09:30:00", "2026-04-10T00:00:00")


@pytest.mark.parametrize("feature", ["projects", "custom_domain", "history"])
def test_what_is_not_metered_has_one_window(feature: str) -> None:
    """A limit counts what there is at once: nothing ever resets it."""
    found = window_at(MONTHLY, build_timeline(MONTHLY, catalog()), feature, at("2026-03-05T00:00:00"))
    assert found == FOR_ALL_TIME == Window(DISTANT_PAST, DISTANT_FUTURE)


def test_a_feature_that_there_is_not_has_no_window() -> None:
    """A misspelt feature is a mistake here too."""
    with pytest.raises(UnknownFeatureError):
        window(MONTHLY, "2026-03-05T00:00:00", "api_call")


def test_a_feature_with_a_policy_of_its_own_rolls_over_with_it() -> None:
    """Where a feature loses its subscription sooner than the plan, its count follows it."""
    state = replace(
        account(
            subscription("past_due"), invoices=[paid("2026-02-01T00:00:00"), failed("2026-03-01T10:30:00")]
        ),
        signed_up_at=at("2026-02-20T00:00:00"),
    )
    offer = catalog(Policy(features={"api_calls": FeaturePolicy(grace=timedelta(days=1))}))
    moment = "2026-03-03T00:00:00"
    assert window(state, moment, offer=offer) == ("2026-02-20T00:00:00", "2026-03-20T00:00:00")
    assert window(state, moment) == ("2026-03-01T09:30:00", "2026-03-04T10:30:00")


@pytest.mark.parametrize("moment", [DISTANT_PAST, DISTANT_FUTURE - timedelta(seconds=1)])
def test_windows_reach_to_the_ends_of_time(moment: datetime) -> None:
    """No instant is too early or too late to be asked about."""
    found = window_at(FREE, build_timeline(FREE, catalog()), "api_calls", moment)
    assert found.starts_at <= moment < found.ends_at


@given(states(), catalogs, instants)
def test_a_window_holds_the_instant_that_it_was_asked_for(
    state: AccountState, catalog: Catalog, moment: datetime
) -> None:
    """Whatever Stripe has said, a window contains its instant, and rolls over exactly at its end."""
    timeline = build_timeline(state, catalog)
    found = window_at(state, timeline, "api_calls", moment)
    assert found.starts_at <= moment < found.ends_at
    assert found.ends_at - found.starts_at <= timedelta(days=31)
    assert window_at(state, timeline, "api_calls", found.ends_at - timedelta(seconds=1)) == found
    assert window_at(state, timeline, "api_calls", found.ends_at) != found


@given(states(), catalogs, instants, st.sampled_from([0, 1, 1000, 100_000]))
def test_an_answer_changes_where_it_says_also_over_windows(
    state: AccountState, catalog: Catalog, moment: datetime, used: int
) -> None:
    """To the second before ``valid_until`` the answer is the same, whatever rolls over; at it another."""
    timeline = build_timeline(state, catalog)
    counted = window_at(state, timeline, "api_calls", moment).starts_at

    def ask(at: datetime) -> Decision:
        found = window_at(state, timeline, "api_calls", at)
        resets_at = None if found.ends_at == DISTANT_FUTURE else found.ends_at
        return decide(timeline, "api_calls", at, Usage(used if found.starts_at == counted else 0, resets_at))

    answer = ask(moment)
    until = answer.valid_until or moment + timedelta(days=400)
    edges = [at for at in timeline.boundaries_after(moment) if at < until]
    months = [moment + timedelta(days=31) * count for count in range(1, 12)]
    last = max(moment, until - timedelta(seconds=1))
    assert {ask(at) for at in [*edges, *months, last] if at < until} == {answer}
    if answer.valid_until is not None:
        assert replace(ask(until), valid_until=until) != answer
