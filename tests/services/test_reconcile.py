"""Reconcile: the mirror against Stripe, field by field."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Table, delete, update

from tests.services.bench import ACCOUNT, Bench
from tiergate.rules.errors import UnknownAccountError
from tiergate.rules.instants import to_unix_seconds
from tiergate.services.mirror.read_from_stripe import BeingReadError, reading_lease
from tiergate.services.reconcile.differences import Difference
from tiergate.services.reconcile.reconcile import Reconciled, reconcile
from tiergate.store.tables import customers, events, invoices, payment_methods, subscriptions, test_clocks


def written(bench: Bench) -> dict[str, list[Any]]:
    """Return every row of the mirror, to see whether anything was written."""
    mirror: list[Table] = [customers, subscriptions, invoices, payment_methods]
    return {table.name: bench.rows(table) for table in mirror}


def fields(report: Reconciled) -> set[tuple[str, str]]:
    """Return which fields differed."""
    return {(found.kind, found.field) for found in report.differences}


@pytest.fixture
def lived(both: Bench) -> Bench:
    """A bench on which `acme` has a paid subscription, told by webhooks."""
    both.subscribe("team")
    both.tick()
    both.deliver(*both.webhooks())
    reconcile(both.context, ACCOUNT)
    return both


def test_what_agrees_is_not_written(lived: Bench) -> None:
    """Where nothing differs nothing is written, whether one account is compared or all of them."""
    reconcile(lived.context)
    before = written(lived)
    lived.tick()
    assert reconcile(lived.context, ACCOUNT).count == 0
    assert reconcile(lived.context).count == 0
    assert written(lived) == before


@pytest.mark.parametrize("account", [ACCOUNT, None], ids=["one account", "everything"])
def test_lost_webhooks_are_made_good(lived: Bench, account: str | None) -> None:
    """A cancellation whose webhook was lost is found, told with both values, and repaired."""
    subscription_id = lived.rows(subscriptions)[0].stripe_subscription_id
    lived.stripe.v1.subscriptions.cancel(subscription_id)
    lived.webhooks()
    lived.tick()
    told: list[Difference] = []
    report = reconcile(lived.context, account, tell=told.append)
    assert report.differences == told
    status = next(found for found in told if found.field == "status")
    assert (status.ours, status.stripes, status.account_id) == ("active", "canceled", ACCOUNT)
    assert lived.mirrored(subscription_id).status == "canceled"
    assert lived.reason() == "canceled"
    assert reconcile(lived.context, account).count == 0


@pytest.mark.parametrize("account", [ACCOUNT, None], ids=["one account", "everything"])
def test_a_dry_run_repairs_nothing(lived: Bench, account: str | None) -> None:
    """A dry run tells the same differences and leaves every row as it was."""
    with lived.context.database.write() as tx:
        tx.execute(update(subscriptions).values(status="past_due"))
    before = written(lived)
    assert ("subscription", "status") in fields(reconcile(lived.context, account, dry_run=True))
    assert written(lived) == before


@pytest.mark.parametrize("account", [ACCOUNT, None], ids=["one account", "everything"])
def test_a_dry_run_tells_each_difference_once(lived: Bench, account: str | None) -> None:
    """An invoice is met with its subscription and among the invoices: as one difference, as in a repair."""
    with lived.context.database.write() as tx:
        tx.execute(delete(invoices))
    tried = reconcile(lived.context, account, dry_run=True)
    assert tried.count == len(set(tried.differences)) == reconcile(lived.context, account).count > 0


@pytest.mark.parametrize("account", [ACCOUNT, None], ids=["one account", "everything"])
def test_what_was_never_mirrored_is_added(lived: Bench, account: str | None) -> None:
    """An account whose every webhook was lost has everything after one reconcile."""
    before = lived.explain().timeline.phases
    with lived.context.database.write() as tx:
        for table in (subscriptions, invoices, payment_methods, events):
            tx.execute(delete(table))
    assert lived.reason() == "no_subscription"
    lived.tick()
    report = reconcile(lived.context, account)
    assert {found.ours for found in report.differences} == {"missing"}
    assert lived.reason() == "active"
    assert [phase.plan_key for phase in lived.explain().timeline.phases] == [p.plan_key for p in before]


def test_cards_are_compared(lived: Bench) -> None:
    """A card that was replaced at Stripe is known by its last four digits after a reconcile."""
    customer = lived.rows(customers)[0].stripe_customer_id
    card = lived.stripe.v1.payment_methods.attach("pm_card_mastercard", {"customer": customer})
    lived.stripe.v1.customers.update(customer, {"invoice_settings": {"default_payment_method": card.id}})
    lived.webhooks()
    lived.tick()
    assert ("customer", "default_payment_method") in fields(reconcile(lived.context, ACCOUNT))
    assert {(row.brand, row.last4) for row in lived.rows(payment_methods)} >= {("mastercard", "4444")}


@pytest.mark.parametrize("account", [ACCOUNT, None], ids=["one account", "everything"])
def test_a_card_that_was_taken_away_unheard_is_noted(lived: Bench, account: str | None) -> None:
    """The default card was detached: it is told whose it was, and it can be charged no more."""
    card = lived.rows(customers)[0].default_payment_method
    lived.stripe.v1.payment_methods.detach(card)
    lived.webhooks()
    lived.tick()
    found = {(one.kind, one.field, one.account_id) for one in reconcile(lived.context, account).differences}
    assert found >= {
        ("customer", "default_payment_method", ACCOUNT),
        ("payment_method", "customer_id", ACCOUNT),
    }
    assert [row.stripe_customer_id for row in lived.rows(payment_methods)] == [None]
    assert reconcile(lived.context, account).count == 0


def test_an_invoice_that_was_paid_meanwhile_is_closed(lived: Bench) -> None:
    """An invoice that we hold open and Stripe's list leaves out is asked for by its id."""
    with lived.context.database.write() as tx:
        tx.execute(update(invoices).values(status="open", attempted=True))
    lived.tick()
    assert ("invoice", "status") in fields(reconcile(lived.context))
    assert {row.status for row in lived.rows(invoices)} == {"paid"}


