"""The portal's pages, used with plain HTTP form posts as a browser without JavaScript does."""

from typing import Any

import pytest
import stripe

from tests.sandbox.face.conftest import sdk
from tests.sandbox.face.test_checkout_page import Page, browse, submit
from tiergate_sandbox.testing import ServedSandbox, run_sandbox
from tiergate_sandbox.world import Settings

CARD = {"number": "4242 4242 4242 4242", "expiry": "12 / 34", "cvc": "123", "name": "Ada Lovelace"}
BACK = "http://localhost:8000/account"


class Shop:
    """Two plans, a subscribed customer, and a portal that allows nearly everything."""

    def __init__(self, client: stripe.StripeClient, base_url: str) -> None:
        self.client = client
        self.base_url = base_url
        self.team, self.scale = self.plan("Team", 4900, 49000), self.plan("Scale", 9900, 99000)
        customer: Any = {
            "email": "ada@example.com",
            "payment_method": "pm_card_visa",
            "invoice_settings": {"default_payment_method": "pm_card_visa"},
        }
        self.customer = client.v1.customers.create(customer).id
        self.sub = client.v1.subscriptions.create(
            {"customer": self.customer, "items": [{"price": self.team["month"]}]}
        ).id

    def plan(self, name: str, monthly: int, yearly: int) -> dict[str, str]:
        """Create a product with a monthly and a yearly price."""
        made = {"product": self.client.v1.products.create({"name": name}).id}
        for interval, amount in (("month", monthly), ("year", yearly)):
            params: Any = {
                "product": made["product"],
                "unit_amount": amount,
                "currency": "usd",
                "recurring": {"interval": interval},
            }
            made[interval] = self.client.v1.prices.create(params).id
        return made

    def portal(self, features: Any = None, **params: Any) -> str:
        """Open the portal and return its address."""
        usual: Any = {
            "customer_update": {"enabled": True, "allowed_updates": ["email", "name", "address", "tax_id"]},
            "invoice_history": {"enabled": True},
            "payment_method_update": {"enabled": True},
            "subscription_cancel": {
                "enabled": True,
                "cancellation_reason": {"enabled": True, "options": ["too_expensive", "other"]},
            },
            "subscription_update": {
                "enabled": True,
                "default_allowed_updates": ["price", "quantity", "promotion_code"],
                "proration_behavior": "always_invoice",
                "products": [
                    {
                        "product": plan["product"],
                        "prices": [plan["month"], plan["year"]],
                        "adjustable_quantity": {"enabled": True, "maximum": 10},
                    }
                    for plan in (self.team, self.scale)
                ],
            },
        }
        made = self.client.v1.billing_portal.configurations.create({"features": usual | (features or {})})
        sent: Any = {"customer": self.customer, "configuration": made.id, "return_url": BACK, **params}
        return self.client.v1.billing_portal.sessions.create(sent).url

    def now(self) -> stripe.Subscription:
        """Read the subscription again."""
        return self.client.v1.subscriptions.retrieve(self.sub)

    def price(self) -> str:
        """The price of the subscription's only item."""
        return str(self.now()["items"].data[0].price.id)

    def follow(self, page: Page) -> Page:
        """Go where a submitted form leads."""
        assert page.status == 303, page.words
        return browse(f"{self.base_url}{page.location}")


@pytest.fixture
def shop(client: stripe.StripeClient, served: ServedSandbox) -> Shop:
    """A shop with one subscribed customer."""
    return Shop(client, served.base_url)


def test_home(shop: Shop) -> None:
    """The home page tells plan, price, date, next amount, card, billing information and invoices."""
    page = browse(shop.portal())
    for words in (
        "Team Active $49.00 per month",
        "Next invoice $49.00 Payment Visa •••• 4242",
        "Visa •••• 4242 Default",
        "ada@example.com",
        "-0001 Paid $49.00 View PDF",
        "Return to Sandbox",
    ):
        assert words in page.words
    assert BACK in page.text


