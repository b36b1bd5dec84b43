"""What was read from Stripe is what the rules get to see."""

from contextlib import suppress
from dataclasses import MISSING, fields, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.rules.builders import catalog
from tests.rules.strategies import instants, states
from tests.store.builders import NOON, at, event, reading
from tiergate.rules.state import (
    AccountState,
    Customer,
    Grant,
    GrantKind,
    Invoice,
    InvoiceStatus,
    PauseCollection,
    PaymentMethod,
    PendingUpdate,
    Schedule,
    SchedulePhase,
    Subscription,
    SubscriptionItem,
    SubscriptionStatus,
)
from tiergate.rules.timeline import build_timeline
from tiergate.rules.usage_window import window_at
from tiergate.store import Database, Transaction, mirror
from tiergate.store.account_rows import find_account, link_customer, load_state, register
from tiergate.store.grant_rows import close_grant, save_grant
from tiergate.store.load_accounts import FOR_ANSWERS, WHOLE

CUSTOMER = Customer(
    id="cus_1",
    default_payment_method="pm_1",
    email="ada@example.com",
    test_clock="clock_1",
    deleted=True,
    livemode=True,
    metadata={"account_id": "acme", "note": "Zoë, “quoted” & 漢字"},
)

ITEM = SubscriptionItem("si_1", "price_1", 3, at(10), at(20), plan_key="pro", add_on_key="seats")

PAUSE = PauseCollection("void", resumes_at=at(90))

PENDING = PendingUpdate(at(95), (ITEM, SubscriptionItem("si_2", "price_2")))

METHOD = PaymentMethod(
    id="pm_1",
    customer_id="cus_1",
    type="sepa_debit",
    brand="visa",
    last4="4242",
    exp_month=12,
    exp_year=2034,
    fingerprint="f1",
    livemode=True,
)

PHASE = SchedulePhase(at(10), at(20), (ITEM, SubscriptionItem("", "price_2")), trial_end=at(15))

SCHEDULE = Schedule(
    id="sub_sched_1",
    customer_id="cus_1",
    status="active",
    subscription_id="sub_1",
    end_behavior="cancel",
    phases=(PHASE, SchedulePhase(at(20), at(30))),
    test_clock="clock_1",
    livemode=True,
    metadata={"why": "downgrade"},
)

GRANT = Grant(
    id="grant_1",
    kind=GrantKind.OVERRIDE,
    starts_at=at(1),
    ends_at=at(2),
    plan_key="pro",
    features={"seats": 50, "sso": True, "support": "priority"},
    subscription_id="sub_1",
    catalog_version=4,
    note="as agreed",
)

SUBSCRIPTION = Subscription(
    id="sub_1",
    customer_id="cus_1",
    status=SubscriptionStatus.PAST_DUE,
    created_at=at(1),
    plan_key="pro",
    catalog_version=3,
    items=(ITEM, SubscriptionItem("si_2", "price_2", 0, None, None)),
    start_date=at(2),
    trial_start=at(3),
    trial_end=at(4),
    cancel_at=at(5),
    cancel_at_period_end=True,
    canceled_at=at(6),
    ended_at=at(7),
    default_payment_method="pm_2",
    collection_method="send_invoice",
    latest_invoice_id="in_1",
    pause_collection=PAUSE,
    pending_update=PENDING,
    schedule_id="sub_sched_1",
    test_clock="clock_1",
    livemode=True,
    metadata={"plan_key": "pro"},
    observed_at=at(5),
)

INVOICE = Invoice(
    id="in_1",
    customer_id="cus_1",
    status=InvoiceStatus.UNCOLLECTIBLE,
    created_at=at(1),
    subscription_id="sub_1",
    billing_reason="subscription_cycle",
    currency="jpy",
    total=2**40,
    amount_paid=-1,
    amount_due=3,
    attempted=True,
    attempt_count=4,
    finalized_at=at(2),
    due_date=at(3),
    paid_at=at(4),
    next_payment_attempt=at(5),
    number="ACME-0001",
    hosted_invoice_url="https://invoice.example.com/i/1",
    invoice_pdf="https://invoice.example.com/i/1/pdf",
    test_clock="clock_1",
    livemode=True,
    metadata={"account_id": "acme"},
)

BARE = AccountState(
    "acme",
    Customer("cus_1"),
    (Subscription("sub_1", "cus_1", SubscriptionStatus.ACTIVE, NOON, observed_at=at(5)),),
    (Invoice("in_1", "cus_1", InvoiceStatus.DRAFT, NOON),),
    (PaymentMethod("pm_1", None),),
    (Schedule("sub_sched_1", "cus_1", "canceled"),),
    (Grant("grant_1", GrantKind.COMP, NOON),),
    signed_up_at=NOON,
)

FULL = AccountState(
    "acme",
    CUSTOMER,
    (SUBSCRIPTION,),
    (INVOICE,),
    (METHOD,),
    (SCHEDULE,),
    (GRANT,),
    catalog_version=2,
    signed_up_at=NOON,
)


