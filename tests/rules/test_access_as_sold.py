"""Grandfathering: every subscription, and every free account, has what its version of the catalogue says."""

from dataclasses import replace

import pytest

from tests.rules.builders import account, at, catalog, grant, plan, sold, subscription, trial
from tiergate.rules.catalog import AddOn, Catalog, Feature, FeatureKind, Trial
from tiergate.rules.decision import decide
from tiergate.rules.errors import UnknownFeatureError
from tiergate.rules.policy import Afterwards, Policy
from tiergate.rules.state import AccountState
from tiergate.rules.timeline import build_timeline

MOMENT = at("2026-03-10T00:00:00")


def versions() -> Catalog:
    """Build version 2, which forgot the plan Starter and the feature faxes, with version 1 behind it."""
    first = catalog(Policy(after_trial=Afterwards.BLOCKED))
    team = replace(first.plans["team"], features={"api_calls": 700, "faxes": 5}, trial=Trial(14, features={}))
    free = replace(first.plans["free"], features={"api_calls": 5000})
    first = replace(
        first,
        version=1,
        features={**first.features, "faxes": Feature("faxes", "Faxes", FeatureKind.LIMIT)},
        plans={**first.plans, "team": team, "free": free},
        add_ons={"calls": AddOn("calls", "Calls", features={"api_calls": 1, "faxes": 2})},
    )
    second = catalog()
    plans = {key: each for key, each in second.plans.items() if key != "starter"}
    return replace(second, version=2, plans=plans, older={1: first})


def bought(version: int | None, plan_key: str = "team") -> AccountState:
    """Build an account that bought under a version."""
    return account(subscription(plan_key=plan_key, catalog_version=version))


@pytest.mark.parametrize(
    ("version", "calls"), [(1, 5000), (2, 100_000), (None, 100_000), (99, 100_000)], ids=str
)
def test_a_subscription_keeps_the_version_it_was_sold_under(version: int | None, calls: int) -> None:
    """The plan is the one of the version bought; one that nobody knows any more is the present one."""
    state = replace(bought(version), catalog_version=version)
    decision = decide(build_timeline(state, versions()), "api_calls", MOMENT)
    assert decision.value == calls


@pytest.mark.parametrize(("version", "calls"), [(1, 5000), (2, 1000), (None, 1000)], ids=str)
def test_a_free_account_keeps_the_free_plan_it_signed_up_under(version: int | None, calls: int) -> None:
    """The floor is the free plan of the account's own version."""
    state = replace(account(), catalog_version=version)
    assert decide(build_timeline(state, versions()), "api_calls", MOMENT).value == calls


def test_the_subscription_and_the_floor_each_have_their_version() -> None:
    """A subscription of version 1 on a free plan of version 2 is at least the better of both."""
    timeline = build_timeline(bought(1), versions())
    assert timeline.at(MOMENT).features["api_calls"] == 1000


def test_a_plan_that_has_gone_from_the_version_bought_is_unmapped() -> None:
    """Starter is known to version 1 alone."""
    assert build_timeline(bought(1, "starter"), versions()).at(MOMENT).plan_key == "starter"
    assert build_timeline(bought(2, "starter"), versions()).at(MOMENT).reason == "unmapped_price"


def test_the_policy_and_the_trial_are_those_of_the_version_too() -> None:
    """What follows a trial is what was said when it began."""
    for version, access in [(1, "blocked"), (2, "full")]:
        state = account(trial(catalog_version=version, cancel_at=at("2026-03-15T09:30:00")))
        assert build_timeline(state, versions()).phases[-1].access == access


def test_a_feature_that_only_an_older_version_has_is_still_answered() -> None:
    """Who bought under version 1 has its faxes; for the others they are not included, and no mistake."""
    assert decide(build_timeline(bought(1), versions()), "faxes", MOMENT).limit == 5
    assert decide(build_timeline(bought(2), versions()), "faxes", MOMENT).reason == "not_included"
    with pytest.raises(UnknownFeatureError):
        decide(build_timeline(bought(1), versions()), "telex", MOMENT)


def test_every_feature_is_that_of_the_latest_version_that_has_it() -> None:
    """Those in force come first, as in the file; then those that were dropped, as they last were."""
    third = replace(versions(), version=3, features={"sso": versions().features["sso"]})
    fax = Feature("faxes", "Fax machines", FeatureKind.METERED)
    second = replace(versions(), features={"faxes": fax, "sso": Feature("sso", "Old", FeatureKind.SWITCH)})
    found = replace(third, older={2: second, 1: versions().older[1]}).every_feature
    assert next(iter(found)) == "sso"
    assert set(found) == {*versions().features, "faxes"}
    assert (found["sso"].name, found["faxes"]) == ("SSO", fax)


def test_add_ons_and_grants_have_their_version_too() -> None:
    """An add-on of version 1 and a comp of version 1 give what they gave then."""
    item = replace(sold("team"), add_on_key=None)
    state = account(subscription(catalog_version=1, items=(item, sold(add_on_key="calls", quantity=3))))
    assert build_timeline(state, versions()).at(MOMENT).features["faxes"] == 11
    comp = replace(grant("comp", "2026-03-01T00:00:00", plan_key="starter"), catalog_version=1)
    given = replace(account(), grants=(comp,))
    assert build_timeline(given, versions()).at(MOMENT).plan_key == "starter"


def test_a_plan_of_a_file_without_features_gives_the_floor() -> None:
    """A plan that says nothing leaves the free plan's features as they are."""
    empty = plan("team", 2, Policy(), unit_amount=100)
    usual = catalog()
    timeline = build_timeline(account(subscription()), replace(usual, plans={**usual.plans, "team": empty}))
    assert timeline.at(MOMENT).features["projects"] == 1