def test_finding_nothing_takes_nothing_away(lived: Bench) -> None:
    """A subscription that Stripe does not know (any more) is reported, and access stays (engram#361)."""
    with lived.context.database.write() as tx:
        tx.execute(update(subscriptions).values(stripe_subscription_id="sub_of_another_life"))
    report = reconcile(lived.context)
    gone = [found for found in report.differences if found.object_id == "sub_of_another_life"]
    assert [(found.ours, found.stripes) for found in gone] == [("present", "missing")]
    assert lived.mirrored_ids() >= {"sub_of_another_life"}
    assert lived.reason() == "active"


def test_a_difference_is_announced_once(lived: Bench) -> None:
    """What a reconcile repairs is journalled, with the reconcile as its cause, and not again by the next."""
    lived.stripe.v1.subscriptions.cancel(lived.rows(subscriptions)[0].stripe_subscription_id)
    lived.webhooks()
    lived.tick()
    for _ in range(2):
        reconcile(lived.context)
        reconcile(lived.context, ACCOUNT)
    changes = [entry for entry in lived.explain().journal if entry.kind == "access_changed"]
    assert [entry.cause for entry in changes][-1] == "reconcile"
    assert len([entry for entry in changes if entry.data["to"]["reason"] == "canceled"]) == 1


def test_an_unknown_account_is_refused(bench: Bench) -> None:
    """An account that was never made known cannot be reconciled."""
    with pytest.raises(UnknownAccountError):
        reconcile(bench.context, "nobody")


def test_accounts_on_test_clocks_are_compared_too(bench: Bench) -> None:
    """Stripe's lists leave out what lives on test clocks: those accounts are compared one by one."""
    clock = bench.post("/v1/test_helpers/test_clocks", frozen_time=to_unix_seconds(bench.clock.now))
    bench.use_test_clock(clock["id"])
    bench.register("globex")
    subscription_id = bench.subscribe("team", "globex")
    bench.deliver(*bench.webhooks())
    bench.stripe.v1.subscriptions.cancel(subscription_id)
    bench.webhooks()
    bench.tick()
    assert ("subscription", "status") in fields(reconcile(bench.context))
    assert bench.mirrored(subscription_id).status == "canceled"
    assert reconcile(bench.context).count == 0


def test_an_account_that_is_being_read_is_refused(lived: Bench) -> None:
    """While somebody else reads an account a reconcile of it does not claim that all is well."""
    customer = lived.rows(customers)[0].stripe_customer_id
    with reading_lease(lived.context, f"all of {customer}"), pytest.raises(BeingReadError):
        reconcile(lived.context, ACCOUNT)


