"""Objects of every API version since 2020 read as the same state."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.stripe_api.shapes import INVOICES, SUBSCRIPTIONS, VERSIONS
from tiergate.rules.state import (
    Customer,
    Invoice,
    InvoiceStatus,
    PauseCollection,
    PendingUpdate,
    Subscription,
    SubscriptionItem,
    SubscriptionStatus,
)
from tiergate.stripe_api.read_shapes import read_customer, read_invoice, read_subscription

Json = dict[str, Any]


def _at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


SUBSCRIPTION = Subscription(
    id="sub_1",
    customer_id="cus_1",
    status=SubscriptionStatus.TRIALING,
    created_at=_at(1772359200),
    items=(SubscriptionItem("si_1", "price_pro", 3, _at(1772359200), _at(1773568800)),),
    start_date=_at(1772359200),
    trial_start=_at(1772359200),
    trial_end=_at(1773568800),
    cancel_at=_at(1773568800),
    cancel_at_period_end=True,
    canceled_at=_at(1772359300),
    default_payment_method="pm_1",
    latest_invoice_id="in_1",
    pause_collection=PauseCollection("void", _at(1773655200)),
    schedule_id="sub_sched_1",
    metadata={"account_id": "acme", "plan_key": "pro"},
)

INVOICE = Invoice(
    id="in_1",
    customer_id="cus_1",
    status=InvoiceStatus.PAID,
    created_at=_at(1772359200),
    subscription_id="sub_1",
    billing_reason="subscription_cycle",
    currency="eur",
    total=2900,
    amount_paid=2900,
    amount_due=2900,
    attempted=True,
    attempt_count=1,
    finalized_at=_at(1772362800),
    paid_at=_at(1772362805),
    number="ACME-0002",
    hosted_invoice_url="https://invoice.stripe.com/i/acct_1/test_1",
    invoice_pdf="https://pay.stripe.com/invoice/acct_1/test_1/pdf",
    metadata={"account_id": "acme", "plan_key": "pro"},
)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_subscription_of_any_version(version: str) -> None:
    """The period on itself or on its items makes no difference: dj-stripe#2196, lilypad#723."""
    read = read_subscription(SUBSCRIPTIONS[version])
    assert read == SUBSCRIPTION
    assert read.current_period_end == _at(1773568800)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_invoice_of_any_version(version: str) -> None:
    """Its subscription on itself or under ``parent`` makes no difference."""
    assert read_invoice(INVOICES[version]) == INVOICE


def test_a_subscription_that_carries_both_shapes() -> None:
    """Where the period stands in both places the items' counts: they may differ from each other."""
    raw = {**SUBSCRIPTIONS["2025-03-31.basil"], "current_period_start": 1, "current_period_end": 2}
    assert read_subscription(raw) == SUBSCRIPTION


def test_an_invoice_that_carries_both_shapes() -> None:
    """Where the subscription is named twice the newer place counts."""
    assert read_invoice({**INVOICES["2026-10-28.endive"], "subscription": "sub_old"}) == INVOICE


def test_items_may_have_different_periods() -> None:
    """Each item keeps its own; the first boundary of all is the subscription's."""
    items = [
        {"id": "si_1", "price": {"id": "price_1"}, "current_period_start": 10, "current_period_end": 40},
        {"id": "si_2", "price": {"id": "price_2"}, "current_period_start": 20, "current_period_end": 30},
    ]
    read = read_subscription({**SUBSCRIPTIONS["2026-10-28.endive"], "items": {"data": items}})
    assert [item.price_id for item in read.items] == ["price_1", "price_2"]
    assert (read.current_period_start, read.current_period_end) == (_at(20), _at(30))


@pytest.mark.parametrize(
    ("told", "quantity"), [({}, 1), ({"quantity": None}, 1), ({"quantity": 0}, 0), ({"quantity": 7}, 7)]
)
def test_the_quantity_of_an_item(told: Json, quantity: int) -> None:
    """A metered item has none and counts once; none of something is none."""
    item = {"id": "si_1", "price": {"id": "price_1"}, **told}
    read = read_subscription({**SUBSCRIPTIONS["2026-10-28.endive"], "items": {"data": [item]}})
    assert read.items[0].quantity == quantity


