"""What is known of an account: the mirrored facts that the rules read.

Field names and statuses are Stripe's. Everything here is immutable and carries no clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class SubscriptionStatus(StrEnum):
    """Stripe's eight statuses, and the one for a status that this code does not know.

    Source: https://docs.stripe.com/api/subscriptions/object#subscription_object-status
    """

    INCOMPLETE = "incomplete"
    INCOMPLETE_EXPIRED = "incomplete_expired"
    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    CANCELED = "canceled"
    UNPAID = "unpaid"
    PAUSED = "paused"
    UNKNOWN = "unknown"

    @classmethod
    def _missing_(cls, value: object) -> "SubscriptionStatus":
        return cls.UNKNOWN


class InvoiceStatus(StrEnum):
    """Stripe's five invoice statuses, and the one for a status that this code does not know."""

    DRAFT = "draft"
    OPEN = "open"
    PAID = "paid"
    UNCOLLECTIBLE = "uncollectible"
    VOID = "void"
    UNKNOWN = "unknown"

    @classmethod
    def _missing_(cls, value: object) -> "InvoiceStatus":
        return cls.UNKNOWN


ENDED = frozenset([SubscriptionStatus.CANCELED, SubscriptionStatus.INCOMPLETE_EXPIRED])
"""The statuses that Stripe never leaves."""

NEVER_BEGAN = frozenset(
    [SubscriptionStatus.INCOMPLETE, SubscriptionStatus.INCOMPLETE_EXPIRED, SubscriptionStatus.UNKNOWN]
)
"""The statuses of what has given nothing so far."""


@dataclass(frozen=True, slots=True)
class Customer:
    """A Stripe customer. One that was never read is not in the state at all: its cards are unknown."""

    id: str
    default_payment_method: str | None = None
    """The card that invoices are charged to, if any: the customer's default, not merely attached."""
    email: str | None = None
    test_clock: str | None = None
    deleted: bool = False
    livemode: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """A card, or another way to pay, that a customer has left with Stripe."""

    id: str
    customer_id: str | None
    """``None`` once it is detached: it can never be charged again."""
    type: str = "card"
    brand: str | None = None
    last4: str | None = None
    exp_month: int | None = None
    exp_year: int | None = None
    fingerprint: str | None = None
    livemode: bool = False


@dataclass(frozen=True, slots=True)
class SubscriptionItem:
    """One price of a subscription, with the period it is paid for and what the price sells."""

    id: str
    price_id: str
    quantity: int = 1
    current_period_start: datetime | None = None
    current_period_end: datetime | None = None
    plan_key: str | None = None
    add_on_key: str | None = None


@dataclass(frozen=True, slots=True)
class PauseCollection:
    """Stripe's ``pause_collection``: no payments are collected until ``resumes_at``, or until told."""

    behavior: str
    resumes_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PendingUpdate:
    """A change that holds once its invoice is paid, and is dropped by Stripe otherwise.

    Source: https://docs.stripe.com/billing/subscriptions/pending-updates
    """

    expires_at: datetime | None = None
    items: tuple[SubscriptionItem, ...] = ()
    """All items as they will be then; empty where they stay."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A Stripe subscription, with the plan that its price belongs to.

    ``plan_key`` is ``None`` when the price is mapped to no plan: such a subscription gives no access.
    """

    id: str
    customer_id: str
    status: SubscriptionStatus
    created_at: datetime
    plan_key: str | None = None
    catalog_version: int | None = None
    """The version of the catalogue that it was sold under; ``None`` is the one in force."""
    items: tuple[SubscriptionItem, ...] = ()
    start_date: datetime | None = None
    trial_start: datetime | None = None
    trial_end: datetime | None = None
    cancel_at: datetime | None = None
    cancel_at_period_end: bool = False
    canceled_at: datetime | None = None
    ended_at: datetime | None = None
    default_payment_method: str | None = None
    collection_method: str = "charge_automatically"
    latest_invoice_id: str | None = None
    pause_collection: PauseCollection | None = None
    schedule_id: str | None = None
    pending_update: PendingUpdate | None = None
    test_clock: str | None = None
    livemode: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)
    observed_at: datetime | None = None
    """The latest instant, in the account's time, at which Stripe is known to have said all this."""

    @property
    def is_sent_invoices(self) -> bool:
        """Whether the customer pays invoices by hand: no card is needed, and none is charged."""
        return self.collection_method == "send_invoice"

    @property
    def began_at(self) -> datetime:
        """When the subscription began to give something."""
        return self.start_date or self.created_at

    @property
    def current_period_start(self) -> datetime | None:
        """The latest start of its items' periods, as Stripe's own filter compares it."""
        return max(
            (item.current_period_start for item in self.items if item.current_period_start), default=None
        )

    @property
    def current_period_end(self) -> datetime | None:
        """The earliest end of its items' periods: the first boundary at which Stripe has news."""
        return min((item.current_period_end for item in self.items if item.current_period_end), default=None)

    @property
    def cancels_at(self) -> datetime | None:
        """When a scheduled cancellation takes effect; ``None`` when none is scheduled.

        Stripe's portal may set only ``cancel_at``, other callers only ``cancel_at_period_end``.
        """
        if self.cancel_at is not None:
            return self.cancel_at
        if not self.cancel_at_period_end:
            return None
        return self.trial_end if self.status is SubscriptionStatus.TRIALING else self.current_period_end


