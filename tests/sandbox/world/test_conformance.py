"""Every object has the keys of Stripe's own SDK, in whatever state it is, and those that were recorded."""

from typing import Any

import pytest

from tests.sandbox.world.conformance import faults_of
from tests.sandbox.world.script import Script

Obj = dict[str, Any]

RECORDED = {
    "subscription": "id object application application_fee_percent automatic_tax billing_cycle_anchor "
    "billing_cycle_anchor_config billing_mode billing_schedules billing_thresholds cancel_at "
    "cancel_at_period_end canceled_at cancellation_details collection_method created currency customer "
    "customer_account days_until_due default_payment_method default_source default_tax_rates description "
    "discounts ended_at invoice_settings items latest_invoice livemode managed_payments metadata "
    "next_pending_invoice_item_invoice on_behalf_of pause_collection payment_settings "
    "pending_invoice_item_interval pending_setup_intent pending_update plan presentment_details quantity "
    "schedule start_date status status_details test_clock transfer_data trial_end trial_settings trial_start",
    "subscription_item": "id object billed_until billing_thresholds created current_period_end "
    "current_period_start current_trial discounts metadata plan price quantity subscription tax_rates",
    "price": "id object active billing_scheme created currency custom_unit_amount livemode lookup_key "
    "metadata nickname product recurring tax_behavior tiers_mode transform_quantity type unit_amount "
    "unit_amount_decimal",
    "invoice": "id object account_country account_name account_tax_ids amount_due amount_overpaid "
    "amount_paid amount_paid_off_stripe amount_remaining amount_shipping application attempt_count "
    "attempted auto_advance automatic_tax automatically_finalizes_at billing_reason collection_method "
    "created currency custom_fields customer customer_account customer_address customer_email "
    "customer_name customer_phone customer_shipping customer_tax_exempt customer_tax_ids "
    "default_payment_method default_source default_tax_rates description discounts due_date effective_at "
    "ending_balance footer from_invoice hosted_invoice_url invoice_pdf issuer last_finalization_error "
    "latest_revision lines livemode metadata next_payment_attempt number on_behalf_of parent "
    "payment_settings period_end period_start post_payment_credit_notes_amount "
    "pre_payment_credit_notes_amount receipt_number rendering shipping_cost shipping_details "
    "starting_balance statement_descriptor status status_details status_transitions subtotal "
    "subtotal_excluding_tax test_clock threshold_reason total total_discount_amounts total_excluding_tax "
    "total_pretax_credit_amounts total_taxes webhooks_delivered_at",
    "line_item": "id object amount currency description discount_amounts discountable discounts invoice "
    "livemode metadata parent period pretax_credit_amounts pricing quantity quantity_decimal subscription "
    "subtotal taxes",
    "invoiceitem": "amount currency customer date description discountable discounts invoice "
    "invoicing_rules metadata net_amount parent period pricing proration proration_details quantity "
    "quantity_decimal tax_rates test_clock",
    "invoice_payment": "id object amount_paid amount_requested currency invoice is_default payment status "
    "status_transitions",
    "event": "id object api_version created data livemode pending_webhooks request type",
    "test_helpers.test_clock": "id object created deletes_after frozen_time livemode name status "
    "status_details",
}
"""The keys of real answers, by object; includable ones left out."""

NESTED = {
    "subscription": {
        "automatic_tax": "disabled_reason enabled liability",
        "billing_mode": "flexible type updated_at",
        "cancellation_details": "comment feedback feedback_option reason",
        "payment_settings": "payment_method_options payment_method_types save_default_payment_method",
        "items": "data has_more object total_count url",
    },
    "price": {"recurring": "interval interval_count meter trial_period_days usage_type"},
    "invoice": {
        "automatic_tax": "disabled_reason enabled liability provider status",
        "lines": "data has_more object total_count url",
        "status_transitions": "finalized_at marked_uncollectible_at paid_at voided_at",
    },
    "line_item": {"pricing": "price_details type unit_amount_decimal", "period": "end start"},
}
"""The keys of hashes within real answers."""


