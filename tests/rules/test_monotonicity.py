"""What never takes anything away, and what never gives more: grants, grace, bigger plans, time."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.rules.strategies import catalogs, durations, grants, invoices, states, subscriptions
from tests.rules.test_timeline_properties import assert_no_worse, changes
from tiergate.rules.catalog import Catalog
from tiergate.rules.decision import decide
from tiergate.rules.effective_features import generosity
from tiergate.rules.policy import Afterwards
from tiergate.rules.state import AccountState, Grant, GrantKind, Invoice, Subscription
from tiergate.rules.timeline import Timeline, build_timeline

GIVING = st.sampled_from([GrantKind.COMP, GrantKind.EXTENSION, GrantKind.ADD_ON])
anyone = subscriptions("sub_0")
bills = st.lists(invoices("in_1", st.just("sub_0")), max_size=1)


def under(catalog: Catalog, **policy: Any) -> Catalog:
    """Return a catalogue without partial trials and older versions, whose plans have these decisions."""
    plans = {
        key: replace(plan, trial=None, policy=replace(plan.policy, **policy))
        for key, plan in catalog.plans.items()
    }
    return replace(catalog, plans=plans, older={})


def assert_nothing_worse(without: Timeline, together: Timeline) -> None:
    """Assert that at every instant every feature is at least what it would be otherwise."""
    for moment in changes(without, together):
        for feature in without.catalog.features:
            assert_no_worse(without, together, feature, moment)


@given(states(), catalogs, grants("gr_new", GIVING))
def test_a_further_grant_takes_nothing_away(state: AccountState, catalog: Catalog, added: Grant) -> None:
    """A plan, more of a trial or features on top: at no instant does anybody have less for it."""
    more = replace(state, grants=(*state.grants, added))
    assert_nothing_worse(build_timeline(state, catalog), build_timeline(more, catalog))


@given(anyone, bills, catalogs, durations, durations)
def test_a_longer_grace_takes_nothing_away(
    subscription: Subscription, billed: list[Invoice], catalog: Catalog, grace: timedelta, longer: timedelta
) -> None:
    """More days of grace, for a renewal or a first charge, leave at every instant at least as much."""
    state = AccountState("acme", None, (subscription,), tuple(billed))
    for name in ("grace", "first_charge_grace", "max_unconfirmed"):
        short = under(catalog, grace_read_only=timedelta(0), features={}, **{name: grace})
        long = under(catalog, grace_read_only=timedelta(0), features={}, **{name: grace + longer})
        assert_nothing_worse(build_timeline(state, short), build_timeline(state, long))


@given(anyone, bills, catalogs)
def test_a_bigger_plan_takes_nothing_away(
    subscription: Subscription, billed: list[Invoice], catalog: Catalog
) -> None:
    """Where a plan includes all of another, who has it has at every instant at least as much."""
    state = AccountState("acme", None, (replace(subscription, plan_key="starter", items=()),), tuple(billed))
    bigger = replace(state, subscriptions=(replace(state.subscriptions[0], plan_key="team"),))
    offer = under(catalog)
    assert_nothing_worse(build_timeline(state, offer), build_timeline(bigger, offer))


@given(anyone, catalogs)
def test_further_seats_take_nothing_away(subscription: Subscription, catalog: Catalog) -> None:
    """One more of everything in a subscription leaves at every instant at least as much."""
    more = tuple(replace(item, quantity=item.quantity + 1) for item in subscription.items)
    state = AccountState("acme", None, (subscription,))
    bigger = replace(state, subscriptions=(replace(subscription, items=more),))
    assert_nothing_worse(build_timeline(state, catalog), build_timeline(bigger, catalog))


@given(anyone, bills, catalogs, st.sampled_from(Afterwards))
def test_time_alone_never_gives_more(
    subscription: Subscription, billed: list[Invoice], catalog: Catalog, afterwards: Afterwards
) -> None:
    """From its beginning on a subscription that nobody hears of gives less and less, or the same."""
    silent = replace(subscription, pause_collection=None, catalog_version=None)
    offer = under(
        catalog,
        grace_read_only=timedelta(0),
        features={},
        **{f"after_{what}": afterwards for what in ("trial", "grace", "cancel")},
    )
    timeline = build_timeline(AccountState("acme", None, (silent,), tuple(billed)), offer)
    moments = sorted(moment for moment in changes(timeline) if moment >= silent.began_at)
    for feature in offer.features:
        answers = [decide(timeline, feature, moment) for moment in moments]
        allowed = [answer.allowed for answer in answers]
        assert allowed == sorted(allowed, reverse=True)
        given_ = [generosity(answer.value) for answer in answers if answer.allowed]
        assert given_ == sorted(given_, reverse=True)
