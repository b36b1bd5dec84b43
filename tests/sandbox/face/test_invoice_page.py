"""The hosted invoice page and its PDF."""

import re
from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
import stripe

from tests.sandbox.face.test_checkout_page import CARD, browse, submit
from tiergate_sandbox.pages.pdf import Document, width_of, wrapped
from tiergate_sandbox.testing import ServedSandbox


@pytest.fixture
def invoice(client: stripe.StripeClient) -> stripe.Invoice:
    """An open invoice of 123.45 dollars, to be paid within ten days."""
    customer = client.v1.customers.create({"email": "ada@example.com", "name": "Ada Lovelace"})
    made = client.v1.invoices.create(
        {"customer": customer.id, "collection_method": "send_invoice", "days_until_due": 10}
    )
    item: Any = {
        "customer": customer.id,
        "invoice": made.id,
        "amount": 12345,
        "currency": "usd",
        "description": "Consulting (two days) <b>",
    }
    client.v1.invoice_items.create(item)
    return client.v1.invoices.finalize_invoice(made.id)


def url_of(invoice: stripe.Invoice) -> str:
    """The address of an invoice's page."""
    return str(invoice.hosted_invoice_url)


def test_open_invoice(invoice: stripe.Invoice) -> None:
    """The page tells number, dates, customer, lines and what is due."""
    page = browse(url_of(invoice))
    for words in (
        f"Invoice {invoice.number} Open $123.45",
        "Ada Lovelace",
        "Consulting (two days) <b> $123.45",
        "Amount due $123.45",
        "Pay $123.45",
    ):
        assert words in page.words
    assert "<b>" not in page.text


def test_pay(client: stripe.StripeClient, invoice: stripe.Invoice) -> None:
    """A declined card is told beside its field; a good one pays, once, and the page is stamped."""
    url = url_of(invoice)
    declined = submit(url, **CARD | {"number": "4000 0000 0000 0341"})
    assert (declined.status, "Your card was declined." in declined.words) == (402, True)
    for _ in range(2):
        assert browse(url, CARD).status == 303
    paid = client.v1.invoices.retrieve(str(invoice.id))
    assert (paid.status, paid.amount_paid) == ("paid", 12345)
    assert len(client.v1.events.list({"type": "invoice.paid"}).data) == 1
    page = browse(url)
    assert "Paid on" in page.words
    assert 'name="number"' not in page.text


@pytest.mark.parametrize(("outcome", "status"), [("succeed", "paid"), ("fail", "open")])
def test_authentication(
    client: stripe.StripeClient, invoice: stripe.Invoice, outcome: str, status: str
) -> None:
    """A card that its bank asks about pays when the bank is content."""
    url = url_of(invoice)
    asked = submit(url, **CARD | {"number": "4000 0027 6000 3184"})
    assert asked.location.endswith("/authenticate")
    assert "a payment of $123.45" in browse(f"{url}/authenticate").words
    browse(f"{url}/authenticate", {"outcome": outcome})
    assert client.v1.invoices.retrieve(str(invoice.id)).status == status
    assert browse(f"{url}/authenticate").location == urlsplit(url).path


def test_pays_a_past_due_subscription(client: stripe.StripeClient) -> None:
    """Paying the open invoice of a subscription makes it active, and the card is kept."""
    product: Any = {
        "unit_amount": 4900,
        "currency": "usd",
        "recurring": {"interval": "month"},
        "product_data": {"name": "Team"},
    }
    price = client.v1.prices.create(product)
    customer = client.v1.customers.create({"email": "ada@example.com"})
    sub = client.v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": price.id}],
            "payment_behavior": "default_incomplete",
            "expand": ["latest_invoice"],
        }
    )
    assert isinstance(sub.latest_invoice, stripe.Invoice)
    submit(url_of(sub.latest_invoice), **CARD)
    assert client.v1.subscriptions.retrieve(sub.id).status == "active"
    assert len(client.v1.customers.payment_methods.list(customer.id).data) == 1


def test_drafts_and_voids(
    client: stripe.StripeClient, served: ServedSandbox, invoice: stripe.Invoice
) -> None:
    """A voided invoice cannot be paid; a draft and an unknown one have no page."""
    client.v1.invoices.void_invoice(str(invoice.id))
    page = browse(url_of(invoice))
    assert ("This invoice was voided" in page.words, 'name="number"' in page.text) == (True, False)
    assert browse(url_of(invoice), CARD).status == 303
    draft = client.v1.invoices.create({"customer": str(invoice.customer)})
    for unknown in (draft.id, "in_nobody"):
        assert browse(f"{served.base_url}/i/{unknown}").status == 404
        assert browse(f"{served.base_url}/i/{unknown}/pdf").status == 404


def test_pdf(invoice: stripe.Invoice) -> None:
    """The PDF is a well-formed file that says what the page says."""
    parts = urlsplit(str(invoice.invoice_pdf))
    with closing(HTTPConnection(parts.netloc, timeout=20)) as connection:
        connection.request("GET", parts.path)
        response = connection.getresponse()
        content = response.read()
    assert response.getheader("Content-Type") == "application/pdf"
    assert response.getheader("Content-Disposition") == f'attachment; filename="Invoice-{invoice.number}.pdf"'
    for text in (str(invoice.number), "$123.45", "Ada Lovelace", r"Consulting \(two days\) <b>"):
        assert f"({text})".encode() in content
    assert_well_formed(content)


def assert_well_formed(content: bytes) -> None:
    """Fail unless the cross-reference table leads to every object, and every stream is as long as it says."""
    assert content.startswith(b"%PDF-1.4\n")
    assert content.endswith(b"%%EOF\n")
    (start,) = re.findall(rb"startxref\n(\d+)\n", content)
    table = content[int(start) :]
    places = [int(place) for place in re.findall(rb"(\d{10}) 00000 n ", table)]
    for number, place in enumerate(places, start=1):
        assert content[place:].startswith(b"%d 0 obj\n" % number)
    assert b"/Size %d " % (len(places) + 1) in table
    for length, stream in re.findall(rb"/Length (\d+) >>\nstream\n(.*?)\nendstream", content, re.DOTALL):
        assert len(stream) == int(length)


def test_long_pdf() -> None:
    """Text that the font does not have becomes a question mark, and pages are counted."""
    document = Document("Größe ✓")
    document.text(50, 50, "Größe \\ (✓) €5")
    document.new_page()
    content = document.render()
    assert "(Größe \\\\ \\(?\\) €5)".encode("cp1252") in content
    assert b"/Count 2 " in content
    assert_well_formed(content)


def test_wrapped() -> None:
    """Lines are broken between words and stay within their width."""
    lines = wrapped("one two three four five six seven", 10, 80)
    assert " ".join(lines) == "one two three four five six seven"
    assert all(width_of(line, 10) <= 80 for line in lines)
    assert len(lines) > 1
