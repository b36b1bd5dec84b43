"""Personal data: all of it is handed out, all of it can be erased, and none of it comes back by itself."""

import json
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.services.bench import Bench, open_bench
from tiergate.rules.errors import UnknownAccountError
from tiergate.services.access.consume_usage import consume
from tiergate.services.access.explain import explain
from tiergate.services.access.grant_access import GrantDetails, grant_access
from tiergate.services.accounts.acting import Acting
from tiergate.services.accounts.ask_to_upgrade import ask_to_upgrade, still_asked
from tiergate.services.accounts.ensure_customer import ensure_customer
from tiergate.services.accounts.erase_account import AccountStillLiveError, erase_account
from tiergate.services.accounts.export_account import export_account
from tiergate.services.accounts.register_account import Details, register_account
from tiergate.services.accounts.require_account import AccountErasedError
from tiergate.services.accounts.set_billing_email import set_billing_email
from tiergate.services.changes.cancel_subscription import cancel_subscription
from tiergate.services.changes.run_change import Asking
from tiergate.services.checkout.order import Order
from tiergate.services.checkout.start_checkout import start_checkout
from tiergate.services.reconcile.reconcile import reconcile
from tiergate.services.run_due import run_due
from tiergate.services.webhooks import apply_together
from tiergate.services.webhooks.delivery import Arrival
from tiergate.services.webhooks.keep_erased import keep_erased
from tiergate.services.webhooks.read_event import read_event
from tiergate.services.webhooks.take_in import take_in
from tiergate.store import Transaction
from tiergate.store.tables import (
    accounts,
    customers,
    events,
    invoices,
    journal,
    metadata,
    outbox,
    payment_methods,
)

PERSON = "lovelace"
"""What is in everything personal here, and nowhere else."""


def personal(bench: Bench, what: str = PERSON) -> list[str]:
    """Every table of the database, searched: which of them hold it, in whichever column."""
    with bench.context.database.read() as tx:
        return sorted(
            name
            for name, table in metadata.tables.items()
            for row in tx.execute(select(table))
            if what in repr(tuple(row)).lower()
        )


def live(bench: Bench) -> str:
    """Ada's account, with everything that can be known of her; returns her subscription."""
    bench.register("acme", email="ada.lovelace@acme.test", name="Lovelace & Co.")
    card = bench.post(
        "/v1/payment_methods",
        type="card",
        card={"token": "tok_visa"},
        billing_details={"name": "Ada Lovelace", "email": "ada.lovelace@acme.test"},
    )["id"]
    customer = ensure_customer(bench.context, "acme")
    bench.post(f"/v1/payment_methods/{card}/attach", customer=customer)
    bench.post(
        f"/v1/customers/{customer}",
        name="Ada Lovelace",
        email="ada.lovelace@acme.test",
        description="Countess of Lovelace",
        metadata={"called": "Lovelace"},
        invoice_settings={"default_payment_method": card},
    )
    subscription: str = bench.post(
        "/v1/subscriptions",
        customer=customer,
        items=[{"price": bench.price("starter")}],
        metadata={"bought_by": "Ada Lovelace"},
    )["id"]
    bench.tick()
    bench.deliver(*bench.webhooks())
    details = GrantDetails(
        "add_on", features={"seats": 2}, note="for Ada Lovelace", granted_by="lovelace@northwind.test"
    )
    grant_access(bench.context, "acme", details)
    ask_to_upgrade(bench.context, Acting("acme", "member", "byron.lovelace@acme.test"), "team")
    consume(bench.context, "acme", "api_calls", 1, key="ada.lovelace:1")
    set_billing_email(bench.context, "acme", "bills.lovelace@acme.test", "ada.lovelace@acme.test")
    return subscription


def ended(bench: Bench) -> str:
    """The same, after the subscription has ended at Ada's own wish."""
    subscription = live(bench)
    asking = Asking({"action": "cancel", "when": "now"}, "key-of-lovelace", "ada.lovelace@acme.test")
    cancel_subscription(bench.context, "acme", asking, "other", "Farewell, says Lovelace", "now")
    bench.tick()
    bench.deliver(*bench.webhooks())
    run_due(bench.context)
    return subscription


def money(bench: Bench) -> list[Any]:
    """The history of the money, as far as it must stay."""
    names = (
        "stripe_invoice_id",
        "number",
        "status",
        "currency",
        "total",
        "amount_paid",
        "created_at",
        "paid_at",
    )
    return [[getattr(row, name) for name in names] for row in bench.rows(invoices)]


