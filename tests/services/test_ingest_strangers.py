"""What concerns no account is accepted, noted, and opens nothing; what does is found by its links."""

import json
from typing import Any

import pytest
from sqlalchemy import text

from tests.services.bench import ACCOUNT, Bench, LineGateway
from tiergate.rules.errors import UnknownAccountError
from tiergate.rules.instants import to_unix_seconds
from tiergate.services.mirror.read_from_stripe import read_object
from tiergate.services.reconcile.reconcile import reconcile
from tiergate.services.webhooks.delivery import Need
from tiergate.store.tables import accounts, subscriptions


def stranger(bench: Bench, price: str = "", **params: Any) -> str:
    """A subscription that somebody made at Stripe for a customer of their own."""
    card = {"default_payment_method": "pm_card_visa"}
    customer = bench.post("/v1/customers", payment_method="pm_card_visa", invoice_settings=card)["id"]
    items = [{"price": price or foreign_price(bench)}]
    return str(bench.post("/v1/subscriptions", customer=customer, items=items, **params)["id"])


def foreign_price(bench: Bench) -> str:
    """A price that is none of ours."""
    product = bench.post("/v1/products", name="Something else")["id"]
    monthly = {"interval": "month"}
    price = bench.post("/v1/prices", product=product, currency="usd", unit_amount=1500, recurring=monthly)
    return str(price["id"])


def test_a_strangers_purchase_is_mirrored_without_an_account(both: Bench) -> None:
    """A stranger's objects are mirrored and give nobody access (stripe-firebase-extensions#109)."""
    subscription_id = stranger(both)
    both.deliver(*both.webhooks())
    row = both.mirrored(subscription_id)
    assert (row.account_id, row.plan_key, row.status) == (None, None, "active")
    assert both.reason() == "no_subscription"
    with both.context.database.read() as tx:
        seen = tx.execute(text("SELECT account_id, plan_key, status FROM subscriptions")).all()
    assert [tuple(found) for found in seen] == [(None, None, "active")]
    assert [stored.note for stored in both.stored_of("customer.subscription.created")] == [
        "a stranger's: no account"
    ]


def test_our_price_in_strange_hands_opens_nothing(bench: Bench) -> None:
    """A stranger who bought one of our prices is shown with the plan, and belongs to no account."""
    subscription_id = stranger(bench, price=bench.price("team"))
    bench.deliver(*bench.webhooks())
    row = bench.mirrored(subscription_id)
    assert (row.account_id, row.plan_key) == (None, "team")
    assert [found.account_id for found in bench.rows(accounts)] == [ACCOUNT]


def test_an_unknown_account_in_the_metadata_opens_nothing(bench: Bench) -> None:
    """Metadata that names an account nobody registered creates none."""
    subscription_id = stranger(bench, metadata={"account_id": "ghost"})
    bench.deliver(*bench.webhooks())
    assert bench.mirrored(subscription_id).account_id is None
    with pytest.raises(UnknownAccountError):
        bench.explain("ghost")


@pytest.mark.parametrize(
    ("event_type", "thing"),
    [
        ("invoice.upcoming", {"object": "invoice", "customer": "cus_1", "amount_due": 100}),
        ("charge.dispute.created", {"id": "dp_1", "object": "dispute"}),
        ("something.invented.tomorrow", {"id": "new_1", "object": "something.new"}),
        ("balance.available", {"object": "balance", "available": []}),
    ],
)
def test_what_nobody_needs_is_noted(bench: Bench, event_type: str, thing: dict[str, Any]) -> None:
    """Unknown types, and objects without an id, are stored and closed (sync-engine#121, bitwarden#3128)."""
    event = bench.event(event_type, thing)
    bench.ingest(event)
    row = bench.stored(event["id"])
    assert (row.state in ("applied", "noted"), row.attempts, row.next_attempt_at) == (True, 0, None)
    assert row.processed_at == bench.clock.now
    assert bench.line.requests == []


def test_an_upcoming_invoice_says_why_it_was_noted(bench: Bench) -> None:
    """`invoice.upcoming` has no id; the note says so."""
    event = bench.event("invoice.upcoming", {"object": "invoice", "customer": "cus_1", "lines": {"data": []}})
    bench.ingest(event)
    assert (bench.stored(event["id"]).state, bench.stored(event["id"]).note) == (
        "noted",
        "has no object of its own",
    )


def test_an_invoice_without_a_subscription_touches_no_access(bench: Bench) -> None:
    """A one-off invoice, open and attempted, neither restricts nor opens anything (fxa#10828)."""
    customer = bench.customer()
    bench.subscribe()
    bench.deliver(*bench.webhooks())
    bench.stripe.v1.invoice_items.create({"customer": customer, "amount": 2000, "currency": "usd"})
    one_off = bench.stripe.v1.invoices.create(
        {"customer": customer, "pending_invoice_items_behavior": "include", "auto_advance": False}
    )
    bench.stripe.v1.invoices.finalize_invoice(one_off.id)
    failed = bench.at_stripe(f"/v1/invoices/{one_off.id}") | {"attempted": True, "attempt_count": 1}
    bench.tick()
    bench.ingest(bench.event("invoice.payment_failed", failed))
    assert one_off.id in {invoice.id for invoice in bench.explain().state.invoices}
    assert bench.reason() == "active"


