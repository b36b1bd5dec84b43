"""A renewal that is refused: the retries, what happens when they are used up, and recovery."""

from itertools import pairwise

import pytest

from tests.sandbox.world.script import DAY, FINALIZED, HOUR, LATER, PAID, REFUSED, Script, at
from tiergate_sandbox.world import Settings

RENEWAL = at("2026-02-15T10:00:00")
FIRST_REFUSAL = RENEWAL + HOUR
RETRIES = [FIRST_REFUSAL + 3 * DAY, FIRST_REFUSAL + 8 * DAY, FIRST_REFUSAL + 15 * DAY]


def refused_renewal(script: Script) -> dict[str, str]:
    """Subscribe with a good card, put a bad one in its place, and let the renewal be refused."""
    customer = script.customer("pm_card_visa")
    sub = script.subscribe(customer, script.price(2500))
    bad = script.post("/v1/payment_methods/pm_card_chargeCustomerFail/attach", customer=customer)["id"]
    script.post(f"/v1/customers/{customer}", invoice_settings={"default_payment_method": bad})
    script.advance_to(FIRST_REFUSAL)
    script.forget()
    assert script.subscription(sub)["status"] == "past_due"
    return {"id": sub["id"], "customer": customer}


def test_the_refusal_makes_it_past_due(script: Script) -> None:
    """An hour after the period's turn: one failed charge, attempt 1, a date for the next, past_due."""
    customer = script.customer("pm_card_chargeCustomerFail")
    sub = script.subscribe(customer, script.price(2500), trial_end=RENEWAL)
    script.advance_to(RENEWAL)
    script.forget()
    script.advance(hours=1)
    refused = script.happened(*FINALIZED, *REFUSED, *LATER, "customer.subscription.updated")
    assert refused.object_of("invoice.payment_failed")["next_payment_attempt"] == RETRIES[0]
    assert script.get(f"/v1/customers/{customer}")["delinquent"] is True
    assert script.subscription(sub)["status"] == "past_due"


def test_retries_do_not_change_the_status(script: Script) -> None:
    """Each retry is a failed charge with a higher attempt_count; the subscription stays past_due."""
    refused_renewal(script)
    for number, (retry, following) in enumerate(pairwise(RETRIES), start=2):
        script.advance_to(retry)
        failed = script.happened(*REFUSED, "invoice.updated")
        assert failed.before("invoice.updated").keys() == {"attempt_count", "next_payment_attempt"}
        shown = failed.object_of("invoice.payment_failed")
        assert (shown["attempt_count"], shown["next_payment_attempt"]) == (number, following)


def test_at_the_end_of_the_retries_it_is_canceled(script: Script) -> None:
    """By default the last refusal cancels: deleted with reason payment_failed, and no attempt any more."""
    sub = refused_renewal(script)
    script.advance_to(RETRIES[1])
    script.forget()
    script.advance_to(RETRIES[2])
    ended = script.happened(*REFUSED, "invoice.updated", "customer.subscription.deleted")
    deleted = ended.object_of("customer.subscription.deleted")
    assert (deleted["status"], deleted["ended_at"]) == ("canceled", RETRIES[2])
    assert deleted["cancellation_details"]["reason"] == "payment_failed"
    failed = ended.object_of("invoice.payment_failed")
    assert (failed["attempt_count"], failed["next_payment_attempt"]) == (4, None)
    invoice = script.invoice(sub)
    assert (invoice["status"], invoice["auto_advance"]) == ("open", False)
    script.advance(days=40)
    script.happened()


def test_or_it_is_marked_unpaid() -> None:
    """With mark_unpaid it stays, unpaid; later periods only make drafts that nobody charges."""
    script = Script(Settings(after_retries="mark_unpaid"))
    sub = refused_renewal(script)
    script.advance_to(RETRIES[1])
    script.forget()
    script.advance_to(RETRIES[2])
    ended = script.happened(*REFUSED, "invoice.updated", "customer.subscription.updated")
    assert ended.before("customer.subscription.updated") == {"status": "past_due"}
    assert script.subscription(sub)["status"] == "unpaid"
    script.advance_to(at("2026-03-16T10:00:00"))
    turned = script.happened("invoice.upcoming", "invoice.created", "customer.subscription.updated")
    draft = turned.object_of("invoice.created")
    assert (draft["status"], draft["auto_advance"], draft["automatically_finalizes_at"]) == (
        "draft",
        False,
        None,
    )


def test_or_it_stays_past_due() -> None:
    """With leave_past_due the last refusal changes nothing about the subscription."""
    script = Script(Settings(after_retries="leave_past_due"))
    sub = refused_renewal(script)
    script.advance_to(RETRIES[1])
    script.forget()
    script.advance_to(RETRIES[2])
    script.happened(*REFUSED, "invoice.updated")
    assert script.subscription(sub)["status"] == "past_due"


def test_the_account_sets_the_days_between_retries() -> None:
    """retry_after_days counts from the attempt before."""
    script = Script(Settings(retry_after_days=(1, 2)))
    sub = refused_renewal(script)
    assert script.invoice(sub)["next_payment_attempt"] == FIRST_REFUSAL + 1 * DAY
    script.advance(days=1)
    assert script.invoice(sub)["next_payment_attempt"] == FIRST_REFUSAL + 3 * DAY
    script.advance(days=2)
    assert script.subscription(sub)["status"] == "canceled"


