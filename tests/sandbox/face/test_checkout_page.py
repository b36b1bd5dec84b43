"""The hosted checkout page, used with plain HTTP form posts as a browser without JavaScript does."""

import html
import re
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import stripe

from tests.sandbox.face.conftest import Tool
from tiergate_sandbox.testing import ServedSandbox

CARD = {"number": "4242 4242 4242 4242", "expiry": "12 / 34", "cvc": "123", "name": "Ada Lovelace"}
EMAIL = {"email": "ada@example.com"}


@dataclass(frozen=True)
class Page:
    """What the browser got."""

    status: int
    text: str
    location: str
    headers: dict[str, str]

    @property
    def words(self) -> str:
        """The text without the markup."""
        return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", self.text)))


def browse(url: str, form: dict[str, str] | None = None) -> Page:
    """Get a page, or post a form to it, without following redirects."""
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    with closing(HTTPConnection(parts.netloc, timeout=20)) as connection:
        if form is None:
            connection.request("GET", path)
        else:
            headers = {
                "Content-Type": "application/x-www-form-urlencoded",
                "Origin": f"http://{parts.netloc}",
            }
            connection.request("POST", path, urlencode(form), headers)
        response = connection.getresponse()
        text = response.read().decode()
        return Page(response.status, text, response.getheader("Location", ""), dict(response.getheaders()))


def submit(url: str, **fields: str) -> Page:
    """Fill in the page's form, hidden fields included, and send it."""
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', browse(url).text))
    return browse(url, hidden | fields)


@pytest.fixture
def price(client: stripe.StripeClient) -> str:
    """A monthly price of $49.00 for the product Team."""
    product = client.v1.products.create({"name": "Team"})
    made = client.v1.prices.create(
        {"product": product.id, "unit_amount": 4900, "currency": "usd", "recurring": {"interval": "month"}}
    )
    return made.id


def session(client: stripe.StripeClient, price: str | None, **params: Any) -> stripe.checkout.Session:
    """An open session that leads back to an application."""
    lines = {"line_items": [{"price": price, "quantity": 1}]} if price else {}
    common: Any = {
        "mode": "subscription",
        "success_url": "http://localhost:8000/done?session_id={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://localhost:8000/pricing",
    }
    return client.v1.checkout.sessions.create(common | lines | params)


def status_of(client: stripe.StripeClient, made: stripe.checkout.Session) -> tuple[str | None, str]:
    """Status and payment status of a session."""
    found = client.v1.checkout.sessions.retrieve(made.id)
    return found.status, found.payment_status


def test_trial_terms(client: stripe.StripeClient, price: str) -> None:
    """The page says in plain words how long the trial is, and what it costs from which day on."""
    made = session(client, price, subscription_data={"trial_period_days": 14})
    page = browse(str(made.url))
    day = datetime.now(UTC) + timedelta(days=14)
    assert f"14 days free Then $49.00 per month starting {day:%B} {day.day}, {day.year}." in page.words
    assert "Due today $0.00" in page.words
    assert "This is a test page" in page.words
    assert "4242 4242 4242 4242" in page.words


def test_pay_and_subscribe(client: stripe.StripeClient, price: str) -> None:
    """A good card completes the session, makes the subscription and leads back with the session's id."""
    made = session(client, price)
    page = submit(str(made.url), **CARD, **EMAIL)
    assert (page.status, page.location) == (303, f"http://localhost:8000/done?session_id={made.id}")
    done = client.v1.checkout.sessions.retrieve(made.id, {"expand": ["subscription", "customer"]})
    assert (done.status, done.payment_status) == ("complete", "paid")
    assert isinstance(done.subscription, stripe.Subscription)
    assert done.subscription.status == "active"
    assert isinstance(done.customer, stripe.Customer)
    assert done.customer.email == "ada@example.com"


