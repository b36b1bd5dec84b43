"""What holds of every timeline and every decision, whatever Stripe has said."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.rules.builders import BEGAN, account, subscription
from tests.rules.builders import catalog as usual_catalog
from tests.rules.strategies import catalogs, instants, invoices, states, subscriptions
from tiergate.rules.access import Access
from tiergate.rules.catalog import Catalog
from tiergate.rules.decision import Decision, decide
from tiergate.rules.effective_features import generosity
from tiergate.rules.instants import DISTANT_FUTURE, DISTANT_PAST
from tiergate.rules.policy import Afterwards
from tiergate.rules.state import (
    AccountState,
    GrantKind,
    Invoice,
    InvoiceStatus,
    Subscription,
    SubscriptionStatus,
)
from tiergate.rules.subscription_spans import spans_of
from tiergate.rules.timeline import Timeline, build_timeline
from tiergate.rules.usage import Usage

TICK = timedelta(microseconds=1)
HEIGHT = {Access.BLOCKED: 0, Access.READ_ONLY: 1, Access.FULL: 2}
LIVING = st.sampled_from(
    [SubscriptionStatus.TRIALING, SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE]
)
features = st.sampled_from(["projects", "api_calls", "custom_domain", "history", "sso"])
usages = st.sampled_from([0, 1, 5, 1000, 100_000])


def changes(*timelines: Timeline) -> set[datetime]:
    """Return the instants at which any of several timelines changes: between them each stands still."""
    return {DISTANT_PAST}.union(*(timeline.boundaries_after(DISTANT_PAST) for timeline in timelines))


def assert_no_worse(
    without: Timeline, together: Timeline, feature: str, moment: datetime, used: int = 0
) -> None:
    """Assert that a feature is at least what it would be otherwise."""
    before = decide(without, feature, moment, Usage(used))
    after = decide(together, feature, moment, Usage(used))
    assert after.allowed >= before.allowed
    assert not before.allowed or generosity(after.value) >= generosity(before.value)


def answer(decision: Decision) -> Decision:
    """Return a decision without its horizon, to be compared."""
    return replace(decision, valid_until=None)


@given(states(), catalogs)
def test_phases_cover_all_of_time_without_gap_or_overlap(state: AccountState, catalog: Catalog) -> None:
    """Phases are half-open, follow each other, and reach from the beginning of time to its end."""
    phases = build_timeline(state, catalog).phases
    assert phases[0].starts_at == DISTANT_PAST
    assert phases[-1].ends_at == DISTANT_FUTURE
    assert all(phase.starts_at < phase.ends_at for phase in phases)
    assert all(before.ends_at == after.starts_at for before, after in pairwise(phases))


@given(states(), catalogs)
def test_neighbours_differ(state: AccountState, catalog: Catalog) -> None:
    """Every boundary is a change of something."""
    phases = build_timeline(state, catalog).phases
    assert all(
        replace(after, starts_at=before.starts_at, ends_at=before.ends_at) != before
        for before, after in pairwise(phases)
    )


@given(states(), catalogs, instants)
def test_the_phase_at_an_instant_contains_it(state: AccountState, catalog: Catalog, at: datetime) -> None:
    """Asking for an instant gives the phase whose bounds hold it, on the boundary the later one."""
    timeline = build_timeline(state, catalog)
    phase = timeline.at(at)
    assert phase.starts_at <= at < phase.ends_at
    for each in timeline.phases:
        assert timeline.at(each.starts_at) is each
        assert timeline.at(each.ends_at - TICK) is each


@given(states(), catalogs)
def test_the_phases_of_each_feature_have_the_same_shape(state: AccountState, catalog: Catalog) -> None:
    """A feature with a policy of its own has phases that cover all of time, and differ from the rest."""
    timeline = build_timeline(state, catalog)
    for feature, phases in timeline.by_feature.items():
        assert timeline.of_feature(feature).phases == phases != timeline.phases
        assert (phases[0].starts_at, phases[-1].ends_at) == (DISTANT_PAST, DISTANT_FUTURE)
        assert all(before.ends_at == after.starts_at for before, after in pairwise(phases))
        assert not any(before.says_the_same(after) for before, after in pairwise(phases))
        assert {phase.starts_at for phase in phases[1:]} <= set(timeline.boundaries_after(DISTANT_PAST))


@given(states(), catalogs)
def test_access_agrees_with_the_plan(state: AccountState, catalog: Catalog) -> None:
    """Whoever is blocked has nothing, whoever is not has a plan or a grant; a paid plan has a source."""
    for phase in build_timeline(state, catalog).phases:
        if phase.access is Access.BLOCKED:
            assert (phase.plan, phase.sources, phase.grant_ids) == (None, (), ())
            assert set(phase.features.values()) == {False}
        else:
            assert phase.plan or phase.sources or phase.grant_ids
        if phase.access is Access.FULL and phase.plan is not None and not phase.plan.is_free:
            assert phase.sources


@given(states(), catalogs, subscriptions("sub_new", LIVING), usages)
def test_adding_a_live_subscription_never_lowers_access(
    state: AccountState, catalog: Catalog, added: Subscription, used: int
) -> None:
    """While a further subscription is live, no access level and no feature is worse than without it."""
    more = replace(state, subscriptions=(*state.subscriptions, added))
    alone = build_timeline(replace(state, subscriptions=(added,)), catalog)
    without, together = build_timeline(state, catalog), build_timeline(more, catalog)
    for moment in changes(without, together, alone):
        if not alone.at(moment).sources:
            continue
        assert HEIGHT[together.at(moment).access] >= HEIGHT[without.at(moment).access]
        for feature in catalog.features:
            if alone.of_feature(feature).at(moment).sources:
                assert_no_worse(without, together, feature, moment, used)


@given(states(), catalogs, subscriptions("sub_new"))
def test_where_all_that_ends_falls_to_the_free_plan_nothing_added_ever_lowers_access(
    state: AccountState, catalog: Catalog, added: Subscription
) -> None:
    """Under a policy that ends on the free plan a further subscription harms at no instant, ended or not.

    Only a promised trial gives way to it, which is what it was promised for.
    """
    state = replace(state, grants=tuple(g for g in state.grants if g.kind is not GrantKind.REVERSE_TRIAL))
    plans = {
        key: replace(
            plan,
            policy=replace(
                plan.policy,
                after_trial=Afterwards.FREE,
                after_grace=Afterwards.FREE,
                after_cancel=Afterwards.FREE,
                on_pause=Afterwards.FREE,
                grace_read_only=timedelta(0),
                features={},
            ),
        )
        for key, plan in catalog.plans.items()
    }
    kind = replace(catalog, plans=plans, older={})
    without = build_timeline(state, kind)
    together = build_timeline(replace(state, subscriptions=(*state.subscriptions, added)), kind)
    for moment in changes(without, together):
        assert HEIGHT[together.at(moment).access] >= HEIGHT[without.at(moment).access]
        before, after = without.at(moment).plan, together.at(moment).plan
        assert before is None or (after is not None and after.rank >= before.rank)


REFUSED = st.sampled_from(
    [SubscriptionStatus.UNKNOWN, SubscriptionStatus.INCOMPLETE, SubscriptionStatus.INCOMPLETE_EXPIRED]
)


@given(states(), catalogs, subscriptions("sub_new", REFUSED))
def test_a_status_that_is_not_allowed_never_gives_access(
    state: AccountState, catalog: Catalog, added: Subscription
) -> None:
    """A subscription of an unknown status changes no access and no plan at any instant."""
    without = build_timeline(state, catalog)
    together = build_timeline(replace(state, subscriptions=(*state.subscriptions, added)), catalog)
    for moment in changes(without, together):
        before, after = without.at(moment), together.at(moment)
        assert (after.access, after.plan, after.sources) == (before.access, before.plan, before.sources)


@given(states(), catalogs, subscriptions("sub_new"))
def test_a_subscription_to_no_plan_never_gives_access(
    state: AccountState, catalog: Catalog, added: Subscription
) -> None:
    """A price of no plan changes no access and no plan at any instant."""
    unmapped = replace(added, plan_key=None, items=())
    without = build_timeline(state, catalog)
    together = build_timeline(replace(state, subscriptions=(*state.subscriptions, unmapped)), catalog)
    for moment in changes(without, together):
        before, after = without.at(moment), together.at(moment)
        assert (after.access, after.plan, after.sources) == (before.access, before.plan, before.sources)


UNPAID = st.sampled_from([status for status in InvoiceStatus if status is not InvoiceStatus.PAID])


@given(states(), catalogs, invoices("in_new", st.just(None)), UNPAID)
def test_an_unpaid_one_off_invoice_changes_nothing(
    state: AccountState, catalog: Catalog, added: Invoice, status: InvoiceStatus
) -> None:
    """An invoice without a subscription that is not paid leaves every phase as it was (fxa#10828)."""
    more = replace(state, invoices=(*state.invoices, replace(added, status=status)))
    assert build_timeline(more, catalog).phases == build_timeline(state, catalog).phases


NOT_OWED = st.sampled_from(
    [InvoiceStatus.DRAFT, InvoiceStatus.VOID, InvoiceStatus.UNCOLLECTIBLE, InvoiceStatus.UNKNOWN]
)


@given(states(), catalogs, invoices("in_new"), NOT_OWED)
def test_an_invoice_that_is_not_owed_changes_nothing(
    state: AccountState, catalog: Catalog, added: Invoice, status: InvoiceStatus
) -> None:
    """A draft, void or uncollectible invoice leaves every phase as it was, whose ever it is."""
    more = replace(state, invoices=(*state.invoices, replace(added, status=status)))
    assert build_timeline(more, catalog).phases == build_timeline(state, catalog).phases


@given(states(), catalogs, st.data())
def test_the_order_of_facts_does_not_matter(
    state: AccountState, catalog: Catalog, data: st.DataObject
) -> None:
    """Subscriptions, invoices and grants in any order, asked any number of times, give one timeline."""
    shuffled = replace(
        state,
        subscriptions=tuple(data.draw(st.permutations(state.subscriptions))),
        invoices=tuple(data.draw(st.permutations(state.invoices))),
        grants=tuple(data.draw(st.permutations(state.grants))),
    )
    first = build_timeline(state, catalog)
    assert build_timeline(state, catalog) == first
    assert build_timeline(shuffled, catalog) == first


@given(states(), catalogs, features, usages)
def test_valid_until_is_exactly_where_the_answer_changes(
    state: AccountState, catalog: Catalog, feature: str, used: int
) -> None:
    """Up to ``valid_until`` the answer is the same, at it another; without it the answer never changes."""
    timeline = build_timeline(state, catalog).of_feature(feature)
    for phase in timeline.phases:
        decision = decide(timeline, feature, phase.starts_at, Usage(used))
        until = decision.valid_until or DISTANT_FUTURE
        held = [at for at in changes(timeline) if phase.starts_at <= at < until]
        assert {answer(decide(timeline, feature, at, Usage(used))) for at in held} == {answer(decision)}
        if decision.valid_until is not None:
            assert until in changes(timeline)
            assert answer(decide(timeline, feature, until - TICK, Usage(used))) == answer(decision)
            assert answer(decide(timeline, feature, until, Usage(used))) != answer(decision)


@given(states(), catalogs, features, usages)
def test_an_offer_keeps_its_promise(state: AccountState, catalog: Catalog, feature: str, used: int) -> None:
    """Whoever buys the plan that a refusal offers may then use the feature, and no smaller plan would do."""
    timeline = build_timeline(state, catalog)
    enough = [plan.key for plan in catalog if not plan.is_free and _allows(plan.key, feature, used)]
    for phase in timeline.phases:
        decision = decide(timeline, feature, phase.starts_at, Usage(used))
        offered = decision.offer.plan if decision.offer else None
        assert offered == (None if decision.allowed else next(iter(enough), None))


def _allows(plan_key: str, feature: str, used: int) -> bool:
    """Whether an account that pays for a plan, and has nothing else, may use a feature."""
    timeline = build_timeline(account(subscription(plan_key=plan_key)), usual_catalog())
    return decide(timeline, feature, BEGAN, Usage(used)).allowed


@given(states(), catalogs)
def test_one_subscription_fills_its_time_without_gap_or_overlap(
    state: AccountState, catalog: Catalog
) -> None:
    """What one subscription gives reaches from its beginning to the end of time, span after span."""
    for each in state.subscriptions:
        spans = spans_of(each, state, catalog)
        assert spans[0].starts_at == each.began_at
        assert spans[-1].ends_at == DISTANT_FUTURE
        assert all(before.ends_at == after.starts_at for before, after in pairwise(spans))
        assert all(span.starts_at < span.ends_at for span in spans)


@given(states(), catalogs)
def test_a_scheduled_cancellation_is_not_outlived(state: AccountState, catalog: Catalog) -> None:
    """From the instant of a scheduled cancellation on a running subscription gives nothing more."""
    for each in state.subscriptions:
        timeline = build_timeline(replace(state, subscriptions=(each,), grants=()), catalog)
        ends_at = each.cancels_at
        if ends_at is not None and each.status in (SubscriptionStatus.TRIALING, SubscriptionStatus.ACTIVE):
            assert all(not phase.sources or phase.ends_at <= ends_at for phase in timeline.phases)