BARE: Json = {"id": "sub_1", "customer": "cus_1", "status": "active", "created": 1772359200}


@pytest.mark.parametrize("items", [{}, {"items": None}, {"items": {}}, {"items": {"data": []}}], ids=str)
def test_a_subscription_with_nothing_but_what_it_must_have(items: Json) -> None:
    """Missing keys are no trouble, and mean what Stripe's defaults mean."""
    expected = Subscription("sub_1", "cus_1", SubscriptionStatus.ACTIVE, _at(1772359200))
    assert read_subscription({**BARE, **items}) == expected


def test_nulls_mean_nothing() -> None:
    """A key that is null reads like one that is missing: ``trial_end`` too, cashier#1824."""
    names = [
        *("start_date", "trial_start", "trial_end", "cancel_at", "canceled_at", "ended_at", "metadata"),
        *("default_payment_method", "default_source", "latest_invoice", "test_clock", "items"),
        *("livemode", "cancel_at_period_end", "collection_method"),
        *("pause_collection", "schedule", "pending_update"),
    ]
    assert read_subscription({**BARE, **dict.fromkeys(names)}) == read_subscription(BARE)


def test_a_change_that_waits_for_its_payment() -> None:
    """A pending update has the items as they will be, and when Stripe drops it; others name no items."""
    item = {"id": "si_1", "price": {"id": "price_bigger"}, "quantity": 4}
    pending = {"expires_at": 1773655300, "subscription_items": [item], "trial_end": None}
    read = read_subscription({**BARE, "pending_update": pending}).pending_update
    assert read == PendingUpdate(_at(1773655300), (SubscriptionItem("si_1", "price_bigger", 4),))
    bare = read_subscription({**BARE, "pending_update": {"subscription_items": None}}).pending_update
    assert bare == PendingUpdate()


def test_collection_may_be_paused_for_good() -> None:
    """A pause without an end has none."""
    read = read_subscription({**BARE, "pause_collection": {"behavior": "keep_as_draft", "resumes_at": None}})
    assert read.pause_collection == PauseCollection("keep_as_draft")


def test_a_status_of_tomorrow_is_unknown() -> None:
    """A word that this code does not know is never taken for one that it knows."""
    assert read_subscription({**BARE, "status": "hibernating"}).status is SubscriptionStatus.UNKNOWN
    invoice = {**INVOICES["2026-10-28.endive"], "status": "shredded"}
    assert read_invoice(invoice).status is InvoiceStatus.UNKNOWN


@pytest.mark.parametrize(
    "reference", [lambda i: i, lambda i: {"id": i, "object": "x"}], ids=["id", "expanded"]
)
def test_references_may_be_expanded(reference: Callable[[str], object]) -> None:
    """An object in place of its id is the same reference, everywhere."""
    subscription = read_subscription(
        BARE
        | {
            "customer": reference("cus_1"),
            "default_payment_method": reference("pm_1"),
            "latest_invoice": reference("in_1"),
            "test_clock": reference("clock_1"),
            "schedule": reference("sub_sched_1"),
            "items": {"data": [{"id": "si_1", "price": reference("price_1")}]},
        }
    )
    assert (subscription.customer_id, subscription.default_payment_method) == ("cus_1", "pm_1")
    assert (subscription.latest_invoice_id, subscription.test_clock) == ("in_1", "clock_1")
    assert (subscription.items[0].price_id, subscription.schedule_id) == ("price_1", "sub_sched_1")
    parent = {"subscription_details": {"subscription": reference("sub_1")}}
    for place in ({"subscription": reference("sub_1")}, {"parent": parent}):
        raw = {"id": "in_1", "customer": reference("cus_1"), "created": 1, "status": "open", **place}
        invoice = read_invoice(raw)
        assert (invoice.customer_id, invoice.subscription_id) == ("cus_1", "sub_1")
    settings = {"default_payment_method": reference("pm_1")}
    customer = read_customer(
        {"id": "cus_1", "invoice_settings": settings, "test_clock": reference("clock_1")}
    )
    assert (customer.default_payment_method, customer.test_clock) == ("pm_1", "clock_1")
    assert (
        read_customer({"id": "cus_1", "default_source": reference("card_1")}).default_payment_method
        == "card_1"
    )


