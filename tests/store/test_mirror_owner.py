"""Whose a mirrored object is, and what else is asked of the mirror."""

import pytest

from tests.store.builders import (
    KINDS,
    event,
    marks,
    reading,
    save,
    save_marked,
    subscription,
    table_of,
    the_row,
)
from tiergate.rules.state import Customer
from tiergate.store import Database, mirror, mirrored_clocks
from tiergate.store.mirror import Kind


@pytest.mark.parametrize("kind", KINDS)
def test_the_account_stays_when_a_later_sighting_names_none(database: Database, kind: Kind) -> None:
    """Metadata that was overwritten at Stripe takes nobody's subscription away: better-auth#7239."""
    with database.write() as tx:
        save_marked(tx, kind, "first", event(5, received=10, account_id="acme"))
        save_marked(tx, kind, "second", event(6, received=11))
        save_marked(tx, kind, "third", reading(7, began=12))
        row = the_row(tx, table_of(kind))
        assert (row.account_id, marks(tx, kind)) == ("acme", ["third"])


@pytest.mark.parametrize("kind", KINDS)
def test_the_account_stays_when_a_later_sighting_names_another(database: Database, kind: Kind) -> None:
    """An object that has an account is not moved to another one by what Stripe sends."""
    with database.write() as tx:
        save_marked(tx, kind, "first", event(5, account_id="acme"))
        save_marked(tx, kind, "second", event(6, account_id="globex"))
        assert the_row(tx, table_of(kind)).account_id == "acme"


@pytest.mark.parametrize("kind", KINDS)
def test_an_account_that_becomes_known_is_noted(database: Database, kind: Kind) -> None:
    """A stranger's object gets its account as soon as a newer sighting names it."""
    with database.write() as tx:
        save_marked(tx, kind, "first", event(5))
        assert the_row(tx, table_of(kind)).account_id is None
        save_marked(tx, kind, "second", event(6, account_id="acme"))
        assert the_row(tx, table_of(kind)).account_id == "acme"


def test_adopting_takes_what_is_nobodys(database: Database) -> None:
    """An account gets its customer, subscriptions and invoices, and none of another customer or account."""
    with database.write() as tx:
        save_marked(tx, "customer", "mine", event(5), object_id="cus_1")
        save_marked(tx, "customer", "another's", event(5), object_id="cus_2")
        save_marked(tx, "invoice", "mine", event(5), object_id="in_1")
        save(tx, subscription(id="sub_1"), event(5))
        save(tx, subscription(id="sub_2", customer_id="cus_2"), event(5))
        save(tx, subscription(id="sub_3"), event(5, account_id="globex"))
        mirror.adopt_customer(tx, "cus_1", "acme")
        owners = {row[0]: row.account_id for kind in KINDS for row in tx.execute(table_of(kind).select())}
    assert owners == {
        "cus_1": "acme",
        "cus_2": None,
        "in_1": "acme",
        "sub_1": "acme",
        "sub_2": None,
        "sub_3": "globex",
    }


@pytest.mark.parametrize("kind", KINDS)
def test_the_mirror_knows_what_it_has(database: Database, kind: Kind) -> None:
    """An object is mirrored once it was sighted, with the test clock that it lives on."""
    with database.write() as tx:
        save_marked(tx, kind, "here", event(5), object_id="it", test_clock="clock_1")
        known = [mirror.is_mirrored(tx, kind, object_id) for object_id in ("it", "another")]
        clocks = [mirrored_clocks.test_clock_of(tx, kind, object_id) for object_id in ("it", "another")]
    assert known == [True, False]
    assert clocks == ["clock_1", None]


def test_the_facts_of_a_customer(database: Database) -> None:
    """A customer's clock and metadata are found; one never seen has neither."""
    customer = Customer("cus_1", test_clock="clock_1", metadata={"account_id": "acme"})
    with database.write() as tx:
        mirror.save_customer(tx, customer, {}, event(5), event(5).seen_at)
        assert mirror.customer_facts(tx, "cus_1") == ("clock_1", {"account_id": "acme"})
        assert mirror.customer_facts(tx, "cus_2") == (None, {})
