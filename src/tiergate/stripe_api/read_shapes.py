"""Turns Stripe's JSON, of any API version since 2020-08-27, into what the rules read.

Where a field moved between versions the newest place is looked at first and the older ones after it.
Source of the moves: https://docs.stripe.com/changelog
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tiergate.rules.instants import from_unix_seconds
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

Json = Mapping[str, Any]


def read_subscription(raw: Json) -> Subscription:
    """Read a subscription. The period stands on its items since 2025-03-31, on itself before."""
    return Subscription(
        id=raw["id"],
        customer_id=_id(raw["customer"]) or "",
        status=SubscriptionStatus(raw["status"]),
        created_at=_instant(raw["created"]),
        items=tuple(_read_item(item, raw) for item in (raw.get("items") or {}).get("data") or ()),
        start_date=from_unix_seconds(raw.get("start_date")),
        trial_start=from_unix_seconds(raw.get("trial_start")),
        trial_end=from_unix_seconds(raw.get("trial_end")),
        cancel_at=from_unix_seconds(raw.get("cancel_at")),
        cancel_at_period_end=bool(raw.get("cancel_at_period_end")),
        canceled_at=from_unix_seconds(raw.get("canceled_at")),
        ended_at=from_unix_seconds(raw.get("ended_at")),
        default_payment_method=_id(raw.get("default_payment_method")) or _id(raw.get("default_source")),
        collection_method=raw.get("collection_method") or "charge_automatically",
        latest_invoice_id=_id(raw.get("latest_invoice")),
        pause_collection=_read_pause(raw.get("pause_collection")),
        schedule_id=_id(raw.get("schedule")),
        pending_update=_read_pending_update(raw.get("pending_update"), raw),
        test_clock=_id(raw.get("test_clock")),
        livemode=bool(raw.get("livemode")),
        metadata=dict(raw.get("metadata") or {}),
    )


def has_all_items(raw: Json) -> bool:
    """Whether a subscription shows all its items: of many, Stripe embeds only the first ones."""
    return not (raw.get("items") or {}).get("has_more")


def _read_item(item: Json, subscription: Json) -> SubscriptionItem:
    price = item.get("price") or item.get("plan") or {}
    start = item.get("current_period_start", subscription.get("current_period_start"))
    end = item.get("current_period_end", subscription.get("current_period_end"))
    quantity = item.get("quantity")
    return SubscriptionItem(
        id=item["id"],
        price_id=_id(price) or "",
        quantity=1 if quantity is None else quantity,
        current_period_start=from_unix_seconds(start),
        current_period_end=from_unix_seconds(end),
    )


def _read_pause(pause: Json | None) -> PauseCollection | None:
    if not pause:
        return None
    return PauseCollection(pause["behavior"], from_unix_seconds(pause.get("resumes_at")))


def _read_pending_update(pending: Json | None, subscription: Json) -> PendingUpdate | None:
    if not pending:
        return None
    items = pending.get("subscription_items") or ()
    return PendingUpdate(
        from_unix_seconds(pending.get("expires_at")), tuple(_read_item(item, subscription) for item in items)
    )


def read_schedule(raw: Json) -> Schedule:
    """Read a subscription schedule; one that was released still names the subscription it let go."""
    return Schedule(
        id=raw["id"],
        customer_id=_id(raw["customer"]) or "",
        status=raw["status"],
        subscription_id=_id(raw.get("subscription")) or _id(raw.get("released_subscription")),
        end_behavior=raw.get("end_behavior") or "release",
        phases=tuple(_read_phase(phase) for phase in raw.get("phases") or ()),
        test_clock=_id(raw.get("test_clock")),
        livemode=bool(raw.get("livemode")),
        metadata=dict(raw.get("metadata") or {}),
    )


def _read_phase(phase: Json) -> SchedulePhase:
    return SchedulePhase(
        starts_at=_instant(phase["start_date"]),
        ends_at=_instant(phase["end_date"]),
        items=tuple(_read_phase_item(item) for item in phase.get("items") or phase.get("plans") or ()),
        trial_end=from_unix_seconds(phase.get("trial_end")),
    )


def _read_phase_item(item: Json) -> SubscriptionItem:
    """Read an item of a phase: it has no id, for it is none of the subscription's yet."""
    quantity = item.get("quantity")
    return SubscriptionItem(
        id="",
        price_id=_id(item.get("price")) or _id(item.get("plan")) or "",
        quantity=1 if quantity is None else quantity,
    )


def read_payment_method(raw: Json) -> PaymentMethod:
    """Read a payment method, or a card or source from before there were any.

    A payment method keeps its details under its type; an old card has them on itself, and Stripe spells
    the brands of old cards in capitals. Source: https://docs.stripe.com/payments/payment-methods/transitioning
    """
    kind = raw.get("type") or raw.get("object") or "card"
    details = raw.get(kind) or raw
    brand = details.get("brand")
    return PaymentMethod(
        id=raw["id"],
        customer_id=_id(raw.get("customer")),
        type=kind,
        brand=brand.lower().replace(" ", "_") if isinstance(brand, str) else None,
        last4=details.get("last4"),
        exp_month=details.get("exp_month"),
        exp_year=details.get("exp_year"),
        fingerprint=details.get("fingerprint"),
        livemode=bool(raw.get("livemode")),
    )


def read_invoice(raw: Json) -> Invoice:
    """Read an invoice. Its subscription stands under ``parent`` since 2025-03-31, on itself before."""
    parent = ((raw.get("parent") or {}).get("subscription_details")) or {}
    before = raw.get("subscription_details") or {}
    moments = raw.get("status_transitions") or {}
    return Invoice(
        id=raw["id"],
        customer_id=_id(raw.get("customer")) or "",
        status=InvoiceStatus(str(raw.get("status"))),
        created_at=_instant(raw["created"]),
        subscription_id=_id(parent.get("subscription")) or _id(raw.get("subscription")),
        billing_reason=raw.get("billing_reason"),
        currency=raw.get("currency") or "usd",
        total=raw.get("total") or 0,
        amount_paid=raw.get("amount_paid") or 0,
        amount_due=raw.get("amount_due") or 0,
        attempted=bool(raw.get("attempted")),
        attempt_count=raw.get("attempt_count") or 0,
        finalized_at=from_unix_seconds(moments.get("finalized_at")),
        due_date=from_unix_seconds(raw.get("due_date")),
        paid_at=from_unix_seconds(moments.get("paid_at")),
        next_payment_attempt=from_unix_seconds(raw.get("next_payment_attempt")),
        number=raw.get("number"),
        hosted_invoice_url=raw.get("hosted_invoice_url"),
        invoice_pdf=raw.get("invoice_pdf"),
        test_clock=_id(raw.get("test_clock")),
        livemode=bool(raw.get("livemode")),
        metadata=dict(parent.get("metadata") or before.get("metadata") or {}),
    )


def read_customer(raw: Json) -> Customer:
    """Read a customer; one that was deleted has nothing left but its id."""
    settings = raw.get("invoice_settings") or {}
    return Customer(
        id=raw["id"],
        default_payment_method=_id(settings.get("default_payment_method")) or _id(raw.get("default_source")),
        email=raw.get("email"),
        test_clock=_id(raw.get("test_clock")),
        deleted=bool(raw.get("deleted")),
        livemode=bool(raw.get("livemode")),
        metadata=dict(raw.get("metadata") or {}),
    )


def _id(value: object) -> str | None:
    """Return the id of a reference, expanded or not."""
    if value is None or isinstance(value, str):
        return value
    inner = value.get("id") if isinstance(value, Mapping) else None
    return inner if isinstance(inner, str) else None


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
