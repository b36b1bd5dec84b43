"""Lists of a whole Stripe account: what is remembered of them."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tiergate.services.reconcile.stripe_lists import SeenIds, with_nested
from tiergate.store.mirror import Kind
from tiergate.stripe_api.listed import as_listed

IDS = st.text("abcdefghij0123456789", min_size=1, max_size=12)


@given(st.lists(st.lists(IDS)), st.lists(IDS))
def test_ids_are_remembered_exactly(pages: list[list[str]], others: list[str]) -> None:
    """Every id that was listed is known, in whatever order pages came, and no other one is."""
    seen = SeenIds()
    listed: set[str] = set()
    for page in pages:
        seen.add(page)
        listed.update(page)
        assert all(one in seen for one in page)
    assert all((one in seen) == (one in listed) for one in others)


def test_what_comes_along_is_taken_apart() -> None:
    """An expanded invoice and an expanded card become pages of their own, each object once."""
    invoice: dict[str, Any] = {"id": "in_1"}
    card: dict[str, Any] = {"id": "pm_1"}
    entries: list[dict[str, Any]] = [
        {"id": "sub_1", "latest_invoice": invoice, "default_payment_method": card},
        {"id": "sub_2", "latest_invoice": "in_2", "default_payment_method": card},
        {"id": "sub_3"},
    ]
    assert taken_apart("subscription", entries) == {
        "subscription": [
            {"id": "sub_1", "latest_invoice": "in_1", "default_payment_method": "pm_1"},
            {"id": "sub_2", "latest_invoice": "in_2", "default_payment_method": "pm_1"},
            {"id": "sub_3"},
        ],
        "invoice": [invoice],
        "payment_method": [card],
    }
    customer: dict[str, Any] = {"id": "cus_1", "invoice_settings": {"default_payment_method": card}}
    assert taken_apart("customer", [customer, {"id": "cus_2"}]) == {
        "customer": [
            {"id": "cus_1", "invoice_settings": {"default_payment_method": "pm_1"}},
            {"id": "cus_2"},
        ],
        "payment_method": [card],
    }
    assert taken_apart("invoice", [invoice]) == {"invoice": [invoice]}


def taken_apart(kind: Kind, entries: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Take a page apart; what is read of each object and its whole text say the same."""
    page = with_nested(kind, [as_listed(kind, entry) for entry in entries])
    for things in page.values():
        assert [msgspec.json.decode(thing.text) for thing in things] == [thing.body for thing in things]
    return {part: [thing.body for thing in things] for part, things in page.items()}
