"""Updates that wait for their payment: pending_if_incomplete, and the other ways to pay for a change."""

import pytest

from tests.sandbox.world.script import DAY, FINALIZED, HOUR, PAID, REFUSED, Obj, Script, at

CHANGE = at("2026-01-25T10:00:00")
RENEWAL = at("2026-02-15T10:00:00")
INVOICED = ("invoiceitem.created", "invoiceitem.created", "invoice.created", *FINALIZED)
UPDATED = "customer.subscription.updated"


def subscribed(script: Script) -> Obj:
    """Subscribe with a good card, put a bad one in its place, and go to the day of the change."""
    customer = script.customer("pm_card_visa")
    sub = script.subscribe(customer, script.price(2500))
    use_card(script, customer, "pm_card_chargeCustomerFail")
    script.advance_to(CHANGE)
    script.forget()
    return sub


def use_card(script: Script, customer: str, card: str) -> None:
    """Make a card the default."""
    method = script.post(f"/v1/payment_methods/{card}/attach", customer=customer)["id"]
    script.post(f"/v1/customers/{customer}", invoice_settings={"default_payment_method": method})


def upgrade(script: Script, sub: Obj, amount: int = 5000, **params: object) -> Obj:
    """Ask for a dearer price, to be applied only when it is paid."""
    price = script.price(amount)
    return script.post(
        f"/v1/subscriptions/{sub['id']}",
        items=[{"id": sub["items"]["data"][0]["id"], "price": price}],
        **{"proration_behavior": "always_invoice", "payment_behavior": "pending_if_incomplete", **params},
    )


def amount_of(sub: Obj) -> int:
    """Return the price of the only item."""
    amount: int = sub["items"]["data"][0]["price"]["unit_amount"]
    return amount


def test_a_refused_upgrade_is_held(script: Script) -> None:
    """The old price and status stay; pending_update says what waits and until when."""
    sub = subscribed(script)
    held = upgrade(script, sub)
    assert (held["status"], amount_of(held)) == ("active", 2500)
    pending = held["pending_update"]
    assert pending["expires_at"] == CHANGE + 23 * HOUR
    (item,) = pending["subscription_items"]
    assert (item["id"], item["price"]["unit_amount"]) == (sub["items"]["data"][0]["id"], 5000)
    assert pending["trial_end"] is pending["billing_cycle_anchor"] is pending["cancel_at_period_end"] is None
    invoice = script.invoice(sub)
    assert (invoice["status"], invoice["amount_due"]) == ("open", 1693)
    assert (invoice["auto_advance"], invoice["next_payment_attempt"]) == (False, None)
    told = script.happened(*INVOICED, *REFUSED, "customer.updated", UPDATED)
    assert told.before(UPDATED) == {"latest_invoice": sub["latest_invoice"], "pending_update": None}
    assert script.get(f"/v1/customers/{sub['customer']}")["delinquent"] is False


def test_paying_its_invoice_applies_it(script: Script) -> None:
    """When the invoice is paid the change comes true, with its own event, and the next renewal follows it."""
    sub = subscribed(script)
    held = upgrade(script, sub)
    script.advance(hours=2)
    use_card(script, sub["customer"], "pm_card_visa")
    script.forget()
    script.post(f"/v1/invoices/{held['latest_invoice']}/pay")
    told = script.happened(*PAID, "invoice.updated", "customer.subscription.pending_update_applied", UPDATED)
    assert told.before(UPDATED).keys() == {"items", "pending_update", "plan"}
    assert told.object_of("customer.subscription.pending_update_applied")["pending_update"] is None
    applied = script.subscription(sub)
    assert (applied["status"], amount_of(applied), applied["pending_update"]) == ("active", 5000, None)
    script.advance_to(RENEWAL)
    assert script.invoice(sub)["total"] == 5000


def test_it_expires_after_23_hours(script: Script) -> None:
    """Unpaid for 23 hours, the update is dropped and its invoice voided; the old price renews."""
    sub = subscribed(script)
    upgrade(script, sub)
    script.advance(hours=22)
    script.forget()
    script.advance(hours=1)
    script.happened(
        "customer.subscription.pending_update_expired",
        UPDATED,
        "invoice.voided",
        "invoice.updated",
        "payment_intent.canceled",
    )
    after = script.subscription(sub)
    assert (after["pending_update"], amount_of(after), after["status"]) == (None, 2500, "active")
    use_card(script, sub["customer"], "pm_card_visa")
    script.advance_to(RENEWAL)
    assert script.invoice(sub)["total"] == 2500


