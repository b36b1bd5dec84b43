"""What several prices of one subscription give: plans to the best of each feature, add-ons on top, seats."""

from dataclasses import replace

import pytest

from tests.rules.builders import (
    FOR_EVER,
    Cards,
    account,
    at,
    catalog,
    failed,
    grant,
    paid,
    plan,
    sold,
    subscription,
    trial,
)
from tests.rules.golden import BEFORE, row_of, until, verify_feature
from tiergate.rules.access import Access
from tiergate.rules.catalog import UNLIMITED, AddOn, Catalog, Feature, FeatureKind, FeatureValue
from tiergate.rules.decision import decide
from tiergate.rules.policy import Afterwards, FeaturePolicy, OnUnknown, Policy
from tiergate.rules.state import AccountState, SubscriptionItem
from tiergate.rules.timeline import build_timeline
from tiergate.rules.usage import Usage

MOMENT = at("2026-03-20T00:00:00")
STORAGE = Feature("storage", "Storage", FeatureKind.PER_SEAT, unit="GB")
ADD_ONS = {
    each.key: each
    for each in (
        AddOn("calls", "More calls", features={"api_calls": 5000, "projects": 2, "storage": 3}),
        AddOn("endless", "No limits", features={"api_calls": UNLIMITED, "history": 365, "sso": True}),
        AddOn("voice", "By phone", features={"history": "By phone"}),
        AddOn("off", "Nothing", features={"sso": False, "api_calls": False, "history": 7}),
    )
}


def offer(policy: Policy | None = None, *, free_plan: bool = True) -> Catalog:
    """Build the usual catalogue with storage per seat, a plan Crew that has it, and add-ons."""
    usual = catalog(policy, free_plan=free_plan)
    crew = plan("crew", 3, policy or Policy(), unit_amount=900, storage=10, projects=3, history="By mail")
    features = {**usual.features, "storage": STORAGE}
    return replace(usual, features=features, plans={**usual.plans, "crew": crew}, add_ons=ADD_ONS)


def buying(*items: SubscriptionItem, status: str = "active", plan_key: str | None = None) -> AccountState:
    """Build an account with one subscription to several prices."""
    return account(subscription(status, plan_key=plan_key, items=items))


def value(state: AccountState, feature: str, catalog: Catalog | None = None) -> FeatureValue:
    """Ask what a feature comes to."""
    return build_timeline(state, catalog or offer()).at(MOMENT).features[feature]


ITEMS = [
    pytest.param([sold("starter")], "api_calls", 20_000, id="a plan"),
    pytest.param([sold("starter"), sold(add_on_key="calls")], "api_calls", 25_000, id="an add-on adds"),
    pytest.param(
        [sold("starter"), sold(add_on_key="calls", quantity=3)], "api_calls", 35_000, id="as often as bought"
    ),
    pytest.param(
        [sold(add_on_key="calls"), sold("starter"), sold(add_on_key="calls")],
        "projects",
        9,
        id="two add-ons, in any order",
    ),
    pytest.param([sold("starter"), sold(add_on_key="endless")], "api_calls", UNLIMITED, id="unlimited wins"),
    pytest.param(
        [sold("team"), sold(add_on_key="calls")], "projects", UNLIMITED, id="nothing adds to unlimited"
    ),
    pytest.param([sold("starter"), sold(add_on_key="endless")], "sso", True, id="a switch is turned on"),
    pytest.param([sold("starter"), sold(add_on_key="off")], "custom_domain", True, id="and never off"),
    pytest.param([sold("starter"), sold(add_on_key="off")], "api_calls", 20_000, id="no number adds nothing"),
    pytest.param(
        [sold("team"), sold(add_on_key="endless", quantity=2)],
        "history",
        365,
        id="of settings the more generous, however often",
    ),
    pytest.param([sold("team"), sold(add_on_key="off")], "history", 90, id="and not the lesser"),
    pytest.param(
        [sold("crew"), sold(add_on_key="voice")], "history", "By phone", id="of two texts the one added"
    ),
    pytest.param([sold("crew", 4)], "storage", 40, id="per seat: times the quantity"),
    pytest.param([sold("crew", 4)], "projects", 3, id="a limit is not per seat"),
    pytest.param([sold("crew", 4), sold(add_on_key="calls")], "storage", 43, id="an add-on has no seats"),
    pytest.param([sold("starter"), sold("crew", 2)], "projects", 5, id="two plans: the better of each"),
    pytest.param([sold("starter"), sold("crew", 2)], "storage", 20, id="from either"),
]


@pytest.mark.parametrize(("items", "feature", "expected"), ITEMS)
def test_items(items: list[SubscriptionItem], feature: str, expected: FeatureValue) -> None:
    """Plans merge to the best of each feature, add-ons add to that, seats multiply what is per seat."""
    assert value(buying(*items), feature) == expected


