"""The currency that an account pays in."""

from datetime import UTC, datetime, timedelta

from tiergate.rules.state import AccountState, Invoice, InvoiceStatus

NOW = datetime(2026, 11, 28, tzinfo=UTC)


def _invoice(number: int, currency: str, days_ago: int) -> Invoice:
    at = NOW - timedelta(days=days_ago)
    return Invoice(f"in_{number}", "cus_1", InvoiceStatus.PAID, at, currency=currency)


def test_the_newest_invoice_says_it() -> None:
    """Whatever the order in which invoices came; before the first there is none."""
    old, new = _invoice(1, "usd", 40), _invoice(2, "eur", 10)
    assert AccountState("acme", invoices=(old, new)).currency == "eur"
    assert AccountState("acme", invoices=(new, old)).currency == "eur"
    assert AccountState("acme").currency is None