def test_it_expires_with_the_period(script: Script) -> None:
    """Within 23 hours of the period's end the update expires then, before the renewal at the old price."""
    sub = subscribed(script)
    script.advance_to(RENEWAL - 20 * HOUR)
    assert upgrade(script, sub)["pending_update"]["expires_at"] == RENEWAL
    script.forget()
    script.advance_to(RENEWAL)
    told = script.happened(
        "customer.subscription.pending_update_expired",
        UPDATED,
        "invoice.voided",
        "invoice.updated",
        "payment_intent.canceled",
        "invoice.created",
    )
    assert told.object_of("invoice.created")["total"] == 2500


def test_voiding_its_invoice_discards_it(script: Script) -> None:
    """After POST …/void of its invoice nothing waits any more."""
    sub = subscribed(script)
    held = upgrade(script, sub)
    script.forget()
    script.post(f"/v1/invoices/{held['latest_invoice']}/void")
    told = script.happened("invoice.voided", "invoice.updated", "payment_intent.canceled", UPDATED)
    assert told.before(UPDATED).keys() == {"pending_update"}
    assert amount_of(script.subscription(sub)) == 2500


def test_a_newer_update_voids_the_older_invoice(script: Script) -> None:
    """The second pending update takes the place of the first, whose invoice is void."""
    sub = subscribed(script)
    first = upgrade(script, sub)
    second = upgrade(script, sub, 10000)
    assert script.get(f"/v1/invoices/{first['latest_invoice']}")["status"] == "void"
    assert second["pending_update"]["subscription_items"][0]["price"]["unit_amount"] == 10000
    assert script.invoice(sub)["total"] == 5080
    assert script.get("/v1/invoiceitems", customer=sub["customer"], pending=True)["data"] == []


def test_what_is_paid_at_once_is_applied_at_once(script: Script) -> None:
    """With a good card nothing waits; other pending items stay out of the invoice of the update."""
    sub = subscribed(script)
    use_card(script, sub["customer"], "pm_card_visa")
    script.post("/v1/invoiceitems", customer=sub["customer"], amount=700, currency="usd")
    script.forget()
    changed = upgrade(script, sub)
    assert (amount_of(changed), changed["pending_update"]) == (5000, None)
    assert script.invoice(sub)["total"] == 1693
    script.happened(*INVOICED, *PAID, "customer.updated", UPDATED)
    (waiting,) = script.get("/v1/invoiceitems", customer=sub["customer"], pending=True)["data"]
    assert waiting["amount"] == 700


def test_three_d_secure_completes_it(script: Script) -> None:
    """An update that needs 3-D Secure waits for the customer, and is applied once they passed it."""
    sub = subscribed(script)
    use_card(script, sub["customer"], "pm_card_authenticationRequired")
    script.forget()
    held = upgrade(script, sub, expand=["latest_invoice.payments"])
    assert held["pending_update"] is not None
    script.happened(
        *INVOICED,
        "payment_intent.requires_action",
        "invoice.payment_action_required",
        "invoice.payment_failed",
        "customer.updated",
        UPDATED,
    )
    intent = held["latest_invoice"]["payments"]["data"][0]["payment"]["payment_intent"]
    script.post(f"/v1/payment_intents/{intent}/complete_authentication", outcome="succeed")
    script.happened(*PAID, "invoice.updated", "customer.subscription.pending_update_applied", UPDATED)
    assert amount_of(script.subscription(sub)) == 5000


def test_the_end_of_a_trial_can_wait(script: Script) -> None:
    """trial_end=now with a bad card leaves the trial running, with the earlier end pending."""
    customer = script.customer("pm_card_chargeCustomerFail")
    sub = script.subscribe(customer, script.price(2500), trial_period_days=30)
    script.advance(days=3)
    held = script.post(
        f"/v1/subscriptions/{sub['id']}", trial_end="now", payment_behavior="pending_if_incomplete"
    )
    now = script.frozen_time()
    assert (held["status"], held["trial_end"]) == ("trialing", sub["trial_end"])
    assert held["pending_update"]["trial_end"] == held["pending_update"]["billing_cycle_anchor"] == now
    use_card(script, customer, "pm_card_visa")
    script.post(f"/v1/invoices/{held['latest_invoice']}/pay")
    paid = script.subscription(sub)
    assert (paid["status"], paid["trial_end"], paid["billing_cycle_anchor"]) == ("active", now, now)
    assert paid["items"]["data"][0]["current_period_start"] == now


