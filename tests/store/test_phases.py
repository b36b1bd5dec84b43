"""The journalled phases: what was known, in the order in which it became known, never changed."""

from dataclasses import replace

from tests.store.builders import NOON, at
from tiergate.store import Database
from tiergate.store.phase_rows import RecordedFeature, RecordedPhase, append_phase, newest_phase, phases_of

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
    with database.write() as tx:
        numbers = [append_phase(tx, phase) for phase in (TRIAL, replace(TRIAL, account_id="globex"), FREE)]
        earlier = replace(FREE, starts_at=at(50))
        append_phase(tx, earlier)
        assert numbers == sorted(set(numbers))
        assert phases_of(tx, "acme") == [TRIAL, FREE, earlier]
        assert newest_phase(tx, "acme") == earlier
        assert newest_phase(tx, "nobody") is None


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
