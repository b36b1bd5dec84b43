"""Pausing: the collection alone, or the whole subscription, and how it goes on."""

import pytest

from tests.sandbox.world.script import DAY, FINALIZED, HOUR, PAID, REFUSED, Obj, Script, at

UPDATED = "customer.subscription.updated"
RENEWAL = at("2026-02-15T10:00:00")
MIDDLE = at("2026-01-25T10:00:00")


def subscribed(script: Script, card: str = "pm_card_visa", **params: object) -> Obj:
    """Subscribe for $25 a month."""
    sub = script.subscribe(script.customer(card), script.price(2500), **params)
    script.forget()
    return sub


def paused(script: Script, **params: object) -> Obj:
    """Subscribe, and pause ten days later."""
    sub = subscribed(script)
    script.advance_to(MIDDLE)
    script.forget()
    script.post(f"/v1/subscriptions/{sub['id']}/pause", **params)
    return sub


def use_card(script: Script, customer: str, card: str) -> None:
    """Make a card the default."""
    method = script.post(f"/v1/payment_methods/{card}/attach", customer=customer)["id"]
    script.post(f"/v1/customers/{customer}", invoice_settings={"default_payment_method": method})
    script.forget()


# the collection


@pytest.mark.parametrize(
    ("behavior", "status", "events"),
    [
        ("keep_as_draft", "draft", ()),
        (
            "void",
            "void",
            ("invoice.finalized", "payment_intent.created", "payment_intent.canceled", "invoice.voided"),
        ),
        (
            "mark_uncollectible",
            "uncollectible",
            ("invoice.finalized", "payment_intent.created", "invoice.marked_uncollectible"),
        ),
    ],
)
def test_renewals_while_collection_is_paused(
    script: Script, behavior: str, status: str, events: tuple[str, ...]
) -> None:
    """The subscription stays active and renews; its invoices are drafts, void or uncollectible."""
    sub = subscribed(script)
    changed = script.post(f"/v1/subscriptions/{sub['id']}", pause_collection={"behavior": behavior})
    assert changed["pause_collection"] == {"behavior": behavior, "resumes_at": None}
    told = script.happened(UPDATED)
    assert told.before(UPDATED) == {"pause_collection": None}
    script.advance_to(RENEWAL)
    finalized = ("customer.updated",) if events else ()
    script.happened("invoice.upcoming", "invoice.created", *events, *finalized, UPDATED)
    invoice = script.invoice(sub)
    assert (invoice["status"], invoice["auto_advance"]) == (status, False)
    script.advance(days=3)
    script.happened()
    assert script.subscription(sub)["status"] == "active"


def test_a_change_while_collection_is_paused(script: Script) -> None:
    """What would be charged in the request stays a draft that nobody advances."""
    sub = subscribed(script)
    script.post(f"/v1/subscriptions/{sub['id']}", pause_collection={"behavior": "keep_as_draft"})
    item = sub["items"]["data"][0]["id"]
    changed = {"items": [{"id": item, "quantity": 3}], "proration_behavior": "always_invoice"}
    script.post(f"/v1/subscriptions/{sub['id']}", **changed)
    invoice = script.invoice(sub)
    assert (invoice["status"], invoice["auto_advance"], invoice["total"]) == ("draft", False, 5000)


def test_collection_goes_on(script: Script) -> None:
    """An empty pause_collection ends it; the next renewal is charged."""
    sub = subscribed(script)
    script.post(f"/v1/subscriptions/{sub['id']}", pause_collection={"behavior": "void"})
    script.forget()
    script.post(f"/v1/subscriptions/{sub['id']}", pause_collection="")
    told = script.happened(UPDATED)
    assert told.before(UPDATED) == {"pause_collection": {"behavior": "void", "resumes_at": None}}
    script.advance_to(RENEWAL + HOUR)
    assert script.invoice(sub)["status"] == "paid"


def test_collection_resumes_by_itself(script: Script) -> None:
    """At resumes_at the pause is over, with the one event."""
    sub = subscribed(script)
    until = script.frozen_time() + 5 * DAY
    pause = {"behavior": "keep_as_draft", "resumes_at": until}
    script.post(f"/v1/subscriptions/{sub['id']}", pause_collection=pause)
    script.forget()
    script.advance_to(until)
    script.happened(UPDATED)
    assert script.subscription(sub)["pause_collection"] is None
    error = script.refused(400, "POST", f"/v1/subscriptions/{sub['id']}", pause_collection=pause)
    assert error["param"] == "pause_collection[resumes_at]"


