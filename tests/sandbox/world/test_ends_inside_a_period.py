"""cancel_at inside the current period, the words for it, and what a cancellation gives back and bills."""

import pytest

from tests.sandbox.world.script import DAY, FINALIZED, HOUR, PAID, Obj, Script, at
from tiergate_sandbox.world import Settings

UPDATED = "customer.subscription.updated"
MIDDLE = at("2026-01-25T10:00:00")
END = at("2026-02-15T10:00:00")


def subscribed(script: Script, price: str | None = None, **params: object) -> Obj:
    """Subscribe for $31 a month."""
    sub = script.subscribe(script.customer("pm_card_visa"), price or script.price(3100), **params)
    script.forget()
    return sub


def pending_of(script: Script, sub: Obj) -> list[int]:
    """Return the amounts that wait for the next invoice."""
    found = script.get("/v1/invoiceitems", customer=sub["customer"], pending=True)["data"]
    return [item["amount"] for item in found]


def test_the_time_after_it_is_given_back(script: Script) -> None:
    """The period is cut, its rest credited; at the end the credit lands on the closing invoice."""
    sub = subscribed(script)
    planned = script.post(f"/v1/subscriptions/{sub['id']}", cancel_at=MIDDLE)
    assert planned["items"]["data"][0]["current_period_end"] == MIDDLE
    told = script.happened("invoiceitem.created", UPDATED)
    assert told.object_of("invoiceitem.created")["amount"] == -2100
    script.advance_to(MIDDLE)
    ended = script.happened("customer.subscription.deleted", "invoice.created")
    assert ended.object_of("invoice.created")["total"] == -2100


@pytest.mark.parametrize("mode", ["flexible", "classic"])
def test_taking_it_back_charges_it_again(script: Script, mode: str) -> None:
    """Without cancel_at the period is whole again, and costs what had been given back."""
    sub = subscribed(script, billing_mode={"type": mode})
    script.post(f"/v1/subscriptions/{sub['id']}", cancel_at=MIDDLE)
    script.forget()
    after = script.post(f"/v1/subscriptions/{sub['id']}", cancel_at="")
    assert after["items"]["data"][0]["current_period_end"] == END
    script.happened("invoiceitem.created", UPDATED)
    assert sum(pending_of(script, sub)) == 0
    script.advance_to(END)
    assert script.invoice(sub)["total"] == 3100


def test_moving_it_and_giving_it_up_again(script: Script) -> None:
    """However often the end moves, what is given back in the end is the time after it, once."""
    sub = subscribed(script)
    script.post(f"/v1/subscriptions/{sub['id']}", cancel_at=MIDDLE)
    script.post(f"/v1/subscriptions/{sub['id']}", cancel_at=MIDDLE + 11 * DAY)
    assert sum(pending_of(script, sub)) == -1000
    script.delete(f"/v1/subscriptions/{sub['id']}", prorate=True)
    assert sum(pending_of(script, sub)) == -3100


def test_without_proration_nothing_is_given_back(script: Script) -> None:
    """proration_behavior=none: only the end is noted."""
    sub = subscribed(script)
    script.post(f"/v1/subscriptions/{sub['id']}", cancel_at=MIDDLE, proration_behavior="none")
    script.happened(UPDATED)
    script.advance_to(MIDDLE)
    script.happened("customer.subscription.deleted")


def test_it_can_be_invoiced_at_once(script: Script) -> None:
    """proration_behavior=always_invoice turns the credit into customer balance now."""
    sub = subscribed(script)
    script.post(f"/v1/subscriptions/{sub['id']}", cancel_at=MIDDLE, proration_behavior="always_invoice")
    assert script.invoice(sub)["total"] == -2100
    assert script.get(f"/v1/customers/{sub['customer']}")["balance"] == -2100


@pytest.mark.parametrize("word", ["min_period_end", "max_period_end"])
@pytest.mark.parametrize("when", ["create", "update"])
def test_words_mean_an_instant(script: Script, word: str, when: str) -> None:
    """min_period_end and max_period_end are resolved at once, over all items."""
    customer, prices = script.customer("pm_card_visa"), [script.price(3100), script.price(20000, "year")]
    items = [{"price": price} for price in prices]
    if when == "create":
        sub = script.post("/v1/subscriptions", customer=customer, items=items, cancel_at=word)
    else:
        sub = script.post("/v1/subscriptions", customer=customer, items=items)
        sub = script.post(f"/v1/subscriptions/{sub['id']}", cancel_at=word)
    ends = {"min_period_end": END, "max_period_end": at("2027-01-15T10:00:00")}
    assert (sub["cancel_at"], sub["cancel_at_period_end"]) == (ends[word], False)


def test_a_trial_is_not_cut(script: Script) -> None:
    """In flexible billing cancel_at leaves trial_end where it is; the subscription ends all the same."""
    sub = subscribed(script, trial_end=END)
    planned = script.post(f"/v1/subscriptions/{sub['id']}", cancel_at=MIDDLE)
    assert planned["trial_end"] == planned["items"]["data"][0]["current_period_end"] == END
    script.advance_to(MIDDLE)
    assert script.subscription(sub)["status"] == "canceled"


def test_a_closing_invoice_for_what_is_pending(script: Script) -> None:
    """DELETE with invoice_now bills pending items; without it they stay with the customer."""
    sub = subscribed(script)
    script.post(
        "/v1/invoiceitems", customer=sub["customer"], subscription=sub["id"], amount=900, currency="usd"
    )
    script.forget()
    ended = script.delete(f"/v1/subscriptions/{sub['id']}", invoice_now=True)
    script.happened("invoice.created", "customer.subscription.deleted")
    script.advance(hours=1)
    script.happened(*FINALIZED, *PAID, "invoice.updated", "customer.updated")
    assert script.get(f"/v1/invoices/{ended['latest_invoice']}")["amount_paid"] == 900


def test_the_walk_back_past_void_invoices() -> None:
    """With the latest of two open invoices void the older one counts; with both void, the paid one."""
    script = Script(Settings(after_retries="leave_past_due"))
    sub = subscribed(script)
    bad = script.post("/v1/payment_methods/pm_card_chargeCustomerFail/attach", customer=sub["customer"])["id"]
    script.post(f"/v1/customers/{sub['customer']}", invoice_settings={"default_payment_method": bad})
    script.advance_to(END + HOUR)
    first = script.invoice(sub)
    script.advance_to(at("2026-03-15T11:00:00"))
    second = script.invoice(sub)
    assert script.subscription(sub)["status"] == "past_due"
    script.post(f"/v1/invoices/{second['id']}/void")
    assert script.subscription(sub)["status"] == "past_due"
    script.post(f"/v1/invoices/{first['id']}/void")
    assert script.subscription(sub)["status"] == "active"


def test_a_sent_invoice_that_is_not_paid_in_time(script: Script) -> None:
    """send_invoice: active at once, past due when days_until_due have passed, active when it is paid."""
    sub = script.subscribe(
        script.customer(), script.price(3100), collection_method="send_invoice", days_until_due=10
    )
    assert sub["status"] == "active"
    script.advance(hours=1)
    due_at = script.invoice(sub)["due_date"]
    assert due_at == script.frozen_time() + 10 * DAY
    script.advance_to(due_at - 1)
    script.forget()
    script.advance_to(due_at)
    told = script.happened(UPDATED, "customer.updated")
    assert told.before(UPDATED) == {"status": "active"}
    script.post(f"/v1/invoices/{script.invoice(sub)['id']}/pay", paid_out_of_band=True)
    assert script.subscription(sub)["status"] == "active"
