"""Accounts: made known once, brought up to date in part, and tied to one customer."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import partial

import pytest
from sqlalchemy.exc import IntegrityError, StatementError

from tests.store.builders import NOON, at, rows
from tests.store.together import together
from tiergate.store import Database, Transaction
from tiergate.store.account_rows import (
    Account,
    account_of_customer,
    due_now,
    find_account,
    link_customer,
    register,
    save_outlook,
)
from tiergate.store.tables import accounts

HANDS = 8

EVERYTHING = {
    "email": "ada@example.com",
    "name": "Acme",
    "locale": "de",
    "time_zone": "Europe/Berlin",
    "members": 3,
    "channel": "sales",
    "signed_up_at": at(-86400),
    "test_clock": "clock_1",
}


def _account(tx: Transaction, account_id: str = "acme") -> Account:
    account = find_account(tx, account_id)
    assert account is not None
    return account


def test_an_account_is_known_as_it_was_registered(database: Database) -> None:
    """Every value given is there, and nothing is announced of it yet."""
    with database.write() as tx:
        register(tx, "acme", dict(EVERYTHING), NOON)
        account = _account(tx)
    assert {name: getattr(account, name) for name in EVERYTHING} == EVERYTHING
    unannounced = (account.next_due_at, account.plan_key, account.access, account.reason)
    assert (account.stripe_customer_id, *unannounced) == (None,) * 5


def test_an_account_needs_nothing_but_its_id(database: Database) -> None:
    """It signed up now, reads English and lives in UTC, until somebody says otherwise."""
    with database.write() as tx:
        register(tx, "acme", dict.fromkeys(EVERYTHING), NOON)
        account = _account(tx)
    assert (account.signed_up_at, account.locale, account.time_zone) == (NOON, "en", "UTC")
    assert (account.email, account.name, account.members, account.channel) == (None,) * 4


def test_registering_again_changes_nothing(database: Database) -> None:
    """The same call twice leaves one account, as it was."""
    with database.write() as tx:
        register(tx, "acme", dict(EVERYTHING), NOON)
        before = _account(tx)
        register(tx, "acme", dict(EVERYTHING), at(1000))
        assert _account(tx) == before
        assert len(rows(tx, accounts)) == 1


@pytest.mark.parametrize("name", ["email", "name", "locale", "time_zone", "members", "channel"])
def test_what_is_not_given_stays(database: Database, name: str) -> None:
    """A partial update takes over its one value and keeps all others, the day of signing up too."""
    new = 0 if name == "members" else f"new {name}"
    with database.write() as tx:
        register(tx, "acme", dict(EVERYTHING), NOON)
        register(tx, "acme", dict.fromkeys(EVERYTHING) | {name: new}, at(1000))
        account = _account(tx)
    assert {key: getattr(account, key) for key in EVERYTHING} == EVERYTHING | {name: new}


def test_what_was_announced_stays_when_an_account_is_registered_again(database: Database) -> None:
    """The outlook and the customer are not the host's to overwrite."""
    with database.write() as tx:
        register(tx, "acme", {}, NOON)
        link_customer(tx, "acme", "cus_1", None, NOON)
        outlook = _outlook(_account(tx))
        save_outlook(tx, outlook, NOON)
        register(tx, "acme", {"email": "new@example.com"}, at(1000))
        after = _account(tx)
    assert (after.plan_key, after.access, after.reason) == ("pro", "full", "paid")
    assert (after.next_due_at, after.stripe_customer_id) == (at(99), "cus_1")


def _outlook(account: Account) -> Account:
    return replace(account, next_due_at=at(99), plan_key="pro", access="full", reason="paid")


def test_the_outlook_is_saved_and_nothing_else(database: Database) -> None:
    """What was announced is noted; fields that belong to the host and to Stripe are not written."""
    with database.write() as tx:
        register(tx, "acme", {"email": "ada@example.com"}, NOON)
        register(tx, "globex", {}, NOON)
        stale = _outlook(_account(tx))
        register(tx, "acme", {"email": "new@example.com"}, at(1))
        save_outlook(tx, stale, at(2))
        acme, globex = _account(tx), _account(tx, "globex")
    assert (acme.email, acme.plan_key, acme.next_due_at) == ("new@example.com", "pro", at(99))
    assert (globex.plan_key, globex.next_due_at) == (None, None)