def test_change_plan(shop: Shop) -> None:
    """A plan is chosen, its cost today is shown and confirmed, and a second submit changes nothing more."""
    url = shop.portal()
    choose = browse(f"{url}/subscriptions/{shop.sub}/change")
    assert "Team Current plan $49.00 per month" in choose.words
    assert "$990.00" not in choose.words
    yearly = browse(f"{url}/subscriptions/{shop.sub}/change?every=year-1")
    assert "Scale $990.00 per year" in yearly.words
    confirm = f"{url}/subscriptions/{shop.sub}/confirm?price={shop.scale['month']}&quantity=2"
    asked = browse(confirm)
    assert "To 2 × Scale, $198.00 per month" in asked.words
    assert "Due today $149.00" in asked.words
    hidden = {"price": shop.scale["month"], "quantity": "2"}
    for _ in range(2):
        done = shop.follow(browse(f"{url}/subscriptions/{shop.sub}/change", hidden))
        assert "Your plan has been changed." in done.words
    assert shop.price() == shop.scale["month"]
    assert len(shop.client.v1.invoices.list({"customer": shop.customer}).data) == 2


def test_declined_change(shop: Shop) -> None:
    """A refused card is told on the confirmation page, and the plan stays."""
    card = shop.client.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": shop.customer})
    shop.client.v1.subscriptions.update(shop.sub, {"default_payment_method": card.id})
    url = f"{shop.portal()}/subscriptions/{shop.sub}/change"
    page = browse(url, {"price": shop.scale["month"]})
    assert (page.status, "Your card was declined." in page.words) == (402, True)
    assert "Confirm and pay $50.00" in page.words
    assert shop.price() == shop.team["month"]


def test_downgrade_waits(shop: Shop) -> None:
    """A change that waits for the period's end costs nothing today and says when it starts."""
    update: Any = {
        "subscription_update": {
            "enabled": True,
            "default_allowed_updates": ["price"],
            "proration_behavior": "always_invoice",
            "schedule_at_period_end": {"conditions": [{"type": "decreasing_item_amount"}]},
            "products": [
                {"product": plan["product"], "prices": [plan["month"]]} for plan in (shop.team, shop.scale)
            ],
        }
    }
    url = f"{shop.portal(update)}/subscriptions/{shop.sub}"
    browse(f"{url}/change", {"price": shop.scale["month"]})
    asked = browse(f"{url}/confirm?price={shop.team['month']}")
    assert "Due today $0.00" in asked.words
    done = shop.follow(browse(f"{url}/change", {"price": shop.team["month"]}))
    assert "Your plan will change at the end of the billing period." in done.words
    assert shop.price() == shop.scale["month"]
    assert shop.now().schedule is not None


def test_promotion_code(shop: Shop) -> None:
    """A promotion code lowers what is due; a wrong one is told."""
    coupon = shop.client.v1.coupons.create({"percent_off": 50, "duration": "forever"})
    shop.client.v1.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "HALF"}
    )
    confirm = f"{shop.portal()}/subscriptions/{shop.sub}/confirm?price={shop.scale['month']}&promotion_code="
    assert "Due today $50.00" not in browse(f"{confirm}half").words
    wrong = browse(f"{confirm}NOPE")
    assert (wrong.status, "This promotion code is invalid." in wrong.words) == (400, True)