def life(script: Script) -> list[Obj]:
    """Live a subscription with a trial, a change, a refused renewal and an end; return what was answered."""
    seen: list[Obj] = []
    price, dearer = script.price(2500), script.price(5000)
    customer = script.customer("pm_card_visa", email="ada@example.com", metadata={"a": "b"})
    sub = script.subscribe(customer, price, trial_period_days=14)
    script.advance(days=15)
    item = sub["items"]["data"][0]["id"]
    change = {"items": [{"id": item, "price": dearer}], "proration_behavior": "always_invoice"}
    seen.append(script.post(f"/v1/subscriptions/{sub['id']}", **change))
    script.post("/v1/invoiceitems", customer=customer, amount=700, currency="usd")
    failing = script.post("/v1/payment_methods/pm_card_chargeCustomerFail/attach", customer=customer)["id"]
    script.post(f"/v1/subscriptions/{sub['id']}", default_payment_method=failing)
    script.advance(days=35)
    seen.append(script.subscription(sub))
    seen.append(script.post(f"/v1/subscriptions/{sub['id']}", cancel_at_period_end=True))
    seen.append(script.delete(f"/v1/subscriptions/{sub['id']}"))
    seen += [script.delete(f"/v1/customers/{customer}"), script.get(f"/v1/customers/{customer}")]
    return seen


def walked(value: Any) -> list[Obj]:
    """Return every object within a body."""
    if isinstance(value, list):
        return [found for entry in value for found in walked(entry)]
    if not isinstance(value, dict):
        return []
    own = [value] if "object" in value and not value.get("deleted") else []
    return own + [found for entry in value.values() for found in walked(entry)]


def answers(script: Script) -> list[Obj]:
    """Return the lists of all that a life has made, and its answers."""
    lived = life(script)
    other = script.customer("pm_card_visa")
    sub = script.subscribe(other, script.price(900))
    clock = {"test_clock": script.clock}
    return [
        *lived,
        script.invoice(sub, expand=["payments", "confirmation_secret"]),
        script.get("/v1/customers", **clock),
        script.get("/v1/subscriptions", status="all", **clock),
        *(
            script.get(f"/v1/{path}", limit=100)
            for path in ("invoices", "invoiceitems", "charges", "payment_intents", "invoice_payments")
        ),
        *(script.get(f"/v1/{path}", limit=100) for path in ("prices", "products", "events")),
        script.get(f"/v1/test_helpers/test_clocks/{script.clock}"),
    ]


def test_a_whole_life_conforms(script: Script) -> None:
    """No key that Stripe does not have, and none missing, in any answer and any event of a whole life."""
    shown = answers(script)
    assert faults_of(shown) == []
    events = [obj for obj in walked(shown) if obj["object"] == "event"]
    assert len(events) > 50


def is_upcoming(obj: Obj) -> bool:
    """Tell whether an object is the invoice of an ``invoice.upcoming``, which has no id."""
    return obj["object"] == "invoice" and "id" not in obj


@pytest.mark.parametrize("kind", sorted(RECORDED))
def test_the_recorded_keys(script: Script, kind: str) -> None:
    """Each object of a kind has every key that real answers were seen to have."""
    found = [obj for obj in walked(answers(script)) if obj["object"] == kind and not is_upcoming(obj)]
    assert found
    for obj in found:
        assert set(RECORDED[kind].split()) - set(obj) == set()
        for key, names in NESTED.get(kind, {}).items():
            assert obj[key] is None or set(obj[key]) >= set(names.split()), key


def test_a_foreign_key_is_noticed(script: Script) -> None:
    """The comparison sees what is too much and what is missing, also inside."""
    sub = script.subscribe(script.customer("pm_card_visa"), script.price(900))
    sub["automatic_tax"]["colour"] = 1
    del sub["items"]["data"][0]["price"]["recurring"]["usage_type"]
    del sub["customer"]
    assert faults_of(sub) == [
        "subscription: customer is missing",
        "subscription.automatic_tax: colour is not Stripe's",
        "subscription.items list.data subscription_item.price price.recurring: usage_type is missing",
    ]
