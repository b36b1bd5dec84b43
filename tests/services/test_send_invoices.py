"""What is bought while renewals are not charged is sent invoices, once; everything else is left as it is."""

import pytest

from tests.services.bench import ACCOUNT, Bench, northwind
from tiergate.services.checkout.follow_checkout import follow_checkout
from tiergate.services.checkout.order import Order
from tiergate.services.checkout.start_checkout import start_checkout
from tiergate.services.plans.push_plans import push_plans
from tiergate.services.run_due import run_due
from tiergate.store.checkout_table import checkouts
from tiergate.store.tables import operations
from tiergate.stripe_api.gateway import Answer, Gateway, StripeRefusedError

BY_INVOICE = northwind() + "\n[billing]\nauto_charge = false\ndays_until_due = 21\n"


def buy(bench: Bench, plan: str = "starter", card: str = "4242424242424242") -> str:
    """Buy a plan by the checkout, and hear of it; returns the subscription's id."""
    bench.pay(start_checkout(bench.context, ACCOUNT, Order(plan)), card)
    bench.tick()
    bench.deliver(*bench.webhooks())
    (subscription_id,) = bench.mirrored_ids()
    return subscription_id


def collection(bench: Bench, subscription_id: str) -> tuple[str, int | None]:
    """How Stripe collects, and how many days customers have."""
    found = bench.at_stripe(f"/v1/subscriptions/{subscription_id}")
    return found["collection_method"], found["days_until_due"]


def noted(bench: Bench) -> list[str]:
    """What was journalled of how invoices are collected."""
    return [entry.kind for entry in bench.explain().journal if entry.cause == "auto_charge is off"]


def test_a_purchase_is_sent_invoices(both: Bench) -> None:
    """As soon as it is known, Stripe and the mirror say so, with the days of the version it was bought in."""
    push_plans(both.context, BY_INVOICE)
    bought = buy(both)
    assert collection(both, bought) == ("send_invoice", 21)
    assert both.mirrored(bought).collection_method == "send_invoice"
    assert noted(both) == ["invoices_sent_from_now"]


def test_a_trial_without_card_ends_with_an_invoice(bench: Bench) -> None:
    """No card is needed: at the trial's end the customer is sent an invoice instead of losing the plan."""
    push_plans(bench.context, BY_INVOICE)
    bought = buy(bench, card="")
    found = bench.at_stripe(f"/v1/subscriptions/{bought}")
    assert found["status"] == "trialing"
    assert found["trial_settings"]["end_behavior"]["missing_payment_method"] == "create_invoice"
    assert collection(bench, bought) == ("send_invoice", 21)


def test_it_is_done_once(bench: Bench) -> None:
    """Who sets it back at Stripe has the last word, whatever comes after."""
    push_plans(bench.context, BY_INVOICE)
    bought = buy(bench)
    bench.tick()
    bench.post(f"/v1/subscriptions/{bought}", collection_method="charge_automatically")
    bench.tick()
    bench.deliver(*bench.webhooks())
    run_due(bench.context)
    assert collection(bench, bought)[0] == "charge_automatically"
    assert noted(bench) == ["invoices_sent_from_now"]


@pytest.mark.parametrize("texts", [[northwind()], [northwind(), BY_INVOICE]], ids=["never off", "off later"])
def test_what_was_bought_to_be_charged_is_charged(bench: Bench, texts: list[str]) -> None:
    """A purchase under a version that charges goes on being charged, whatever is published later."""
    bought = buy(bench)
    for text in texts:
        push_plans(bench.context, text)
    run_due(bench.context)
    assert collection(bench, bought) == ("charge_automatically", None)
    assert noted(bench) == []


def test_an_outage_is_made_up_for(bench: Bench) -> None:
    """Where Stripe cannot be asked the account stays due, and the same operation is finished later."""
    push_plans(bench.context, BY_INVOICE)
    bench.pay(start_checkout(bench.context, ACCOUNT, Order("starter")), "4242424242424242")
    bench.tick()
    hooks = bench.webhooks("customer.subscription.created")
    bench.line.down = True
    bench.deliver(*hooks)
    assert noted(bench) == []
    bench.line.down = False
    (session,) = bench.rows(checkouts)
    follow_checkout(bench.context, session.checkout_session_id)
    run_due(bench.context)
    (bought,) = bench.mirrored_ids()
    assert collection(bench, bought) == ("send_invoice", 21)
    states = [row.state for row in bench.rows(operations) if row.action.startswith("send_invoices")]
    assert states == ["done"]


def test_a_refusal_is_final(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stripe's refusal is journalled, and not asked for again."""

    def refuse(_self: Gateway, *_: object) -> Answer:
        raise StripeRefusedError("Stripe refused to.")

    push_plans(bench.context, BY_INVOICE)
    monkeypatch.setattr(Gateway, "update_subscription", refuse)
    bought = buy(bench)
    run_due(bench.context)
    assert noted(bench) == ["invoices_not_sent"]
    assert collection(bench, bought)[0] == "charge_automatically"