def test_cancel_and_renew(shop: Shop) -> None:
    """Canceling asks once, then why; the plan runs on to the period's end, and one click takes it back."""
    url = shop.portal()
    at = f"{url}/subscriptions/{shop.sub}"
    assert "Your plan stays available until" in browse(f"{at}/cancel").words
    for _ in range(2):
        reason = shop.follow(browse(f"{at}/cancel", {}))
        assert "It is too expensive" in reason.words
    details = shop.now().cancellation_details
    assert details
    assert details.feedback is None
    told = shop.follow(browse(f"{at}/reason", {"do": "tell", "feedback": "too_expensive", "comment": "Hm"}))
    assert "Team ends on" in told.words
    canceled = shop.now()
    assert (canceled.status, canceled.cancel_at_period_end) == ("active", False)
    assert canceled.cancel_at is not None
    assert canceled.cancellation_details
    assert canceled.cancellation_details.feedback == "too_expensive"
    shop.follow(browse(f"{at}/renew", {}))
    assert shop.now().cancel_at is None


def test_add_a_card(shop: Shop) -> None:
    """A new card becomes the default; a refused or mistyped one is told beside its field."""
    url = f"{shop.portal()}/cards/add"
    wrong = submit(url, **CARD | {"number": "4000 0000 0000 0002"})
    assert (wrong.status, 'aria-describedby="number-error"' in wrong.text) == (402, True)
    assert submit(url, **CARD | {"cvc": ""}).status == 422
    done = shop.follow(submit(url, **CARD | {"number": "5555 5555 5555 4444"}))
    assert "Mastercard •••• 4444 Default" in done.words


@pytest.mark.parametrize(("outcome", "cards"), [("succeed", 2), ("fail", 1)])
def test_card_with_authentication(shop: Shop, outcome: str, cards: int) -> None:
    """A card that its bank asks about is saved when the bank is content, and not before."""
    url = shop.portal()
    step = shop.follow(submit(f"{url}/cards/add", **CARD | {"number": "4000 0027 6000 3184"}))
    assert "Confirm it is you" in step.words
    ended = browse(f"{url}/cards/authenticate", {"outcome": outcome})
    assert ended.status == (303 if outcome == "succeed" else 402)
    assert len(shop.client.v1.customers.payment_methods.list(shop.customer).data) == cards


def test_default_and_remove(shop: Shop) -> None:
    """A card can be made the default, and one that pays for nothing can be removed."""
    spare = shop.client.v1.payment_methods.attach("pm_card_amex", {"customer": shop.customer})
    url = shop.portal()
    assert "American Express •••• 0005" in browse(url).words
    shop.follow(browse(f"{url}/cards/{spare.id}/default", {}))
    old = next(
        card
        for card in shop.client.v1.customers.payment_methods.list(shop.customer).data
        if card.id != spare.id
    )
    assert browse(f"{url}/cards/{spare.id}/remove", {}).status == 404
    for _ in range(2):
        shop.follow(browse(f"{url}/cards/{old.id}/remove", {}))
    assert len(shop.client.v1.customers.payment_methods.list(shop.customer).data) == 1


def test_billing_information(shop: Shop) -> None:
    """Name and address can be changed; what is typed is text, never markup."""
    url = f"{shop.portal()}/customer"
    done = shop.follow(
        browse(url, {"email": "new@example.com", "name": "<b>Ada", "line1": "1 Main St", "country": "US"})
    )
    assert "<b>Ada" not in done.text
    changed = shop.client.v1.customers.retrieve(shop.customer)
    assert (changed.email, changed.name) == ("new@example.com", "<b>Ada")
    assert changed.address is not None
    assert changed.address.line1 == "1 Main St"
    assert browse(url, {"email": ""}).status == 400


def test_tax_ids(shop: Shop) -> None:
    """A tax id is added once however often the form is sent, a wrong one is told, and it can be removed."""
    url = f"{shop.portal()}/customer/tax_id"
    for _ in range(2):
        page = shop.follow(browse(url, {"type": "eu_vat", "value": "DE123456789"}))
    assert "DE123456789 EU VAT number" in page.words
    (made,) = shop.client.v1.customers.tax_ids.list(shop.customer).data
    wrong = browse(url, {"type": "eu_vat", "value": "12"})
    assert (wrong.status, "Invalid value for eu_vat" in wrong.words) == (400, True)
    for _ in range(2):
        browse(url, {"remove": made.id})
    assert shop.client.v1.customers.tax_ids.list(shop.customer).data == []


