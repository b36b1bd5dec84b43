"""The first payment of a subscription without a trial: paid, refused, unconfirmed, or never made."""

import pytest

from tests.sandbox.world.script import DAY, FINALIZED, HOUR, LATER, NOW, PAID, REFUSED, Script

CREATED = ("customer.subscription.created", "invoice.created", *FINALIZED, "customer.updated")


def test_paid_in_the_request(script: Script) -> None:
    """A good card is charged in the request: active, the invoice numbered and paid, no hour as a draft."""
    sub = script.subscribe(
        script.customer("pm_card_visa"), script.price(2500), metadata={"account_id": "acc_1"}
    )
    assert sub["status"] == "active"
    happened = script.happened(*CREATED, *PAID)
    assert happened.object_of("customer.subscription.created")["status"] == "active"
    invoice = script.invoice(sub, expand=["payments"])
    assert (invoice["status"], invoice["billing_reason"]) == ("paid", "subscription_create")
    assert invoice["period_start"] == invoice["period_end"] == invoice["created"] == NOW
    assert invoice["number"].endswith("-0001")
    assert invoice["parent"]["subscription_details"] == {
        "metadata": {"account_id": "acc_1"},
        "subscription": sub["id"],
    }
    line = invoice["lines"]["data"][0]
    assert line["description"] == "1 × Pro (at $25.00 / month)"
    assert line["period"] == {"start": NOW, "end": NOW + 31 * DAY}
    payment = invoice["payments"]["data"][0]
    assert (payment["status"], payment["is_default"], payment["amount_paid"]) == ("paid", True, 2500)
    listed = script.get("/v1/invoice_payments", payment={"type": "payment_intent", **_intent(payment)})[
        "data"
    ]
    assert [one["id"] for one in listed] == [payment["id"]]


def _intent(payment: dict[str, dict[str, str]]) -> dict[str, str]:
    return {"payment_intent": payment["payment"]["payment_intent"]}


def test_nobody_to_charge(script: Script) -> None:
    """Without any payment method the default behaviour is a 400 without param, and nothing is created."""
    customer, price = script.customer(), script.price(2500)
    image = script.world.dump()
    error = script.refused(400, "POST", "/v1/subscriptions", customer=customer, items=[{"price": price}])
    assert error["code"] == "resource_missing"
    assert "param" not in error
    script.happened()
    assert script.world.dump() == image


def test_refused_and_paid_later(script: Script) -> None:
    """A refused first charge is incomplete; a good card within 23 hours makes it active."""
    sub = script.subscribe(script.customer("pm_card_chargeCustomerFail"), script.price(2500))
    assert sub["status"] == "incomplete"
    refused = script.happened(*CREATED, *REFUSED)
    assert refused.object_of("invoice.payment_failed")["next_payment_attempt"] is None
    script.advance(hours=20)
    script.happened()
    script.refused(400, "POST", f"/v1/subscriptions/{sub['id']}", trial_end="now")
    script.post(f"/v1/invoices/{sub['latest_invoice']}/pay", payment_method="pm_card_visa")
    paid = script.happened(
        "payment_method.attached", *PAID, "invoice.updated", "customer.subscription.updated"
    )
    assert paid.before("customer.subscription.updated") == {"status": "incomplete"}
    assert script.subscription(sub)["status"] == "active"
    script.advance(hours=20)
    script.happened()


def test_refused_and_never_paid(script: Script) -> None:
    """After 23 hours an unpaid first invoice is voided and the subscription incomplete_expired, for good."""
    script.subscribe(script.customer("pm_card_chargeCustomerFail"), script.price(2500))
    script.forget()
    script.advance(hours=23, seconds=-1)
    script.happened()
    script.advance(seconds=1)
    expired = script.happened(
        "customer.subscription.updated", "invoice.voided", "invoice.updated", "payment_intent.canceled"
    )
    assert expired.before("customer.subscription.updated") == {
        "status": "incomplete",
        "ended_at": None,
        "canceled_at": None,
    }
    shown = expired.object_of("customer.subscription.updated")
    assert shown["status"] == "incomplete_expired"
    assert shown["ended_at"] == shown["canceled_at"] == NOW + 23 * HOUR
    assert shown["cancellation_details"]["reason"] is None
    script.advance(days=40)
    script.happened()