def _save(tx: Transaction, state: AccountState) -> None:
    sighting = event(5, account_id=state.account_id)
    assert state.customer is not None
    mirror.save_customer(tx, state.customer, {}, sighting, NOON)
    for subscription in state.subscriptions:
        mirror.save_subscription(tx, subscription, {"status": str(subscription.status)}, sighting, NOON)
    for invoice in state.invoices:
        mirror.save_invoice(tx, invoice, {"status": str(invoice.status)}, sighting, NOON)
    for method in state.payment_methods:
        mirror.save_payment_method(tx, method, {}, sighting, NOON, test_clock="clock_1")
    for schedule in state.schedules:
        mirror.save_schedule(tx, schedule, {}, sighting, NOON)
    for grant in state.grants:
        save_grant(tx, state.account_id, grant, "ada", NOON)


def _load(tx: Transaction, account_id: str) -> AccountState:
    account = find_account(tx, account_id)
    assert account is not None
    return load_state(tx, account)


@pytest.mark.parametrize("state", [FULL, BARE], ids=["every field given", "only what must be"])
def test_a_state_is_loaded_as_it_was_saved(database: Database, state: AccountState) -> None:
    """All that is mirrored and granted comes back equal, in every field."""
    with database.write() as tx:
        register(tx, "acme", {"catalog_version": state.catalog_version}, NOON)
        link_customer(tx, "acme", "cus_1", None, NOON)
        _save(tx, state)
    with database.read() as tx:
        assert _load(tx, "acme") == state


LEFT_OUT = {
    "customer": {"email", "test_clock", "deleted", "livemode", "metadata"},
    "subscriptions": {"customer_id", "latest_invoice_id", "test_clock", "livemode", "metadata"},
    "invoices": {"customer_id", "billing_reason", "currency", "total", "amount_due", "attempt_count"}
    | {"next_payment_attempt", "number", "hosted_invoice_url", "invoice_pdf"}
    | {"test_clock", "livemode", "metadata"},
    "payment_methods": {field.name for field in fields(PaymentMethod)},
}
"""What no rule about access reads."""


def test_all_that_rules_read_is_loaded_for_answers(database: Database) -> None:
    """For answers alone every field is loaded as it was saved, apart from those that no rule reads."""
    with database.write() as tx:
        register(tx, "acme", {"catalog_version": FULL.catalog_version}, NOON)
        link_customer(tx, "acme", "cus_1", None, NOON)
        _save(tx, FULL)
        account = find_account(tx, "acme")
        assert account is not None
        loaded, _ = FOR_ANSWERS.unpack(tx.dialect, FOR_ANSWERS.load(tx, [account])["acme"])
    for field in fields(AccountState):
        saved, found = getattr(FULL, field.name), getattr(loaded, field.name)
        differing: set[str] = set()
        if saved != found:
            one, other = (
                (saved[0], found[0] if found else None) if isinstance(saved, tuple) else (saved, found)
            )
            differing = {
                part.name
                for part in fields(one)
                if getattr(one, part.name) != getattr(other, part.name, None)
            }
        assert differing == LEFT_OUT.get(field.name, set()), field.name


class UndoneError(Exception):
    """Undoes a transaction."""


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(states(), instants)
def test_answers_rest_on_nothing_that_is_left_out(
    database: Database, state: AccountState, now: datetime
) -> None:
    """What is loaded for answers alone gives the access, and counts in the windows, of the whole state."""
    sold = catalog()
    with suppress(UndoneError), database.write() as tx:
        register(tx, state.account_id, {"signed_up_at": state.signed_up_at}, NOON)
        link_customer(tx, state.account_id, "cus_1", None, NOON)
        _save(tx, replace(state, customer=state.customer or CUSTOMER))
        found = find_account(tx, state.account_id)
        assert found is not None
        whole, part = (
            loading.unpack(tx.dialect, loading.load(tx, [found])[state.account_id])[0]
            for loading in (WHOLE, FOR_ANSWERS)
        )
        timeline = build_timeline(whole, sold)
        assert build_timeline(part, sold) == timeline
        assert len(part.subscriptions) == len(state.subscriptions)
        for feature in sold.every_feature:
            assert window_at(part, timeline, feature, now) == window_at(whole, timeline, feature, now)
        raise UndoneError


@pytest.mark.parametrize(
    "value",
    [CUSTOMER, SUBSCRIPTION, INVOICE, ITEM, PAUSE, PENDING, METHOD, PHASE, SCHEDULE, GRANT, FULL],
    ids=lambda value: type(value).__name__,
)
def test_no_field_is_forgotten_here(value: Any) -> None:
    """The objects of the test above give every field something else than its default."""
    left_out = [
        field.name
        for field in fields(value)
        if field.default is not MISSING and getattr(value, field.name) == field.default
    ]
    assert left_out == []


