"""The decision: may this account use this feature, why, what would allow it, and until when that holds."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.rules.builders import (
    NORTHWIND,
    TRIAL_END,
    Cards,
    account,
    at,
    catalog,
    failed,
    paid,
    plan,
    subscription,
    trial,
)
from tiergate.rules.access import Reason
from tiergate.rules.catalog import UNLIMITED, Catalog, FeatureValue
from tiergate.rules.catalog_file import parse_catalog
from tiergate.rules.decision import Decision, Offer, Verdict, cheapest_offer, decide, worth_at
from tiergate.rules.effective_features import generosity
from tiergate.rules.errors import UnknownFeatureError
from tiergate.rules.policy import Afterwards, FeaturePolicy, Policy
from tiergate.rules.state import AccountState, Subscription
from tiergate.rules.timeline import build_timeline
from tiergate.rules.usage import UNCOUNTED, Usage

MOMENT = at("2026-03-05T00:00:00")
TEAM = Offer("team", "Team")
STARTER = Offer("starter", "Starter")


def ask(
    feature: str,
    state: AccountState | None = None,
    *,
    used: int = 0,
    offer: Catalog | None = None,
    moment: str = "2026-03-05T00:00:00",
) -> Decision:
    """Ask about a feature of an account that is on the free plan unless a state is given."""
    timeline = build_timeline(state or account(), offer or catalog())
    return decide(timeline, feature, at(moment), Usage(used))


def on(plan_key: str) -> AccountState:
    """Build an account that pays for a plan."""
    return account(subscription(plan_key=plan_key))


def with_plans(*values: FeatureValue) -> Catalog:
    """Build a catalogue whose plans p1, p2 … differ in what they say of the feature ``history``."""
    plans = [
        plan(f"p{rank}", rank, Policy(), unit_amount=100 * rank, history=value)
        for rank, value in enumerate(values, start=1)
    ]
    return replace(catalog(), plans={each.key: each for each in plans})


def live(plan_key: str) -> Subscription:
    """Build a subscription of its own to a plan."""
    return subscription(subscription_id=f"sub_{plan_key}", plan_key=plan_key)


KINDS = [
    # feature, plan, used → allowed, reason, value, limit, used, remaining
    pytest.param("custom_domain", "team", 0, (True, "included", True, None, None, None), id="switch on"),
    pytest.param("sso", "team", 0, (False, "not_included", False, None, None, None), id="switch absent"),
    pytest.param("history", "team", 7, (True, "included", 90, None, None, None), id="setting"),
    pytest.param(
        "history", "starter", 0, (False, "not_included", False, None, None, None), id="setting absent"
    ),
    pytest.param("projects", "starter", 0, (True, "included", 5, 5, 0, 5), id="limit unused"),
    pytest.param("projects", "starter", 4, (True, "included", 5, 5, 4, 1), id="limit, one left"),
    pytest.param("projects", "starter", 5, (False, "limit_reached", 5, 5, 5, 0), id="limit reached"),
    pytest.param("projects", "starter", 6, (False, "limit_reached", 5, 5, 6, 0), id="limit passed"),
    pytest.param(
        "projects", "team", 9999, (True, "included", "unlimited", None, 9999, None), id="limit unlimited"
    ),
    pytest.param(
        "api_calls", "team", 99_999, (True, "included", 100_000, 100_000, 99_999, 1), id="metered, one left"
    ),
    pytest.param(
        "api_calls",
        "team",
        100_000,
        (False, "limit_reached", 100_000, 100_000, 100_000, 0),
        id="metered, used up",
    ),
]


@pytest.mark.parametrize(("feature", "plan_key", "used", "expected"), KINDS)
def test_each_kind_of_feature(feature: str, plan_key: str, used: int, expected: tuple[object, ...]) -> None:
    """A feature is allowed as its kind says, and what is counted tells how much is left."""
    decision = ask(feature, on(plan_key), used=used)
    answer = (
        decision.allowed,
        decision.reason,
        decision.value,
        decision.limit,
        decision.used,
        decision.remaining,
    )
    assert answer == expected
    assert (decision.feature, decision.plan, decision.phase) == (feature, plan_key, "active")


def test_a_limit_that_the_plan_does_not_mention_is_none() -> None:
    """A counted feature that a plan is silent about is not included, with a limit of nothing."""
    decision = ask("projects", on("p1"), offer=with_plans(1))
    assert (decision.reason, decision.limit, decision.remaining) == (Verdict.NOT_INCLUDED, 0, 0)


def test_a_limit_of_zero_is_not_included() -> None:
    """A plan that writes 0 lacks the feature; nothing was reached."""
    decision = ask("history", on("p1"), offer=with_plans(0))
    assert decision.reason is Verdict.NOT_INCLUDED


def test_an_unknown_feature_is_an_error_that_names_the_known_ones() -> None:
    """A feature that the catalogue lacks is no refusal but a mistake of the caller."""
    with pytest.raises(
        UnknownFeatureError, match=r"no feature 'exports'.*The features are: projects, api_calls"
    ):
        ask("exports")


OFFERS = [
    pytest.param("custom_domain", 0, STARTER, id="the cheapest plan that has it"),
    pytest.param("history", 0, TEAM, id="only the biggest has it"),
    pytest.param("projects", 1, STARTER, id="the next limit"),
    pytest.param("projects", 4, STARTER, id="the last use that the plan allows"),
    pytest.param("projects", 5, TEAM, id="a limit used up already is passed over"),
    pytest.param("api_calls", 100_000, None, id="more than any plan allows"),
    pytest.param("sso", 0, None, id="no plan has it"),
]


@pytest.mark.parametrize(("feature", "used", "offer"), OFFERS)
def test_a_refusal_offers_the_cheapest_plan_that_would_allow_it(
    feature: str, used: int, offer: Offer | None
) -> None:
    """A refusal names the smallest paid plan that would allow the feature at the present usage."""
    decision = ask(feature, used=max(used, 1) if feature == "projects" else used)
    if feature == "api_calls":
        decision = ask(feature, on("team"), used=used)
    assert (decision.allowed, decision.offer) == (False, offer)


def test_what_is_allowed_offers_nothing() -> None:
    """An allowed feature carries no offer."""
    assert ask("custom_domain", on("starter")).offer is None


def test_the_free_plan_is_never_an_offer() -> None:
    """An account that is blocked is offered a paid plan even for what the free plan has."""
    assert cheapest_offer(catalog(), "projects", Usage(0)) == STARTER


AFTER_TRIAL = account(trial(), cards=Cards.NONE)


@pytest.mark.parametrize(
    ("afterwards", "feature", "reason", "plan_key", "offer"),
    [
        (Afterwards.FREE, "custom_domain", Verdict.NOT_INCLUDED, "free", STARTER),
        (Afterwards.READ_ONLY, "custom_domain", Verdict.READ_ONLY, "team", STARTER),
        (Afterwards.READ_ONLY, "projects", Verdict.READ_ONLY, "team", STARTER),
        (Afterwards.READ_ONLY, "sso", Verdict.NOT_INCLUDED, "team", None),
        (Afterwards.BLOCKED, "custom_domain", Verdict.BLOCKED, None, STARTER),
        (Afterwards.BLOCKED, "projects", Verdict.BLOCKED, None, STARTER),
    ],
)
def test_restricted_access_refuses_with_its_own_reason(
    afterwards: Afterwards, feature: str, reason: Verdict, plan_key: str | None, offer: Offer | None
) -> None:
    """Read-only and blocked refuse every use, and say which of them it is."""
    decision = ask(
        feature, AFTER_TRIAL, offer=catalog(Policy(after_trial=afterwards)), moment="2026-03-15T09:30:00"
    )
    assert (decision.allowed, decision.reason, decision.plan) == (False, reason, plan_key)
    assert (decision.phase, decision.offer) == (Reason.TRIAL_ENDED, offer)


def test_read_only_is_still_told_what_it_has() -> None:
    """A read-only account sees the limits of the plan it had."""
    decision = ask(
        "api_calls",
        AFTER_TRIAL,
        used=12,
        offer=catalog(Policy(after_trial=Afterwards.READ_ONLY)),
        moment="2026-03-20T00:00:00",
    )
    assert (decision.limit, decision.used, decision.remaining) == (100_000, 12, 99_988)


BEST_OF = [
    pytest.param((False, 30), 30, id="a number beats nothing"),
    pytest.param((30, False), 30, id="in either order"),
    pytest.param((0, False), 0, id="zero is said, nothing is not"),
    pytest.param((365, 30), 365, id="the greater number"),
    pytest.param((365, UNLIMITED), UNLIMITED, id="unlimited beats any number"),
    pytest.param((UNLIMITED, 365), UNLIMITED, id="from the smaller plan too"),
    pytest.param(("Priority", 30), "Priority", id="a text beats a number"),
    pytest.param(("E-mail", "Priority"), "Priority", id="of two texts the bigger plan's"),
    pytest.param(("E-mail", False), "E-mail", id="a text beats nothing"),
]


@pytest.mark.parametrize(("values", "best"), BEST_OF)
@pytest.mark.parametrize("backwards", [False, True])
def test_several_live_plans_merge_to_the_best_of_each_feature(
    values: tuple[FeatureValue, ...], best: FeatureValue, backwards: bool
) -> None:
    """What two live plans say of a feature merges to the better, whatever order they come in."""
    subscriptions = [live("p1"), live("p2")]
    state = account(*(reversed(subscriptions) if backwards else subscriptions))
    decision = ask("history", state, offer=with_plans(*values))
    assert (decision.value, decision.plan) == (best, "p2")


def test_true_is_as_generous_as_a_text_and_false_the_least() -> None:
    """The order of generosity: absent, numbers by size, a text or yes, unlimited."""
    values: list[FeatureValue] = [UNLIMITED, True, 2, False, 1]
    assert sorted(values, key=generosity) == [False, 1, 2, True, UNLIMITED]
    assert generosity(True) == generosity("Priority")


def test_an_answer_holds_until_the_next_boundary_that_changes_it() -> None:
    """A trial's answer is valid until the trial ends, to the second, and then for ever."""
    assert ask("custom_domain", AFTER_TRIAL).valid_until == TRIAL_END
    assert ask("custom_domain", AFTER_TRIAL, moment="2026-03-15T09:29:59").valid_until == TRIAL_END
    assert ask("custom_domain", AFTER_TRIAL, moment="2026-03-15T09:30:00").valid_until is None