@pytest.mark.parametrize(
    "livemode", [True, False], ids=["live event in test mode", "test event in live mode"]
)
def test_the_other_mode_opens_nothing(bench: Bench, livemode: bool) -> None:
    """Events of the other mode are noted and never applied: a test purchase cannot open production."""
    active = bench.at_stripe(f"/v1/subscriptions/{bench.subscribe()}")
    if not livemode:
        bench.use_gateway(LineGateway(bench.line, "sk_live_the_bench"))
    event = bench.event("customer.subscription.created", active | {"livemode": livemode}, livemode=livemode)
    bench.ingest(event)
    row = bench.stored(event["id"])
    assert (row.state, row.note) == ("noted", f"other mode: {'live' if livemode else 'test'}")
    assert bench.rows(subscriptions) == []
    assert bench.reason() == "no_subscription"


def test_the_customer_is_enough(bench: Bench) -> None:
    """A dashboard's subscription, without metadata, is found by its customer (kobo#6712, 2anki#3320)."""
    subscription_id = bench.subscribe()
    bench.deliver(bench.webhook("customer.subscription.created"))
    row = bench.mirrored(subscription_id)
    assert json.loads(json.dumps(row.metadata)) == {}
    assert (row.account_id, row.plan_key) == (ACCOUNT, "team")


def test_metadata_is_enough(bench: Bench) -> None:
    """A customer of Stripe's own making becomes the account's by the subscription's metadata, once."""
    first = stranger(bench, metadata={"account_id": ACCOUNT}, price=bench.price("team"))
    bench.deliver(*bench.webhooks())
    assert bench.mirrored(first).account_id == ACCOUNT
    assert bench.explain().account.stripe_customer_id == bench.mirrored(first).stripe_customer_id
    assert bench.reason() == "active"


def test_a_second_customer_does_not_replace_the_first(bench: Bench) -> None:
    """What metadata says gives access, but the account keeps its one customer (better-auth#7239)."""
    own = bench.customer()
    other = stranger(bench, metadata={"account_id": ACCOUNT}, price=bench.price("team"))
    bench.deliver(*bench.webhooks())
    assert bench.mirrored(other).account_id == ACCOUNT
    assert bench.explain().account.stripe_customer_id == own


@pytest.mark.parametrize("has_another", [False, True])
def test_a_customer_may_be_named_after_its_purchase(both: Bench, *, has_another: bool) -> None:
    """As soon as a customer names an account, what it bought before is the account's, in whatever order."""
    if has_another:
        both.customer()
    bought = stranger(both, price=both.price("team"))
    both.deliver(*both.webhooks())
    assert (both.mirrored(bought).account_id, both.reason()) == (None, "no_subscription")
    both.tick()
    customer = both.mirrored(bought).stripe_customer_id
    both.stripe.v1.customers.update(customer, {"metadata": {"account_id": ACCOUNT}})
    both.deliver(*both.webhooks())
    assert (both.mirrored(bought).account_id, both.reason()) == (ACCOUNT, "active")


@pytest.mark.parametrize("learnt", ["told", "read", "told on a test clock", "reconciled"])
def test_the_customer_wins_over_the_metadata(bench: Bench, learnt: str) -> None:
    """A subscription of one account's customer stays that account's, whatever its metadata claims."""
    if learnt == "told on a test clock":
        clock = bench.post("/v1/test_helpers/test_clocks", frozen_time=to_unix_seconds(bench.clock.now))
        bench.use_test_clock(clock["id"])
    bench.register("rival")
    customer = bench.customer("rival")
    metadata = {"account_id": ACCOUNT, "plan_key": "scale"}
    items = [{"price": bench.price("team")}]
    created = str(bench.post("/v1/subscriptions", customer=customer, items=items, metadata=metadata)["id"])
    told = bench.webhooks()
    if learnt == "read":
        read_object(bench.context, Need("subscription", created), cause="a doubt")
    elif learnt == "reconciled":
        reconcile(bench.context)
    else:
        bench.deliver(*told)
    assert (bench.mirrored(created).account_id, bench.mirrored(created).plan_key) == ("rival", "team")
    assert (bench.reason(), bench.reason("rival")) == ("no_subscription", "active")


def test_metadata_names_the_plan_of_an_unmapped_price(bench: Bench) -> None:
    """Where a price is not mapped, our metadata fills in; where it is, the price decides."""
    customer = bench.customer()
    created = bench.stripe.v1.subscriptions.create(
        {
            "customer": customer,
            "items": [{"price": foreign_price(bench)}],
            "metadata": {"plan_key": "team"},
        }
    )
    bench.deliver(*bench.webhooks())
    assert bench.mirrored(created.id).plan_key == "team"
    assert bench.explain().phase.plan_key == "team"


def test_an_unmapped_price_is_refused_and_said(bench: Bench) -> None:
    """A subscription to a price that nobody mapped gives nothing, and the reason says so."""
    bench.stripe.v1.subscriptions.create(
        {"customer": bench.customer(), "items": [{"price": foreign_price(bench)}]}
    )
    bench.deliver(*bench.webhooks())
    assert bench.reason() == "unmapped_price"
    assert bench.explain().phase.plan_key == "free"