def test_declined_then_paid(client: stripe.StripeClient, price: str) -> None:
    """A declined card is told beside the field and changes nothing; another card pays."""
    made = session(client, price)
    declined = submit(str(made.url), **CARD | {"number": "4000 0000 0000 9995"}, **EMAIL)
    assert declined.status == 402
    assert 'aria-invalid="true" aria-describedby="number-error"' in declined.text
    assert "insufficient funds" in declined.words
    assert 'value="ada@example.com"' in declined.text
    assert "4000 0000 0000 9995" not in re.sub(r"(?s)<aside.*", "", declined.text)
    assert status_of(client, made) == ("open", "unpaid")
    assert client.v1.subscriptions.list({"status": "all"}).data == []
    assert submit(str(made.url), **CARD, **EMAIL).status == 303
    assert status_of(client, made) == ("complete", "paid")


@pytest.mark.parametrize(
    ("number", "field", "words"),
    [
        ("4000 0000 0000 0069", "expiry", "expired"),
        ("4000 0000 0000 0127", "cvc", "security code"),
        ("4242 4242 4242 4241", "number", "number is incorrect"),
    ],
)
def test_error_beside_its_field(
    client: stripe.StripeClient, price: str, number: str, field: str, words: str
) -> None:
    """What is wrong with a card is told beside the field that it is about."""
    page = submit(str(session(client, price).url), **CARD | {"number": number}, **EMAIL)
    assert page.status == 402
    message = re.search(rf'id="{field}-error">([^<]+)<', page.text)
    assert message
    assert words in message[1]


def test_missing_fields(client: stripe.StripeClient, price: str) -> None:
    """Empty fields are told one by one, and nothing is sent on."""
    page = submit(str(session(client, price).url), email="nonsense", number="", expiry="x", cvc="", name="")
    assert page.status == 422
    assert page.text.count('aria-invalid="true"') == 5
    assert client.v1.events.list({"types": ["payment_method.attached"]}).data == []


def test_no_card_needed(client: stripe.StripeClient, price: str) -> None:
    """A trial that collects no card asks for none."""
    made = session(
        client,
        price,
        payment_method_collection="if_required",
        subscription_data={
            "trial_period_days": 14,
            "trial_settings": {"end_behavior": {"missing_payment_method": "cancel"}},
        },
    )
    assert 'name="number"' not in browse(str(made.url)).text
    assert submit(str(made.url), **EMAIL).status == 303
    done = client.v1.checkout.sessions.retrieve(made.id, {"expand": ["subscription"]})
    assert isinstance(done.subscription, stripe.Subscription)
    assert (done.subscription.status, done.subscription.default_payment_method) == ("trialing", None)


def test_double_submit(client: stripe.StripeClient, price: str) -> None:
    """A form that is sent twice pays once, and both answers lead to the same place."""
    made = session(client, price)
    form = CARD | EMAIL | {"expected_amount": "4900"}
    first, second = browse(str(made.url), form), browse(str(made.url), form)
    assert (first.status, first.location) == (second.status, second.location)
    assert len(client.v1.subscriptions.list({"status": "all"}).data) == 1
    again = browse(str(made.url))
    assert "You are all set" in again.words
    assert html.escape(first.location) in again.text


def test_expired_and_unknown(client: stripe.StripeClient, price: str, served: ServedSandbox) -> None:
    """An expired session and an unknown one have their own pages, and take no payment."""
    made = session(client, price)
    client.v1.checkout.sessions.expire(made.id)
    for page in (browse(str(made.url)), browse(str(made.url), CARD | EMAIL)):
        assert page.status == 410
        assert "has expired" in page.words
        assert "http://localhost:8000/pricing" in page.text
    unknown = browse(f"{served.base_url}/c/pay/cs_test_nobody")
    assert (unknown.status, "no such checkout" in unknown.words) == (404, True)


def test_known_customer(client: stripe.StripeClient, price: str) -> None:
    """The e-mail address of a known customer is shown and not asked for."""
    customer = client.v1.customers.create({"email": "known@example.com"})
    made = session(client, price, customer=customer.id)
    page = browse(str(made.url))
    assert "known@example.com" in page.words
    assert 'name="email"' not in page.text
    assert submit(str(made.url), **CARD).status == 303