def test_a_boundary_that_changes_nothing_does_not_end_an_answer() -> None:
    """Where one phase follows another with the same answer, the answer holds to the end of both."""
    second = subscription(subscription_id="sub_2", plan_key="starter", created_at=at("2026-03-20T00:00:00"))
    decision = ask("custom_domain", account(subscription(), second))
    assert decision.valid_until == at("2026-04-01T09:30:00")


def test_an_answer_about_usage_holds_until_the_count_starts_again() -> None:
    """What was used up holds until the reset, or to the end of the phase if that is sooner."""
    timeline = build_timeline(on("team"), catalog())
    sooner = decide(timeline, "api_calls", MOMENT, Usage(5, resets_at=at("2026-03-20T00:00:00")))
    later = decide(timeline, "api_calls", MOMENT, Usage(5, resets_at=at("2026-05-01T00:00:00")))
    assert sooner.valid_until == at("2026-03-20T00:00:00")
    assert later.valid_until == at("2026-04-01T09:30:00")


def test_a_reset_of_nothing_ends_no_answer() -> None:
    """Where nothing was used, the answer is the same after the count has started again."""
    timeline = build_timeline(on("team"), catalog())
    unused = decide(timeline, "api_calls", MOMENT, Usage(0, resets_at=at("2026-03-20T00:00:00")))
    assert unused.valid_until == at("2026-04-01T09:30:00")