# the whole subscription


def test_pausing_gives_the_unused_time_back(script: Script) -> None:
    """The period ends now, the credit waits for the next invoice, and no renewal comes."""
    sub = paused(script)
    told = script.happened("invoiceitem.created", "customer.subscription.paused", UPDATED)
    assert told.object_of("invoiceitem.created")["amount"] == -1694
    assert told.before(UPDATED).keys() == {"items", "status", "status_details"}
    shown = script.subscription(sub)
    assert shown["status"] == "paused"
    assert shown["status_details"] == {
        "paused": {
            "subscription": {"type": "pause_requested"},
            "transitioned_at": MIDDLE,
            "type": "subscription",
        }
    }
    assert shown["items"]["data"][0]["current_period_end"] == MIDDLE
    script.advance(days=50)
    script.happened()


@pytest.mark.parametrize(("since", "credit"), [("none", None), ("item_current_period_start", -2500)])
def test_what_is_given_back(script: Script, since: str, credit: int | None) -> None:
    """bill_for says from when: nothing, or the whole period."""
    sub = paused(script, bill_for={"unused_time_from": {"type": since}})
    pending = script.get("/v1/invoiceitems", customer=sub["customer"], pending=True)["data"]
    assert [item["amount"] for item in pending] == ([] if credit is None else [credit])


def test_the_credit_can_be_invoiced_at_once(script: Script) -> None:
    """invoicing_behavior=invoice turns it into customer balance."""
    sub = paused(script, invoicing_behavior="invoice")
    assert script.invoice(sub)["total"] == -1694
    assert script.get(f"/v1/customers/{sub['customer']}")["balance"] == -1694


def test_what_cannot_be_paused(script: Script) -> None:
    """Classic, trialing, sent and scheduled subscriptions, and one that is paused already."""
    classic = subscribed(script, billing_mode={"type": "classic"})
    trialing = subscribed(script, trial_period_days=9)
    sent = subscribed(script, collection_method="send_invoice", days_until_due=5)
    for sub in (classic, trialing, sent):
        script.refused(400, "POST", f"/v1/subscriptions/{sub['id']}/pause")
    script.happened()


def test_neither_twice_nor_under_a_schedule(script: Script) -> None:
    """A paused and a scheduled subscription are refused."""
    sub = paused(script)
    script.refused(400, "POST", f"/v1/subscriptions/{sub['id']}/pause")
    other = subscribed(script)
    script.post("/v1/subscription_schedules", from_subscription=other["id"])
    error = script.refused(400, "POST", f"/v1/subscriptions/{other['id']}/pause")
    assert "sub_sched_" in error["message"]


def test_a_paused_one_can_be_canceled(script: Script) -> None:
    """It ends like any other, and no longer says why it rested."""
    sub = paused(script)
    script.forget()
    ended = script.delete(f"/v1/subscriptions/{sub['id']}")
    assert (ended["status"], ended["status_details"]) == ("canceled", None)
    script.happened("customer.subscription.deleted")


def test_resuming_begins_a_new_period(script: Script) -> None:
    """By default the anchor is now: the full price, less the credit, is charged at once."""
    sub = paused(script)
    script.advance(days=20)
    now = script.frozen_time()
    script.forget()
    resumed = script.post(f"/v1/subscriptions/{sub['id']}/resume")
    assert (resumed["status"], resumed["status_details"], resumed["billing_cycle_anchor"]) == (
        "active",
        None,
        now,
    )
    told = script.happened(
        "invoice.created",
        *FINALIZED,
        *PAID,
        "customer.updated",
        "customer.subscription.resumed",
        UPDATED,
    )
    assert told.before(UPDATED)["status"] == "paused"
    invoice = script.invoice(sub)
    assert ([line["amount"] for line in invoice["lines"]["data"]], invoice["total"]) == ([-1694, 2500], 806)


def test_resuming_in_the_old_cycle(script: Script) -> None:
    """With the anchor unchanged the rest of the period is prorated, and waits as a pending item."""
    sub = paused(script)
    script.advance_to(at("2026-02-05T10:00:00"))
    script.forget()
    resumed = script.post(f"/v1/subscriptions/{sub['id']}/resume", billing_cycle_anchor={"type": "unchanged"})
    told = script.happened("invoiceitem.created", "customer.subscription.resumed", UPDATED)
    assert told.object_of("invoiceitem.created")["amount"] == 806
    assert resumed["items"]["data"][0]["current_period_end"] == RENEWAL
    script.advance_to(RENEWAL)
    assert script.invoice(sub)["total"] == 2500 - 1694 + 806