def test_deep_link(shop: Shop) -> None:
    """A deep link leads straight to its page, and its end to where the application wants."""
    flow = {
        "type": "subscription_cancel",
        "subscription_cancel": {"subscription": shop.sub},
        "after_completion": {"type": "redirect", "redirect": {"return_url": "http://localhost:8000/gone"}},
    }
    reasonless = {"subscription_cancel": {"enabled": True}}
    url = shop.portal(reasonless, flow_data=flow)
    asked = shop.follow(browse(url))
    assert "Cancel Team?" in asked.words
    done = browse(f"{url}/subscriptions/{shop.sub}/cancel", {})
    assert done.location == "http://localhost:8000/gone"


def test_confirmation_link(shop: Shop) -> None:
    """A link to a confirmation shows the change, and ends with the message that was asked for."""
    item = shop.now()["items"].data[0].id
    said = {"subscription": shop.sub, "items": [{"id": item, "price": shop.scale["month"], "quantity": 1}]}
    after = {"type": "hosted_confirmation", "hosted_confirmation": {"custom_message": "Enjoy Scale"}}
    flow = {
        "type": "subscription_update_confirm",
        "subscription_update_confirm": said,
        "after_completion": after,
    }
    url = shop.portal(flow_data=flow)
    assert "To Scale, $99.00 per month" in shop.follow(browse(url)).words
    done = shop.follow(browse(f"{url}/subscriptions/{shop.sub}/change", {}))
    assert "Enjoy Scale" in done.words
    assert shop.price() == shop.scale["month"]


def test_offer_to_stay(shop: Shop) -> None:
    """A link to the cancellation may offer a coupon, which is given when the customer stays."""
    coupon = shop.client.v1.coupons.create(
        {"percent_off": 20, "duration": "repeating", "duration_in_months": 3}
    )
    said = {
        "subscription": shop.sub,
        "retention": {"type": "coupon_offer", "coupon_offer": {"coupon": coupon.id}},
    }
    url = shop.portal(flow_data={"type": "subscription_cancel", "subscription_cancel": said})
    assert "Stay and get 20% off for 3 months" in shop.follow(browse(url)).words
    shop.follow(browse(f"{url}/subscriptions/{shop.sub}/cancel", {"do": "stay"}))
    assert (len(shop.now().discounts), shop.now().cancel_at) == (1, None)


def test_switched_off(shop: Shop) -> None:
    """What the configuration switches off is neither shown nor reachable."""
    off = {
        name: {"enabled": False}
        for name in ("customer_update", "invoice_history", "payment_method_update", "subscription_cancel")
    }
    url = shop.portal(off | {"subscription_update": {"enabled": False}})
    words = browse(url).words
    for gone in ("Change plan", "Cancel plan", "Add a card", "Update information", "Invoices"):
        assert gone not in words
    for path in ("customer", "cards/add", f"subscriptions/{shop.sub}/cancel"):
        assert browse(f"{url}/{path}").status == 404


def test_expired_and_unknown(shop: Shop) -> None:
    """An address that is wrong, or whose customer is gone, has a friendly page and does nothing."""
    unknown = browse(f"{shop.base_url}/p/session/test_nobody")
    assert (unknown.status, "There is no such page" in unknown.words) == (404, True)
    url = shop.portal()
    shop.client.v1.customers.delete(shop.customer)
    assert browse(url).status == 404


def test_too_old() -> None:
    """A session that has expired has a friendly page that says what to do."""
    with run_sandbox(settings=Settings(portal_unused_seconds=0)) as sandbox:
        page = browse(Shop(sdk(sandbox.base_url), sandbox.base_url).portal())
    assert (page.status, "This page has expired" in page.words) == (410, True)