def test_voiding_the_first_invoice_expires_it(script: Script) -> None:
    """An incomplete subscription whose first invoice is voided is incomplete_expired at once."""
    sub = script.subscribe(script.customer("pm_card_chargeCustomerFail"), script.price(2500))
    script.post(f"/v1/invoices/{sub['latest_invoice']}/void")
    assert script.subscription(sub)["status"] == "incomplete_expired"


def test_authentication_needed(script: Script) -> None:
    """A 3-D Secure card: 200, incomplete, invoice open with attempt_count 0, and a secret to confirm with."""
    sub = script.subscribe(
        script.customer("pm_card_authenticationRequired"),
        script.price(2500),
        expand=["latest_invoice.confirmation_secret", "latest_invoice.payments"],
    )
    assert sub["status"] == "incomplete"
    invoice = sub["latest_invoice"]
    assert (invoice["status"], invoice["attempted"], invoice["attempt_count"]) == ("open", True, 0)
    assert (invoice["auto_advance"], invoice["next_payment_attempt"]) == (True, None)
    assert invoice["payments"]["data"][0]["status"] == "open"
    script.happened(
        *CREATED,
        "payment_intent.requires_action",
        "invoice.payment_action_required",
        "invoice.payment_failed",
    )
    intent = invoice["payments"]["data"][0]["payment"]["payment_intent"]
    assert invoice["confirmation_secret"]["client_secret"].startswith(f"{intent}_secret_")
    script.post(f"/v1/payment_intents/{intent}/complete_authentication", outcome="succeed")
    script.happened(*PAID, "invoice.updated", "customer.subscription.updated")
    assert script.subscription(sub)["status"] == "active"


def test_authentication_failed(script: Script) -> None:
    """Who fails 3-D Secure has not paid: 402, and the subscription stays incomplete."""
    sub = script.subscribe(
        script.customer("pm_card_authenticationRequired"),
        script.price(2500),
        expand=["latest_invoice.payments"],
    )
    intent = sub["latest_invoice"]["payments"]["data"][0]["payment"]["payment_intent"]
    script.forget()
    path = f"/v1/payment_intents/{intent}/complete_authentication"
    error = script.refused(402, "POST", path, outcome="fail")
    assert error["code"] == "payment_intent_authentication_failure"
    script.happened("payment_intent.payment_failed")
    assert script.subscription(sub)["status"] == "incomplete"


def test_a_card_that_was_set_up_needs_no_authentication(script: Script) -> None:
    """A setup intent that passed 3-D Secure lets a card be charged later without it."""
    customer = script.customer()
    setup = script.post(
        "/v1/setup_intents",
        customer=customer,
        payment_method="pm_card_authenticationRequiredOnSetup",
        confirm=True,
    )
    assert setup["status"] == "requires_action"
    done = script.post(f"/v1/setup_intents/{setup['id']}/complete_authentication", outcome="succeed")
    assert done["status"] == "succeeded"
    method = done["payment_method"]
    sub = script.subscribe(customer, script.price(2500), default_payment_method=method)
    assert sub["status"] == "active"


def test_payment_left_to_the_page(script: Script) -> None:
    """default_incomplete charges nothing in the request; confirming the payment intent activates."""
    sub = script.subscribe(
        script.customer(),
        script.price(2500),
        payment_behavior="default_incomplete",
        payment_settings={"save_default_payment_method": "on_subscription"},
        expand=["latest_invoice.payments"],
    )
    assert sub["status"] == "incomplete"
    script.happened(*CREATED)
    intent = sub["latest_invoice"]["payments"]["data"][0]["payment"]["payment_intent"]
    script.post(f"/v1/payment_intents/{intent}/confirm", payment_method="pm_card_visa")
    paid = script.happened(*PAID, "invoice.updated", "customer.subscription.updated")
    before = paid.before("customer.subscription.updated")
    assert before == {"status": "incomplete", "default_payment_method": None}
    assert script.subscription(sub)["default_payment_method"] is not None