def test_seats_of_a_price_that_says_no_plan_count_too() -> None:
    """Where only the subscription says which plan it is, its item's quantity is the number of seats."""
    assert value(buying(sold(quantity=6), plan_key="crew"), "storage") == 60
    beside_an_add_on = buying(sold(add_on_key="off", quantity=9), sold(quantity=2), plan_key="crew")
    assert value(beside_an_add_on, "storage") == 20
    unread = build_timeline(account(subscription(plan_key="crew", period=None)), offer())
    assert unread.at(at("2026-03-02T00:00:00")).features["storage"] == 10


def test_a_number_per_seat_is_a_limit_like_any_other() -> None:
    """What is counted per seat is refused when it is used up."""
    timeline = build_timeline(buying(sold("crew", 2)), offer())
    decision = decide(timeline, "storage", MOMENT, Usage(20))
    assert (decision.reason, decision.limit, decision.remaining) == ("limit_reached", 20, 0)
    assert decide(timeline, "storage", MOMENT, Usage(19)).remaining == 1


def test_the_biggest_plan_of_a_subscription_speaks_for_it() -> None:
    """Of several plans in one subscription the one with the highest rank is named."""
    for items in [(sold("starter"), sold("team")), (sold("team"), sold("starter"))]:
        assert build_timeline(buying(*items), offer()).at(MOMENT).plan_key == "team"


def test_several_subscriptions_add_their_add_ons() -> None:
    """Add-ons of every live subscription add up on top of the better plan."""
    extra = subscription(subscription_id="sub_2", plan_key=None, items=(sold(add_on_key="calls"),))
    again = replace(extra, id="sub_3")
    state = account(subscription(items=(sold("team"), sold(add_on_key="calls"))), extra, again)
    phase = build_timeline(state, offer()).at(MOMENT)
    assert (phase.features["api_calls"], phase.plan_key) == (115_000, "team")
    assert [span.subscription_id for span in phase.sources] == ["sub_1", "sub_3", "sub_2"]


ALONE = account(
    subscription(plan_key=None, items=(sold(add_on_key="calls"),), cancel_at=at("2026-04-01T09:30:00"))
)


def test_an_add_on_alone_adds_to_the_free_plan() -> None:
    """Who buys only an add-on has the free plan and what was bought, while it is live."""
    policy = Policy(after_cancel=Afterwards.BLOCKED)
    timeline = build_timeline(ALONE, offer(policy))
    assert [row_of(phase) for phase in timeline.phases] == [
        BEFORE,
        until("2026-04-01T09:30:00", "full", "free", "canceling"),
        until(FOR_EVER, "full", "free", "canceled"),
    ]
    verify_feature(
        timeline,
        "api_calls",
        until("2026-03-01T09:30:00", "included", "1000", "no_subscription"),
        until("2026-04-01T09:30:00", "included", "6000", "canceling"),
        until(FOR_EVER, "included", "1000", "canceled"),
    )


def test_an_add_on_alone_where_there_is_no_free_plan() -> None:
    """Without a free plan it gives what it gives, and nothing else."""
    phase = build_timeline(ALONE, offer(free_plan=False)).at(MOMENT)
    assert (phase.access, phase.plan_key, phase.features["api_calls"]) == (Access.FULL, None, 5000)


def test_an_add_on_alone_is_treated_as_the_free_plan_says() -> None:
    """Without a plan of its own it follows the free plan's policy, for each feature apart too."""
    silent = account(subscription(plan_key=None, items=(sold(add_on_key="calls"),)))
    policy = Policy(features={"api_calls": FeaturePolicy(on_unknown=OnUnknown.ALLOW)})
    timeline = build_timeline(silent, offer(policy))
    long_after = at("2027-01-01T00:00:00")
    assert decide(timeline, "api_calls", long_after).value == 6000
    assert decide(timeline, "projects", long_after).value == 1


def test_an_add_on_does_not_open_what_the_policy_has_blocked() -> None:
    """A plan that ended in a block stays blocked, though an add-on is still paid for."""
    state = account(
        subscription("canceled", ended_at=at("2026-03-10T00:00:00")),
        subscription(subscription_id="sub_2", plan_key=None, items=(sold(add_on_key="calls"),)),
    )
    phase = build_timeline(state, offer(Policy(after_cancel=Afterwards.BLOCKED))).at(MOMENT)
    assert (phase.access, phase.reason, phase.sources) == (Access.BLOCKED, "canceled", ())


def test_an_add_on_ends_with_its_subscription() -> None:
    """After the end only the free plan is left; what was added is gone too."""
    state = account(
        subscription(items=(sold("starter"), sold(add_on_key="calls")), cancel_at=at("2026-03-15T00:00:00"))
    )
    assert value(state, "api_calls") == 1000


