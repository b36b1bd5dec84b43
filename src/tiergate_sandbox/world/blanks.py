"""What each Stripe object looks like before anything is filled in: all its keys, and no others.

The keys are those of the API reference (https://docs.stripe.com/api) for the newest version. ``_`` holds what
the world keeps for itself; it never leaves the world.
"""

from typing import Any

from tiergate_sandbox.world.breadth_shapes import SHAPES as BREADTH_SHAPES
from tiergate_sandbox.world.money_shapes import SHAPES as MONEY_SHAPES
from tiergate_sandbox.world.schedule_shapes import SHAPES as SCHEDULE_SHAPES
from tiergate_sandbox.world.shape import shape as _shape
from tiergate_sandbox.world.store import decode

Obj = dict[str, Any]

NO_TAX: Obj = {"disabled_reason": None, "enabled": False, "liability": None}
NO_ADDRESS = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


_SHAPES = {
    **BREADTH_SHAPES,
    **MONEY_SHAPES,
    **SCHEDULE_SHAPES,
    "customer": _shape(
        "customer",
        "address business_name currency customer_account default_source description discount email "
        "individual_name invoice_prefix name phone shipping test_clock",
        balance=0,
        created=0,
        delinquent=False,
        invoice_settings=dict.fromkeys(
            ("custom_fields", "default_payment_method", "footer", "rendering_options")
        ),
        metadata={},
        next_invoice_sequence=1,
        preferred_locales=[],
        tax_exempt="none",
    ),
    "payment_method": _shape(
        "payment_method",
        "customer customer_account",
        private={"test_clock": None, "card": "", "set_up": False},
        allow_redisplay="unspecified",
        billing_details={"address": NO_ADDRESS, **dict.fromkeys(("email", "name", "phone", "tax_id"))},
        card={},
        created=0,
        metadata={},
        type="card",
    ),
    "setup_intent": _shape(
        "setup_intent",
        "allowed_payment_method_types application automatic_payment_methods cancellation_reason "
        "client_secret customer customer_account description excluded_payment_method_types "
        "flow_directions last_setup_error latest_attempt managed_payments mandate next_action "
        "on_behalf_of payment_method payment_method_configuration_details single_use_mandate",
        private={"test_clock": None, "session": None},
        created=0,
        metadata={},
        payment_method_options={
            "card": {"mandate_options": None, "network": None, "request_three_d_secure": "automatic"}
        },
        payment_method_types=["card"],
        status="requires_payment_method",
        usage="off_session",
    ),
    "payment_intent": _shape(
        "payment_intent",
        "allowed_payment_method_types application application_fee_amount automatic_payment_methods "
        "canceled_at cancellation_reason client_secret customer customer_account description "
        "excluded_payment_method_types hooks last_payment_error latest_charge managed_payments "
        "next_action on_behalf_of payment_method payment_method_configuration_details payment_record "
        "presentment_details processing receipt_email review setup_future_usage shipping source "
        "statement_descriptor statement_descriptor_suffix transfer_data transfer_group",
        private={"test_clock": None, "invoice": None, "session": None},
        amount=0,
        amount_capturable=0,
        amount_details={"tip": {}},
        amount_received=0,
        capture_method="automatic",
        confirmation_method="automatic",
        created=0,
        currency="usd",
        metadata={},
        payment_details={"customer_reference": None, "order_reference": None},
        payment_method_options={
            "card": {"installments": None, "network": None, "request_three_d_secure": "automatic"}
        },
        payment_method_types=["card"],
        status="requires_payment_method",
    ),
    "charge": _shape(
        "charge",
        "application application_fee application_fee_amount authorization_code balance_transaction "
        "customer description "
        "failure_balance_transaction failure_code failure_message level3 on_behalf_of outcome payment_intent "
        "payment_method payment_method_details presentment_details receipt_email receipt_number "
        "receipt_url review shipping source source_transfer statement_descriptor "
        "statement_descriptor_suffix transfer_data transfer_group",
        private={"test_clock": None, "invoice": None},
        amount=0,
        amount_captured=0,
        amount_refunded=0,
        billing_details={"address": NO_ADDRESS, **dict.fromkeys(("email", "name", "phone", "tax_id"))},
        calculated_statement_descriptor="SANDBOX",
        captured=False,
        created=0,
        currency="usd",
        disputed=False,
        fraud_details={},
        metadata={},
        paid=False,
        radar_options={},
        refunded=False,
        status="succeeded",
    ),
    "product": _shape(
        "product",
        "default_price description package_dimensions shippable statement_descriptor tax_code tax_details "
        "unit_label url",
        active=True,
        created=0,
        images=[],
        marketing_features=[],
        metadata={},
        name="",
        type="service",
        updated=0,
    ),
    "price": _shape(
        "price",
        "custom_unit_amount lookup_key nickname recurring tiers_mode transform_quantity unit_amount "
        "unit_amount_decimal",
        private={"currency_options": {}, "tiers": None},
        active=True,
        billing_scheme="per_unit",
        created=0,
        currency="usd",
        metadata={},
        product="",
        tax_behavior="unspecified",
        type="one_time",
    ),
    "subscription": _shape(
        "subscription",
        "application application_fee_percent billing_cycle_anchor_config billing_thresholds cancel_at "
        "canceled_at customer_account days_until_due default_payment_method default_source description "
        "ended_at latest_invoice managed_payments next_pending_invoice_item_invoice on_behalf_of "
        "pause_collection pending_invoice_item_interval pending_setup_intent pending_update plan "
        "presentment_details quantity schedule status_details test_clock transfer_data trial_end "
        "trial_start",
        private={"trial_notice_for": None, "upcoming_for": None, "proration_behavior": "create_prorations"},
        automatic_tax=NO_TAX,
        billing_cycle_anchor=0,
        billing_mode={
            "flexible": {"proration_discounts": "included"},
            "type": "flexible",
            "updated_at": None,
        },
        billing_schedules=[],
        cancel_at_period_end=False,
        cancellation_details=dict.fromkeys(("comment", "feedback", "feedback_option", "reason")),
        collection_method="charge_automatically",
        created=0,
        currency="usd",
        customer="",
        default_tax_rates=[],
        discounts=[],
        invoice_settings={
            "account_tax_ids": None,
            "custom_fields": None,
            "description": None,
            "footer": None,
            "issuer": {"type": "self"},
        },
        items=[],
        metadata={},
        payment_settings={
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        start_date=0,
        status="active",
        trial_settings={
            "end_behavior": {"billing_cycle_anchor": "now", "missing_payment_method": "create_invoice"}
        },
    ),
    "subscription_item": _shape(
        "subscription_item",
        "billed_until billing_thresholds current_trial",
        livemode=False,
        private={"debits": []},
        created=0,
        current_period_end=0,
        current_period_start=0,
        discounts=[],
        metadata={},
        price="",
        quantity=1,
        subscription="",
        tax_rates=[],
    ),
    "invoice": _shape(
        "invoice",
        "account_tax_ids application automatically_finalizes_at custom_fields customer_account "
        "customer_address customer_email customer_name customer_phone customer_shipping "
        "default_payment_method default_source description due_date effective_at ending_balance footer "
        "from_invoice hosted_invoice_url invoice_pdf last_finalization_error latest_revision "
        "next_payment_attempt number on_behalf_of parent receipt_number rendering shipping_cost "
        "shipping_details statement_descriptor status_details test_clock threshold_reason "
        "webhooks_delivered_at",
        private={
            "payment_intent": None,
            "retries": 0,
            "overdue": False,
            "days_until_due": None,
            "out_of_band": False,
        },
        account_country="US",
        account_name="",
        amount_due=0,
        amount_overpaid=0,
        amount_paid=0,
        amount_paid_off_stripe=0,
        amount_remaining=0,
        amount_shipping=0,
        attempt_count=0,
        attempted=False,
        auto_advance=False,
        automatic_tax={**NO_TAX, "provider": None, "status": None},
        billing_reason="manual",
        collection_method="charge_automatically",
        created=0,
        currency="usd",
        customer="",
        customer_tax_exempt="none",
        customer_tax_ids=[],
        default_tax_rates=[],
        discounts=[],
        issuer={"type": "self"},
        lines=[],
        metadata={},
        payment_settings=dict.fromkeys(("default_mandate", "payment_method_options", "payment_method_types")),
        period_end=0,
        period_start=0,
        post_payment_credit_notes_amount=0,
        pre_payment_credit_notes_amount=0,
        starting_balance=0,
        status="draft",
        status_transitions=dict.fromkeys(("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")),
        subtotal=0,
        subtotal_excluding_tax=0,
        total=0,
        total_discount_amounts=[],
        total_excluding_tax=0,
        total_pretax_credit_amounts=[],
        total_taxes=[],
    ),
    "line_item": _shape(
        "line_item",
        "description parent pricing quantity_decimal subscription",
        amount=0,
        currency="usd",
        discount_amounts=[],
        discountable=True,
        discounts=[],
        invoice="",
        metadata={},
        period={},
        pretax_credit_amounts=[],
        quantity=1,
        subtotal=0,
        taxes=[],
    ),
    "invoiceitem": _shape(
        "invoiceitem",
        "customer_account description invoice invoicing_rules parent pricing proration_details "
        "quantity_decimal test_clock",
        private={"subscription_item": None, "debit": None},
        amount=0,
        currency="usd",
        customer="",
        date=0,
        discountable=True,
        discounts=[],
        metadata={},
        net_amount=0,
        period={},
        proration=False,
        quantity=1,
        tax_rates=[],
    ),
    "invoice_payment": _shape(
        "invoice_payment",
        "amount_paid",
        private={"test_clock": None},
        amount_requested=0,
        created=0,
        currency="usd",
        invoice="",
        is_default=True,
        payment={},
        status="open",
        status_transitions={"canceled_at": None, "paid_at": None},
    ),
    "checkout.session": _shape(
        "checkout.session",
        "after_expiration allow_promotion_codes allowed_payment_method_types amount_subtotal amount_total "
        "billing_address_collection branding_settings cancel_url client_reference_id client_secret "
        "collected_information consent consent_collection currency currency_conversion customer "
        "customer_account customer_creation customer_details customer_email excluded_payment_method_types "
        "integration_identifier invoice invoice_creation locale managed_payments name_collection "
        "origin_context payment_intent payment_link payment_method_collection "
        "payment_method_configuration_details permissions presentment_details recovered_from "
        "redirect_on_completion return_url saved_payment_method_options setup_intent "
        "shipping_address_collection shipping_cost submit_type subscription success_url total_details url "
        "wallet_options",
        private={"items": [], "data": {}},
        adaptive_pricing={"enabled": True},
        automatic_tax={"enabled": False, "liability": None, "provider": None, "status": None},
        created=0,
        custom_fields=[],
        custom_text=dict.fromkeys(
            ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
        ),
        discounts=[],
        expires_at=0,
        metadata={},
        mode="subscription",
        optional_items=[],
        payment_method_options={"card": {"request_three_d_secure": "automatic"}},
        payment_method_types=["card"],
        payment_status="unpaid",
        phone_number_collection={"enabled": False},
        shipping_options=[],
        status="open",
        tax_id_collection={"enabled": False, "required": "never"},
        ui_mode="hosted_page",
    ),
    "test_helpers.test_clock": _shape(
        "test_helpers.test_clock",
        "name",
        created=0,
        deletes_after=0,
        frozen_time=0,
        status="ready",
        status_details={},
    ),
    "webhook_endpoint": _shape(
        "webhook_endpoint",
        "api_version application description",
        private={"secret": ""},
        created=0,
        enabled_events=[],
        metadata={},
        status="enabled",
        url="",
    ),
}


def blank(kind: str, object_id: str, **values: Any) -> Obj:
    """Return a new object of a kind with its id and some values filled in."""
    obj: Obj = decode(_SHAPES[kind])
    obj["id"] = object_id
    obj.update(values)
    return obj
