"""What time makes due: reminders before a trial ends, each named once and for all."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.builders import BEGAN, TRIAL_END, Cards, account, at, grant, subscription, trial
from tiergate.rules.occasions import Occasion, occasions_of

ZONES = ["UTC", "Pacific/Auckland", "America/Los_Angeles", "Asia/Kolkata", "Africa/Cairo", "Pacific/Apia"]


def reminders(trial_end: str, time_zone: str = "UTC", began: str = "2026-01-01T00:00:00") -> list[Occasion]:
    """Return the reminders of a trial without regard to how long it is."""
    state = account(trial(created_at=at(began), trial_start=at(began), trial_end=at(trial_end)))
    return list(occasions_of(state, time_zone))


def test_a_trial_is_reminded_of_three_days_one_day_and_on_the_day() -> None:
    """Each reminder is due at its time, and stale once the next is due or the trial is over."""
    ends = int(TRIAL_END.timestamp())
    assert [(o.key, o.step, o.due_at, o.expires_at) for o in occasions_of(account(trial()))] == [
        (
            f"sub_1:trial_end:{ends}:3_days",
            "3_days",
            at("2026-03-12T09:30:00"),
            at("2026-03-14T09:30:00"),
        ),
        (
            f"sub_1:trial_end:{ends}:1_day",
            "1_day",
            at("2026-03-14T09:30:00"),
            at("2026-03-15T00:00:00"),
        ),
        (
            f"sub_1:trial_end:{ends}:same_day",
            "same_day",
            at("2026-03-15T00:00:00"),
            at("2026-03-15T09:30:00"),
        ),
    ]
    assert {(o.kind, o.object_id) for o in occasions_of(account(trial()))} == {("trial_reminder", "sub_1")}


def test_a_trial_that_is_extended_has_other_occasions() -> None:
    """Another end of the trial is another occasion: its reminders are told anew."""
    before = {o.key for o in reminders("2026-03-15T09:30:00")}
    assert before.isdisjoint(o.key for o in reminders("2026-03-22T09:30:00"))


def test_a_trial_given_to_an_old_subscription_counts_from_its_own_start() -> None:
    """Two days of trial are too short for the reminder at three, however old the subscription is."""
    begun_late = trial(start_date=at("2025-01-01T00:00:00"), trial_start=TRIAL_END - timedelta(days=2))
    assert [occasion.step for occasion in occasions_of(account(begun_late))] == ["1_day", "same_day"]


def test_the_key_does_not_depend_on_the_time_zone() -> None:
    """An account that moves to another zone is not told twice."""
    keys = [[o.key for o in reminders("2026-03-15T09:30:00", zone)] for zone in ZONES]
    assert all(each == keys[0] for each in keys)


@pytest.mark.parametrize("status", ["active", "past_due", "canceled", "paused", "incomplete", "frozen"])
def test_only_a_running_trial_is_reminded_of(status: str) -> None:
    """Once Stripe has moved a trial on, nothing is left to remind of."""
    assert occasions_of(account(trial(status))) == ()


def test_nothing_is_due_for_who_has_no_trial() -> None:
    """An account without a trial, or whose trial has no end, has no occasions."""
    assert occasions_of(account()) == ()
    assert occasions_of(account(subscription("trialing"))) == ()


EXTENDED_TO = "2026-03-25T09:30:00"


def extended(*, status: str = "trialing", cards: Cards = Cards.NONE, **differing: Any) -> list[Occasion]:
    """Return the reminders of a trial that was extended by ten days on its tenth day."""
    given = {"starts_at": "2026-03-11T00:00:00", "ends_at": EXTENDED_TO, **differing}
    grants = (grant("extension", given["starts_at"], given["ends_at"]),)
    return list(occasions_of(replace(account(trial(status), cards=cards), grants=grants)))


@pytest.mark.parametrize("status", ["trialing", "canceled", "paused"])
@pytest.mark.parametrize("cards", [Cards.NONE, Cards.UNKNOWN])
def test_a_trial_that_goes_on_by_hand_is_reminded_of_before_its_real_end(status: str, cards: Cards) -> None:
    """The reminders are those of the extension's end, also once Stripe has ended the trial."""
    assert extended(status=status, cards=cards) == reminders(EXTENDED_TO)


def test_an_extension_that_a_paid_subscription_overtakes_is_not_reminded_of() -> None:
    """Who has bought meanwhile loses nothing when the extension of the ended trial ends."""
    state = account(trial("canceled"), subscription(subscription_id="sub_2"))
    given = grant("extension", "2026-03-11T00:00:00", EXTENDED_TO)
    assert occasions_of(replace(state, grants=(given,))) == ()


def test_a_trial_with_a_card_is_reminded_of_before_it_is_charged() -> None:
    """Stripe charges the card at the end of the trial, whatever was given by hand."""
    assert extended(cards=Cards.DEFAULT) == reminders("2026-03-15T09:30:00")


def test_a_card_that_is_not_charged_any_more_changes_nothing() -> None:
    """Once Stripe has ended the trial no card is charged, and the extension ends all the same."""
    assert extended(status="canceled", cards=Cards.DEFAULT) == reminders(EXTENDED_TO)


@pytest.mark.parametrize(
    ("starts_at", "ends_at"),
    [
        pytest.param("2026-03-11T00:00:00", "2026-03-14T00:00:00", id="over before the trial"),
        pytest.param("2026-03-15T09:30:01", EXTENDED_TO, id="after a gap"),
    ],
)
def test_an_extension_that_does_not_go_on_changes_no_reminder(starts_at: str, ends_at: str) -> None:
    """The trial ends where Stripe ends it when the extension is over by then, or has not begun."""
    assert extended(starts_at=starts_at, ends_at=ends_at) == reminders("2026-03-15T09:30:00")
    assert extended(status="canceled", starts_at=starts_at, ends_at=ends_at) == []