def test_all_of_it_is_exported(both: Bench) -> None:
    """The export is plain JSON, and holds what every table has, the bodies of events too."""
    ended(both)
    exported = json.loads(json.dumps(export_account(both.context, "acme")))
    assert exported["account"]["email"] == "bills.lovelace@acme.test"
    assert exported["payment_methods"][0]["last4"] == "4242"
    assert exported["invoices"][0]["amount_paid"] == both.rows(invoices)[0].amount_paid
    assert exported["grants"][0]["note"] == "for Ada Lovelace"
    assert any(
        event["payload"]["data"]["object"].get("name") == "Ada Lovelace" for event in exported["events"]
    )
    of_tables = {name.removeprefix("tiergate_") for name in personal(both)} - {"accounts"}
    holding = {name for name, rows in exported.items() if PERSON in json.dumps(rows).lower()}
    assert of_tables == holding - {"account"}


def test_nobody_elses_is_exported(both: Bench) -> None:
    """Of another account there is no trace."""
    ended(both)
    both.register("rival", email="boss@rival.test")
    assert PERSON not in json.dumps(export_account(both.context, "rival")).lower()
    assert "rival" not in json.dumps(export_account(both.context, "acme"))
    with pytest.raises(UnknownAccountError):
        export_account(both.context, "nobody")


def test_nothing_personal_is_left_in_any_table(both: Bench) -> None:
    """Every table is searched: names, addresses, cards and what people wrote are gone; the money is not."""
    ended(both)
    assert len(personal(both)) > 10
    before, kinds = money(both), {row.entry_id: row.kind for row in both.rows(journal)}
    erased = erase_account(both.context, "acme", by="a clerk")
    assert personal(both) == []
    assert personal(both, "'4242'") == personal(both, '"4242"') == []
    assert (money(both), erased.is_new) == (before, True)
    told = both.rows(journal)
    assert {row.entry_id: row.kind for row in told if row.entry_id in kinds} == kinds
    (last,) = [row for row in told if row.kind == "erased"]
    assert last.data == {"by": "a clerk", "at_stripe": False}


def test_another_account_is_left_alone(both: Bench) -> None:
    """What is known of others stays as it was."""
    both.register("rival", email="lovelace@rival.test")
    customer = both.customer("rival")
    both.tick()
    both.deliver(*both.webhooks())
    ended(both)
    before = export_account(both.context, "rival")
    erase_account(both.context, "acme")
    after = export_account(both.context, "rival")
    assert {**after, "exported_at": ""} == {**before, "exported_at": ""}
    assert customer in json.dumps(after)


def test_while_a_subscription_runs_nothing_is_erased(both: Bench) -> None:
    """The refusal names the subscription, and leaves everything as it is."""
    subscription = live(both)
    before = personal(both)
    with pytest.raises(AccountStillLiveError, match=subscription):
        erase_account(both.context, "acme", at_stripe=True)
    assert personal(both) == before
    assert not both.at_stripe(f"/v1/customers/{ensure_customer(both.context, 'acme')}").get("deleted")


def test_twice_is_once(both: Bench) -> None:
    """It may be repeated: the first instant stays, and the journal has it once."""
    ended(both)
    first = erase_account(both.context, "acme", by="bills.lovelace@acme.test")
    both.clock.advance(days=1)
    again = erase_account(both.context, "acme", by="lovelace")
    assert (again.erased_at, again.is_new) == (first.erased_at, False)
    assert [row.kind for row in both.rows(journal)].count("erased") == 1
    assert personal(both) == []


def test_later_webhooks_bring_nothing_back(both: Bench) -> None:
    """Stripe goes on telling of the customer: what is stored of it names nobody."""
    ended(both)
    erase_account(both.context, "acme")
    customer = both.rows(accounts)[0].stripe_customer_id
    card = both.post(
        "/v1/payment_methods",
        type="card",
        card={"token": "tok_visa"},
        billing_details={"name": "Ada Lovelace"},
    )["id"]
    both.post(f"/v1/payment_methods/{card}/attach", customer=customer)
    both.post(f"/v1/customers/{customer}", name="Lady Lovelace", email="lady.lovelace@acme.test")
    both.tick()
    detached = both.post(f"/v1/payment_methods/{card}/detach")
    charge = {
        "id": "ch_1",
        "object": "charge",
        "customer": customer,
        "receipt_email": "a@lovelace.test",
    }
    both.deliver(*both.webhooks())
    both.ingest(both.event("charge.succeeded", charge))
    card_of_hers = {**detached, "billing_details": {"name": "Ada Lovelace"}}
    data = {"object": card_of_hers, "previous_attributes": {"customer": customer}}
    both.ingest(both.event("payment_method.detached", card_of_hers, data=data))
    run_due(both.context)
    assert len(both.stored_of("customer.updated")) > 1
    assert all(row.state in ("applied", "noted") for row in both.rows(events))
    assert personal(both) == []
    assert personal(both, "'4242'") == personal(both, '"4242"') == []