@pytest.mark.parametrize(
    ("usage", "used", "reason"),
    [
        (Usage(100_000, resets_at=at("2026-03-05T00:00:01")), 100_000, "limit_reached"),
        (Usage(100_000, resets_at=MOMENT), 0, "included"),
        (Usage(100_000, resets_at=at("2026-03-04T00:00:00")), 0, "included"),
        (Usage(None, resets_at=at("2026-03-04T00:00:00")), None, "included"),
    ],
)
def test_a_count_whose_reset_has_passed_is_a_count_of_nothing(
    usage: Usage, used: int | None, reason: str
) -> None:
    """An old count neither refuses nor ends an answer in the past."""
    decision = decide(build_timeline(on("team"), catalog()), "api_calls", MOMENT, usage)
    assert (decision.used, decision.reason) == (used, reason)
    assert decision.valid_until is not None
    assert decision.valid_until > MOMENT


def test_the_phase_is_told_beside_the_verdict() -> None:
    """In grace everything is allowed, and the reason of the phase says that it is grace."""
    state = account(
        subscription("past_due", period=("2026-04-01T09:30:00", "2026-05-01T09:30:00")),
        invoices=[paid("2026-03-01T09:30:00"), failed("2026-04-01T09:30:00")],
    )
    decision = ask("custom_domain", state, moment="2026-04-02T00:00:00")
    assert (decision.allowed, decision.reason, decision.phase) == (True, "included", "past_due_grace")
    assert decision.valid_until == at("2026-04-04T09:30:00")


