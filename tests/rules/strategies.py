"""Made-up accounts for the properties: all that Stripe might say, sensible or not, on a grid of time."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cache

from hypothesis import strategies as st

from tests.rules.builders import Cards, account, at, catalog
from tiergate.rules.catalog import UNLIMITED, AddOn, Catalog, FeatureValue, Trial
from tiergate.rules.policy import (
    Afterwards,
    FeaturePolicy,
    FirstCharge,
    OnCancelNow,
    OnPauseCollection,
    OnUnknown,
    Policy,
)
from tiergate.rules.state import (
    AccountState,
    Grant,
    GrantKind,
    Invoice,
    InvoiceStatus,
    PauseCollection,
    Schedule,
    SchedulePhase,
    Subscription,
    SubscriptionItem,
    SubscriptionStatus,
)

START = at("2026-01-01T00:00:00")

# So coarse that boundaries fall together often, which is where rules go wrong.
instants = st.integers(0, 120).map(lambda half_days: START + timedelta(hours=12 * half_days))
maybe = st.none() | instants
any_status = st.sampled_from(SubscriptionStatus)
any_owner = st.sampled_from(["sub_0", "sub_1", "sub_2", None])
durations = st.sampled_from([timedelta(0), timedelta(hours=12), timedelta(days=3), timedelta(days=30)])

feature_policies = st.builds(
    FeaturePolicy,
    grace=st.none() | durations,
    grace_read_only=st.none() | durations,
    on_unknown=st.none() | st.sampled_from(OnUnknown),
    last_known_for=st.none() | durations,
)
policies = st.builds(
    Policy,
    after_trial=st.sampled_from(Afterwards),
    after_grace=st.sampled_from(Afterwards),
    after_cancel=st.sampled_from(Afterwards),
    grace=durations,
    grace_read_only=durations,
    last_known_for=durations,
    on_pause=st.sampled_from(Afterwards),
    on_pause_collection=st.sampled_from(OnPauseCollection),
    features=st.just({})
    | st.dictionaries(st.sampled_from(["api_calls", "sso"]), feature_policies, max_size=2),
    first_charge=st.sampled_from(FirstCharge),
    first_charge_grace=durations,
    max_unconfirmed=durations,
    on_unknown=st.sampled_from(OnUnknown),
    on_cancel_now=st.sampled_from(OnCancelNow),
)
ADD_ONS = {
    "calls": AddOn("calls", "Calls", features={"api_calls": 500, "projects": 1}),
    "all": AddOn("all", "All", features={"api_calls": UNLIMITED, "sso": True, "history": 30}),
}


def _offer(
    policy: Policy, older: Policy | None, partial: Mapping[str, FeatureValue] | None, free_plan: bool
) -> Catalog:
    usual = catalog(policy, free_plan=free_plan)
    team = replace(usual.plans["team"], trial=Trial(14, features=partial))
    earlier = {} if older is None else {1: catalog(older)}
    return replace(usual, plans={**usual.plans, "team": team}, add_ons=ADD_ONS, older=earlier)


catalogs: st.SearchStrategy[Catalog] = st.builds(
    _offer,
    policies,
    st.none() | policies,
    st.sampled_from([None, {"history": 7, "custom_domain": False}]),
    free_plan=st.booleans(),
)
items = st.builds(
    SubscriptionItem,
    id=st.just("si_1"),
    price_id=st.just("price_1"),
    quantity=st.integers(0, 3),
    current_period_start=maybe,
    current_period_end=maybe,
    plan_key=st.sampled_from([None, None, None, "starter", "legacy"]),
    add_on_key=st.sampled_from([None, None, "calls", "all", "gone"]),
)
pauses = st.none() | st.none() | st.builds(PauseCollection, st.just("void"), maybe)


@cache
def subscriptions(
    subscription_id: str, statuses: st.SearchStrategy[SubscriptionStatus] = any_status
) -> st.SearchStrategy[Subscription]:
    """Make up a subscription of a given id."""
    return st.builds(
        Subscription,
        id=st.just(subscription_id),
        customer_id=st.just("cus_1"),
        status=statuses,
        created_at=instants,
        plan_key=st.sampled_from(["starter", "team", "team", "legacy", None]),
        items=st.lists(items, max_size=2).map(tuple),
        start_date=maybe,
        trial_end=maybe,
        cancel_at=maybe,
        cancel_at_period_end=st.booleans(),
        canceled_at=maybe,
        ended_at=maybe,
        default_payment_method=st.sampled_from([None, "pm_1"]),
        observed_at=maybe,
        catalog_version=st.sampled_from([None, None, 1, 2]),
        pause_collection=pauses,
    )


@cache
def invoices(
    invoice_id: str, subscription_ids: st.SearchStrategy[str | None] = any_owner
) -> st.SearchStrategy[Invoice]:
    """Make up an invoice of a given id."""
    return st.builds(
        Invoice,
        id=st.just(invoice_id),
        customer_id=st.just("cus_1"),
        status=st.sampled_from(InvoiceStatus),
        created_at=instants,
        subscription_id=subscription_ids,
        amount_paid=st.sampled_from([0, 4900]),
        attempted=st.booleans(),
        finalized_at=maybe,
        due_date=st.none() | maybe,
        paid_at=maybe,
    )


@cache
def grants(grant_id: str, kinds: st.SearchStrategy[GrantKind] | None = None) -> st.SearchStrategy[Grant]:
    """Make up a grant of a given id; an extension names its subscription."""
    return st.builds(
        Grant,
        id=st.just(grant_id),
        kind=st.sampled_from(GrantKind) if kinds is None else kinds,
        starts_at=instants,
        ends_at=maybe,
        plan_key=st.sampled_from(["starter", "team", "legacy"]),
        features=st.dictionaries(
            st.sampled_from(["projects", "api_calls"]), st.sampled_from([0, 3, UNLIMITED]), max_size=2
        ),
        subscription_id=st.sampled_from(["sub_0", "sub_1"]),
    )


phases = st.builds(
    SchedulePhase, starts_at=instants, ends_at=instants, items=st.lists(items, max_size=2).map(tuple)
)
schedules = st.builds(
    Schedule,
    id=st.just("sub_sched_1"),
    customer_id=st.just("cus_1"),
    status=st.sampled_from(["active", "not_started", "released"]),
    subscription_id=st.sampled_from(["sub_0", "sub_1"]),
    end_behavior=st.sampled_from(["release", "cancel"]),
    phases=st.lists(phases, max_size=3).map(tuple),
)


@st.composite
def states(draw: st.DrawFn) -> AccountState:
    """Make up an account with subscriptions, invoices, grants and a schedule, up to a few of each."""
    found = [draw(subscriptions(f"sub_{index}")) for index in range(draw(st.integers(0, 3)))]
    billed = [draw(invoices(f"in_{index}")) for index in range(draw(st.integers(0, 4)))]
    given = [draw(grants(f"gr_{index}")) for index in range(draw(st.sampled_from([0, 0, 1, 3])))]
    planned = draw(st.lists(schedules, max_size=1))
    state = account(*found, cards=draw(st.sampled_from(Cards)), invoices=billed)
    return replace(
        state,
        grants=tuple(given),
        schedules=tuple(planned),
        catalog_version=draw(st.sampled_from([None, None, 1])),
        signed_up_at=draw(maybe),
    )
