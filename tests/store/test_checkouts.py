"""Checkout sessions that we created: a second click finds the first one, and none opens twice."""

from dataclasses import replace

import pytest

from tests.store.builders import NOON, at
from tiergate.store import Database, Transaction
from tiergate.store.checkout_rows import (
    Checkout,
    find_checkout,
    open_checkouts,
    save_checkout,
    set_checkout_status,
    touch_checkout,
    unwatched_checkouts,
)

CHECKOUT = Checkout("cs_1", "acme", "pro", "price_1", "open", "https://checkout.example.com/cs_1", at(86400))


def _open(tx: Transaction, account_id: str = "acme") -> list[str]:
    return [checkout.checkout_session_id for checkout in open_checkouts(tx, account_id)]


def test_a_session_is_found_as_it_was_saved(database: Database) -> None:
    """By its id, and among the open ones of its account; others have none."""
    with database.write() as tx:
        save_checkout(tx, CHECKOUT, NOON)
        assert find_checkout(tx, "cs_1") == CHECKOUT
        assert open_checkouts(tx, "acme") == [CHECKOUT]
        assert find_checkout(tx, "cs_2") is None
        assert open_checkouts(tx, "globex") == []


@pytest.mark.parametrize("ended", ["complete", "expired"])
def test_a_session_never_opens_again(database: Database, ended: str) -> None:
    """Neither a late answer nor the creation told once more reopens what has ended."""
    with database.write() as tx:
        save_checkout(tx, CHECKOUT, NOON)
        set_checkout_status(tx, "cs_1", ended, at(1))
        set_checkout_status(tx, "cs_1", "open", at(2))
        save_checkout(tx, CHECKOUT, at(3))
        assert find_checkout(tx, "cs_1") == replace(CHECKOUT, status=ended)
        assert open_checkouts(tx, "acme") == []


def test_the_first_end_of_a_session_stays(database: Database) -> None:
    """One that was paid is not expired afterwards."""
    with database.write() as tx:
        save_checkout(tx, CHECKOUT, NOON)
        set_checkout_status(tx, "cs_1", "complete", at(1))
        set_checkout_status(tx, "cs_1", "expired", at(2))
        assert find_checkout(tx, "cs_1") == replace(CHECKOUT, status="complete")


def test_ending_one_session_leaves_the_others(database: Database) -> None:
    """The newest of those that are still open comes first."""
    with database.write() as tx:
        for number in (2, 1, 3):
            save_checkout(tx, replace(CHECKOUT, checkout_session_id=f"cs_{number}"), at(number))
        assert _open(tx) == ["cs_3", "cs_2", "cs_1"]
        set_checkout_status(tx, "cs_2", "expired", at(4))
        assert _open(tx) == ["cs_3", "cs_1"]


def test_sessions_nobody_asked_about_for_long_are_asked_about(database: Database) -> None:
    """Open ones that were last looked at before an instant, the one that waits longest first."""
    with database.write() as tx:
        for number in (2, 1, 3, 4):
            save_checkout(tx, replace(CHECKOUT, checkout_session_id=f"cs_{number}"), at(number))
        set_checkout_status(tx, "cs_4", "complete", at(4))
        assert unwatched_checkouts(tx, at(3), 10) == ["cs_1", "cs_2"]
        assert unwatched_checkouts(tx, at(9), 2) == ["cs_1", "cs_2"]
        touch_checkout(tx, "cs_1", at(5))
        assert unwatched_checkouts(tx, at(3), 10) == ["cs_2"]
        assert unwatched_checkouts(tx, at(9), 10) == ["cs_2", "cs_3", "cs_1"]
