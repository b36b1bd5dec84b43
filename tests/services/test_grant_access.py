"""Access given by hand: what makes sense, what it does, and what is journalled of it."""

from datetime import timedelta
from typing import Any

import pytest

from tests.services.bench import ACCOUNT, BEGIN, Bench, northwind
from tiergate.rules.errors import TiergateError, UnknownAccountError, UnknownFeatureError, UnknownPlanError
from tiergate.services.access.grant_access import (
    GrantDetails,
    GrantError,
    UnknownGrantError,
    grant_access,
    revoke_grant,
)
from tiergate.services.plans.push_plans import push_plans
from tiergate.store.tables import changes, grants

NEXT_WEEK = BEGIN + timedelta(days=7)


def grant(bench: Bench, kind: str, account_id: str = ACCOUNT, **details: Any) -> str:
    """Grant something."""
    return grant_access(bench.context, account_id, GrantDetails(kind, **details))


def test_a_comp_gives_a_plan(both: Bench) -> None:
    """It holds from now until its end, under the version of the catalogue in force, and is journalled."""
    grant_id = grant(both, "comp", plan_key="team", ends_at=NEXT_WEEK, note="a friend", granted_by="ada")
    phase = both.explain().phase
    assert (phase.plan_key, phase.starts_at, phase.ends_at) == ("team", BEGIN, NEXT_WEEK)
    (row,) = both.rows(grants)
    assert (row.grant_id, row.kind, row.note, row.granted_by) == (grant_id, "comp", "a friend", "ada")
    assert (row.starts_at, row.ends_at, row.catalog_version) == (BEGIN, NEXT_WEEK, 1)
    entry = next(entry for entry in both.explain().journal if entry.kind == "granted")
    assert (entry.cause, entry.happened_at) == ("granted by ada", BEGIN)
    assert (entry.data["grant"], entry.data["plan"], entry.data["until"]) == (
        grant_id,
        "team",
        "2027-03-08T10:00:00Z",
    )
    assert both.explain().account.plan_key == "team"
    assert f"account:{ACCOUNT}" in {row.topic for row in both.rows(changes)}


def test_a_grant_is_revoked(both: Bench) -> None:
    """What it gave ends at once; the row stays, and who took it back is journalled."""
    grant_id = grant(both, "comp", plan_key="team")
    both.tick()
    revoke_grant(both.context, ACCOUNT, grant_id, "bob")
    assert both.explain().phase.plan_key == "free"
    assert [row.revoked_at for row in both.rows(grants)] == [both.clock.now]
    entry = next(entry for entry in both.explain().journal if entry.kind == "grant_revoked")
    assert (entry.cause, entry.data) == ("grant_revoked by bob", {"grant": grant_id, "by": "bob"})


def test_a_grant_is_revoked_once_and_by_its_account(both: Bench) -> None:
    """A second time, and for another account, there is none; nothing is journalled then."""
    grant_id = grant(both, "comp", plan_key="team")
    both.register("globex")
    with pytest.raises(UnknownGrantError):
        revoke_grant(both.context, "globex", grant_id)
    revoke_grant(both.context, ACCOUNT, grant_id)
    with pytest.raises(UnknownGrantError, match="that could be revoked"):
        revoke_grant(both.context, ACCOUNT, grant_id)
    assert [entry.kind for entry in both.explain().journal].count("grant_revoked") == 1
    assert "grant_revoked" not in [entry.kind for entry in both.explain("globex").journal]


def test_a_comp_keeps_the_version_it_was_given_under(both: Bench) -> None:
    """A plan that is renamed later is still the one that was given."""
    grant(both, "comp", plan_key="team")
    push_plans(both.context, northwind().replace('name = "Team"', 'name = "Crew"'))
    plan = both.explain().phase.plan
    assert plan is not None
    assert plan.name == "Team"


@pytest.mark.parametrize(
    ("details", "error"),
    [
        ({"kind": "present"}, "comp, extension, add_on, override"),
        ({"kind": "comp"}, "needs a plan"),
        ({"kind": "comp", "plan_key": "team", "features": {"projects": 5}}, "names no features"),
        ({"kind": "extension"}, "no end"),
        ({"kind": "extension", "ends_at": NEXT_WEEK, "plan_key": "team"}, "names no plan"),
        ({"kind": "add_on"}, "needs features"),
        ({"kind": "override", "features": {"projects": "many"}}, "'projects' cannot be 'many'"),
        ({"kind": "override", "features": {"projects": -1}}, "'projects' cannot be -1"),
        ({"kind": "override", "features": {"projects": 2**53}}, "too large to be counted"),
        ({"kind": "comp", "plan_key": "team", "ends_at": BEGIN}, "ends before it starts"),
        ({"kind": "comp", "plan_key": "team", "starts_at": BEGIN.replace(tzinfo=None)}, "no time zone"),
    ],
)
def test_what_makes_no_sense_is_refused(bench: Bench, details: dict[str, Any], error: str) -> None:
    """Each refusal says what is wrong, and nothing is written."""
    with pytest.raises(GrantError) as refusal:
        grant(bench, **details)
    assert error in str(refusal.value) + refusal.value.remedy
    assert bench.rows(grants) == []


@pytest.mark.parametrize(
    ("details", "error"),
    [
        ({"kind": "comp", "plan_key": "platinum"}, UnknownPlanError),
        ({"kind": "add_on", "features": {"rockets": 5}}, UnknownFeatureError),
        ({"kind": "comp", "plan_key": "team", "account_id": "ghost"}, UnknownAccountError),
    ],
)
def test_what_is_not_there_cannot_be_granted(
    bench: Bench, details: dict[str, Any], error: type[TiergateError]
) -> None:
    """Plan, feature and account must exist."""
    with pytest.raises(error):
        grant(bench, **details)
    assert bench.rows(grants) == []