def test_what_nobody_counts_is_told_and_never_reached() -> None:
    """Without a count there is a limit but no use of it, and the answer is allowed."""
    timeline = build_timeline(account(), parse_catalog(NORTHWIND))
    answer = decide(timeline, "projects", at("2026-03-01T00:00:00"), UNCOUNTED)
    assert (answer.allowed, answer.limit, answer.used, answer.remaining) == (True, 1, None, None)


OVERDUE = account(
    subscription("past_due", period=("2026-04-01T09:30:00", "2026-05-01T09:30:00")),
    invoices=(failed("2026-04-01T09:30:00"),),
)


@pytest.mark.parametrize("afterwards", Afterwards)
@pytest.mark.parametrize("state", [AFTER_TRIAL, OVERDUE, account()], ids=["trial", "past due", "free"])
@pytest.mark.parametrize("moment", ["2026-03-10T00:00:00", "2026-04-02T12:00:00", "2026-04-10T00:00:00"])
def test_what_a_feature_is_worth_is_what_is_decided_where_nobody_counts(
    afterwards: Afterwards, state: AccountState, moment: str
) -> None:
    """Value and verdict of every feature, also of one whose grace is another than its plan's."""
    at_once = FeaturePolicy(grace=timedelta(0))
    policy = Policy(after_trial=afterwards, after_grace=afterwards, features={"custom_domain": at_once})
    timeline = build_timeline(state, catalog(policy))
    for feature in timeline.catalog.every_feature:
        decision = decide(timeline, feature, at(moment), UNCOUNTED)
        assert worth_at(timeline, feature, at(moment)) == (decision.value, decision.reason)
    assert (state is OVERDUE) == ("custom_domain" in timeline.by_feature)


@pytest.mark.parametrize(
    ("used", "over", "readable"),
    [(0, False, True), (1, False, True), (2, True, True)],
    ids=["unused", "at the limit", "beyond it"],
)
def test_what_exceeds_a_limit_stays_readable(used: int, over: bool, readable: bool) -> None:
    """After the trial nothing can be added, and what is there can be looked at."""
    ended = trial("canceled", canceled_at=TRIAL_END, ended_at=TRIAL_END)
    timeline = build_timeline(account(ended, cards=Cards.NONE), catalog())
    told = decide(timeline, "projects", at("2026-03-20T00:00:00"), Usage(used))
    assert (told.is_over_limit, told.is_readable) == (over, readable)


def test_what_the_plan_lacks_is_readable_where_something_is_left_of_it() -> None:
    """A feature that the free plan lacks is closed, save for what the trial has left of it."""
    timeline = build_timeline(account(cards=Cards.NONE), catalog())
    moment = at("2026-03-20T00:00:00")
    assert not decide(timeline, "custom_domain", moment).is_readable
    without = replace(catalog(), plans={"free": replace(catalog().plan("free"), features={})})
    closed = build_timeline(account(cards=Cards.NONE), without)
    assert not decide(closed, "projects", moment, Usage(0)).is_readable
    assert decide(closed, "projects", moment, Usage(3)).is_readable


@pytest.mark.parametrize(("after", "readable"), [(Afterwards.READ_ONLY, True), (Afterwards.BLOCKED, False)])
def test_the_policy_says_what_is_readable_after_a_trial(after: Afterwards, readable: bool) -> None:
    """Read-only is readable; blocked is not, however much is there."""
    ended = trial("canceled", canceled_at=TRIAL_END, ended_at=TRIAL_END)
    timeline = build_timeline(account(ended, cards=Cards.NONE), catalog(Policy(after_trial=after)))
    assert decide(timeline, "projects", at("2026-03-20T00:00:00"), Usage(9)).is_readable is readable