@pytest.mark.parametrize("status", [*SubscriptionStatus])
def test_every_subscription_status_comes_back(database: Database, status: SubscriptionStatus) -> None:
    """A status is stored in Stripe's own word, and read from it."""
    with database.write() as tx:
        register(tx, "acme", {}, NOON)
        subscription = Subscription("sub_1", "cus_1", status, NOON)
        raw = "hibernating" if status is SubscriptionStatus.UNKNOWN else status.value
        mirror.save_subscription(tx, subscription, {"status": raw}, event(5, account_id="acme"), NOON)
        assert _load(tx, "acme").subscriptions[0].status is status


@pytest.mark.parametrize("status", [*InvoiceStatus])
def test_every_invoice_status_comes_back(database: Database, status: InvoiceStatus) -> None:
    """Likewise for invoices."""
    with database.write() as tx:
        register(tx, "acme", {}, NOON)
        invoice = Invoice("in_1", "cus_1", status, NOON)
        raw = "shredded" if status is InvoiceStatus.UNKNOWN else status.value
        mirror.save_invoice(tx, invoice, {"status": raw}, event(5, account_id="acme"), NOON)
        assert _load(tx, "acme").invoices[0].status is status


def test_a_state_holds_one_account_only(database: Database) -> None:
    """Objects of others and of strangers are not in it; the oldest come first, then by their id."""
    moments = {"sub_d": at(3), "sub_c": at(1), "sub_b": at(1), "sub_a": at(2)}
    with database.write() as tx:
        register(tx, "acme", {}, NOON)
        for object_id, created_at in moments.items():
            mine = replace(SUBSCRIPTION, id=object_id, created_at=created_at)
            mirror.save_subscription(tx, mine, {"status": "active"}, event(5, account_id="acme"), NOON)
        for owner in ("globex", None):
            other = replace(SUBSCRIPTION, id=f"sub_of_{owner}")
            mirror.save_subscription(tx, other, {"status": "active"}, event(5, account_id=owner), NOON)
            bill = replace(INVOICE, id=f"in_of_{owner}")
            sighting = event(5, account_id=owner)
            mirror.save_invoice(tx, bill, {"status": "open"}, sighting, NOON)
            mirror.save_payment_method(tx, replace(METHOD, id=f"pm_of_{owner}"), {}, sighting, NOON)
            mirror.save_schedule(tx, replace(SCHEDULE, id=f"sub_sched_of_{owner}"), {}, sighting, NOON)
        save_grant(tx, "globex", GRANT, "ada", NOON)
        state = _load(tx, "acme")
    assert [subscription.id for subscription in state.subscriptions] == ["sub_b", "sub_c", "sub_a", "sub_d"]
    assert (state.invoices, state.payment_methods, state.schedules, state.grants) == ((), (), (), ())


def test_a_customer_that_nobody_looked_at_is_not_in_the_state(database: Database) -> None:
    """An account without a customer, and one whose customer was never read, have unknown cards."""
    with database.write() as tx:
        register(tx, "acme", {}, NOON)
        assert _load(tx, "acme").customer is None
        link_customer(tx, "acme", "cus_1", None, NOON)
        assert _load(tx, "acme").customer is None


def test_the_state_tells_when_stripe_was_last_heard(database: Database) -> None:
    """``observed_at`` is the stamp of the newest sighting, whether event or reading."""
    with database.write() as tx:
        register(tx, "acme", {}, NOON)
        for sighting in (event(5, received=10, account_id="acme"), reading(6, began=11)):
            mirror.save_subscription(tx, SUBSCRIPTION, {"status": "active"}, sighting, NOON)
            assert _load(tx, "acme").subscriptions[0].observed_at == sighting.as_of
        assert sighting.as_of - NOON == timedelta(seconds=6)


def test_a_grant_that_was_revoked_held_until_then(database: Database) -> None:
    """It can be revoked once, by its own account; before its beginning it leaves nothing."""
    with database.write() as tx:
        register(tx, "acme", {}, NOON)
        for grant_id in ("grant_1", "grant_2", "grant_3", "grant_4"):
            save_grant(tx, "acme", replace(GRANT, id=grant_id, starts_at=NOON, ends_at=at(7)), "ada", NOON)
        assert [close_grant(tx, owner, "grant_1", at(5)) for owner in ("globex", "acme", "acme")] == [
            False,
            True,
            False,
        ]
        assert close_grant(tx, "acme", "grant_3", NOON)
        assert close_grant(tx, "acme", "grant_4", at(9))
        assert [(grant.id, grant.ends_at) for grant in _load(tx, "acme").grants] == [
            ("grant_1", at(5)),
            ("grant_2", at(7)),
            ("grant_4", at(7)),
        ]


def test_the_first_version_of_the_catalogue_stays(database: Database) -> None:
    """An account keeps the version it first got, however often it is made known again."""
    with database.write() as tx:
        register(tx, "acme", {}, NOON)
        for version in (None, 2, 3):
            register(tx, "acme", {"catalog_version": version}, NOON)
        assert _load(tx, "acme").catalog_version == 2