def test_a_busy_account_does_not_hold_up_the_next(both: Bench) -> None:
    """Where everything is compared, an account on a test clock that somebody reads is named and left out."""
    clock = both.post("/v1/test_helpers/test_clocks", frozen_time=to_unix_seconds(both.clock.now))
    both.use_test_clock(clock["id"])
    for account in ("busy", "globex"):
        both.register(account)
        both.stripe.v1.subscriptions.cancel(both.subscribe("team", account))
    both.webhooks()
    both.tick()
    with reading_lease(both.context, f"all of {both.customer_without_card('busy')}"):
        report = reconcile(both.context)
    assert report.left_out == ["busy"]
    assert {row.account_id for row in both.rows(subscriptions)} == {"globex"}
    again = reconcile(both.context)
    assert (again.left_out, {found.account_id for found in again.differences}) == ([], {"busy"})


@pytest.fixture
def clocked(both: Bench) -> Bench:
    """A bench on which `globex` lives on a test clock that has gone on by nine days, untold."""
    clock = both.post("/v1/test_helpers/test_clocks", frozen_time=to_unix_seconds(both.clock.now))
    both.use_test_clock(clock["id"])
    both.register("globex")
    both.customer("globex")
    both.deliver(*both.webhooks())
    later = to_unix_seconds(both.clock.now + timedelta(days=9))
    both.post(f"/v1/test_helpers/test_clocks/{clock['id']}/advance", frozen_time=later)
    both.webhooks()
    return both


@pytest.mark.parametrize("account", ["globex", None], ids=["one account", "everything"])
def test_a_clock_that_has_gone_on_is_told_with_both_times(clocked: Bench, account: str | None) -> None:
    """What time a test clock shows is compared too: told once, repaired, and not written where it stands."""
    clock = clocked.context.test_clock
    told = "2027-03-01T10:00:00Z here, 2027-03-10T10:00:00Z at Stripe"
    report = reconcile(clocked.context, account)
    assert [str(found) for found in report.differences] == [f"test_clock {clock}: frozen_time is {told}"]
    assert report.looked_at["test_clock"] == 1
    assert clocked.explain("globex").at == clocked.clock.now + timedelta(days=9)
    before = clocked.rows(test_clocks)
    clocked.tick()
    assert reconcile(clocked.context, account).count == 0
    assert clocked.rows(test_clocks) == before


@pytest.mark.parametrize("account", ["globex", None], ids=["one account", "everything"])
def test_a_clock_that_is_gone_is_told_once(clocked: Bench, account: str | None) -> None:
    """A test clock that Stripe has no more is told as missing, and noted as deleted."""
    clock = clocked.context.test_clock
    clocked.stripe.v1.test_helpers.test_clocks.delete(str(clock))
    clocked.tick()
    report = reconcile(clocked.context, account)
    assert f"test_clock {clock}: present here, missing at Stripe" in map(str, report.differences)
    assert [row.deleted for row in clocked.rows(test_clocks)] == [True]
    assert "test_clock" not in {found.kind for found in reconcile(clocked.context, account).differences}


@pytest.mark.parametrize("account", ["globex", None], ids=["one account", "everything"])
def test_a_dry_run_moves_no_clock(clocked: Bench, account: str | None) -> None:
    """A dry run tells what time a test clock shows, and does not note it."""
    before = clocked.explain("globex").at
    report = reconcile(clocked.context, account, dry_run=True)
    assert fields(report) == {("test_clock", "frozen_time")}
    assert clocked.explain("globex").at == before


@pytest.mark.parametrize("account", [ACCOUNT, None], ids=["one account", "everything"])
def test_a_customer_that_was_deleted_unheard_is_noted(lived: Bench, account: str | None) -> None:
    """Stripe lists no deleted customers: one that is missing is asked for, once, and keeps its mode."""
    with lived.context.database.write() as tx:
        tx.execute(update(customers).values(livemode=True))
    customer = lived.rows(customers)[0].stripe_customer_id
    lived.stripe.v1.customers.delete(customer)
    lived.webhooks()
    lived.tick()
    assert ("customer", "deleted") in fields(reconcile(lived.context, account))
    assert [(row.deleted, row.livemode, row.account_id) for row in lived.rows(customers)] == [
        (True, True, ACCOUNT)
    ]
    assert reconcile(lived.context, account).count == 0
    lived.line.requests.clear()
    reconcile(lived.context)
    assert f"GET /v1/customers/{customer}" not in lived.line.requests
