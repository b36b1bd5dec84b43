"""Payment methods in the mirror: attached, changed, removed, and read whole."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from tests.services.bench import ACCOUNT, Bench
from tiergate.services.mirror.read_from_stripe import read_account
from tiergate.store.tables import customers, payment_methods


def cards(bench: Bench) -> list[Row[Any]]:
    """The payment methods that are mirrored."""
    return bench.rows(payment_methods)


def test_a_card_is_mirrored_from_its_event(both: Bench) -> None:
    """Brand, last four digits, expiry and fingerprint are known without a call to Stripe."""
    customer = both.customer()
    both.line.requests.clear()
    both.deliver(*both.webhooks("payment_method.attached"))
    (card,) = cards(both)
    assert (card.account_id, card.stripe_customer_id, card.type) == (ACCOUNT, customer, "card")
    assert (card.brand, card.last4, card.livemode) == ("visa", "4242", False)
    assert card.exp_year > 2026
    assert card.fingerprint
    assert card.raw["billing_details"] is not None
    assert both.line.requests == []
    assert [method.last4 for method in both.explain().state.payment_methods] == ["4242"]


def test_a_new_expiry_is_seen(both: Bench) -> None:
    """`payment_method.updated` and `payment_method.automatically_updated` bring the new date."""
    customer = both.customer()
    both.deliver(*both.webhooks())
    (known,) = cards(both)
    for year, event_type in (
        (2040, "payment_method.updated"),
        (2041, "payment_method.automatically_updated"),
    ):
        both.tick()
        raw = both.at_stripe(f"/v1/payment_methods/{known.stripe_payment_method_id}")
        raw["card"]["exp_year"] = year
        both.ingest(both.event(event_type, raw))
        assert [card.exp_year for card in cards(both)] == [year]
    assert cards(both)[0].stripe_customer_id == customer


def test_a_detached_card_stays_without_a_customer(both: Bench) -> None:
    """Its row is kept, belongs to the account still, and to no customer: it can never be charged."""
    both.subscribe()
    both.deliver(*both.webhooks())
    (card,) = cards(both)
    both.tick()
    both.stripe.v1.payment_methods.detach(card.stripe_payment_method_id)
    both.deliver(*both.webhooks("payment_method.detached"))
    (kept,) = cards(both)
    assert (kept.account_id, kept.stripe_customer_id, kept.last4) == (ACCOUNT, None, "4242")
    assert both.rows(customers)[0].default_payment_method is None


def test_a_whole_reading_reads_the_cards(both: Bench) -> None:
    """Cards that no event told of are found, and it is noted when they were looked for."""
    customer = both.customer()
    assert [row.cards_read_at for row in both.rows(customers)] == [None]
    both.clock.advance(minutes=5)
    assert read_account(both.context, ACCOUNT, "test")
    assert [(row.stripe_customer_id, row.last4) for row in cards(both)] == [(customer, "4242")]
    assert [row.cards_read_at for row in both.rows(customers)] == [both.clock.now]


def test_a_whole_reading_notices_a_card_that_is_gone(both: Bench) -> None:
    """A card that is attached here and not listed there is asked for by itself: a lost event is repaired."""
    both.customer()
    both.deliver(*both.webhooks())
    (card,) = cards(both)
    both.tick()
    both.stripe.v1.payment_methods.detach(card.stripe_payment_method_id)
    both.webhooks()
    both.tick()
    read_account(both.context, ACCOUNT, "test")
    assert [row.stripe_customer_id for row in cards(both)] == [None]


def test_a_strangers_card_belongs_to_nobody_until_it_is_adopted(both: Bench) -> None:
    """It is mirrored without an account, and follows its customer."""
    stranger = both.post("/v1/customers", email="x@example.com")["id"]
    both.stripe.v1.payment_methods.attach("pm_card_visa", {"customer": stranger})
    both.deliver(*both.webhooks())
    assert [card.account_id for card in cards(both)] == [None]
    both.tick()
    both.post(f"/v1/customers/{stranger}", metadata={"account_id": ACCOUNT})
    both.deliver(*both.webhooks())
    assert [card.account_id for card in cards(both)] == [ACCOUNT]


def test_a_detached_card_is_still_its_accounts(both: Bench) -> None:
    """The event names no customer any more, and is the account's all the same, by the card's own row."""
    both.customer()
    both.deliver(*both.webhooks())
    both.tick()
    raw = both.at_stripe(f"/v1/payment_methods/{cards(both)[0].stripe_payment_method_id}")
    event = both.event("payment_method.detached", raw | {"customer": None})
    both.ingest(event)
    assert (both.stored(event["id"]).state, both.stored(event["id"]).account_id) == ("applied", ACCOUNT)


def test_a_card_lives_on_its_customers_clock(both: Bench) -> None:
    """It names no clock itself; its stamps are the clock's time, so later events of it count as newer."""
    frozen = both.clock.now - timedelta(days=365)
    clock = both.post("/v1/test_helpers/test_clocks", frozen_time=int(frozen.timestamp()))["id"]
    both.use_test_clock(clock)
    both.register("globex")
    both.customer("globex")
    both.deliver(*both.webhooks())
    (card,) = cards(both)
    assert (card.account_id, card.test_clock, card.as_of) == ("globex", clock, frozen)
    both.tick()
    read_account(both.context, "globex", "test")
    (read,) = cards(both)
    assert (read.test_clock, read.as_of, read.fetched_at) == (clock, frozen, both.clock.now)