def test_a_new_card_pays_at_the_next_retry(script: Script) -> None:
    """A new default card is not charged at once; the next retry takes it and the subscription is active
    again.
    """
    sub = refused_renewal(script)
    good = script.post("/v1/payment_methods/pm_card_visa/attach", customer=sub["customer"])["id"]
    script.post(f"/v1/customers/{sub['customer']}", invoice_settings={"default_payment_method": good})
    script.happened("payment_method.attached", "customer.updated")
    script.advance_to(RETRIES[0])
    recovered = script.happened(*PAID, *LATER, "customer.subscription.updated")
    assert recovered.before("customer.subscription.updated") == {"status": "past_due"}
    assert recovered.before("customer.updated") == {"delinquent": True}
    assert script.subscription(sub)["status"] == "active"


def test_paying_the_invoice_by_hand_recovers_it(script: Script) -> None:
    """POST …/pay with a good card settles the open invoice and brings the subscription back."""
    sub = refused_renewal(script)
    invoice = script.invoice(sub)
    paid = script.post(f"/v1/invoices/{invoice['id']}/pay", payment_method="pm_card_visa")
    assert (paid["status"], paid["attempt_count"]) == ("paid", 1)
    script.happened("payment_method.attached", *PAID, *LATER, "customer.subscription.updated")
    assert script.subscription(sub)["status"] == "active"
    script.advance_to(RETRIES[2])
    script.happened()


def test_a_refused_payment_by_hand_leaves_its_traces(script: Script) -> None:
    """POST …/pay with a bad card is answered with 402; the failed charge stays, the schedule too."""
    sub = refused_renewal(script)
    invoice = script.invoice(sub)
    error = script.refused(402, "POST", f"/v1/invoices/{invoice['id']}/pay")
    assert (error["type"], error["code"], error["decline_code"]) == (
        "card_error",
        "card_declined",
        "generic_decline",
    )
    assert error["payment_intent"]["status"] == "requires_payment_method"
    script.happened(*REFUSED)
    after = script.invoice(sub)
    assert (after["attempt_count"], after["next_payment_attempt"]) == (1, RETRIES[0])


@pytest.mark.parametrize("way", ["void", "mark_uncollectible"])
def test_giving_the_invoice_up(script: Script, way: str) -> None:
    """A void invoice is passed over and an uncollectible one counts as settled: active again either way."""
    sub = refused_renewal(script)
    invoice = script.invoice(sub)
    script.post(f"/v1/invoices/{invoice['id']}/{way}")
    told = {
        "void": ("invoice.voided", "payment_intent.canceled"),
        "mark_uncollectible": ("invoice.marked_uncollectible",),
    }[way]
    given_up = script.happened(*told, "invoice.updated", "customer.subscription.updated")
    assert given_up.before("customer.subscription.updated") == {"status": "past_due"}


def test_a_hard_decline_is_not_tried_again_with_the_same_card(script: Script) -> None:
    """After a lost card no further charge is made, but the schedule runs on to its end."""
    customer = script.customer("pm_card_authenticationRequired")
    sub = script.subscribe(customer, script.price(2500), trial_end=RENEWAL)
    script.advance_to(RENEWAL)
    script.forget()
    script.advance(hours=1)
    script.happened(
        *FINALIZED,
        "payment_intent.requires_action",
        "invoice.payment_action_required",
        "invoice.payment_failed",
        *LATER,
        "customer.subscription.updated",
    )
    script.advance_to(RETRIES[0])
    script.happened("invoice.updated")
    script.advance_to(RETRIES[2])
    script.happened("invoice.updated", "invoice.updated", "customer.subscription.deleted")
    assert script.subscription(sub)["status"] == "canceled"


def test_completing_the_authentication_recovers_it(script: Script) -> None:
    """The customer who passes 3-D Secure for a renewal has paid it."""
    customer = script.customer("pm_card_authenticationRequired")
    sub = script.subscribe(customer, script.price(2500), trial_end=RENEWAL)
    script.advance_to(FIRST_REFUSAL)
    script.forget()
    payment = script.invoice(sub, expand=["payments"])["payments"]["data"][0]
    script.post(
        f"/v1/payment_intents/{payment['payment']['payment_intent']}/complete_authentication",
        outcome="succeed",
    )
    script.happened(*PAID, *LATER, "customer.subscription.updated")
    assert script.subscription(sub)["status"] == "active"


def test_the_newest_invoice_decides() -> None:
    """With two open invoices, paying the older one is not enough; paying the newest is."""
    script = Script(Settings(after_retries="leave_past_due"))
    sub = refused_renewal(script)
    older = script.invoice(sub)["id"]
    script.advance_to(at("2026-03-15T11:00:00"))
    newer = script.invoice(sub)["id"]
    assert newer != older
    script.post(f"/v1/invoices/{older}/pay", payment_method="pm_card_visa")
    assert script.subscription(sub)["status"] == "past_due"
    script.post(f"/v1/invoices/{newer}/pay", payment_method="pm_card_visa")
    assert script.subscription(sub)["status"] == "active"