def test_what_is_read_only_shows_what_the_account_had() -> None:
    """Read-only access shows the plan with its add-ons, and allows none of it."""
    state = account(
        subscription(items=(sold("starter"), sold(add_on_key="calls")), cancel_at=at("2026-03-15T00:00:00"))
    )
    timeline = build_timeline(state, offer(Policy(after_cancel=Afterwards.READ_ONLY)))
    decision = decide(timeline, "api_calls", MOMENT)
    assert (decision.reason, decision.limit) == ("read_only", 25_000)


def test_a_feature_in_arrears_loses_its_add_on_too() -> None:
    """A feature whose own grace is over is gone from the plan and from what was added to it."""
    policy = Policy(features={"api_calls": FeaturePolicy(grace=Policy().first_charge_grace)})
    state = account(
        subscription("past_due", items=(sold("starter"), sold(add_on_key="calls"))),
        invoices=[paid("2026-02-01T00:00:00"), failed("2026-03-19T00:00:00")],
    )
    timeline = build_timeline(state, offer(policy))
    assert decide(timeline, "api_calls", MOMENT).value == 1000
    assert decide(timeline, "projects", MOMENT).value == 7


UNMAPPED = [
    pytest.param([sold(add_on_key="gone")], id="an add-on that there is not"),
    pytest.param([sold("gone"), sold(add_on_key="calls")], id="an add-on to a plan that there is not"),
    pytest.param([], id="nothing at all"),
]


@pytest.mark.parametrize("items", UNMAPPED)
def test_what_sells_nothing_of_the_catalogue_gives_nothing(items: list[SubscriptionItem]) -> None:
    """A subscription whose plan is gone is refused and reported, whatever stands beside it."""
    phase = build_timeline(buying(*items), offer()).at(MOMENT)
    assert (phase.plan_key, phase.reason, phase.features["api_calls"]) == ("free", "unmapped_price", 1000)


def test_a_canceled_subscription_of_no_plan_says_that_it_is_canceled() -> None:
    """Once it is over, that its price belongs to no plan concerns nobody any more."""
    ended = at("2026-03-10T00:00:00")
    state = account(subscription("canceled", plan_key=None, canceled_at=ended, ended_at=ended))
    assert [row_of(phase) for phase in build_timeline(state, offer()).phases] == [
        BEFORE,
        until("2026-03-10T00:00:00", "full", "free", "unmapped_price"),
        until(FOR_EVER, "full", "free", "canceled"),
    ]


def test_whoever_pays_has_no_less_than_the_free_plan() -> None:
    """A paid plan that forgets a feature of the free plan leaves it to its customers."""
    poor = plan("poor", 4, Policy(), unit_amount=100, sso=True)
    usual = offer()
    bargain = replace(usual, plans={**usual.plans, "poor": poor})
    assert value(buying(sold("poor")), "api_calls", bargain) == 1000
    timeline = build_timeline(
        account(trial(), cards=Cards.NONE), offer(Policy(after_trial=Afterwards.BLOCKED))
    )
    assert timeline.at(MOMENT).features["api_calls"] is False


def test_equal_accounts_share_what_was_worked_out() -> None:
    """What the same purchases come to is worked out once for all accounts, seats and grants apart."""
    shared = offer()

    def features(state: AccountState) -> object:
        return build_timeline(state, shared).at(MOMENT).features

    assert features(buying(sold("team"))) is features(buying(sold("team")))
    assert features(buying(sold("crew", 2))) is not features(buying(sold("crew", 3)))
    granted = replace(buying(sold("team")), grants=(grant("add_on", "2026-01-01T00:00:00", sso=True),))
    assert features(granted) != features(buying(sold("team")))


def test_what_was_worked_out_does_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many numbers of seats there are, only so many results are kept."""
    monkeypatch.setattr("tiergate.rules.effective_features._MOST_MERGED", 5)
    shared = offer()
    for seats in range(20):
        assert value(buying(sold("crew", seats)), "storage", shared) == 10 * seats
    assert 0 < len(shared.merged) <= 5


def test_an_add_on_that_is_newer_than_the_version_gives_what_it_does_now() -> None:
    """Whoever bought the plan before there was such an add-on gets what they pay for."""
    now = offer()
    older = replace(now, add_ons={}, version=1)
    in_force = replace(now, version=2, older={1: older})
    items = (sold("team"), SubscriptionItem("si_calls", "price_calls", 2, add_on_key="calls"))
    bought = subscription("active", plan_key="team", items=items)
    early = account(replace(bought, catalog_version=1))
    assert value(early, "api_calls", in_force) == value(buying(*items), "api_calls", now)
