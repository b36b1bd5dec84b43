"""What an account's settings mean for bills that are not paid, and for what is announced before one."""

from typing import Literal

import pytest

from tests.sandbox.world.script import DAY, FINALIZED, HOUR, LATER, PAID, REFUSED, Obj, Script, at
from tiergate_sandbox.world import Settings

UPDATED = "customer.subscription.updated"
RENEWAL = at("2026-02-15T10:00:00")


def refused_for_good(settings: Settings) -> tuple[Script, Obj]:
    """Let a renewal be refused with no retry to come."""
    script = Script(settings)
    customer = script.customer("pm_card_visa")
    sub = script.subscribe(customer, script.price(2500))
    bad = script.post("/v1/payment_methods/pm_card_chargeCustomerFail/attach", customer=customer)["id"]
    script.post(f"/v1/customers/{customer}", invoice_settings={"default_payment_method": bad})
    script.advance_to(RENEWAL)
    script.forget()
    script.advance(hours=1)
    return script, sub


def test_the_last_refusal_can_pause() -> None:
    """after_retries=pause: the subscription rests, and says why."""
    script, sub = refused_for_good(Settings(retry_after_days=(), after_retries="pause"))
    script.happened(*FINALIZED, *REFUSED, *LATER, "customer.subscription.paused", UPDATED)
    shown = script.subscription(sub)
    assert shown["status_details"]["paused"]["subscription"] == {"type": "final_payment_failure"}
    script.advance(days=40)
    script.happened()


def test_the_invoice_can_be_given_up() -> None:
    """invoice_after_retries=mark_uncollectible: the invoice is given up, whatever the subscription does."""
    script, sub = refused_for_good(
        Settings(retry_after_days=(), after_retries="mark_unpaid", invoice_after_retries="mark_uncollectible")
    )
    script.happened(*FINALIZED, *REFUSED, *LATER, "invoice.marked_uncollectible", UPDATED)
    invoice = script.invoice(sub)
    assert invoice["status_details"] == {"uncollectible": {"reason": "max_payment_attempts"}}
    assert script.subscription(sub)["status"] == "unpaid"


@pytest.mark.parametrize(
    ("action", "status"), [("cancel", "canceled"), ("mark_unpaid", "unpaid"), ("leave_past_due", "past_due")]
)
def test_a_sent_invoice_that_stays_unpaid(
    action: Literal["cancel", "mark_unpaid", "leave_past_due"], status: str
) -> None:
    """overdue_days after the due date the subscription is canceled, unpaid, or left as it is."""
    script = Script(Settings(overdue_days=30, after_overdue=action))
    sub = script.subscribe(
        script.customer(), script.price(2500), collection_method="send_invoice", days_until_due=5
    )
    script.advance(hours=1)
    due_at = script.invoice(sub)["due_date"]
    script.advance_to(due_at)
    script.advance_to(due_at + 29 * DAY)
    script.forget()
    assert script.subscription(sub)["status"] == "past_due"
    script.advance_to(due_at + 30 * DAY)
    events = {"cancel": ["customer.subscription.deleted"], "mark_unpaid": [UPDATED], "leave_past_due": []}
    own = [one for one in script.payloads if one["type"].startswith("customer.subscription")]
    assert [one["type"] for one in own] == events[action]
    assert script.subscription(sub)["status"] == status


@pytest.mark.parametrize(("days", "announced"), [(0, None), (3, RENEWAL - 3 * DAY)])
def test_when_a_renewal_is_announced(days: int, announced: int | None) -> None:
    """invoice.upcoming comes upcoming_days before, or never with 0."""
    script = Script(Settings(upcoming_days=days))
    script.subscribe(script.customer("pm_card_visa"), script.price(2500))
    script.forget()
    if announced is not None:
        script.advance_to(announced - 1)
        script.happened()
        script.advance_to(announced)
        script.happened("invoice.upcoming")
    script.advance_to(RENEWAL)
    script.happened("invoice.created", UPDATED)


def test_the_hour_of_the_draft_can_be_shorter() -> None:
    """draft_seconds says how long a renewal waits before it is charged."""
    script = Script(Settings(draft_seconds=60))
    script.subscribe(script.customer("pm_card_visa"), script.price(2500))
    script.advance_to(RENEWAL)
    script.forget()
    script.advance(seconds=60)
    script.happened(*FINALIZED, *PAID, *LATER)


def test_settings_can_change_under_way() -> None:
    """What waits already waits as the new settings say."""
    script = Script()
    sub = script.subscribe(script.customer("pm_card_visa"), script.price(2500))
    script.forget()
    script.world.configure(Settings(upcoming_days=20))
    script.advance_to(RENEWAL - 20 * DAY)
    script.happened("invoice.upcoming")
    incomplete = script.subscribe(
        script.customer("pm_card_visa"), script.price(2500), payment_behavior="default_incomplete"
    )
    script.world.configure(Settings(incomplete_seconds=HOUR))
    script.advance(hours=1)
    assert script.subscription(incomplete)["status"] == "incomplete_expired"
    assert script.subscription(sub)["status"] == "active"
