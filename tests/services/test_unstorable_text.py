"""Text that JSON can spell and a database cannot hold keeps no event from being applied."""

import json

import pytest

from tests.services.bench import ACCOUNT, Bench
from tiergate.store.tables import customers

WEIRD = "a\0b\ud800c"


@pytest.mark.parametrize("field", ["metadata", "email", "name"])
def test_nul_and_half_characters_are_stored_and_applied(both: Bench, field: str) -> None:
    """In metadata, in a column and in the raw object alike, they become U+FFFD."""
    active = both.at_stripe(f"/v1/customers/{both.customer()}")
    weird = {"metadata": {**active["metadata"], "note": WEIRD}} if field == "metadata" else {field: WEIRD}
    both.tick()
    event = both.event("customer.updated", active | weird)
    both.ingest(json.dumps(event).encode())
    row = both.stored(event["id"])
    assert (row.state, row.account_id, row.attempts) == ("applied", ACCOUNT, 0)
    assert json.loads(row.payload) == event
    (customer,) = both.rows(customers)
    stored = customer.metadata["note"] if field == "metadata" else customer.raw[field]
    assert stored == "a�b�c"
    if field == "email":
        assert customer.email == "a�b�c"