@dataclass(frozen=True, slots=True)
class Invoice:
    """A Stripe invoice. ``subscription_id`` is ``None`` for a one-off, which never touches access."""

    id: str
    customer_id: str
    status: InvoiceStatus
    created_at: datetime
    subscription_id: str | None = None
    billing_reason: str | None = None
    currency: str = "usd"
    total: int = 0
    amount_paid: int = 0
    amount_due: int = 0
    attempted: bool = False
    attempt_count: int = 0
    finalized_at: datetime | None = None
    due_date: datetime | None = None
    paid_at: datetime | None = None
    next_payment_attempt: datetime | None = None
    number: str | None = None
    hosted_invoice_url: str | None = None
    invoice_pdf: str | None = None
    test_clock: str | None = None
    livemode: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)
    """The subscription's metadata, as the invoice carries it."""


@dataclass(frozen=True, slots=True)
class SchedulePhase:
    """What a subscription becomes in ``[starts_at, ends_at)`` by its schedule."""

    starts_at: datetime
    ends_at: datetime
    items: tuple[SubscriptionItem, ...] = ()
    trial_end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """A Stripe subscription schedule. ``end_behavior`` says what follows its last phase."""

    id: str
    customer_id: str
    status: str
    """``not_started``, ``active``, ``completed``, ``released`` or ``canceled``."""
    subscription_id: str | None = None
    end_behavior: str = "release"
    phases: tuple[SchedulePhase, ...] = ()
    test_clock: str | None = None
    livemode: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)


class GrantKind(StrEnum):
    """The ways in which access is given by hand."""

    COMP = "comp"
    """A plan, for nothing."""
    EXTENSION = "extension"
    """A trial, for longer than Stripe says."""
    ADD_ON = "add_on"
    """Features on top of whatever the account has: numbers add up."""
    OVERRIDE = "override"
    """Features as agreed with sales, whatever the plan says."""
    REVERSE_TRIAL = "reverse_trial"
    """The trial that begins by itself at sign-up, until Stripe has it; nobody gives it by hand."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Access given by hand in ``[starts_at, ends_at)``; ``ends_at`` of ``None`` is until it is revoked."""

    id: str
    kind: GrantKind
    starts_at: datetime
    ends_at: datetime | None = None
    plan_key: str | None = None
    """What a ``comp`` gives, and what is tried in a ``reverse_trial``."""
    features: Mapping[str, bool | int | str] = field(default_factory=dict)
    """What an ``add_on`` adds, and what an ``override`` sets."""
    subscription_id: str | None = None
    """Whose trial an ``extension`` extends; ``None`` is any of the account's."""
    catalog_version: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class AccountState:
    """All that is known of one account, as one value: what is mirrored, and what was given by hand."""

    account_id: str
    customer: Customer | None = None
    subscriptions: tuple[Subscription, ...] = ()
    invoices: tuple[Invoice, ...] = ()
    payment_methods: tuple[PaymentMethod, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    grants: tuple[Grant, ...] = ()
    catalog_version: int | None = None
    """The version whose free plan it has; ``None`` is the one in force."""
    signed_up_at: datetime | None = None

    @property
    def currency(self) -> str | None:
        """The currency that the account pays in, as its newest invoice has it; ``None`` before the first.

        Stripe keeps all subscriptions of a customer in one.
        Source: https://docs.stripe.com/billing/customer#customer-currency
        """
        newest = max(self.invoices, key=lambda invoice: (invoice.created_at, invoice.id), default=None)
        return newest.currency if newest else None

    def invoices_of(self, subscription: Subscription) -> tuple[Invoice, ...]:
        """Return the invoices of one subscription, the oldest first."""
        mine = (invoice for invoice in self.invoices if invoice.subscription_id == subscription.id)
        return tuple(sorted(mine, key=lambda invoice: (invoice.created_at, invoice.id)))

    def has_card(self, subscription: Subscription) -> bool | None:
        """Whether Stripe has a card to charge for this subscription; ``None`` when nobody has looked.

        Source of the order: https://docs.stripe.com/api/subscriptions/object#subscription_object-default_payment_method
        """
        if subscription.default_payment_method is not None:
            return True
        if self.customer is None:
            return None
        return self.customer.default_payment_method is not None