def test_all_or_nothing(script: Script) -> None:
    """error_if_incomplete: 402 and not a trace."""
    customer, price = script.customer("pm_card_chargeCustomerFail"), script.price(2500)
    image = script.world.dump()
    error = script.refused(
        402,
        "POST",
        "/v1/subscriptions",
        customer=customer,
        items=[{"price": price}],
        payment_behavior="error_if_incomplete",
    )
    assert error["type"] == "card_error"
    script.happened()
    assert script.world.dump() == image


def test_a_free_plan_is_active_at_once(script: Script) -> None:
    """A price of zero needs no card and renews for nothing."""
    sub = script.subscribe(script.customer(), script.price(0))
    assert sub["status"] == "active"
    script.forget()
    script.advance(days=32)
    script.happened(
        "invoice.upcoming",
        "invoice.created",
        "customer.subscription.updated",
        "invoice.finalized",
        "invoice.paid",
        "invoice.payment_succeeded",
        *LATER,
    )


def test_invoices_that_are_sent(script: Script) -> None:
    """send_invoice: active at once, an hour as a draft, then sent; past due when the due date has passed."""
    sub = script.subscribe(
        script.customer(), script.price(2500), collection_method="send_invoice", days_until_due=10
    )
    assert sub["status"] == "active"
    script.happened("customer.subscription.created", "invoice.created", "customer.updated")
    script.advance(hours=1)
    sent = script.happened(*FINALIZED, "invoice.sent", *LATER)
    assert sent.object_of("invoice.sent")["due_date"] == NOW + HOUR + 10 * DAY
    script.advance(days=10)
    overdue = script.happened("customer.subscription.updated", "customer.updated")
    assert overdue.before("customer.subscription.updated") == {"status": "active"}
    script.post(f"/v1/invoices/{sub['latest_invoice']}/pay", paid_out_of_band=True)
    script.happened("invoice.paid", *LATER, "customer.subscription.updated")
    assert script.subscription(sub)["status"] == "active"


def test_one_time_prices_ride_on_the_first_invoice(script: Script) -> None:
    """add_invoice_items come first on the first invoice, and only there."""
    setup_fee = script.price(9900, recurring=None)
    sub = script.subscribe(
        script.customer("pm_card_visa"), script.price(2500), add_invoice_items=[{"price": setup_fee}]
    )
    lines = script.invoice(sub)["lines"]["data"]
    assert [line["amount"] for line in lines] == [9900, 2500]
    assert lines[0]["parent"]["type"] == "invoice_item_details"
    script.advance(days=31)
    assert script.invoice(sub)["total"] == 2500


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"items": [{"price": "price_nope"}]}, "items[0][price]"),
        ({"customer": "cus_nope"}, "customer"),
        ({"default_payment_method": "pm_nope"}, "default_payment_method"),
    ],
)
def test_unknown_ids_in_parameters(script: Script, params: dict[str, object], param: str) -> None:
    """An unknown id in a parameter is a 400 resource_missing that names the parameter."""
    good: dict[str, object] = {
        "customer": script.customer("pm_card_visa"),
        "items": [{"price": script.price(1)}],
    }
    error = script.refused(400, "POST", "/v1/subscriptions", **{**good, **params})
    assert (error["code"], error["param"]) == ("resource_missing", param)


def test_a_card_asked_for_in_advance(script: Script) -> None:
    """default_incomplete with nothing to pay leaves a setup intent, which confirming takes away."""
    sub = script.subscribe(
        script.customer(), script.price(2500), trial_period_days=14, payment_behavior="default_incomplete"
    )
    assert sub["status"] == "trialing"
    script.forget()
    path = f"/v1/setup_intents/{sub['pending_setup_intent']}"
    assert script.get(path)["status"] == "requires_payment_method"
    script.post(f"{path}/confirm", payment_method="pm_card_visa")
    done = script.happened(
        "payment_method.attached", "setup_intent.succeeded", "customer.subscription.updated"
    )
    before = done.before("customer.subscription.updated")
    assert before == {"pending_setup_intent": sub["pending_setup_intent"]}
