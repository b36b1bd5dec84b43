"""The settings of checkout and billing in the catalogue file."""

import pytest

from tiergate.rules.billing_settings import AfterLastRetry, BillingSettings
from tiergate.rules.catalog import Catalog
from tiergate.rules.catalog_file import CatalogError, parse_catalog
from tiergate.rules.checkout_settings import BillingAddress, CheckoutSettings


def catalog(settings: str) -> Catalog:
    """Read a file with these settings."""
    return parse_catalog(f'[product]\nname = "Acme"\n[plans.free]\n{settings}\n')


def test_everything_that_can_be_set() -> None:
    """Each key arrives where it is kept."""
    read = catalog(
        '[checkout]\nhosted = false\nfirst_interval = "year"\nsuccess_url = "https://acme.example/in"\n'
        'cancel_url = "/back"\npromotion_codes = true\nautomatic_tax = true\ntax_ids = true\n'
        'billing_address = "required"\n'
        "[billing]\nauto_charge = false\ndays_until_due = 14\ndunning = false\n"
        'retry_after_days = [1, 2]\nafter_last_retry = "unpaid"\n'
    )
    assert read.checkout == CheckoutSettings(
        False, "year", "https://acme.example/in", "/back", True, True, True, BillingAddress.REQUIRED
    )
    assert read.billing == BillingSettings(False, 14, False, (1, 2), AfterLastRetry.UNPAID)


@pytest.mark.parametrize(
    "url",
    [
        "//evil.example",
        "/\\\\evil.example",
        "javascript:x",
        "http://acme.example",
        "ftp://a",
        "in",
        "https://",
    ],
)
def test_no_address_leads_astray(url: str) -> None:
    """Only https and paths of one's own are taken."""
    with pytest.raises(CatalogError, match="is no address to lead to"):
        catalog(f'[checkout]\nsuccess_url = "{url}"')


@pytest.mark.parametrize(
    "url", ["https://acme.example", "https://a.b/c?d=e", "http://localhost:3000/x", "/a", "/"]
)
def test_addresses_that_are_taken(url: str) -> None:
    """An https address, a path, or the machine itself while developing."""
    assert catalog(f'[checkout]\ncancel_url = "{url}"').checkout.cancel_url == url


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("days_until_due = 0", "0 days are not possible"),
        ("retry_after_days = [0]", "Stripe cannot retry like that"),
        ("retry_after_days = [1,1,1,1,1,1,1,1,1]", "Stripe cannot retry like that"),
        ("retry_after_days = [true]", "Write a list of whole numbers"),
        ('after_last_retry = "stop"', "'after_last_retry' cannot be 'stop'"),
    ],
)
def test_what_can_be_wrong(line: str, message: str) -> None:
    """Each mistake is told in words."""
    with pytest.raises(CatalogError, match=message):
        catalog(f"[billing]\n{line}")