def test_an_end_may_ride_along(script: Script) -> None:
    """cancel_at_period_end waits with the rest and comes true with it."""
    sub = subscribed(script)
    held = upgrade(script, sub, cancel_at_period_end=False)
    assert held["pending_update"]["cancel_at_period_end"] is None
    held = upgrade(script, sub, cancel_at_period_end=True)
    assert (held["cancel_at_period_end"], held["cancel_at"]) == (False, None)
    assert held["pending_update"]["cancel_at_period_end"] is True
    use_card(script, sub["customer"], "pm_card_visa")
    script.post(f"/v1/invoices/{held['latest_invoice']}/pay")
    assert script.subscription(sub)["cancel_at"] == RENEWAL


@pytest.mark.parametrize("param", [{"metadata": {"a": "b"}}, {"description": "x"}, {"days_until_due": 3}])
def test_nothing_else_may_ride_along(script: Script, param: dict[str, object]) -> None:
    """Metadata and the like in the same call are refused, and nothing changes."""
    sub = subscribed(script)
    error = script.refused(
        400, "POST", f"/v1/subscriptions/{sub['id']}", payment_behavior="pending_if_incomplete", **param
    )
    assert error["param"] == next(iter(param))
    script.happened()


def test_since_when_an_end_may_ride_along(script: Script) -> None:
    """Versions before 2026-08-26 do not let cancel_at_period_end wait."""
    sub = subscribed(script)
    params = {"payment_behavior": "pending_if_incomplete", "cancel_at_period_end": True}
    for version, status in (("2026-07-29.dahlia", 400), ("2026-08-26.dahlia", 200)):
        assert script.call("POST", f"/v1/subscriptions/{sub['id']}", params, version).status == status


def test_an_item_can_wait_too(script: Script) -> None:
    """POST /v1/subscription_items/ID with pending_if_incomplete holds the change of its quantity."""
    sub = subscribed(script)
    item_id = sub["items"]["data"][0]["id"]
    item = script.post(
        f"/v1/subscription_items/{item_id}",
        quantity=3,
        proration_behavior="always_invoice",
        payment_behavior="pending_if_incomplete",
    )
    assert item["quantity"] == 1
    pending = script.subscription(sub)["pending_update"]
    assert pending["subscription_items"][0]["quantity"] == 3


def test_a_cancellation_discards_it(script: Script) -> None:
    """A subscription that ends takes its pending update and the invoice with it."""
    sub = subscribed(script)
    held = upgrade(script, sub)
    script.delete(f"/v1/subscriptions/{sub['id']}")
    assert script.subscription(sub)["pending_update"] is None
    assert script.get(f"/v1/invoices/{held['latest_invoice']}")["status"] == "void"


def test_default_incomplete_leaves_the_invoice_open(script: Script) -> None:
    """default_incomplete applies the change, charges nothing, and is past due until it is confirmed."""
    sub = subscribed(script)
    use_card(script, sub["customer"], "pm_card_visa")
    script.forget()
    changed = upgrade(script, sub, payment_behavior="default_incomplete")
    assert (changed["status"], amount_of(changed)) == ("past_due", 5000)
    script.happened(*INVOICED, "customer.updated", UPDATED)
    script.advance(seconds=2 * DAY)
    script.happened()
    script.post(f"/v1/invoices/{changed['latest_invoice']}/pay")
    assert script.subscription(sub)["status"] == "active"


def test_error_if_incomplete_changes_nothing(script: Script) -> None:
    """error_if_incomplete answers 402 and leaves no trace."""
    sub = subscribed(script)
    dearer = script.price(5000)
    image = script.world.dump()
    error = script.refused(
        402,
        "POST",
        f"/v1/subscriptions/{sub['id']}",
        items=[{"id": sub["items"]["data"][0]["id"], "price": dearer}],
        proration_behavior="always_invoice",
        payment_behavior="error_if_incomplete",
    )
    assert error["code"] == "card_declined"
    assert script.world.dump() == image


def test_its_invoice_does_not_keep_it_past_due(script: Script) -> None:
    """Paying the renewal recovers the subscription, though a newer update still waits for its own invoice."""
    sub = subscribed(script)
    script.advance_to(RENEWAL + HOUR)
    renewal = script.invoice(sub)
    held = upgrade(script, sub)
    assert (held["status"], held["pending_update"] is None) == ("past_due", False)
    script.post(f"/v1/invoices/{renewal['id']}/pay", payment_method="pm_card_visa")
    after = script.subscription(sub)
    assert (after["status"], after["pending_update"] is None) == ("active", False)
