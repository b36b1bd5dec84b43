"""The journalled phases: what was known, in the order in which it became known, never changed."""

from dataclasses import replace

from tests.store.builders import NOON, at
from tiergate.store import Database
from tiergate.store.phase_rows import (
    RecordedFeature,
    RecordedPhase,
    append_forecast,
    newest_forecast,
    phases_of,
)

TRIAL = RecordedPhase(
    account_id="acme",
    known_at=at(9),
    account_at=at(5),
    starts_at=NOON,
    ends_at=at(100),
    plan_key="team",
    access="full",
    reason="trialing",
    because="sub_1 trial_end",
    cause="event evt_1 customer.subscription.created",
    features={
        "seats": RecordedFeature(10, "included"),
        "sso": RecordedFeature(False, "not_included"),
        "support": RecordedFeature("Priority", "read_only"),
    },
)
FREE = replace(TRIAL, known_at=at(120), starts_at=at(100), ends_at=None, plan_key=None, cause="time")


def test_phases_come_back_as_they_were_recorded(database: Database) -> None:
    """In the order of becoming known, each with its features and instants, without those of others."""
    foreseen = replace(FREE, known_at=at(9))
    with database.write() as tx:
        forecasts = [[TRIAL, foreseen], [replace(TRIAL, account_id="globex")], [FREE]]
        numbers = [append_forecast(tx, forecast) for forecast in forecasts]
        assert numbers == sorted(set(numbers))
        assert phases_of(tx, "acme") == [TRIAL, foreseen, FREE]
        assert newest_forecast(tx, "nobody") == ()


def test_the_newest_forecast_is_what_was_known_last(database: Database) -> None:
    """It begins with the phase that held then, and goes on with those foreseen, in order."""
    sooner = replace(FREE, account_at=at(6), starts_at=at(5))
    ahead = [replace(sooner, starts_at=at(day)) for day in range(7, 27)]
    with database.write() as tx:
        append_forecast(tx, [TRIAL, FREE])
        assert newest_forecast(tx, "acme") == (TRIAL, FREE)
        append_forecast(tx, [sooner, *ahead])
        assert newest_forecast(tx, "acme") == (sooner, *ahead)


def test_what_brought_the_news_is_no_news() -> None:
    """Two records say the same whatever told us and when, and differ in what an account has or until when."""
    assert TRIAL.says_the_same(replace(TRIAL, known_at=at(99), account_at=at(99), cause="time"))
    different = [
        replace(TRIAL, ends_at=None),
        replace(TRIAL, plan_key="scale"),
        replace(TRIAL, access="read_only"),
        replace(TRIAL, reason="active"),
        replace(TRIAL, because="sub_2 trial_end"),
        replace(TRIAL, features={"seats": RecordedFeature(11, "included")}),
    ]
    assert [TRIAL.says_the_same(other) for other in different] == [False] * len(different)
