"""What stands in a list says the same as what an event carries, of any version."""

from typing import Any

import pytest

from tests.stripe_api.shapes import INVOICES, SUBSCRIPTIONS, VERSIONS
from tiergate.stripe_api.listed import as_listed
from tiergate.stripe_api.read_shapes import read_invoice, read_subscription

Json = dict[str, Any]

PENDING: Json = {
    "expires_at": 1773655300,
    "subscription_items": [{"id": "si_1", "price": {"id": "price_scale"}, "quantity": 7}],
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("more", [{}, {"pending_update": PENDING}])
def test_a_listed_subscription(version: str, more: Json) -> None:
    """Nothing is lost of it, such as a change that waits for its payment."""
    shown = {**SUBSCRIPTIONS[version], **more}
    assert read_subscription(as_listed("subscription", shown).body) == read_subscription(shown)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_listed_invoice(version: str) -> None:
    """Nothing is lost of it."""
    assert read_invoice(as_listed("invoice", INVOICES[version]).body) == read_invoice(INVOICES[version])
