"""Ways in which a subscription ends, or is about to."""

from tests.sandbox.world.script import DAY, FINALIZED, HOUR, NOW, PAID, Script, at

PERIOD_END = at("2026-02-15T10:00:00")


def active(script: Script) -> dict[str, str]:
    """Return a paid monthly subscription."""
    sub = script.subscribe(script.customer("pm_card_visa"), script.price(3100))
    script.forget()
    return sub


def test_at_the_end_of_the_period(script: Script) -> None:
    """cancel_at_period_end changes nothing but the plan to end; at the period's end only deleted is told."""
    sub = active(script)
    script.advance(days=4)
    script.forget()
    scheduled = script.post(f"/v1/subscriptions/{sub['id']}", cancel_at_period_end=True)
    assert (scheduled["status"], scheduled["cancel_at"]) == ("active", PERIOD_END)
    assert scheduled["canceled_at"] == NOW + 4 * DAY
    told = script.happened("customer.subscription.updated")
    assert told.before("customer.subscription.updated") == {
        "cancel_at_period_end": False,
        "cancel_at": None,
        "canceled_at": None,
        "cancellation_details": {"reason": None},
    }
    script.advance_to(PERIOD_END + 2 * HOUR)
    ended = script.happened("customer.subscription.deleted").object_of("customer.subscription.deleted")
    assert (ended["status"], ended["ended_at"], ended["canceled_at"]) == (
        "canceled",
        PERIOD_END,
        NOW + 4 * DAY,
    )
    assert ended["cancellation_details"]["reason"] == "cancellation_requested"


def test_undone(script: Script) -> None:
    """Taking it back clears every trace, and the subscription renews."""
    sub = active(script)
    script.post(f"/v1/subscriptions/{sub['id']}", cancel_at_period_end=True)
    script.forget()
    undone = script.post(f"/v1/subscriptions/{sub['id']}", cancel_at_period_end=False)
    assert (undone["cancel_at"], undone["canceled_at"]) == (None, None)
    assert undone["cancellation_details"]["reason"] is None
    told = script.happened("customer.subscription.updated")
    assert told.before("customer.subscription.updated") == {
        "cancel_at_period_end": True,
        "cancel_at": PERIOD_END,
        "canceled_at": NOW,
        "cancellation_details": {"reason": "cancellation_requested"},
    }
    script.advance_to(PERIOD_END)
    script.happened("invoice.upcoming", "invoice.created", "customer.subscription.updated")


def test_at_once(script: Script) -> None:
    """DELETE ends it now: one event, no invoice, and a second DELETE finds nothing."""
    sub = active(script)
    script.advance(days=4)
    ended = script.delete(f"/v1/subscriptions/{sub['id']}")
    assert ended["status"] == "canceled"
    assert ended["ended_at"] == ended["canceled_at"] == NOW + 4 * DAY
    assert (ended["cancel_at"], ended["cancel_at_period_end"]) == (None, False)
    assert ended["latest_invoice"] == sub["latest_invoice"]
    script.happened("customer.subscription.deleted")
    assert script.refused(404, "DELETE", f"/v1/subscriptions/{sub['id']}")["code"] == "resource_missing"
    assert script.get("/v1/subscriptions", customer=sub["customer"])["data"] == []
    listed = script.get("/v1/subscriptions", customer=sub["customer"], status="ended")["data"]
    assert [one["id"] for one in listed] == [sub["id"]]
    script.advance(days=60)
    script.happened()


def test_at_once_after_it_was_scheduled(script: Script) -> None:
    """An immediate cancel keeps the time of the first request, and drops the schedule."""
    sub = active(script)
    script.post(f"/v1/subscriptions/{sub['id']}", cancel_at_period_end=True)
    script.advance(days=4)
    ended = script.delete(f"/v1/subscriptions/{sub['id']}")
    assert (ended["canceled_at"], ended["ended_at"]) == (NOW, NOW + 4 * DAY)
    assert (ended["cancel_at"], ended["cancel_at_period_end"]) == (None, False)


def test_with_the_unused_time_given_back(script: Script) -> None:
    """prorate and invoice_now: the unused time is credited, invoiced, and lands on the customer's balance."""
    sub = active(script)
    script.advance(days=10)
    script.forget()
    script.post(
        f"/v1/subscriptions/{sub['id']}/cancel",
        prorate=True,
        invoice_now=True,
        cancellation_details={"feedback": "too_expensive", "comment": "Too much"},
    )
    ended = script.happened("invoiceitem.created", "invoice.created", "customer.subscription.deleted")
    assert ended.object_of("invoice.created")["total"] == -2100
    assert (
        ended.object_of("customer.subscription.deleted")["cancellation_details"]["feedback"]
        == "too_expensive"
    )
    script.advance(hours=1)
    paid = script.happened(
        "invoice.finalized",
        "invoice.paid",
        "invoice.payment_succeeded",
        "invoice.updated",
        "customer.updated",
    )
    assert paid.before("customer.updated") == {"balance": 0, "next_invoice_sequence": 2}
    assert script.get(f"/v1/customers/{sub['customer']}")["balance"] == -2100