def test_customer_on_a_clock(client: stripe.StripeClient, price: str) -> None:
    """For a customer on a test clock the terms are reckoned in the clock's time."""
    clock = client.v1.test_helpers.test_clocks.create({"frozen_time": 1_900_000_000})
    customer = client.v1.customers.create({"email": "a@example.com", "test_clock": clock.id})
    made = session(client, price, customer=customer.id, subscription_data={"trial_period_days": 14})
    assert "14 days free Then $49.00 per month starting March 31, 2030." in browse(str(made.url)).words


def test_save_a_card(client: stripe.StripeClient) -> None:
    """In setup mode the card is kept and nothing is paid."""
    customer = client.v1.customers.create({"email": "a@example.com"})
    made = session(client, None, mode="setup", currency="usd", customer=customer.id)
    page = browse(str(made.url))
    assert "Save card" in page.words
    assert submit(str(made.url), **CARD).status == 303
    assert len(client.v1.customers.payment_methods.list(customer.id).data) == 1


def test_one_payment(client: stripe.StripeClient) -> None:
    """In payment mode the page says what is paid once."""
    price = client.v1.prices.create(
        {"unit_amount": 1500, "currency": "eur", "product_data": {"name": "Book"}}
    ).id
    made = session(client, None, mode="payment", line_items=[{"price": price, "quantity": 2}])
    page = browse(str(made.url))
    assert "Pay €30.00" in page.words
    assert submit(str(made.url), **CARD, **EMAIL).status == 303
    assert status_of(client, made) == ("complete", "paid")


@pytest.mark.parametrize(("outcome", "status"), [("succeed", "complete"), ("fail", "open")])
def test_authentication(client: stripe.StripeClient, price: str, outcome: str, status: str) -> None:
    """A card that asks for authentication leads to a page where that is completed or failed."""
    made = session(client, price)
    asked = submit(str(made.url), **CARD | {"number": "4000 0027 6000 3184"}, **EMAIL)
    assert asked.status == 303
    step = f"http://{urlsplit(str(made.url)).netloc}{asked.location}"
    assert "Confirm it is you" in browse(step).words
    assert status_of(client, made)[0] == "open"
    ended = submit(step, outcome=outcome)
    assert status_of(client, made)[0] == status
    if outcome == "succeed":
        assert ended.location == f"http://localhost:8000/done?session_id={made.id}"
    else:
        assert (ended.status, "unable to authenticate" in ended.words) == (402, True)
        assert submit(str(made.url), **CARD, **EMAIL).status == 303
    assert browse(step, {"outcome": "succeed"}).location == f"http://localhost:8000/done?session_id={made.id}"


def test_hostile_names_are_escaped(client: stripe.StripeClient) -> None:
    """Names and what was typed in are text, never markup."""
    price = client.v1.prices.create(
        {"unit_amount": 1500, "currency": "usd", "product_data": {"name": "<script>alert(1)</script>"}}
    ).id
    made = session(client, None, mode="payment", line_items=[{"price": price, "quantity": 1}])
    page = submit(str(made.url), **CARD | {"number": ""}, email='"><script>alert(2)</script>')
    assert page.status == 422
    assert "<script" not in page.text
    assert "alert(1)" in page.words


def test_headers(client: stripe.StripeClient, price: str) -> None:
    """The policy allows no script and no foreign host, except that the form may lead to the application."""
    headers = browse(str(session(client, price).url)).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert policy.endswith("form-action 'self' http://localhost:8000")
    assert "frame-ancestors 'none'" in policy
    assert headers["cache-control"] == "no-store"


def test_test_card_is_filled_in(client: stripe.StripeClient, price: str) -> None:
    """The links of the help panel fill the form in."""
    page = browse(f"{session(client, price).url}?card=declined")
    assert 'value="4000 0000 0000 0002"' in page.text
    assert 'value=""' in browse(f"{session(client, price).url}?card=nonsense").text


def test_events_follow_at_once(client: stripe.StripeClient, price: str, tool: Tool) -> None:
    """Paying on the page emits the completed event like any API call."""
    made = session(client, price)
    submit(str(made.url), **CARD, **EMAIL)
    tool("quiesce")
    types = [event.type for event in client.v1.events.list({"limit": 100}).data]
    assert types.count("checkout.session.completed") == 1
