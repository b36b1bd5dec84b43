"""What a customer can choose on the checkout page: a promotion code, a quantity, an address."""

from typing import Any

import pytest
import stripe

from tests.sandbox.face.test_checkout_page import CARD, EMAIL, Page, browse, session, submit


@pytest.fixture
def price(client: stripe.StripeClient) -> str:
    """A monthly price of $40.00 for the product Team."""
    params: Any = {
        "unit_amount": 4000,
        "currency": "usd",
        "recurring": {"interval": "month"},
        "product_data": {"name": "Team"},
    }
    return client.v1.prices.create(params).id


def adjust(made: stripe.checkout.Session, what: str, **fields: str) -> Page:
    """Submit one of the small forms beside the order."""
    return browse(f"{made.url}/adjust/{what}", fields)


def test_promotion_code(client: stripe.StripeClient, price: str) -> None:
    """A typed code lowers what is due and can be taken away; a wrong one is told beside its field."""
    coupon = client.v1.coupons.create({"percent_off": 25, "duration": "forever"})
    client.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "SPRING"})
    made = session(client, price, allow_promotion_codes=True)
    wrong = adjust(made, "promotion_code", promotion_code="<i>NOPE")
    assert (wrong.status, 'id="promotion_code-error"' in wrong.text, "<i>" in wrong.text) == (
        400,
        True,
        False,
    )
    assert adjust(made, "promotion_code", promotion_code="spring").status == 303
    assert "SPRING Remove Subtotal $40.00 Discount -$10.00 Due today $30.00" in browse(str(made.url)).words
    adjust(made, "promotion_code", promotion_code="")
    assert "Due today $40.00" in browse(str(made.url)).words
    adjust(made, "promotion_code", promotion_code="Spring")
    assert submit(str(made.url), **CARD, **EMAIL).status == 303
    done = client.v1.checkout.sessions.retrieve(made.id, {"expand": ["invoice"]})
    assert isinstance(done.invoice, stripe.Invoice)
    assert done.invoice.amount_paid == done.amount_total == 3000


def test_no_code_asked(client: stripe.StripeClient, price: str) -> None:
    """A session without promotion codes shows no field and takes none."""
    made = session(client, price)
    assert "Promotion code" not in browse(str(made.url)).words
    assert adjust(made, "promotion_code", promotion_code="SPRING").status == 400


def test_quantity(client: stripe.StripeClient, price: str) -> None:
    """An adjustable quantity changes the order within its limits."""
    limits = {"enabled": True, "minimum": 1, "maximum": 5}
    lines = [{"price": price, "quantity": 1, "adjustable_quantity": limits}]
    made = session(client, None, line_items=lines)
    item = client.v1.checkout.sessions.line_items.list(made.id).data[0].id
    assert adjust(made, "quantity", item=item, quantity="6").status == 400
    assert adjust(made, "quantity", item=item, quantity="3").status == 303
    assert "3 × $40.00 per month" in browse(str(made.url)).words
    assert submit(str(made.url), **CARD, **EMAIL).status == 303
    done = client.v1.checkout.sessions.retrieve(made.id, {"expand": ["subscription"]})
    assert done.amount_total == 12000
    assert isinstance(done.subscription, stripe.Subscription)
    assert done.subscription["items"].data[0].quantity == 3


def test_fixed_quantity(client: stripe.StripeClient, price: str) -> None:
    """A quantity that is not adjustable stays."""
    made = session(client, price)
    item = client.v1.checkout.sessions.line_items.list(made.id).data[0].id
    assert adjust(made, "quantity", item=item, quantity="3").status == 400
    assert adjust(made, "everything").status == 404


