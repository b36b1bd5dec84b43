"""Small builders for states and catalogues, so that a test names only the facts it is about."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import TypedDict, Unpack

import tiergate
from tiergate.rules.catalog import (
    UNLIMITED,
    Catalog,
    Feature,
    FeatureKind,
    FeatureValue,
    Plan,
    Product,
)
from tiergate.rules.instants import DISTANT_FUTURE
from tiergate.rules.policy import Policy
from tiergate.rules.price import Price
from tiergate.rules.state import (
    AccountState,
    Customer,
    Grant,
    GrantKind,
    Invoice,
    InvoiceStatus,
    PauseCollection,
    Subscription,
    SubscriptionItem,
    SubscriptionStatus,
)

NORTHWIND = (Path(tiergate.__path__[0]) / "demo" / "northwind.toml").read_text(encoding="utf-8")
"""The catalogue file of the demo."""

PLAIN_NORTHWIND = "".join(
    line
    for line in NORTHWIND.partition("[pricing_page]")[0].splitlines(keepends=True)
    if not line.startswith(("currency_options", "public"))
)
"""The same in US dollars alone, all of it public, without questions."""

FOR_EVER = "for ever"


def at(text: str) -> datetime:
    """Read ``2026-03-01T10:00:01`` as an instant in UTC, and ``for ever`` as the end of time."""
    return DISTANT_FUTURE if text == FOR_EVER else datetime.fromisoformat(text).replace(tzinfo=UTC)


BEGAN = at("2026-03-01T09:30:00")
"""When the subscriptions of these tests begin."""

TRIAL_END = at("2026-03-15T09:30:00")
"""The end of a 14-day trial, and so the start of the first period that is paid for."""


class Cards(Enum):
    """What is known of the cards of an account."""

    DEFAULT = "one to charge"
    NONE = "none"
    UNKNOWN = "nobody has looked"


class SubscriptionFields(TypedDict, total=False):
    """What a test may say of a subscription."""

    plan_key: str | None
    created_at: datetime
    start_date: datetime | None
    trial_start: datetime | None
    trial_end: datetime | None
    cancel_at: datetime | None
    cancel_at_period_end: bool
    canceled_at: datetime | None
    ended_at: datetime | None
    default_payment_method: str | None
    collection_method: str
    observed_at: datetime | None
    catalog_version: int | None
    pause_collection: PauseCollection | None
    schedule_id: str | None
    items: tuple[SubscriptionItem, ...]


def item(period_start: str | None, period_end: str | None, item_id: str = "si_1") -> SubscriptionItem:
    """Build one price of a subscription with its period."""
    return SubscriptionItem(
        item_id,
        "price_1",
        current_period_start=None if period_start is None else at(period_start),
        current_period_end=None if period_end is None else at(period_end),
    )


def subscription(
    status: str = "active",
    *,
    subscription_id: str = "sub_1",
    period: tuple[str, str] | None = ("2026-03-01T09:30:00", "2026-04-01T09:30:00"),
    **fields: Unpack[SubscriptionFields],
) -> Subscription:
    """Build a subscription to the plan Team that began on 1 March and is paid by the month."""
    built = Subscription(
        id=subscription_id,
        customer_id="cus_1",
        status=SubscriptionStatus(status),
        created_at=BEGAN,
        plan_key="team",
        items=() if period is None else (item(*period),),
    )
    return replace(built, **fields)


def trial(
    status: str = "trialing", *, subscription_id: str = "sub_1", **fields: Unpack[SubscriptionFields]
) -> Subscription:
    """Build a subscription in its 14-day trial, as Stripe describes one: the period is the trial."""
    period = ("2026-03-01T09:30:00", "2026-03-15T09:30:00")
    fields = {"trial_start": BEGAN, "trial_end": TRIAL_END, **fields}
    return subscription(status, subscription_id=subscription_id, period=period, **fields)


def after_trial(
    status: str = "active", *, subscription_id: str = "sub_1", **fields: Unpack[SubscriptionFields]
) -> Subscription:
    """Build a subscription in the first period after its 14-day trial."""
    period = ("2026-03-15T09:30:00", "2026-04-15T09:30:00")
    fields = {"trial_start": BEGAN, "trial_end": TRIAL_END, **fields}
    return subscription(status, subscription_id=subscription_id, period=period, **fields)


class InvoiceFields(TypedDict, total=False):
    """What a test may say of an invoice."""

    subscription_id: str | None
    finalized_at: datetime | None
    due_date: datetime | None
    paid_at: datetime | None
    attempted: bool
    amount_paid: int
    billing_reason: str | None


def invoice(
    status: str, created_at: str, *, invoice_id: str = "in_1", **fields: Unpack[InvoiceFields]
) -> Invoice:
    """Build an invoice of the subscription ``sub_1``."""
    built = Invoice(
        id=invoice_id,
        customer_id="cus_1",
        status=InvoiceStatus(status),
        created_at=at(created_at),
        subscription_id="sub_1",
        total=4900,
    )
    return replace(built, **fields)


def paid(
    created_at: str, *, invoice_id: str = "in_paid", amount: int = 4900, **fields: Unpack[InvoiceFields]
) -> Invoice:
    """Build a paid invoice; with ``amount=0`` that of a free trial or of a full discount."""
    when = at(created_at)
    fields = {"amount_paid": amount, "attempted": True, "finalized_at": when, "paid_at": when, **fields}
    return invoice("paid", created_at, invoice_id=invoice_id, **fields)


TRIAL_INVOICE = paid("2026-03-01T09:30:00", invoice_id="in_trial", amount=0)
"""The invoice over nothing that Stripe makes and marks paid when a trial begins."""


def failed(
    when: str,
    *,
    invoice_id: str = "in_failed",
    created_at: str | None = None,
    **fields: Unpack[InvoiceFields],
) -> Invoice:
    """Build an invoice that Stripe created an hour before, then finalized and could not collect."""
    fields = {"finalized_at": at(when), "attempted": True, **fields}
    built = invoice("open", created_at or when, invoice_id=invoice_id, **fields)
    return built if created_at else replace(built, created_at=built.created_at - timedelta(hours=1))


def account(
    *subscriptions: Subscription, cards: Cards = Cards.DEFAULT, invoices: Sequence[Invoice] = ()
) -> AccountState:
    """Build the state of the account ``acme``."""
    customer = Customer("cus_1", default_payment_method="pm_1" if cards is Cards.DEFAULT else None)
    return AccountState(
        "acme", None if cards is Cards.UNKNOWN else customer, tuple(subscriptions), tuple(invoices)
    )


def grant(
    kind: str,
    starts_at: str,
    ends_at: str | None = None,
    *,
    grant_id: str = "gr_1",
    plan_key: str | None = None,
    subscription_id: str | None = None,
    **features: FeatureValue,
) -> Grant:
    """Build access that was given by hand."""
    return Grant(
        grant_id,
        GrantKind(kind),
        at(starts_at),
        None if ends_at is None else at(ends_at),
        plan_key=plan_key,
        features=features,
        subscription_id=subscription_id,
    )


def sold(
    plan_key: str | None = None,
    quantity: int = 1,
    *,
    add_on_key: str | None = None,
    period: tuple[str, str] = ("2026-03-01T09:30:00", "2026-04-01T09:30:00"),
) -> SubscriptionItem:
    """Build an item that says what it sells."""
    return replace(item(*period), quantity=quantity, plan_key=plan_key, add_on_key=add_on_key)


FEATURES = {
    feature.key: feature
    for feature in (
        Feature("projects", "Projects", FeatureKind.LIMIT),
        Feature("api_calls", "API calls", FeatureKind.METERED),
        Feature("custom_domain", "Custom domain", FeatureKind.SWITCH),
        Feature("history", "History", FeatureKind.SETTING, unit="days"),
        Feature("sso", "SSO", FeatureKind.SWITCH),
    )
}


def plan(key: str, rank: int, policy: Policy, *, unit_amount: int = 0, **features: FeatureValue) -> Plan:
    """Build a plan sold by the month in dollars, or a free one."""
    prices = (Price(f"{key}_monthly", "month", "usd", unit_amount),) if unit_amount else ()
    return Plan(key, key.capitalize(), rank, features=features, prices=prices, policy=policy)


def catalog(policy: Policy | None = None, *, free_plan: bool = True) -> Catalog:
    """Build the plans Free, Starter and Team, all under one policy; each includes the one before it."""
    policy = policy or Policy()
    plans = [
        plan("starter", 1, policy, unit_amount=1900, projects=5, api_calls=20_000, custom_domain=True),
        plan(
            "team",
            2,
            policy,
            unit_amount=4900,
            projects=UNLIMITED,
            api_calls=100_000,
            custom_domain=True,
            history=90,
        ),
    ]
    if free_plan:
        plans.insert(0, plan("free", 0, policy, projects=1, api_calls=1000))
    return Catalog(Product("Northwind"), FEATURES, {each.key: each for each in plans})