@pytest.mark.parametrize("is_alone", [True, False], ids=["alone", "among others"])
@pytest.mark.parametrize("change", ["more items", "no status", "a number out of range", "as it is"])
@pytest.mark.parametrize("is_expanded", [True, False], ids=["expanded", "named"])
def test_nothing_is_kept_of_what_cannot_be_saved_at_once(
    both: Bench, change: str, is_expanded: bool, is_alone: bool
) -> None:
    """Events that are left for later, and those that nothing depends on, are stored without names too."""
    subscription = both.at_stripe(f"/v1/subscriptions/{ended(both)}")
    both.deliver(*both.webhooks())
    erase_account(both.context, "acme")
    both.tick()
    customer = both.at_stripe(f"/v1/customers/{subscription['customer']}")
    whose = {**customer, "name": "Ada Lovelace"} if is_expanded else customer["id"]
    hers = {**subscription, "customer": whose, "metadata": {"for": "Ada Lovelace"}}
    if change == "more items":
        hers["items"] = {**hers["items"], "has_more": True}
    elif change == "no status":
        del hers["status"]
    elif change == "a number out of range":
        hers["number"] = 987654321
    body = json.dumps(both.event("customer.subscription.updated", hers)).replace("987654321", "1e999")
    charge = {"id": "ch_1", "object": "charge", "customer": whose, "receipt_email": "a@lovelace.test"}
    others = [] if is_alone else [json.dumps(both.event("charge.succeeded", charge))]
    arrivals = [read_event(one.encode(), both.clock.now) for one in (body, *others)]
    assert [outcome.error for outcome in take_in(both.context, arrivals)] == [None] * len(arrivals)
    assert personal(both) == []


def test_nothing_is_kept_of_a_second_customer(both: Bench) -> None:
    """Whoever else names the account belongs to it, though its link leads to another customer."""
    ended(both)
    metadata = {"account_id": "acme"}
    second = both.stripe.v1.customers.create({"email": "lovelace@second.test", "metadata": metadata}).id
    both.deliver(*both.webhooks())
    erase_account(both.context, "acme")
    both.tick()
    never_seen = both.stripe.v1.customers.create({"email": "lovelace@third.test", "metadata": metadata}).id
    both.webhooks()
    told = [
        both.event("customer.updated", both.at_stripe(f"/v1/customers/{name}"))
        for name in (second, never_seen)
    ]
    charge = {"id": "ch_1", "object": "charge", "customer": second, "receipt_email": "a@lovelace.test"}
    for event in (*told, both.event("charge.succeeded", charge)):
        both.ingest(event)
    assert personal(both) == []


