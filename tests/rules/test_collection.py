"""Who is sent invoices instead of being charged: whose purchase says so, and nobody else."""

from dataclasses import replace

import pytest

from tests.rules.builders import account, subscription
from tiergate.rules.billing_settings import BillingSettings
from tiergate.rules.collection import purchase_marks, to_be_sent_invoices


@pytest.mark.parametrize(
    ("settings", "marks"),
    [
        (BillingSettings(), {}),
        (BillingSettings(days_until_due=9), {}),
        (BillingSettings(auto_charge=False), {"days_until_due": "30"}),
        (BillingSettings(auto_charge=False, days_until_due=9), {"days_until_due": "9"}),
    ],
)
def test_a_purchase_is_marked_where_nobody_is_charged(
    settings: BillingSettings, marks: dict[str, str]
) -> None:
    """The mark says how many days there are to pay; what is charged bears none."""
    assert purchase_marks(settings) == marks


@pytest.mark.parametrize(
    ("status", "collection", "mark", "days"),
    [
        ("active", "charge_automatically", "21", 21),
        ("trialing", "charge_automatically", "1", 1),
        ("past_due", "charge_automatically", "21", 21),
        ("active", "send_invoice", "21", None),
        ("canceled", "charge_automatically", "21", None),
        ("incomplete_expired", "charge_automatically", "21", None),
        ("active", "charge_automatically", "", None),
        ("active", "charge_automatically", "soon", None),
        ("active", "charge_automatically", "²", None),
    ],
)
def test_who_is_to_be_sent_invoices(status: str, collection: str, mark: str, days: int | None) -> None:
    """A live subscription that is charged although its purchase says otherwise, with the days it says."""
    metadata = {"days_until_due": mark} if mark else {}
    bought = replace(subscription(status), collection_method=collection, metadata=metadata)
    found = list(to_be_sent_invoices(account(bought)))
    assert found == ([] if days is None else [(bought, days)])