def test_the_test_clock_is_set_only_while_there_is_no_customer(database: Database) -> None:
    """Afterwards it is the customer's, which never changes at Stripe."""
    with database.write() as tx:
        register(tx, "acme", {}, NOON)
        register(tx, "acme", {"test_clock": "clock_1"}, NOON)
        assert _account(tx).test_clock == "clock_1"
        register(tx, "acme", {"test_clock": "clock_2"}, NOON)
        assert _account(tx).test_clock == "clock_2"
        link_customer(tx, "acme", "cus_1", "clock_2", NOON)
        register(tx, "acme", {"test_clock": "clock_3"}, NOON)
        assert _account(tx).test_clock == "clock_2"


def test_a_customer_without_a_clock_ends_the_accounts_clock(database: Database) -> None:
    """An account lives where its customer lives."""
    with database.write() as tx:
        register(tx, "acme", {"test_clock": "clock_1"}, NOON)
        link_customer(tx, "acme", "cus_1", None, NOON)
        assert _account(tx).test_clock is None


def test_an_account_has_one_customer(database: Database) -> None:
    """The first link holds and may be repeated; a second customer is refused: pay#1027, extensions#80."""
    with database.write() as tx:
        register(tx, "acme", {}, NOON)
        assert link_customer(tx, "acme", "cus_1", None, NOON)
        assert link_customer(tx, "acme", "cus_1", None, NOON)
        assert not link_customer(tx, "acme", "cus_2", None, NOON)
        assert _account(tx).stripe_customer_id == "cus_1"
        assert account_of_customer(tx, "cus_1") == "acme"
        assert account_of_customer(tx, "cus_2") is None


def test_a_customer_has_one_account(database: Database) -> None:
    """The database itself refuses to give it to a second one."""
    with database.write() as tx:
        register(tx, "acme", {}, NOON)
        register(tx, "globex", {}, NOON)
        link_customer(tx, "acme", "cus_1", None, NOON)
    with pytest.raises(IntegrityError), database.write() as tx:
        link_customer(tx, "globex", "cus_1", None, NOON)


def test_nobody_is_linked_who_is_not_registered(database: Database) -> None:
    """A link to an account that does not exist is refused, and makes none."""
    with database.write() as tx:
        assert not link_customer(tx, "nobody", "cus_1", None, NOON)
        assert find_account(tx, "nobody") is None


def test_parallel_links_leave_one_customer(database: Database) -> None:
    """Of eight customers linked at once one is taken, and its caller alone is told so: pay#1027."""
    with database.write() as tx:
        register(tx, "acme", {}, NOON)

    def link(number: int) -> bool:
        with database.write() as tx:
            return link_customer(tx, "acme", f"cus_{number}", None, NOON)

    outcomes = together([partial(link, number) for number in range(HANDS)])
    with database.read() as tx:
        assert _account(tx).stripe_customer_id == f"cus_{outcomes.index(True)}"
    assert outcomes.count(True) == 1


def test_parallel_registrations_are_one_account(database: Database) -> None:
    """Eight requests that register the same account at once all succeed."""

    def again(number: int) -> None:
        with database.write() as tx:
            register(tx, "acme", {"members": number}, NOON)

    together([partial(again, number) for number in range(HANDS)])
    with database.read() as tx:
        assert [row.account_id for row in rows(tx, accounts)] == ["acme"]


def test_instants_of_accounts_keep_their_microseconds(database: Database) -> None:
    """An instant told in another zone comes back as the same one, in UTC."""
    moment = datetime(2026, 3, 2, 1, 2, 3, 456789, tzinfo=timezone(timedelta(hours=13)))
    with database.write() as tx:
        register(tx, "acme", {"signed_up_at": moment}, NOON)
        assert _account(tx).signed_up_at.isoformat() == "2026-03-01T12:02:03.456789+00:00"


def test_a_naive_instant_is_refused(database: Database) -> None:
    """Nothing is stored of an account whose instant has no time zone."""
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(StatementError, match="has no time zone"), database.write() as tx:
        register(tx, "acme", {"signed_up_at": naive}, NOON)
    with database.read() as tx:
        assert find_account(tx, "acme") is None


def test_a_new_catalogue_makes_every_account_due(database: Database) -> None:
    """All are looked at anew, those that were due never too."""
    with database.write() as tx:
        register(tx, "acme", {}, NOON)
        register(tx, "globex", {}, NOON)
        save_outlook(tx, _outlook(_account(tx)), NOON)
        due_now(tx)
        due = [_account(tx, account_id).next_due_at for account_id in ("acme", "globex")]
    assert all(instant is not None and instant < NOON for instant in due)
