"""How each mirrored object is laid out in its row, and how it is read back."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row

from tiergate.rules.instants import from_unix_seconds, to_unix_seconds
from tiergate.rules.state import (
    Customer,
    Invoice,
    InvoiceStatus,
    PauseCollection,
    PaymentMethod,
    PendingUpdate,
    Schedule,
    SchedulePhase,
    Subscription,
    SubscriptionItem,
    SubscriptionStatus,
)

Values = dict[str, Any]


def customer_values(customer: Customer) -> Values:
    """Return a customer's own columns."""
    return {
        "stripe_customer_id": customer.id,
        "email": customer.email,
        "default_payment_method": customer.default_payment_method,
        "deleted": customer.deleted,
        "metadata": dict(customer.metadata),
    }


def customer_of(row: Row[Any]) -> Customer:
    """Read a customer."""
    return Customer(
        id=row.stripe_customer_id,
        default_payment_method=row.default_payment_method,
        email=row.email,
        test_clock=row.test_clock,
        deleted=row.deleted,
        livemode=row.livemode,
        metadata=row.metadata,
    )


def subscription_values(subscription: Subscription, raw_status: str) -> Values:
    """Return a subscription's own columns; the status is stored in Stripe's own word."""
    pause = subscription.pause_collection
    return {
        "stripe_subscription_id": subscription.id,
        "stripe_customer_id": subscription.customer_id,
        "stripe_price_id": subscription.items[0].price_id if subscription.items else None,
        "status": raw_status,
        "start_date": subscription.start_date,
        "trial_start": subscription.trial_start,
        "trial_end": subscription.trial_end,
        "current_period_start": subscription.current_period_start,
        "current_period_end": subscription.current_period_end,
        "cancel_at": subscription.cancel_at,
        "cancel_at_period_end": subscription.cancel_at_period_end,
        "canceled_at": subscription.canceled_at,
        "ended_at": subscription.ended_at,
        "default_payment_method": subscription.default_payment_method,
        "collection_method": subscription.collection_method,
        "latest_invoice_id": subscription.latest_invoice_id,
        "pause_collection": pause and {"behavior": pause.behavior, "resumes_at": _seconds(pause.resumes_at)},
        "schedule_id": subscription.schedule_id,
        "metadata": dict(subscription.metadata),
        **sold_values(
            subscription.plan_key,
            subscription.catalog_version,
            subscription.items,
            subscription.pending_update,
        ),
    }


def sold_values(
    plan_key: str | None,
    catalog_version: int | None,
    items: Iterable[SubscriptionItem],
    pending_update: PendingUpdate | None,
) -> Values:
    """Return those of a subscription's columns that depend on what its prices are known to sell."""
    return {
        "plan_key": plan_key,
        "catalog_version": catalog_version,
        "items": [item_document(item) for item in items],
        "pending_update": _pending_document(pending_update),
    }


def subscription_of(row: Row[Any]) -> Subscription:
    """Read a subscription."""
    return Subscription(
        id=row.stripe_subscription_id,
        customer_id=row.stripe_customer_id,
        status=SubscriptionStatus(row.status),
        created_at=row.created_at,
        plan_key=row.plan_key,
        catalog_version=row.catalog_version,
        items=tuple(map(item_of, row.items)),
        start_date=row.start_date,
        trial_start=row.trial_start,
        trial_end=row.trial_end,
        cancel_at=row.cancel_at,
        cancel_at_period_end=row.cancel_at_period_end,
        canceled_at=row.canceled_at,
        ended_at=row.ended_at,
        default_payment_method=row.default_payment_method,
        collection_method=row.collection_method,
        latest_invoice_id=row.latest_invoice_id,
        pause_collection=_pause_of(row.pause_collection),
        schedule_id=row.schedule_id,
        pending_update=_pending_of(row.pending_update),
        test_clock=row.test_clock,
        livemode=row.livemode,
        metadata=row.metadata,
        observed_at=row.as_of,
    )


def _pause_of(pause: Mapping[str, Any] | None) -> PauseCollection | None:
    return PauseCollection(pause["behavior"], from_unix_seconds(pause["resumes_at"])) if pause else None


def _pending_document(pending: PendingUpdate | None) -> Values | None:
    if pending is None:
        return None
    items = [item_document(item) for item in pending.items]
    return {"expires_at": _seconds(pending.expires_at), "items": items}


def _pending_of(pending: Mapping[str, Any] | None) -> PendingUpdate | None:
    if not pending:
        return None
    return PendingUpdate(from_unix_seconds(pending["expires_at"]), tuple(map(item_of, pending["items"])))


def item_document(item: SubscriptionItem) -> Values:
    """Return an item as it stands in the columns ``items`` and ``phases``."""
    return {
        "id": item.id,
        "price_id": item.price_id,
        "quantity": item.quantity,
        "current_period_start": _seconds(item.current_period_start),
        "current_period_end": _seconds(item.current_period_end),
        "plan_key": item.plan_key,
        "add_on_key": item.add_on_key,
    }


