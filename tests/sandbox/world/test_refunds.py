"""Money that goes back: refunds, and disputes as far as subscriptions feel them."""

from typing import Any

import pytest

from tests.sandbox.world.script import DAY, Script
from tiergate_sandbox.world import Settings


def charge_of(script: Script, card: str = "pm_card_visa", **settings: Any) -> tuple[Any, dict[str, Any]]:
    """Subscribe with a card; return the subscription and the charge of its first invoice."""
    sub = script.subscribe(script.customer(card), script.price(2500), **settings)
    (charge,) = script.get("/v1/charges", customer=sub["customer"])["data"]
    script.forget()
    return sub, charge


def test_a_whole_refund(script: Script) -> None:
    """Refunding without an amount gives everything back; subscription and invoice stay as they are."""
    sub, charge = charge_of(script)
    refund = script.post(
        "/v1/refunds", payment_intent=charge["payment_intent"], reason="requested_by_customer"
    )
    assert (refund["amount"], refund["status"], refund["charge"]) == (2500, "succeeded", charge["id"])
    happened = script.happened("refund.created", "charge.refunded")
    assert happened.before("charge.refunded") == {"amount_refunded": 0, "refunded": False}
    assert (script.subscription(sub)["status"], script.invoice(sub)["status"]) == ("active", "paid")
    again = script.refused(400, "POST", "/v1/refunds", charge=charge["id"])
    assert again["code"] == "charge_already_refunded"


def test_partial_refunds(script: Script) -> None:
    """Parts add up; more than is left is refused; they are listed with the charge when asked for."""
    _, charge = charge_of(script)
    first = script.post("/v1/refunds", charge=charge["id"], amount=1000)
    happened = script.happened("refund.created", "charge.refunded")
    assert happened.before("charge.refunded") == {"amount_refunded": 0}
    assert script.refused(400, "POST", "/v1/refunds", charge=charge["id"], amount=1501)["param"] == "amount"
    second = script.post("/v1/refunds", charge=charge["id"], amount=1500)
    shown = script.get(f"/v1/charges/{charge['id']}", expand=["refunds"])
    assert (shown["amount_refunded"], shown["refunded"]) == (2500, True)
    assert [one["id"] for one in shown["refunds"]["data"]] == [second["id"], first["id"]]
    assert "refunds" not in script.get(f"/v1/charges/{charge['id']}")
    assert len(script.get(f"/v1/charges/{charge['id']}/refunds", limit=1)["data"]) == 1
    assert len(script.get("/v1/refunds", charge=charge["id"])["data"]) == 2
    script.forget()
    changed = script.post(f"/v1/refunds/{first['id']}", metadata={"why": "sorry"})
    assert changed["metadata"] == {"why": "sorry"}
    script.happened("charge.refund.updated", "refund.updated")
    script.refused(400, "POST", f"/v1/refunds/{first['id']}/cancel")


def test_a_refund_that_fails_later(script: Script) -> None:
    """The card 5126 takes a refund back after a while; the charge counts as not refunded again."""
    _, charge = charge_of(script, "pm_card_refundAsyncFailure")
    refund = script.post("/v1/refunds", charge=charge["id"])
    assert refund["status"] == "succeeded"
    script.forget()
    script.advance(hours=1)
    happened = script.happened("refund.failed", "refund.updated", "charge.refund.updated")
    assert happened.object_of("refund.failed")["failure_reason"] == "expired_or_canceled_card"
    again = script.get(f"/v1/charges/{charge['id']}")
    assert (again["amount_refunded"], again["refunded"]) == (0, False)


def test_a_refund_that_takes_a_while(script: Script) -> None:
    """The card 7726 begins with a pending refund, which then succeeds."""
    _, charge = charge_of(script, "pm_card_refundAsyncSuccess")
    refund = script.post("/v1/refunds", charge=charge["id"])
    assert refund["status"] == "pending"
    script.forget()
    script.advance(hours=1)
    happened = script.happened("refund.updated", "charge.refund.updated")
    assert happened.before("refund.updated") == {"status": "pending"}
    assert script.get(f"/v1/refunds/{refund['id']}")["status"] == "succeeded"


