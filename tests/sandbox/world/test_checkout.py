"""Checkout sessions in each mode, from creation to completion."""

from typing import Any

import pytest

from tests.sandbox.world.script import DAY, FINALIZED, HOUR, NOW, PAID, ZERO_INVOICE, Script

SUCCESS = "https://app.example/welcome?session={CHECKOUT_SESSION_ID}"


def session(script: Script, price: str, **params: Any) -> dict[str, Any]:
    """Create a session for one price."""
    params = {
        "mode": "subscription",
        "success_url": SUCCESS,
        "line_items": [{"price": price, "quantity": 1}],
        **params,
    }
    created = script.post("/v1/checkout/sessions", **params)
    script.forget()
    return created


def page(script: Script, of: dict[str, Any]) -> dict[str, Any]:
    """Read the page of a session."""
    return script.get(f"/v1/payment_pages/{of['id']}")


def confirm(script: Script, of: dict[str, Any], **params: Any) -> dict[str, Any]:
    """Submit the page of a session."""
    return script.post(f"/v1/payment_pages/{of['id']}/confirm", **params)


def again(script: Script, of: dict[str, Any], **params: Any) -> dict[str, Any]:
    """Read a session again."""
    return script.get(f"/v1/checkout/sessions/{of['id']}", **params)


def test_an_open_session(script: Script) -> None:
    """An open session has an address, lasts a day, and is about nothing that exists yet."""
    created = session(script, script.price(2500), client_reference_id="acc_1")
    assert created["url"].endswith(f"/c/pay/{created['id']}")
    assert created["id"].startswith("cs_test_")
    assert created["success_url"] == SUCCESS
    assert (created["status"], created["payment_status"]) == ("open", "unpaid")
    assert (created["amount_total"], created["currency"]) == (2500, "usd")
    assert created["expires_at"] == created["created"] + DAY
    for name in ("subscription", "invoice", "setup_intent", "payment_intent", "customer"):
        assert created[name] is None
    assert "line_items" not in created
    items = again(script, created, expand=["line_items.data.price.product"])["line_items"]["data"]
    assert (items[0]["amount_total"], items[0]["price"]["product"]["name"]) == (2500, "Pro")


def test_a_trial_without_a_card(script: Script) -> None:
    """if_required and nothing due: no card asked for, and the customer is made from the e-mail."""
    created = session(
        script,
        script.price(2500),
        payment_method_collection="if_required",
        subscription_data={
            "trial_period_days": 14,
            "metadata": {"account_id": "acc_1"},
            "trial_settings": {"end_behavior": {"missing_payment_method": "cancel"}},
        },
    )
    assert created["amount_total"] == 0
    shown = page(script, created)
    assert (shown["amount_due"], shown["payment_method_required"], shown["trial_period_days"]) == (
        0,
        False,
        14,
    )
    confirm(script, created, expected_amount=0, email="jenny@example.com")
    happened = script.happened(
        "customer.created", "customer.subscription.created", *ZERO_INVOICE, "checkout.session.completed"
    )
    assert happened.object_of("customer.created")["email"] == "jenny@example.com"
    done = happened.object_of("checkout.session.completed")
    assert (done["status"], done["payment_status"], done["url"]) == ("complete", "no_payment_required", None)
    assert done["customer_details"]["email"] == "jenny@example.com"
    sub = script.subscription(done["subscription"])
    assert (sub["status"], sub["customer"], sub["default_payment_method"]) == (
        "trialing",
        done["customer"],
        None,
    )
    assert sub["metadata"] == {"account_id": "acc_1"}
    assert sub["trial_settings"]["end_behavior"]["missing_payment_method"] == "cancel"


def test_a_trial_with_a_card(script: Script) -> None:
    """With a card, it is checked, attached and made the subscription's default; nothing is charged."""
    customer = script.customer()
    created = session(
        script, script.price(2500), customer=customer, subscription_data={"trial_period_days": 14}
    )
    assert page(script, created)["payment_method_required"] is True
    refused = script.refused(400, "POST", f"/v1/payment_pages/{created['id']}/confirm", expected_amount=0)
    assert refused["code"] == "parameter_missing"
    confirm(script, created, expected_amount=0, payment_method="pm_card_visa")
    happened = script.happened(
        "setup_intent.created",
        "setup_intent.succeeded",
        "payment_method.attached",
        "customer.updated",
        "customer.subscription.created",
        *ZERO_INVOICE,
        "checkout.session.completed",
    )
    sub = happened.object_of("customer.subscription.created")
    assert sub["default_payment_method"] == happened.object_of("payment_method.attached")["id"]
    done = happened.object_of("checkout.session.completed")
    assert (done["payment_status"], done["setup_intent"]) == ("paid", None)
    assert (done["subscription"], done["invoice"]) == (sub["id"], sub["latest_invoice"])