def test_at_a_chosen_instant(script: Script) -> None:
    """cancel_at inside a later period shortens that period and its price, then ends the subscription."""
    sub = active(script)
    chosen = PERIOD_END + 7 * DAY
    planned = script.post(f"/v1/subscriptions/{sub['id']}", cancel_at=chosen)
    assert (planned["cancel_at"], planned["cancel_at_period_end"]) == (chosen, False)
    script.happened("customer.subscription.updated")
    script.advance_to(PERIOD_END + HOUR)
    renewed = script.happened(
        "invoice.upcoming",
        "invoice.created",
        "customer.subscription.updated",
        *FINALIZED,
        *PAID,
        "invoice.updated",
        "customer.updated",
    )
    assert renewed.object_of("invoice.paid")["total"] == 775
    script.advance_to(chosen)
    script.happened("customer.subscription.deleted")


def test_by_deleting_the_customer(script: Script) -> None:
    """A deleted customer takes its subscriptions along; it can still be asked for, as deleted."""
    sub = active(script)
    gone = script.delete(f"/v1/customers/{sub['customer']}")
    assert gone == {"id": sub["customer"], "object": "customer", "deleted": True}
    ended = script.happened("customer.subscription.deleted", "customer.deleted")
    assert ended.object_of("customer.deleted")["id"] == sub["customer"]
    assert script.get(f"/v1/customers/{sub['customer']}")["deleted"] is True
    assert script.subscription(sub)["status"] == "canceled"
    assert script.get("/v1/customers", test_clock=script.clock)["data"] == []


def test_by_deleting_the_clock(script: Script) -> None:
    """A deleted test clock takes its customers along, and their subscriptions."""
    sub = active(script)
    script.delete(f"/v1/test_helpers/test_clocks/{script.clock}")
    script.happened("customer.subscription.deleted", "customer.deleted", "test_helpers.test_clock.deleted")
    assert script.subscription(sub)["status"] == "canceled"
    script.refused(404, "GET", f"/v1/test_helpers/test_clocks/{script.clock}")


def test_a_canceled_subscription_takes_only_notes(script: Script) -> None:
    """After the end, metadata and cancellation_details may still change; nothing else."""
    sub = active(script)
    script.delete(f"/v1/subscriptions/{sub['id']}")
    script.forget()
    script.post(
        f"/v1/subscriptions/{sub['id']}", metadata={"a": "b"}, cancellation_details={"comment": "bye"}
    )
    script.happened("customer.subscription.updated")
    script.refused(400, "POST", f"/v1/subscriptions/{sub['id']}", cancel_at_period_end=True)


def test_what_a_deleted_customer_leaves_behind(script: Script) -> None:
    """Invoices of a deleted customer stay, but nothing is charged, finalized or broken by them."""
    customer = script.customer("pm_card_visa")
    script.post("/v1/invoiceitems", customer=customer, amount=2000, currency="usd")
    draft = script.post(
        "/v1/invoices", customer=customer, auto_advance=True, pending_invoice_items_behavior="include"
    )["id"]
    line_items = [{"price": script.price(2500), "quantity": 1}]
    session = script.post(
        "/v1/checkout/sessions",
        mode="subscription",
        customer=customer,
        success_url="https://x.example",
        line_items=line_items,
    )["id"]
    script.delete(f"/v1/customers/{customer}")
    script.forget()
    script.advance(days=2)
    script.happened()
    for path in (f"/v1/invoices/{draft}/finalize", f"/v1/invoices/{draft}/pay"):
        assert script.refused(400, "POST", path)["param"] == "customer"
    script.refused(400, "POST", f"/v1/payment_pages/{session}/confirm", payment_method="pm_card_visa")


def test_what_a_deleted_clock_leaves_behind(script: Script) -> None:
    """A subscription whose clock was deleted can still be read and noted on; its time is real time."""
    sub = active(script)
    script.delete(f"/v1/test_helpers/test_clocks/{script.clock}")
    assert script.post(f"/v1/subscriptions/{sub['id']}", metadata={"a": "b"})["metadata"] == {"a": "b"}


def test_the_end_of_the_period_moves_with_the_period(script: Script) -> None:
    """A trial that ends with its period and is ended early ends with the first paid period instead."""
    sub = script.subscribe(
        script.customer("pm_card_visa"), script.price(3100), trial_period_days=14, cancel_at_period_end=True
    )
    assert sub["cancel_at"] == sub["trial_end"]
    paid = script.post(f"/v1/subscriptions/{sub['id']}", trial_end="now")
    assert (paid["cancel_at_period_end"], paid["cancel_at"]) == (True, PERIOD_END)
    assert script.invoice(sub)["total"] == 3100
