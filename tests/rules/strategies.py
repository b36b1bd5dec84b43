"""Made-up accounts for the properties: all that Stripe might say, sensible or not, on a grid of time."""

from datetime import timedelta

from hypothesis import strategies as st

from tests.rules.builders import Cards, account, at, catalog
from tiergate.rules.catalog import Catalog
from tiergate.rules.policy import Afterwards, FirstCharge, OnCancelNow, OnUnknown, Policy
from tiergate.rules.state import (
    AccountState,
    Invoice,
    InvoiceStatus,
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

policies = st.builds(
    Policy,
    after_trial=st.sampled_from(Afterwards),
    after_grace=st.sampled_from(Afterwards),
    after_cancel=st.sampled_from(Afterwards),
    grace=durations,
    first_charge=st.sampled_from(FirstCharge),
    first_charge_grace=durations,
    max_unconfirmed=durations,
    on_unknown=st.sampled_from(OnUnknown),
    on_cancel_now=st.sampled_from(OnCancelNow),
)
catalogs: st.SearchStrategy[Catalog] = st.builds(catalog, policies, free_plan=st.booleans())
items = st.builds(
    SubscriptionItem,
    id=st.just("si_1"),
    price_id=st.just("price_1"),
    current_period_start=maybe,
    current_period_end=maybe,
)


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
    )


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


@st.composite
def states(draw: st.DrawFn) -> AccountState:
    """Make up an account with up to three subscriptions and four invoices."""
    found = [draw(subscriptions(f"sub_{index}")) for index in range(draw(st.integers(0, 3)))]
    billed = [draw(invoices(f"in_{index}")) for index in range(draw(st.integers(0, 4)))]
    return account(*found, cards=draw(st.sampled_from(Cards)), invoices=billed)