def test_paid_now(script: Script) -> None:
    """Without a trial the first period is paid on the page, and the subscription begins active."""
    created = session(script, script.price(2500))
    confirm(script, created, expected_amount=2500, payment_method="pm_card_visa", email="jenny@example.com")
    happened = script.happened(
        "customer.created",
        "payment_method.attached",
        "customer.subscription.created",
        "invoice.created",
        *FINALIZED,
        *PAID,
        "checkout.session.completed",
    )
    assert happened.object_of("customer.subscription.created")["status"] == "active"
    assert happened.object_of("checkout.session.completed")["payment_status"] == "paid"


@pytest.mark.parametrize("card", ["pm_card_chargeDeclined", "pm_card_chargeCustomerFail"])
def test_a_refused_card_leaves_the_session_open(script: Script, card: str) -> None:
    """402, no subscription, nothing changed; the next card may succeed."""
    created = session(script, script.price(2500))
    image = script.world.dump()
    path = f"/v1/payment_pages/{created['id']}/confirm"
    error = script.refused(402, "POST", path, expected_amount=2500, payment_method=card)
    assert (error["type"], error["decline_code"]) == ("card_error", "generic_decline")
    script.happened()
    assert script.world.dump() == image
    assert (
        confirm(script, created, expected_amount=2500, payment_method="pm_card_visa")["status"] == "complete"
    )


def test_three_d_secure(script: Script) -> None:
    """A card that wants 3-D Secure leaves the session open with an intent; passing it completes it."""
    created = session(script, script.price(2500))
    waiting = confirm(script, created, expected_amount=2500, payment_method="pm_card_threeDSecure2Required")
    assert waiting["status"] == "open"
    script.happened("payment_intent.created", "payment_intent.requires_action")
    intent = waiting["payment_intent"]
    script.post(f"/v1/payment_intents/{intent}/complete_authentication", outcome="succeed")
    happened = script.happened(
        "customer.created",
        "payment_method.attached",
        "customer.subscription.created",
        "invoice.created",
        "invoice.finalized",
        *PAID,
        "checkout.session.completed",
    )
    assert happened.object_of("payment_intent.succeeded")["id"] == intent
    assert again(script, created)["status"] == "complete"


def test_three_d_secure_for_a_trial(script: Script) -> None:
    """For a trial it is a setup intent that waits."""
    created = session(script, script.price(2500), subscription_data={"trial_period_days": 14})
    waiting = confirm(script, created, payment_method="pm_card_authenticationRequiredOnSetup")
    assert waiting["setup_intent"] is not None
    script.forget()
    path = f"/v1/setup_intents/{waiting['setup_intent']}/complete_authentication"
    script.post(path, outcome="succeed")
    done = script.happened(
        "customer.created",
        "setup_intent.succeeded",
        "payment_method.attached",
        "customer.subscription.created",
        *ZERO_INVOICE,
        "checkout.session.completed",
    )
    assert done.object_of("setup_intent.succeeded")["customer"] == again(script, created)["customer"]


def test_three_d_secure_failed(script: Script) -> None:
    """Who fails 3-D Secure gets 402, and may try another card on the same page."""
    created = session(script, script.price(2500))
    waiting = confirm(script, created, payment_method="pm_card_threeDSecure2Required")
    path = f"/v1/payment_intents/{waiting['payment_intent']}/complete_authentication"
    script.refused(402, "POST", path, outcome="fail")
    assert confirm(script, created, payment_method="pm_card_visa")["status"] == "complete"


def test_a_changed_amount_is_not_paid(script: Script) -> None:
    """The page says what it showed; when that is no longer true, nothing is charged."""
    created = session(script, script.price(2500))
    path = f"/v1/payment_pages/{created['id']}/confirm"
    error = script.refused(400, "POST", path, expected_amount=2000, payment_method="pm_card_visa")
    assert error["param"] == "expected_amount"