def test_address(client: stripe.StripeClient, price: str) -> None:
    """A required address is asked for, checked, and kept with the customer."""
    made = session(client, price, billing_address_collection="required")
    missing = submit(str(made.url), **CARD, **EMAIL)
    assert (missing.status, missing.text.count('aria-invalid="true"')) == (422, 4)
    place = {"line1": "1 Main St", "postal_code": "12345", "city": "Springfield", "country": "us"}
    assert submit(str(made.url), **CARD, **EMAIL, **place).status == 303
    done = client.v1.checkout.sessions.retrieve(made.id, {"expand": ["customer"]})
    assert isinstance(done.customer, stripe.Customer)
    assert done.customer.address is not None
    assert (done.customer.address.line1, done.customer.address.country) == ("1 Main St", "US")


def test_tax_and_several_items(client: stripe.StripeClient, price: str) -> None:
    """Several items stand line by line, with the tax on a line of its own."""
    rate = client.v1.tax_rates.create({"display_name": "VAT", "percentage": 10, "inclusive": False})
    once: Any = {"unit_amount": 1000, "currency": "usd", "product_data": {"name": "Setup"}}
    setup = client.v1.prices.create(once).id
    lines = [
        {"price": price, "quantity": 1, "tax_rates": [rate.id]},
        {"price": setup, "quantity": 1, "tax_rates": [rate.id]},
    ]
    made = session(client, None, line_items=lines)
    words = browse(str(made.url)).words
    assert "Team $40.00 1 × $40.00 per month Setup $10.00 1 × $10.00 once" in words
    assert "Subtotal $50.00 Tax $5.00 Due today $55.00" in words


def test_the_address_decides_the_tax(client: stripe.StripeClient, price: str) -> None:
    """Automatic tax asks for the address first; then the page shows the total that is charged."""
    made = session(client, price, automatic_tax={"enabled": True})
    first = browse(str(made.url))
    assert ("Continue to payment" in first.words, 'name="number"' in first.text) == (True, False)
    early = submit(str(made.url), **CARD, **EMAIL)
    assert (early.status, early.text.count('aria-invalid="true"')) == (422, 4)
    assert browse(f"{made.url}/place", {"country": "Germany"}).status == 422
    place = {"line1": "1 Main St", "postal_code": "10115", "city": "Berlin", "country": "de"}
    assert browse(f"{made.url}/place", place).status == 303
    words = browse(str(made.url)).words
    assert "1 Main St, 10115, Berlin, DE Change" in words
    assert "Subtotal $40.00 Tax $7.60 Due today $47.60" in words
    assert browse(f"{made.url}/place", {"change": "address"}).status == 303
    assert "Due today $40.00" in browse(str(made.url)).words
    browse(f"{made.url}/place", place)
    assert submit(str(made.url), **CARD, **EMAIL).status == 303
    done = client.v1.checkout.sessions.retrieve(made.id, {"expand": ["customer", "invoice"]})
    assert isinstance(done.invoice, stripe.Invoice)
    assert isinstance(done.customer, stripe.Customer)
    assert done.invoice.amount_paid == done.amount_total == 4760
    assert done.customer.address is not None
    assert done.customer.address.city == "Berlin"


def test_a_page_without_automatic_tax_takes_no_place(client: stripe.StripeClient, price: str) -> None:
    """The form for the address exists only where the tax needs it."""
    made = session(client, price)
    place = {"line1": "1 Main St", "postal_code": "10115", "city": "Berlin", "country": "de"}
    refused = browse(f"{made.url}/place", place)
    assert (refused.status, "Continue to payment" in refused.words) == (400, False)


def test_a_known_customer_without_an_address(client: stripe.StripeClient, price: str) -> None:
    """A customer whose address may not be updated must have one before automatic tax is asked for."""
    customer = client.v1.customers.create({"email": "ada@example.com"}).id
    tax: Any = {"customer": customer, "automatic_tax": {"enabled": True}}
    with pytest.raises(stripe.InvalidRequestError, match="valid address on the Customer"):
        session(client, price, **tax)
    made = session(client, price, **tax, customer_update={"address": "auto"})
    assert "Continue to payment" in browse(str(made.url)).words
    client.v1.customers.update(customer, {"address": {"country": "FR"}})
    assert "Continue to payment" not in browse(str(session(client, price, **tax).url)).words