def test_a_payment_method_goes_before_an_old_card() -> None:
    """Where both are set Stripe charges the payment method; an old card alone is charged as well."""
    assert read_subscription({**BARE, "default_source": "card_1"}).default_payment_method == "card_1"
    both = {"default_payment_method": "pm_1", "default_source": "card_1"}
    assert read_subscription({**BARE, **both}).default_payment_method == "pm_1"
    customer = {
        "id": "cus_1",
        "invoice_settings": {"default_payment_method": "pm_1"},
        "default_source": "card_1",
    }
    assert read_customer(customer).default_payment_method == "pm_1"


def test_the_plan_of_old_items_stands_for_the_price() -> None:
    """An item that has only a ``plan`` bears its id: the two name the same thing."""
    read = read_subscription({**BARE, "items": {"data": [{"id": "si_1", "plan": {"id": "plan_1"}}]}})
    assert read.items[0].price_id == "plan_1"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_one_off_invoice_has_no_subscription(version: str) -> None:
    """It is read, and touches no subscription: fxa#10828."""
    raw = {**INVOICES[version], "billing_reason": "manual", "parent": None, "subscription": None}
    raw["subscription_details"] = None
    read = read_invoice(raw)
    assert (read.subscription_id, read.metadata, read.billing_reason) == (None, {}, "manual")


def test_an_invoice_with_nothing_but_what_it_must_have() -> None:
    """Missing and null keys are no trouble."""
    bare = {"id": "in_1", "customer": "cus_1", "created": 1772359200, "status": "draft"}
    expected = Invoice("in_1", "cus_1", InvoiceStatus.DRAFT, _at(1772359200))
    assert read_invoice(bare) == expected
    nulls = dict.fromkeys(INVOICES["2026-10-28.endive"].keys() - bare.keys())
    assert read_invoice({**bare, **nulls}) == expected


def test_an_invoice_of_an_account_without_a_customer_object() -> None:
    """An invoice whose customer is null belongs to nobody that we know."""
    raw = {"id": "in_1", "customer": None, "created": 1772359200, "status": "open"}
    assert read_invoice(raw).customer_id == ""


def test_an_invoice_that_waits_to_be_paid() -> None:
    """Its due date and the next attempt are instants."""
    raw = {**INVOICES["2026-10-28.endive"], "due_date": 1772400000, "next_payment_attempt": 1772500000}
    read = read_invoice(raw)
    assert (read.due_date, read.next_payment_attempt) == (_at(1772400000), _at(1772500000))


def test_a_customer() -> None:
    """Its card, address, clock, mode and metadata are read."""
    raw = {
        "id": "cus_1",
        "object": "customer",
        "email": "ada@example.com",
        "invoice_settings": {"default_payment_method": "pm_1"},
        "default_source": None,
        "livemode": True,
        "test_clock": "clock_1",
        "metadata": {"account_id": "acme"},
    }
    expected = Customer(
        "cus_1", "pm_1", "ada@example.com", "clock_1", livemode=True, metadata={"account_id": "acme"}
    )
    assert read_customer(raw) == expected


def test_a_deleted_customer() -> None:
    """Nothing is left of it but its id: no card, so nothing is charged any more."""
    raw = {"id": "cus_1", "object": "customer", "deleted": True}
    assert read_customer(raw) == Customer("cus_1", deleted=True)


@pytest.mark.parametrize("livemode", [True, False])
def test_the_mode_is_read(livemode: bool) -> None:
    """Test objects are told from real ones."""
    assert read_subscription({**BARE, "livemode": livemode}).livemode is livemode
    assert read_invoice({**INVOICES["2026-10-28.endive"], "livemode": livemode}).livemode is livemode


def test_instants_are_aware_and_in_utc() -> None:
    """On a machine of any zone a second is the same instant: dub#4006."""
    read = read_subscription({**BARE, "trial_end": 1773568800})
    assert read.trial_end is not None
    assert read.trial_end.isoformat() == "2026-03-15T10:00:00+00:00"
