"""One of each object that is mirrored, as different versions of Stripe's API show them."""

from typing import Any

Json = dict[str, Any]

VERSIONS = ["2020-08-27", "2022-11-15", "2024-06-20", "2025-03-31.basil", "2026-10-28.endive"]

BEGAN = 1772359200
TRIAL_END = 1773568800

METADATA = {"account_id": "acme", "plan_key": "pro"}

_PRICE: Json = {
    "id": "price_pro",
    "object": "price",
    "active": True,
    "currency": "eur",
    "product": "prod_1",
    "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
    "unit_amount": 2900,
    "unit_amount_decimal": "2900",
}
_PLAN: Json = {"id": "price_pro", "object": "plan", "amount": 2900, "interval": "month", "product": "prod_1"}
_PERIOD: Json = {"current_period_start": BEGAN, "current_period_end": TRIAL_END}
_ITEM: Json = {
    "id": "si_1",
    "object": "subscription_item",
    "created": BEGAN,
    "metadata": {},
    "plan": _PLAN,
    "price": _PRICE,
    "quantity": 3,
    "subscription": "sub_1",
}

_SUBSCRIPTION: Json = {
    "id": "sub_1",
    "object": "subscription",
    "billing_cycle_anchor": TRIAL_END,
    "cancel_at": TRIAL_END,
    "cancel_at_period_end": True,
    "canceled_at": 1772359300,
    "collection_method": "charge_automatically",
    "created": BEGAN,
    "customer": "cus_1",
    "default_payment_method": "pm_1",
    "default_source": None,
    "ended_at": None,
    "latest_invoice": "in_1",
    "livemode": False,
    "metadata": METADATA,
    "pause_collection": {"behavior": "void", "resumes_at": 1773655200},
    "schedule": "sub_sched_1",
    "start_date": BEGAN,
    "status": "trialing",
    "trial_end": TRIAL_END,
    "trial_start": BEGAN,
}


def _list(*data: Json, **more: Any) -> Json:
    return {"object": "list", "data": [*data], "has_more": False, **more}


def _before_basil(**more: Any) -> Json:
    return {**_SUBSCRIPTION, **_PERIOD, "items": _list(_ITEM), "plan": _PLAN, "quantity": 3, **more}


def _since_basil(**more: Any) -> Json:
    items = _list({**_ITEM, **_PERIOD}, total_count=1, url="/v1/subscription_items?subscription=sub_1")
    return {**_SUBSCRIPTION, "items": items, "test_clock": None, "discounts": [], **more}


SUBSCRIPTIONS: dict[str, Json] = {
    "2020-08-27": _before_basil(discount=None, pending_setup_intent=None, tax_percent=None),
    "2022-11-15": _before_basil(discount=None, test_clock=None, currency="eur"),
    "2024-06-20": _before_basil(discount=None, test_clock=None, currency="eur", discounts=[]),
    "2025-03-31.basil": _since_basil(currency="eur", plan=_PLAN, quantity=3),
    "2026-10-28.endive": _since_basil(
        currency="eur",
        billing_mode={"type": "flexible", "flexible": {"proration_discounts": "included"}},
        billing_schedules=[],
        customer_account=None,
        status_details=None,
    ),
}

_INVOICE: Json = {
    "id": "in_1",
    "object": "invoice",
    "amount_due": 2900,
    "amount_paid": 2900,
    "amount_remaining": 0,
    "attempt_count": 1,
    "attempted": True,
    "auto_advance": False,
    "billing_reason": "subscription_cycle",
    "collection_method": "charge_automatically",
    "created": BEGAN,
    "currency": "eur",
    "customer": "cus_1",
    "due_date": None,
    "hosted_invoice_url": "https://invoice.stripe.com/i/acct_1/test_1",
    "invoice_pdf": "https://pay.stripe.com/invoice/acct_1/test_1/pdf",
    "livemode": False,
    "metadata": {},
    "next_payment_attempt": None,
    "number": "ACME-0002",
    "period_end": BEGAN,
    "period_start": BEGAN,
    "status": "paid",
    "status_transitions": {
        "finalized_at": 1772362800,
        "marked_uncollectible_at": None,
        "paid_at": 1772362805,
        "voided_at": None,
    },
    "total": 2900,
}
_OLD_PAYMENT: Json = {"paid": True, "paid_out_of_band": False, "charge": "ch_1", "payment_intent": "pi_1"}
_PARENT: Json = {
    "type": "subscription_details",
    "quote_details": None,
    "subscription_details": {"metadata": METADATA, "subscription": "sub_1"},
}