def test_extensions_follow_each_other() -> None:
    """A trial ends with the last extension that begins where the one before it ends; a comp adds nothing."""
    chain = (
        grant("extension", EXTENDED_TO, "2026-04-05T00:00:00", grant_id="gr_2"),
        grant("extension", "2026-03-11T00:00:00", EXTENDED_TO),
        grant("comp", "2026-03-11T00:00:00", "2026-05-01T00:00:00", grant_id="gr_3", plan_key="team"),
    )
    state = replace(account(trial(), cards=Cards.NONE), grants=chain)
    assert list(occasions_of(state)) == reminders("2026-04-05T00:00:00")


def test_an_extension_without_an_end_is_not_reminded_of() -> None:
    """A trial that goes on until further notice ends on no day that could be named."""
    assert extended(ends_at=None) == []


@pytest.mark.parametrize(
    ("began", "steps"),
    [
        ("2026-03-12T09:30:00", ["3_days", "1_day", "same_day"]),
        ("2026-03-12T09:30:01", ["1_day", "same_day"]),
        ("2026-03-14T09:30:00", ["1_day", "same_day"]),
        ("2026-03-14T09:30:01", ["same_day"]),
        ("2026-03-15T00:00:00", ["same_day"]),
        ("2026-03-15T00:00:01", []),
    ],
)
def test_a_short_trial_is_not_reminded_of_what_was_before_it_began(began: str, steps: list[str]) -> None:
    """A trial shorter than three days has only the reminders that fall into it."""
    assert [o.step for o in reminders("2026-03-15T09:30:00", began=began)] == steps


@pytest.mark.parametrize(
    ("time_zone", "trial_end", "day_begins"),
    [
        pytest.param("Pacific/Auckland", "2026-03-15T09:30:00", "2026-03-14T11:00:00", id="Auckland, summer"),
        pytest.param("Pacific/Auckland", "2026-07-15T09:30:00", "2026-07-14T12:00:00", id="Auckland, winter"),
        pytest.param(
            "Pacific/Auckland", "2026-04-05T10:00:00", "2026-04-04T11:00:00", id="Auckland, clocks go back"
        ),
        pytest.param(
            "Pacific/Auckland", "2026-09-27T10:00:00", "2026-09-26T12:00:00", id="Auckland, clocks go forward"
        ),
        pytest.param(
            "America/Los_Angeles", "2026-03-15T05:00:00", "2026-03-14T07:00:00", id="still the day before"
        ),
        pytest.param(
            "America/Los_Angeles", "2026-03-09T06:00:00", "2026-03-08T08:00:00", id="a day of 23 hours"
        ),
        pytest.param("Asia/Kolkata", "2026-03-15T09:30:00", "2026-03-14T18:30:00", id="half an hour off"),
        pytest.param(
            "Africa/Cairo", "2026-04-24T10:00:00", "2026-04-23T22:00:00", id="a day without midnight"
        ),
    ],
)
def test_the_day_itself_begins_at_midnight_where_the_account_is(
    time_zone: str, trial_end: str, day_begins: str
) -> None:
    """The last reminder is due when the last day begins by the account's own clock (pinax#573)."""
    assert reminders(trial_end, time_zone)[-1].due_at == at(day_begins)


@pytest.mark.parametrize(
    ("time_zone", "trial_end", "day_begins"),
    [
        pytest.param("UTC", "2026-03-15T00:00:00", "2026-03-14T00:00:00", id="midnight in UTC"),
        pytest.param("UTC", "2026-03-15T00:00:01", "2026-03-15T00:00:00", id="a second later"),
        pytest.param("Asia/Kolkata", "2026-03-14T18:30:00", "2026-03-13T18:30:00", id="midnight in Kolkata"),
    ],
)
def test_a_trial_that_ends_at_midnight_is_reminded_of_on_the_day_before(
    time_zone: str, trial_end: str, day_begins: str
) -> None:
    """The day itself is the last day on which the trial can be used, and one reminder covers it."""
    found = {o.step: o for o in reminders(trial_end, time_zone)}
    assert found["same_day"].due_at == at(day_begins)
    assert found["same_day"].expires_at == at(trial_end)
    assert found["1_day"].expires_at == at(day_begins)


def test_occasions_of_several_trials_come_in_order_of_time() -> None:
    """The occasions of all subscriptions are one list, in order of time and then of key."""
    other = trial(subscription_id="sub_0")
    keys = [(o.object_id, o.step) for o in occasions_of(account(trial(), other))]
    assert keys == [
        ("sub_0", "3_days"),
        ("sub_1", "3_days"),
        ("sub_0", "1_day"),
        ("sub_1", "1_day"),
        ("sub_0", "same_day"),
        ("sub_1", "same_day"),
    ]


@given(
    st.integers(0, 400 * 24 * 4).map(lambda quarters: BEGAN + timedelta(minutes=15 * quarters)),
    st.sampled_from(ZONES),
)
def test_at_most_one_reminder_is_due_at_an_instant(trial_end: datetime, time_zone: str) -> None:
    """Whenever a trial ends and wherever, no two reminders are due at once, and none after the end."""
    state = account(
        trial(
            start_date=at("2025-01-01T00:00:00"), trial_start=at("2025-01-01T00:00:00"), trial_end=trial_end
        )
    )
    found = occasions_of(state, time_zone)
    told = [(o.due_at, o.expires_at) for o in found if o.due_at < o.expires_at]
    assert all(first[1] <= second[0] for first, second in pairwise(told))
    assert max(expires_at for _, expires_at in told) <= trial_end