def item_of(document: Mapping[str, Any]) -> SubscriptionItem:
    """Read an item; what an earlier revision wrote names no add-on and no plan."""
    return SubscriptionItem(
        id=document["id"],
        price_id=document["price_id"],
        quantity=document["quantity"],
        current_period_start=from_unix_seconds(document["current_period_start"]),
        current_period_end=from_unix_seconds(document["current_period_end"]),
        plan_key=document.get("plan_key"),
        add_on_key=document.get("add_on_key"),
    )


def invoice_values(invoice: Invoice, raw_status: str) -> Values:
    """Return an invoice's own columns; the status is stored in Stripe's own word."""
    return {
        "stripe_invoice_id": invoice.id,
        "stripe_customer_id": invoice.customer_id,
        "stripe_subscription_id": invoice.subscription_id,
        "status": raw_status,
        "billing_reason": invoice.billing_reason,
        "currency": invoice.currency,
        "total": invoice.total,
        "amount_paid": invoice.amount_paid,
        "amount_due": invoice.amount_due,
        "attempted": invoice.attempted,
        "attempt_count": invoice.attempt_count,
        "finalized_at": invoice.finalized_at,
        "due_date": invoice.due_date,
        "paid_at": invoice.paid_at,
        "next_payment_attempt": invoice.next_payment_attempt,
        "number": invoice.number,
        "hosted_invoice_url": invoice.hosted_invoice_url,
        "invoice_pdf": invoice.invoice_pdf,
        "metadata": dict(invoice.metadata),
    }


def invoice_of(row: Row[Any]) -> Invoice:
    """Read an invoice."""
    return Invoice(
        id=row.stripe_invoice_id,
        customer_id=row.stripe_customer_id,
        status=InvoiceStatus(row.status),
        created_at=row.created_at,
        subscription_id=row.stripe_subscription_id,
        billing_reason=row.billing_reason,
        currency=row.currency,
        total=row.total,
        amount_paid=row.amount_paid,
        amount_due=row.amount_due,
        attempted=row.attempted,
        attempt_count=row.attempt_count,
        finalized_at=row.finalized_at,
        due_date=row.due_date,
        paid_at=row.paid_at,
        next_payment_attempt=row.next_payment_attempt,
        number=row.number,
        hosted_invoice_url=row.hosted_invoice_url,
        invoice_pdf=row.invoice_pdf,
        test_clock=row.test_clock,
        livemode=row.livemode,
        metadata=row.metadata,
    )


def payment_method_values(method: PaymentMethod) -> Values:
    """Return a payment method's own columns."""
    return {
        "stripe_payment_method_id": method.id,
        "stripe_customer_id": method.customer_id,
        "type": method.type,
        "brand": method.brand,
        "last4": method.last4,
        "exp_month": method.exp_month,
        "exp_year": method.exp_year,
        "fingerprint": method.fingerprint,
    }


def payment_method_of(row: Row[Any]) -> PaymentMethod:
    """Read a payment method."""
    return PaymentMethod(
        id=row.stripe_payment_method_id,
        customer_id=row.stripe_customer_id,
        type=row.type,
        brand=row.brand,
        last4=row.last4,
        exp_month=row.exp_month,
        exp_year=row.exp_year,
        fingerprint=row.fingerprint,
        livemode=row.livemode,
    )


def schedule_values(schedule: Schedule) -> Values:
    """Return a schedule's own columns."""
    return {
        "stripe_schedule_id": schedule.id,
        "stripe_customer_id": schedule.customer_id,
        "stripe_subscription_id": schedule.subscription_id,
        "status": schedule.status,
        "end_behavior": schedule.end_behavior,
        "phases": [_phase_document(phase) for phase in schedule.phases],
        "metadata": dict(schedule.metadata),
    }


def schedule_of(row: Row[Any]) -> Schedule:
    """Read a schedule."""
    return Schedule(
        id=row.stripe_schedule_id,
        customer_id=row.stripe_customer_id,
        status=row.status,
        subscription_id=row.stripe_subscription_id,
        end_behavior=row.end_behavior,
        phases=tuple(map(_phase_of, row.phases)),
        test_clock=row.test_clock,
        livemode=row.livemode,
        metadata=row.metadata,
    )


def _phase_document(phase: SchedulePhase) -> Values:
    return {
        "starts_at": to_unix_seconds(phase.starts_at),
        "ends_at": to_unix_seconds(phase.ends_at),
        "items": [item_document(item) for item in phase.items],
        "trial_end": _seconds(phase.trial_end),
    }


def _phase_of(document: Mapping[str, Any]) -> SchedulePhase:
    return SchedulePhase(
        starts_at=datetime.fromtimestamp(document["starts_at"], UTC),
        ends_at=datetime.fromtimestamp(document["ends_at"], UTC),
        items=tuple(map(item_of, document["items"])),
        trial_end=from_unix_seconds(document["trial_end"]),
    )


def _seconds(at: datetime | None) -> int | None:
    return None if at is None else to_unix_seconds(at)