def test_what_arrives_while_an_account_is_erased_is_erased_too(
    migrated_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Either the erasing finds the event, or the event finds that the account was erased."""
    with open_bench(migrated_postgres_url) as bench, ThreadPoolExecutor(1) as other:
        ended(bench)
        erasing: list[Future[object]] = []

        def keep_erased_and_let_another_erase(tx: Transaction, stored: Sequence[Arrival]) -> None:
            keep_erased(tx, stored)
            erasing.append(other.submit(erase_account, bench.context, "acme"))
            wait(erasing, 0.2)

        monkeypatch.setattr(apply_together, "keep_erased", keep_erased_and_let_another_erase)
        customer = bench.rows(accounts)[0].stripe_customer_id
        charge = {"id": "ch_1", "object": "charge", "customer": customer, "receipt_email": "a@lovelace.test"}
        bench.ingest(bench.event("charge.succeeded", charge))
        erasing[0].result()
        assert personal(bench) == []


def test_comparing_with_stripe_brings_nothing_back(both: Bench) -> None:
    """A customer that was left at Stripe is read there, and what is saved of it names nobody."""
    ended(both)
    erase_account(both.context, "acme")
    both.clock.advance(days=1)
    reconcile(both.context, "acme")
    reconcile(both.context)
    assert personal(both) == []


def test_that_something_was_erased_is_no_difference(both: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """What was erased here and stands at Stripe is not told, not logged and not written: all else is."""
    ended(both)
    erase_account(both.context, "acme")
    both.clock.advance(days=1)
    reconcile(both.context, "acme")
    before = [both.rows(table) for table in (customers, payment_methods, invoices)]
    both.clock.advance(days=1)
    assert reconcile(both.context).count == reconcile(both.context, "acme").count == 0
    assert [both.rows(table) for table in (customers, payment_methods, invoices)] == before
    with both.context.database.write() as tx:
        tx.execute(update(invoices).values(amount_paid=1))
    assert {found.field for found in reconcile(both.context).differences} == {"amount_paid"}
    assert "@" not in caplog.text


def test_the_customer_is_deleted_at_stripe_where_that_is_wanted(both: Bench) -> None:
    """With ``at_stripe`` Stripe deletes it once, however often that is asked for."""
    ended(both)
    customer = both.rows(accounts)[0].stripe_customer_id
    both.line.requests.clear()
    erase_account(both.context, "acme", at_stripe=True)
    erase_account(both.context, "acme", at_stripe=True)
    assert both.line.requests.count(f"DELETE /v1/customers/{customer}") == 1
    assert both.at_stripe(f"/v1/customers/{customer}")["deleted"] is True
    both.tick()
    both.deliver(*both.webhooks())
    assert personal(both) == []


def test_a_lost_answer_of_stripes_is_made_up_for(bench: Bench) -> None:
    """Stripe deleted, and nobody heard of it: the next call finds that out, and erases."""
    ended(bench)
    bench.line.deaf = True
    with pytest.raises(Exception, match="Stripe"):
        erase_account(bench.context, "acme", at_stripe=True)
    assert personal(bench) != []
    bench.line.deaf = False
    erase_account(bench.context, "acme", at_stripe=True)
    assert personal(bench) == []


def test_an_open_checkout_is_closed_first(bench: Bench) -> None:
    """Nobody can buy any more in the name of somebody who is gone."""
    url = start_checkout(bench.context, "acme", Order("team"))
    erase_account(bench.context, "acme")
    session = url.rsplit("/", 1)[1].split("#")[0]
    assert bench.at_stripe(f"/v1/checkout/sessions/{session}")["status"] == "expired"


def test_an_erased_account_begins_nothing_new(bench: Bench) -> None:
    """It is not made known again, gets no customer, and nobody is asked for it."""
    ended(bench)
    erase_account(bench.context, "acme")
    with pytest.raises(AccountErasedError):
        register_account(bench.context, "acme", Details(email="ada.lovelace@acme.test"))
    with pytest.raises(AccountErasedError):
        start_checkout(bench.context, "acme", Order("team"))
    with pytest.raises(AccountErasedError):
        ask_to_upgrade(bench.context, Acting("acme", "member"))
    with pytest.raises(AccountErasedError):
        set_billing_email(bench.context, "acme", "ada.lovelace@acme.test")
    with pytest.raises(AccountErasedError):
        grant_access(bench.context, "acme", GrantDetails("add_on", features={"seats": 2}, note="Lovelace"))
    assert personal(bench) == []


def test_a_wish_is_passed_on_once_a_day(both: Bench) -> None:
    """One person asks for one plan once a day; another plan, person or day is another wish."""
    bob, eve = Acting("acme", "member", "bob@acme.test"), Acting("acme", "member", "eve@acme.test")
    asked = [
        ask_to_upgrade(both.context, who, plan)
        for who, plan in [(bob, "team"), (bob, "team"), (bob, "scale"), (bob, None), (eve, "team")]
    ]
    both.clock.advance(days=1)
    asked.append(ask_to_upgrade(both.context, bob, "team"))
    assert asked == [True, False, True, True, True, True]
    sent = [row.payload for row in both.rows(outbox) if row.kind == "upgrade_asked"]
    assert len(sent) == 5
    assert {"by": "bob@acme.test", "plan": "scale", "interval": None} in sent
    assert [row.kind for row in both.rows(journal)].count("upgrade_asked") == 5


def test_without_an_address_a_wish_is_shown_all_the_same(bench: Bench) -> None:
    """No message is entered that could go nowhere; the owners find the wish on their page."""
    bench.register("silent")
    assert ask_to_upgrade(bench.context, Acting("silent", "member"))
    assert [row.kind for row in bench.rows(outbox)].count("upgrade_asked") == 0
    told = explain(bench.context, "silent")
    assert [each.plan for each in still_asked(told.journal, told.at)] == [None]


def test_a_wish_is_over_in_time(bench: Bench) -> None:
    """Each plan is wished for once, by whoever was last; after a week, or with another plan, it is over."""
    bench.register("acme")
    bob, eve = Acting("acme", "member", "bob"), Acting("acme", "member", "eve")
    for who, plan in [(bob, "team"), (bob, "scale"), (eve, "team")]:
        ask_to_upgrade(bench.context, who, plan, "year")

    def wishes() -> list[tuple[str, str | None, str | None]]:
        told = explain(bench.context, "acme")
        return [(each.by, each.plan, each.interval) for each in still_asked(told.journal, told.at)]

    assert wishes() == [("eve", "team", "year"), ("bob", "scale", "year")]
    bench.clock.advance(days=6)
    assert len(wishes()) == 2
    bench.clock.advance(days=1)
    assert wishes() == []
    ask_to_upgrade(bench.context, bob, "team")
    assert wishes() == [("bob", "team", None)]
    grant_access(bench.context, "acme", GrantDetails("comp", plan_key="team"))
    assert wishes() == []