def test_what_cannot_be_refunded(script: Script) -> None:
    """An unpaid intent has nothing to give back."""
    intent = script.post("/v1/payment_intents", amount=1000, currency="usd")
    error = script.refused(400, "POST", "/v1/refunds", payment_intent=intent["id"])
    assert error["param"] == "payment_intent"
    assert script.refused(400, "POST", "/v1/refunds")["code"] == "parameter_missing"


DISPUTED = ("charge.dispute.created", "charge.dispute.funds_withdrawn")


@pytest.mark.parametrize(
    ("after", "status", "events"),
    [
        ("leave", "active", ()),
        ("cancel", "canceled", ("customer.subscription.deleted",)),
        ("cancel_at_period_end", "active", ("customer.subscription.updated",)),
    ],
)
def test_a_dispute_and_the_subscription(after: Any, status: str, events: tuple[str, ...]) -> None:
    """A dispute leaves the subscription alone, ends it, or ends it with its period, as the account says."""
    script = Script(Settings(after_dispute=after))
    sub, charge = charge_of(script, "pm_card_createDispute")
    script.advance(seconds=1)
    script.happened(*DISPUTED, *events)
    (dispute,) = script.get("/v1/disputes", charge=charge["id"])["data"]
    assert (dispute["status"], dispute["reason"], dispute["amount"]) == ("needs_response", "fraudulent", 2500)
    assert script.get(f"/v1/charges/{charge['id']}")["disputed"] is True
    seen = script.subscription(sub)
    assert seen["status"] == status
    assert (seen["cancel_at"] is not None) == (after == "cancel_at_period_end")
    assert (seen["cancellation_details"]["reason"] == "payment_disputed") == (after != "leave")
    assert script.refused(400, "POST", "/v1/refunds", charge=charge["id"])["code"] == "charge_disputed"


@pytest.mark.parametrize(("text", "status"), [("winning_evidence", "won"), ("losing_evidence", "lost")])
def test_evidence_decides(script: Script, text: str, status: str) -> None:
    """The two test texts win or lose a dispute; a win brings the money back."""
    charge_of(script, "pm_card_createDisputeProductNotReceived")
    script.advance(seconds=1)
    script.forget()
    path = f"/v1/disputes/{script.get('/v1/disputes')['data'][0]['id']}"
    draft = script.post(path, evidence={"customer_name": "Jenny"}, submit=False)
    assert (draft["status"], draft["evidence_details"]["has_evidence"]) == ("needs_response", True)
    script.happened("charge.dispute.updated")
    assert script.post(path, evidence={"uncategorized_text": text})["status"] == status
    back = ("charge.dispute.funds_reinstated",) if status == "won" else ()
    script.happened("charge.dispute.updated", "charge.dispute.closed", *back)
    script.refused(400, "POST", f"{path}/close")


def test_an_inquiry(script: Script) -> None:
    """An inquiry withdraws nothing and still allows a refund; closing a dispute accepts it."""
    _, charge = charge_of(script, "pm_card_createDisputeInquiry")
    script.advance(seconds=1)
    created = script.happened("charge.dispute.created").object_of("charge.dispute.created")
    assert (created["status"], created["is_charge_refundable"]) == ("warning_needs_response", True)
    script.post("/v1/refunds", charge=charge["id"])
    assert script.post(f"/v1/disputes/{created['id']}/close")["status"] == "warning_closed"
    charge_of(script, "pm_card_createDispute")
    script.advance(days=1, seconds=DAY)
    (newest, _) = script.get("/v1/disputes")["data"]
    assert script.post(f"/v1/disputes/{newest['id']}/close")["status"] == "lost"