INVOICES: dict[str, Json] = {
    version: {
        **_INVOICE,
        **_OLD_PAYMENT,
        "subscription": "sub_1",
        "subscription_details": {"metadata": METADATA},
    }
    for version in ("2020-08-27", "2022-11-15", "2024-06-20")
} | {
    "2025-03-31.basil": {**_INVOICE, "parent": _PARENT, "amount_overpaid": 0},
    "2026-10-28.endive": {**_INVOICE, "parent": _PARENT, "amount_paid_off_stripe": 0, "test_clock": None},
}

_PHASE_ITEM: Json = {"price": "price_pro", "quantity": 3, "tax_rates": [], "metadata": {}}
_PHASE: Json = {
    "start_date": BEGAN,
    "end_date": 1775037600,
    "trial_end": TRIAL_END,
    "proration_behavior": "create_prorations",
    "default_payment_method": None,
    "metadata": {},
}
_SCHEDULE: Json = {
    "id": "sub_sched_1",
    "object": "subscription_schedule",
    "canceled_at": None,
    "completed_at": None,
    "created": BEGAN,
    "current_phase": {"start_date": BEGAN, "end_date": 1775037600},
    "customer": "cus_1",
    "default_settings": {"collection_method": "charge_automatically"},
    "end_behavior": "cancel",
    "livemode": False,
    "metadata": METADATA,
    "released_at": None,
    "released_subscription": None,
    "status": "active",
    "subscription": "sub_1",
}


def _scheduled(item: Json, **more: Any) -> Json:
    return {**_SCHEDULE, "phases": [{**_PHASE, "items": [item]}], **more}


SCHEDULES: dict[str, Json] = {
    # What was created before there were prices still names its items plans.
    "2020-08-27": {**_SCHEDULE, "phases": [{**_PHASE, "plans": [{"plan": "price_pro", "quantity": 3}]}]},
    "2022-11-15": _scheduled({**_PHASE_ITEM, "plan": "price_pro", "billing_thresholds": None}),
    "2024-06-20": _scheduled({**_PHASE_ITEM, "plan": "price_pro", "discounts": []}, test_clock=None),
    "2025-03-31.basil": _scheduled({**_PHASE_ITEM, "plan": "price_pro", "discounts": []}, test_clock=None),
    "2026-10-28.endive": _scheduled(
        {**_PHASE_ITEM, "discounts": [], "trial": None},
        test_clock=None,
        billing_mode={"type": "flexible"},
        customer_account=None,
    ),
}

_CARD: Json = {
    "brand": "amex",
    "country": "US",
    "exp_month": 12,
    "exp_year": 2034,
    "fingerprint": "f1",
    "funding": "credit",
    "last4": "0005",
}
_METHOD: Json = {
    "id": "pm_1",
    "object": "payment_method",
    "billing_details": {"email": None, "name": "Ada"},
    "card": _CARD,
    "created": BEGAN,
    "customer": "cus_1",
    "livemode": False,
    "metadata": {},
    "type": "card",
}

PAYMENT_METHODS: dict[str, Json] = {
    "2020-08-27": _METHOD,
    "2022-11-15": _METHOD,
    "2024-06-20": {**_METHOD, "allow_redisplay": "limited", "radar_options": {}},
    "2025-03-31.basil": {
        **_METHOD,
        "allow_redisplay": "limited",
        "card": {**_CARD, "regulated_status": None},
    },
    "2026-10-28.endive": {**_METHOD, "allow_redisplay": "limited", "customer_account": None},
}

OLD_CARD: Json = {
    **_CARD,
    "id": "card_1",
    "object": "card",
    "brand": "American Express",
    "customer": "cus_1",
    "metadata": {},
}
OLD_SOURCE: Json = {
    "id": "src_1",
    "object": "source",
    "type": "card",
    "card": {**_CARD, "brand": "American Express"},
    "customer": "cus_1",
    "livemode": True,
    "status": "chargeable",
}
