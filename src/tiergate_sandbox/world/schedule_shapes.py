"""What a subscription schedule and its phases look like: https://docs.stripe.com/api/subscription_schedules."""

from typing import Any

from tiergate_sandbox.world.shape import shape

Obj = dict[str, Any]

_NO_TAX: Obj = {"disabled_reason": None, "enabled": False, "liability": None}
_INVOICES: Obj = {
    "account_tax_ids": None,
    "custom_fields": None,
    "days_until_due": None,
    "description": None,
    "footer": None,
    "issuer": {"type": "self"},
}

DEFAULT_SETTINGS: Obj = {
    "application_fee_percent": None,
    "automatic_tax": _NO_TAX,
    "billing_cycle_anchor": "automatic",
    "billing_thresholds": None,
    "collection_method": "charge_automatically",
    "default_payment_method": None,
    "description": None,
    "invoice_settings": _INVOICES,
    "on_behalf_of": None,
    "transfer_data": None,
}

PHASE: Obj = {
    "add_invoice_items": [],
    "application_fee_percent": None,
    "billing_cycle_anchor": None,
    "billing_thresholds": None,
    "collection_method": None,
    "currency": "usd",
    "default_payment_method": None,
    "default_tax_rates": [],
    "description": None,
    "discounts": [],
    "end_date": 0,
    "invoice_settings": None,
    "items": [],
    "metadata": {},
    "on_behalf_of": None,
    "proration_behavior": "create_prorations",
    "start_date": 0,
    "transfer_data": None,
    "trial_end": None,
}

SHAPES = {
    "subscription_schedule": shape(
        "subscription_schedule",
        "application canceled_at completed_at current_phase customer_account released_at "
        "released_subscription subscription test_clock",
        private={"expiring_for": None},
        billing_mode={
            "flexible": {"proration_discounts": "included"},
            "type": "flexible",
            "updated_at": None,
        },
        created=0,
        customer="",
        default_settings=DEFAULT_SETTINGS,
        end_behavior="release",
        metadata={},
        pause_schedules=[],
        phases=[],
        status="not_started",
    ),
}


def phase_item(price: Obj, quantity: int, metadata: dict[str, str]) -> Obj:
    """Return one item of a phase."""
    return {
        "billing_thresholds": None,
        "discounts": [],
        "metadata": metadata,
        "plan": price["id"],
        "price": price["id"],
        "quantity": quantity,
        "tax_rates": [],
    }


def bought_once(price: Obj, quantity: int, metadata: dict[str, str]) -> Obj:
    """Return one thing that is bought when a phase begins."""
    return {
        "discountable": None,
        "discounts": [],
        "metadata": metadata,
        "period": {"end": {"type": "phase_end"}, "start": {"type": "phase_start"}},
        "price": price["id"],
        "quantity": quantity,
        "tax_rates": [],
    }