def test_a_refused_payment_leaves_it_past_due(script: Script) -> None:
    """resume_on_payment_attempt resumes all the same."""
    sub = paused(script, bill_for={"unused_time_from": {"type": "none"}})
    use_card(script, sub["customer"], "pm_card_chargeCustomerFail")
    resumed = script.post(f"/v1/subscriptions/{sub['id']}/resume")
    assert resumed["status"] == "past_due"
    script.happened(
        "invoice.created",
        *FINALIZED,
        *REFUSED,
        "customer.updated",
        "customer.subscription.resumed",
        UPDATED,
    )


def test_or_it_stays_paused_until_it_is_paid(script: Script) -> None:
    """resume_on_payment_success holds the resumption; paying its invoice lets it come true."""
    sub = paused(script, bill_for={"unused_time_from": {"type": "none"}})
    use_card(script, sub["customer"], "pm_card_chargeCustomerFail")
    held = script.post(f"/v1/subscriptions/{sub['id']}/resume", payment_behavior="resume_on_payment_success")
    assert held["status"] == "paused"
    assert held["pending_update"]["expires_at"] == MIDDLE + 365 * DAY
    assert held["pending_update"]["billing_cycle_anchor"] == MIDDLE
    script.happened("invoice.created", *FINALIZED, *REFUSED, "customer.updated", UPDATED)
    use_card(script, sub["customer"], "pm_card_visa")
    script.post(f"/v1/invoices/{held['latest_invoice']}/pay")
    script.happened(
        *PAID,
        "invoice.updated",
        "customer.subscription.pending_update_applied",
        "customer.subscription.resumed",
        UPDATED,
    )
    assert script.subscription(sub)["status"] == "active"


def test_voiding_that_invoice_keeps_it_paused(script: Script) -> None:
    """The resumption is dropped with its invoice."""
    sub = paused(script)
    use_card(script, sub["customer"], "pm_card_chargeCustomerFail")
    held = script.post(f"/v1/subscriptions/{sub['id']}/resume", payment_behavior="resume_on_payment_success")
    script.post(f"/v1/invoices/{held['latest_invoice']}/void")
    after = script.subscription(sub)
    assert (after["status"], after["pending_update"]) == ("paused", None)


def test_giving_that_invoice_up_resumes_it(script: Script) -> None:
    """An uncollectible invoice counts as settled: the resumption comes true."""
    sub = paused(script)
    use_card(script, sub["customer"], "pm_card_chargeCustomerFail")
    held = script.post(f"/v1/subscriptions/{sub['id']}/resume", payment_behavior="resume_on_payment_success")
    script.forget()
    script.post(f"/v1/invoices/{held['latest_invoice']}/mark_uncollectible")
    script.happened(
        "invoice.marked_uncollectible",
        "invoice.updated",
        "customer.subscription.pending_update_applied",
        "customer.subscription.resumed",
        UPDATED,
    )
    assert script.subscription(sub)["status"] == "active"


def test_what_was_given_back_is_not_given_back_again(script: Script) -> None:
    """After a resumption that charged nothing, a later change has nothing to credit."""
    sub = paused(script)
    script.post(
        f"/v1/subscriptions/{sub['id']}/resume",
        billing_cycle_anchor={"type": "unchanged"},
        proration_behavior="none",
    )
    script.forget()
    script.post(
        f"/v1/subscriptions/{sub['id']}", items=[{"id": sub["items"]["data"][0]["id"], "quantity": 2}]
    )
    told = script.happened("invoiceitem.created", UPDATED)
    assert told.object_of("invoiceitem.created")["amount"] == 3387


def test_after_a_trial_without_a_card(script: Script) -> None:
    """missing_payment_method=pause says so in status_details; with a card it resumes."""
    sub = script.subscribe(
        script.customer(),
        script.price(2500),
        trial_period_days=7,
        trial_settings={"end_behavior": {"missing_payment_method": "pause"}},
    )
    script.advance(days=7)
    shown = script.subscription(sub)
    assert shown["status_details"]["paused"]["subscription"] == {"type": "trial_end_without_payment_method"}
    error = script.refused(400, "POST", f"/v1/subscriptions/{sub['id']}/resume")
    assert error["code"] == "resource_missing"
    use_card(script, sub["customer"], "pm_card_visa")
    assert script.post(f"/v1/subscriptions/{sub['id']}/resume")["status"] == "active"
    script.advance(hours=1)
    assert script.invoice(sub)["status"] == "paid"