def test_a_session_is_used_once(script: Script) -> None:
    """A second submission of a completed session is refused and changes nothing."""
    created = session(script, script.price(2500))
    confirm(script, created, payment_method="pm_card_visa")
    script.forget()
    script.refused(400, "POST", f"/v1/payment_pages/{created['id']}/confirm", payment_method="pm_card_visa")
    script.refused(400, "POST", f"/v1/checkout/sessions/{created['id']}/expire")
    script.happened()


def test_one_payment(script: Script) -> None:
    """Mode payment: a payment intent and a charge, and no customer unless asked for."""
    price = script.price(1500, recurring=None)
    created = session(script, price, mode="payment", line_items=[{"price": price, "quantity": 2}])
    confirm(script, created, expected_amount=3000, payment_method="pm_card_visa")
    happened = script.happened(
        "payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"
    )
    done = happened.object_of("checkout.session.completed")
    assert (done["customer"], done["amount_total"], done["payment_status"]) == (None, 3000, "paid")
    assert done["payment_intent"] == happened.object_of("payment_intent.succeeded")["id"]


def test_a_card_for_later(script: Script) -> None:
    """Mode setup: the session begins with a setup intent, and ends with the card attached."""
    customer = script.customer()
    created = script.post("/v1/checkout/sessions", mode="setup", success_url=SUCCESS, customer=customer)
    script.happened("setup_intent.created")
    confirm(script, created, payment_method="pm_card_visa")
    happened = script.happened(
        "payment_method.attached", "setup_intent.succeeded", "checkout.session.completed"
    )
    assert happened.object_of("checkout.session.completed")["setup_intent"] == created["setup_intent"]
    assert happened.object_of("setup_intent.succeeded")["payment_method"] is not None
    assert len(script.get(f"/v1/customers/{customer}/payment_methods")["data"]) == 1


def test_it_expires(script: Script) -> None:
    """An open session expires after a day of real time, or when told to; both send the same event."""
    first, second = session(script, script.price(2500)), session(script, script.price(2500))
    script.post(f"/v1/checkout/sessions/{first['id']}/expire")
    script.happened("checkout.session.expired")
    assert script.world.next_due_at() == NOW + DAY
    events = script.world.run_until(NOW + DAY)
    assert [(event.type, event.created) for event in events] == [("checkout.session.expired", NOW + DAY)]
    assert again(script, second)["status"] == "expired"
    script.refused(400, "POST", f"/v1/payment_pages/{first['id']}/confirm", payment_method="pm_card_visa")


def test_one_time_prices_in_a_subscription(script: Script) -> None:
    """A one-time price is paid with the first invoice only."""
    fee = script.price(9900, recurring=None)
    monthly = script.price(2500)
    created = session(
        script, monthly, line_items=[{"price": monthly, "quantity": 1}, {"price": fee, "quantity": 1}]
    )
    assert created["amount_total"] == 12400
    confirm(script, created, expected_amount=12400, payment_method="pm_card_visa")
    invoice = script.get(f"/v1/invoices/{again(script, created)['invoice']}")
    assert [line["amount"] for line in invoice["lines"]["data"]] == [9900, 2500]


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"success_url": None}, "success_url"),
        ({"customer_email": "a@example.com", "customer": "cus_1"}, "customer"),
        ({"expires_at": NOW + 60}, "expires_at"),
        ({"mode": "payment"}, "line_items"),
        ({"ui_mode": "hosted"}, "ui_mode"),
        ({"subscription_data": {"trial_end": NOW + 47 * HOUR}}, "subscription_data[trial_end]"),
        ({"subscription_data": {"trial_period_days": 0}}, "subscription_data[trial_period_days]"),
    ],
)
def test_what_makes_no_sense_is_refused(script: Script, params: dict[str, Any], param: str) -> None:
    """A session that could not work is refused with the name of the parameter."""
    good: dict[str, Any] = {
        "mode": "subscription",
        "success_url": SUCCESS,
        "line_items": [{"price": script.price(2500), "quantity": 1}],
    }
    assert script.refused(400, "POST", "/v1/checkout/sessions", **{**good, **params})["param"] == param


def test_three_d_secure_that_comes_too_late(script: Script) -> None:
    """A session that expired meanwhile is not completed by passing 3-D Secure."""
    created = session(script, script.price(2500))
    waiting = confirm(script, created, payment_method="pm_card_threeDSecure2Required")
    script.post(f"/v1/checkout/sessions/{created['id']}/expire")
    path = f"/v1/payment_intents/{waiting['payment_intent']}/complete_authentication"
    script.refused(400, "POST", path, outcome="succeed")
    assert again(script, created)["subscription"] is None
