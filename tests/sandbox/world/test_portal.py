"""The billing portal in the world: what customers do on its pages, and every event that comes of it."""

from typing import Any

import pytest

from tests.sandbox.world.script import DAY, NOW, PAID, Script, at
from tiergate_sandbox.world import Settings

Obj = dict[str, Any]

REASONS = {"enabled": True, "options": ["too_expensive", "other"]}
INVOICED = ("invoiceitem.created", "invoiceitem.created", "invoice.created", "invoice.finalized")


class Portal(Script):
    """A script with two plans, a subscribed customer, and a portal session."""

    def __init__(self, settings: Settings | None = None, **features: Obj) -> None:
        super().__init__(settings)
        self.team, self.scale = self.price(2500), self.price(5000, product=self.product_named("Scale"))
        self.yearly = self.price(50000, "year", product=self.get(f"/v1/prices/{self.scale}")["product"])
        self.who = self.customer("pm_card_visa", email="ada@example.com")
        self.sub = self.subscribe(self.who, self.team)["id"]
        self.configuration = self.configure(**features)["id"]
        self.forget()

    def product_named(self, name: str) -> str:
        """Create a product."""
        return str(self.post("/v1/products", name=name)["id"])

    def configure(self, **features: Obj) -> Obj:
        """Create a configuration that allows nearly everything, with some features changed."""
        scale = self.get(f"/v1/prices/{self.scale}")["product"]
        update = {
            "enabled": True,
            "default_allowed_updates": ["price", "quantity", "promotion_code"],
            "proration_behavior": "always_invoice",
            "products": [
                {
                    "product": self.product,
                    "prices": [self.team],
                    "adjustable_quantity": {"enabled": True, "maximum": 10},
                },
                {"product": scale, "prices": [self.scale, self.yearly]},
            ],
        }
        usual: Obj = {
            "customer_update": {"enabled": True, "allowed_updates": ["email", "name", "address"]},
            "invoice_history": {"enabled": True},
            "payment_method_update": {"enabled": True},
            "subscription_cancel": {"enabled": True, "cancellation_reason": REASONS},
            "subscription_update": update | features.pop("subscription_update", {}),
        }
        return self.post("/v1/billing_portal/configurations", features=usual | features)

    def session(self, **params: Any) -> Obj:
        """Create a session."""
        return self.post(
            "/v1/billing_portal/sessions", customer=self.who, configuration=self.configuration, **params
        )

    def path(self, **params: Any) -> str:
        """Return the private address of a new session's pages."""
        path = f"/v1/portal_pages/{self.session(**params)['url'].rpartition('/')[2]}"
        self.forget()
        return path


def test_configuration() -> None:
    """A configuration has Stripe's keys, shows its products when asked, and keeps what is not named."""
    portal = Portal()
    made = portal.configure(customer_update={"enabled": False})
    told = portal.happened("billing_portal.configuration.created").object_of(
        "billing_portal.configuration.created"
    )
    assert told == made
    assert made["is_default"] is False
    assert made["features"]["subscription_cancel"] == {
        "cancellation_reason": {
            "enabled": True,
            "feedback_options": [],
            "options": ["too_expensive", "other"],
        },
        "enabled": True,
        "mode": "at_period_end",
        "proration_behavior": "none",
    }
    assert "products" not in made["features"]["subscription_update"]
    path = f"/v1/billing_portal/configurations/{made['id']}"
    shown = portal.get(path, expand=["features.subscription_update.products"])
    assert shown["features"]["subscription_update"]["products"][0] == {
        "adjustable_quantity": {"enabled": True, "maximum": 10, "minimum": 1},
        "prices": [portal.team],
        "product": portal.product,
    }
    changed = portal.post(path, features={"subscription_cancel": {"mode": "immediately"}}, name="Plain")
    assert changed["features"]["subscription_cancel"]["cancellation_reason"]["enabled"] is True
    before = portal.happened("billing_portal.configuration.updated").before(
        "billing_portal.configuration.updated"
    )
    assert before == {"features": {"subscription_cancel": {"mode": "at_period_end"}}, "name": None}
    listed = portal.get("/v1/billing_portal/configurations", active=True)["data"]
    assert [one["id"] for one in listed] == [made["id"], portal.configuration]


@pytest.mark.parametrize(
    ("features", "param"),
    [
        ({"subscription_cancel": {"enabled": True, "proration_behavior": "always_invoice"}}, "proration"),
        ({"subscription_cancel": {"enabled": True, "proration_behavior": "create_prorations"}}, "proration"),
        ({"customer_update": {"enabled": True}}, "allowed_updates"),
        ({"customer_update": {"allowed_updates": ["email"]}}, "features[customer_update][enabled]"),
        (
            {"subscription_update": {"enabled": True, "products": [{"product": "no", "prices": []}]}},
            "product",
        ),
        ({"invoice_history": {"enabled": True, "shown": 3}}, "features[invoice_history][shown]"),
    ],
)
def test_refused_configuration(features: Obj, param: str) -> None:
    """What makes no sense in a configuration is refused, and the parameter is named."""
    error = Script().refused(400, "POST", "/v1/billing_portal/configurations", features=features)
    assert param in error["param"]


def test_offered_prices_must_fit() -> None:
    """An offered price belongs to its product, recurs, and differs from the others in its interval."""
    script = Script()
    monthly, other = script.price(100), script.price(200)
    once = script.post("/v1/prices", product=script.product, currency="usd", unit_amount=5)["id"]
    foreign = script.price(300, product=script.post("/v1/products", name="Other")["id"])
    for prices in ([once], [monthly, other], ["price_unknown"], [foreign]):
        update = {"enabled": True, "products": [{"product": script.product, "prices": prices}]}
        error = script.refused(
            400, "POST", "/v1/billing_portal/configurations", features={"subscription_update": update}
        )
        assert error["param"].startswith("features[subscription_update][products][0][prices]")


def test_default_configuration() -> None:
    """Without a configuration the account's default one holds; where none was saved, Stripe refuses."""
    saved = Script()
    customer = saved.customer()
    session = saved.post("/v1/billing_portal/sessions", customer=customer, expand=["configuration"])
    assert session["configuration"]["is_default"] is True
    again = saved.post("/v1/billing_portal/sessions", customer=customer)
    assert again["configuration"] == session["configuration"]["id"]
    path = f"/v1/billing_portal/configurations/{again['configuration']}"
    assert "default" in saved.refused(400, "POST", path, active=False)["message"]
    fresh = Script(Settings(portal_saved=False))
    error = fresh.refused(400, "POST", "/v1/billing_portal/sessions", customer=fresh.customer())
    assert error["message"].startswith("No configuration provided")


def test_older_shape() -> None:
    """Versions before August 2026 know neither custom reasons nor lengths of pauses."""
    portal = Portal()
    path = f"/v1/billing_portal/configurations/{portal.configuration}"
    older = portal.call("GET", path, {}, "2026-06-24.dahlia").body["features"]
    assert older["subscription_cancel"]["cancellation_reason"] == REASONS
    assert older["subscription_pause"] == {"enabled": False}
    newer = portal.get(path)["features"]
    assert newer["subscription_pause"]["duration"] == {"interval_options": [], "type": "indefinite"}


def test_session_keys() -> None:
    """A session has exactly Stripe's keys; its address is not derived from its id."""
    portal = Portal()
    session = portal.session(return_url="https://example.com/account")
    assert portal.happened("billing_portal.session.created").object_of("billing_portal.session.created")
    assert sorted(session) == [
        "after_expiration",
        "configuration",
        "created",
        "customer",
        "customer_account",
        "flow",
        "id",
        "livemode",
        "locale",
        "object",
        "on_behalf_of",
        "return_url",
        "url",
    ]
    assert session["id"].removeprefix("bps_") not in session["url"]


def test_session_expires() -> None:
    """A session that nobody uses ends after five minutes, one in use after an hour without a click."""
    portal = Portal()
    unused, used = portal.path(), portal.path()
    portal.now += 299
    portal.post(used)
    portal.now += 2
    assert portal.refused(410, "POST", unused)["message"].startswith("This portal session has expired")
    portal.now += 3_500
    portal.post(used)
    portal.now += 3_600
    portal.refused(410, "POST", used)
    portal.refused(404, "POST", "/v1/portal_pages/test_unknown")


def test_upgrade() -> None:
    """The preview says what is due, the change charges exactly that, and doing it twice changes nothing."""
    portal = Portal()
    path = portal.path()
    portal.advance(days=10)
    portal.forget()
    wanted: Obj = {"subscription": portal.sub, "price": portal.scale}
    offer = portal.post(f"{path}/subscription_preview", **wanted)
    assert offer["invoice"]["amount_due"] == 1693
    portal.happened()
    changed = portal.post(f"{path}/subscription_update", **wanted, proration_date=offer["proration_date"])
    happened = portal.happened(
        *INVOICED, "payment_intent.created", *PAID, "customer.updated", "customer.subscription.updated"
    )
    assert happened.object_of("invoice.paid")["amount_paid"] == offer["invoice"]["amount_due"]
    assert {"items", "latest_invoice"} <= happened.before("customer.subscription.updated").keys()
    assert changed["items"]["data"][0]["price"]["id"] == portal.scale
    portal.post(f"{path}/subscription_update", **wanted)
    portal.happened()


def test_refused_card_changes_nothing() -> None:
    """An upgrade whose payment is refused leaves the plan as it was."""
    portal = Portal()
    path = portal.path()
    card = portal.post("/v1/payment_methods/pm_card_chargeCustomerFail/attach", customer=portal.who)["id"]
    portal.post(f"/v1/subscriptions/{portal.sub}", default_payment_method=card)
    portal.forget()
    error = portal.refused(
        402, "POST", f"{path}/subscription_update", subscription=portal.sub, price=portal.scale
    )
    assert error["code"] == "card_declined"
    portal.happened()
    assert portal.subscription(portal.sub)["items"]["data"][0]["price"]["id"] == portal.team


def test_quantity() -> None:
    """The quantity moves within the limits of the configuration."""
    portal = Portal(subscription_update={"proration_behavior": "none"})
    path = portal.path()
    portal.refused(400, "POST", f"{path}/subscription_update", subscription=portal.sub, quantity=11)
    changed = portal.post(f"{path}/subscription_update", subscription=portal.sub, quantity=3)
    assert changed["quantity"] == 3
    portal.happened("customer.subscription.updated")
    error = portal.refused(
        400, "POST", f"{path}/subscription_update", subscription=portal.sub, price=portal.scale, quantity=2
    )
    assert error["param"] == "items[0][quantity]"


def test_downgrade_waits() -> None:
    """A cheaper plan waits for the period's end in a schedule, when the configuration says so."""
    conditions = {"conditions": [{"type": "decreasing_item_amount"}]}
    portal = Portal(subscription_update={"schedule_at_period_end": conditions})
    path = portal.path()
    wanted: Obj = {"subscription": portal.sub, "price": portal.scale}
    portal.post(f"{path}/subscription_update", **wanted)
    portal.forget()
    wanted["price"] = portal.team
    offer = portal.post(f"{path}/subscription_preview", **wanted)
    assert (offer["starts_at"], offer["invoice"]) == (at("2026-02-15T10:00:00"), None)
    changed = portal.post(f"{path}/subscription_update", **wanted)
    happened = portal.happened(
        "subscription_schedule.created", "subscription_schedule.updated", "customer.subscription.updated"
    )
    assert happened.before("customer.subscription.updated") == {"schedule": None}
    assert changed["items"]["data"][0]["price"]["id"] == portal.scale
    portal.advance(days=31, hours=2)
    told = {one["type"] for one in portal.payloads}
    assert {"subscription_schedule.updated", "customer.subscription.updated", "invoice.paid"} <= told
    now = portal.subscription(portal.sub)
    assert now["items"]["data"][0]["price"]["id"] == portal.team
    assert portal.invoice(now)["amount_paid"] == 2500


def test_shorter_interval_waits() -> None:
    """From yearly to monthly waits for the year's end, when the configuration says so."""
    conditions = {"conditions": [{"type": "shortening_interval"}]}
    portal = Portal(subscription_update={"schedule_at_period_end": conditions})
    sub = portal.subscribe(portal.who, portal.yearly)
    offer = portal.post(f"{portal.path()}/subscription_preview", subscription=sub["id"], price=portal.scale)
    assert offer["starts_at"] == at("2027-01-15T10:00:00")


def test_pause_and_resume() -> None:
    """A configuration with pausing lets the customer pause and resume; a second click changes nothing."""
    portal = Portal(subscription_pause={"enabled": True})
    path = portal.path()
    assert portal.post(f"{path}/subscription_pause", subscription=portal.sub)["status"] == "paused"
    portal.forget()
    portal.post(f"{path}/subscription_pause", subscription=portal.sub)
    portal.happened()
    assert portal.post(f"{path}/subscription_resume", subscription=portal.sub)["status"] == "active"


def test_promotion_code() -> None:
    """A typed code is found whatever its case, shown in the preview, and redeemed once."""
    portal = Portal()
    coupon = portal.post("/v1/coupons", percent_off=20, duration="forever")["id"]
    portal.post("/v1/promotion_codes", promotion={"type": "coupon", "coupon": coupon}, code="SPRING")
    path = portal.path()
    wanted: Obj = {"subscription": portal.sub, "price": portal.scale, "promotion_code": "spring"}
    offer = portal.post(f"{path}/subscription_preview", **wanted)
    changed = portal.post(f"{path}/subscription_update", **wanted)
    assert len(changed["discounts"]) == 1
    assert portal.invoice(changed)["amount_paid"] == offer["invoice"]["amount_due"]
    assert offer["invoice"]["amount_due"] < 2500
    portal.forget()
    portal.post(f"{path}/subscription_update", **wanted)
    portal.happened()
    wanted["promotion_code"] = "AUTUMN"
    error = portal.refused(400, "POST", f"{path}/subscription_update", **wanted)
    assert error["param"] == "promotion_code"


def test_retention() -> None:
    """A link to the cancellation may offer a coupon for staying; it is given once, and only there."""
    portal = Portal()
    coupon = portal.post("/v1/coupons", percent_off=50, duration="once")["id"]
    said = {
        "subscription": portal.sub,
        "retention": {"type": "coupon_offer", "coupon_offer": {"coupon": coupon}},
    }
    path = portal.path(flow_data={"type": "subscription_cancel", "subscription_cancel": said})
    stayed = portal.post(f"{path}/subscription_stay", subscription=portal.sub)
    assert len(stayed["discounts"]) == 1
    portal.happened("customer.discount.created", "customer.subscription.updated")
    portal.post(f"{path}/subscription_stay", subscription=portal.sub)
    portal.happened()
    portal.refused(400, "POST", f"{portal.path()}/subscription_stay", subscription=portal.sub)


def test_trial_ends_or_continues() -> None:
    """A change of the plan in a trial ends the trial and charges at once, or keeps it, as configured."""
    for behavior, status in (("end_trial", "active"), ("continue_trial", "trialing")):
        portal = Portal(subscription_update={"trial_update_behavior": behavior})
        sub = portal.subscribe(portal.who, portal.team, trial_period_days=14)
        path = portal.path()
        changed = portal.post(f"{path}/subscription_update", subscription=sub["id"], price=portal.scale)
        assert changed["status"] == status
        assert changed["items"]["data"][0]["price"]["id"] == portal.scale


def test_cancel_at_period_end() -> None:
    """Flexible billing only gets a ``cancel_at``; the reason comes in a second event; renewing undoes it."""
    portal = Portal()
    path, ends_at = portal.path(), at("2026-02-15T10:00:00")
    canceled = portal.post(f"{path}/subscription_cancel", subscription=portal.sub)
    assert (canceled["cancel_at"], canceled["cancel_at_period_end"]) == (ends_at, False)
    assert portal.happened("customer.subscription.updated").before("customer.subscription.updated") == {
        "cancel_at": None,
        "canceled_at": None,
        "cancellation_details": {"reason": None},
    }
    portal.post(f"{path}/subscription_cancel", subscription=portal.sub)
    portal.happened()
    said = {"feedback": "too_expensive", "comment": "Too much for us"}
    portal.post(f"{path}/subscription_cancel_reason", subscription=portal.sub, **said)
    assert portal.happened("customer.subscription.updated").before("customer.subscription.updated") == {
        "cancellation_details": {"comment": None, "feedback": None}
    }
    portal.refused(
        400, "POST", f"{path}/subscription_cancel_reason", subscription=portal.sub, feedback="unused"
    )
    renewed = portal.post(f"{path}/subscription_renew", subscription=portal.sub)
    assert (renewed["cancel_at"], renewed["status"]) == (None, "active")
    portal.happened("customer.subscription.updated")
    portal.post(f"{path}/subscription_cancel", subscription=portal.sub)
    portal.advance(days=31)
    portal.happened("customer.subscription.updated", "customer.subscription.deleted")


def test_cancel_in_trial() -> None:
    """In a trial, flexible billing ends with the trial."""
    portal = Portal()
    sub = portal.subscribe(portal.who, portal.team, trial_period_days=14)
    canceled = portal.post(f"{portal.path()}/subscription_cancel", subscription=sub["id"])
    assert canceled["cancel_at"] == canceled["trial_end"] == NOW + 14 * DAY


def test_cancel_in_classic_billing() -> None:
    """Classic billing gets ``cancel_at_period_end``."""
    portal = Portal()
    sub = portal.subscribe(portal.who, portal.team, billing_mode={"type": "classic"})
    path = portal.path()
    canceled = portal.post(f"{path}/subscription_cancel", subscription=sub["id"])
    assert canceled["cancel_at_period_end"] is True
    renewed = portal.post(f"{path}/subscription_renew", subscription=sub["id"])
    assert (renewed["cancel_at_period_end"], renewed["cancel_at"]) == (False, None)


def test_cancel_at_once() -> None:
    """An immediate cancellation ends the subscription; the reason arrives after that end."""
    portal = Portal(
        subscription_cancel={"enabled": True, "mode": "immediately", "cancellation_reason": REASONS}
    )
    path = portal.path()
    portal.post(f"{path}/subscription_cancel", subscription=portal.sub)
    assert portal.happened("customer.subscription.deleted").object_of("customer.subscription.deleted")
    portal.post(f"{path}/subscription_cancel_reason", subscription=portal.sub, feedback="other")
    later = portal.happened("customer.subscription.updated")
    assert later.object_of("customer.subscription.updated")["status"] == "canceled"
    portal.refused(400, "POST", f"{path}/subscription_renew", subscription=portal.sub)


def test_cards() -> None:
    """A new card is set up and becomes the default; an old one can be removed, one in use cannot."""
    portal = Portal()
    path = portal.path()
    old = portal.post(path)["cards_in_use"][0]
    assert portal.post(f"{path}/add_card", payment_method="pm_card_mastercard") == {"setup_intent": None}
    happened = portal.happened(
        "setup_intent.created", "setup_intent.succeeded", "payment_method.attached", "customer.updated"
    )
    assert happened.before("customer.updated") == {"invoice_settings": {"default_payment_method": old}}
    (new,) = portal.post(path)["cards_in_use"]
    assert portal.refused(400, "POST", f"{path}/remove_card", payment_method=new)["message"].startswith(
        "This"
    )
    portal.post(f"{path}/default_card", payment_method=old)
    portal.happened("customer.updated")
    portal.post(f"{path}/remove_card", payment_method=new)
    portal.happened("payment_method.detached")
    portal.post(f"{path}/remove_card", payment_method=new)
    portal.happened()


def test_card_of_the_subscription() -> None:
    """A subscription that names its own card gets the new one too, unless the switch says otherwise."""
    for settings, follows in ((Settings(), True), (Settings(portal_default_card="customer"), False)):
        portal = Portal(settings)
        own = portal.post("/v1/payment_methods/pm_card_amex/attach", customer=portal.who)["id"]
        portal.post(f"/v1/subscriptions/{portal.sub}", default_payment_method=own)
        portal.post(f"{portal.path()}/add_card", payment_method="pm_card_visa")
        assert (portal.subscription(portal.sub)["default_payment_method"] != own) is follows


def test_card_with_authentication() -> None:
    """A card that its bank asks about becomes the default when the bank is content."""
    portal = Portal()
    path = portal.path()
    setup = portal.post(f"{path}/add_card", payment_method="pm_card_authenticationRequired")["setup_intent"]
    portal.happened("setup_intent.created", "setup_intent.requires_action")
    portal.refused(400, "POST", f"{path}/finish_card")
    portal.post(f"/v1/setup_intents/{setup}/complete_authentication", outcome="succeed")
    portal.happened("payment_method.attached", "setup_intent.succeeded")
    portal.post(f"{path}/finish_card")
    portal.happened("customer.updated")


def test_refused_card_is_told() -> None:
    """A refused card is answered with 402, and its setup intent tells why."""
    portal = Portal()
    portal.refused(402, "POST", f"{portal.path()}/add_card", payment_method="pm_card_chargeDeclined")
    portal.happened("setup_intent.created", "setup_intent.setup_failed")


def test_billing_information() -> None:
    """What the configuration allows can be changed, and nothing else."""
    portal = Portal()
    path = portal.path()
    portal.post(f"{path}/customer_update", email="new@example.com", name="Ada")
    told = portal.happened("customer.updated").before("customer.updated")
    assert told == {"email": "ada@example.com", "name": None}
    assert portal.refused(400, "POST", f"{path}/customer_update", phone="1")["param"] == "phone"
    portal.refused(400, "POST", f"{path}/customer_update", email="")
    portal.post(f"{path}/customer_update", email="new@example.com", name="Ada")
    portal.happened()


def test_disabled_features() -> None:
    """What the configuration switches off is refused on the pages and in deep links."""
    portal = Portal()
    off: Obj = {
        name: {"enabled": False} for name in ("subscription_cancel", "subscription_update", "customer_update")
    }
    portal.configuration = portal.post(
        "/v1/billing_portal/configurations", features=off | {"payment_method_update": {"enabled": False}}
    )["id"]
    path = portal.path()
    for action in ("cancel", "update", "pause"):
        error = portal.refused(400, "POST", f"{path}/subscription_{action}", subscription=portal.sub)
        assert "portal configuration is disabled" in error["message"]
    portal.refused(400, "POST", f"{path}/add_card", payment_method="pm_card_visa")
    error = portal.refused(
        400,
        "POST",
        "/v1/billing_portal/sessions",
        customer=portal.who,
        configuration=portal.configuration,
        flow_data={"type": "subscription_cancel", "subscription_cancel": {"subscription": portal.sub}},
    )
    assert error["param"] == "flow_data[subscription_cancel][subscription]"


def test_strangers() -> None:
    """A session reaches only its customer's subscriptions and cards."""
    portal = Portal()
    other = portal.customer("pm_card_visa")
    theirs = portal.subscribe(other, portal.team)
    card = portal.get(f"/v1/customers/{other}/payment_methods")["data"][0]["id"]
    path = portal.path()
    portal.refused(400, "POST", f"{path}/subscription_cancel", subscription=theirs["id"])
    portal.refused(400, "POST", f"{path}/default_card", payment_method=card)


def test_what_the_portal_cannot_change() -> None:
    """Several items, invoices by mail and scheduled ends are not changed, and the reason is told."""
    portal = Portal()
    several = portal.post(
        "/v1/subscriptions", customer=portal.who, items=[{"price": portal.team}, {"price": portal.scale}]
    )
    mailed = portal.subscribe(portal.who, portal.team, collection_method="send_invoice", days_until_due=7)
    portal.post(f"/v1/subscriptions/{portal.sub}", cancel_at_period_end=True)
    reasons = {
        several["id"]: "multiple items",
        mailed["id"]: "send_invoice",
        portal.sub: "set to be canceled",
    }
    for sub, reason in reasons.items():
        flow = {"type": "subscription_update", "subscription_update": {"subscription": sub}}
        error = portal.refused(
            400,
            "POST",
            "/v1/billing_portal/sessions",
            customer=portal.who,
            configuration=portal.configuration,
            flow_data=flow,
        )
        assert reason in error["message"]


def test_confirmation_link() -> None:
    """A link to a confirmation names one item and a price that the configuration offers."""
    portal = Portal()
    item = portal.subscription(portal.sub)["items"]["data"][0]["id"]

    def flow(**one: Any) -> Obj:
        said = {"subscription": portal.sub, "items": [{"id": item, **one}]}
        return {"type": "subscription_update_confirm", "subscription_update_confirm": said}

    made = portal.session(flow_data=flow(price=portal.scale))["flow"]
    assert made["type"] == "subscription_update_confirm"
    assert made["after_completion"] == {
        "hosted_confirmation": None,
        "redirect": None,
        "type": "portal_homepage",
    }
    assert made["subscription_update_confirm"]["items"] == [
        {"id": item, "price": portal.scale, "quantity": 1}
    ]
    foreign = portal.price(100, product=portal.product_named("Other"))
    for wrong in (flow(), flow(price=foreign), flow(quantity=99), flow(id="si_unknown", quantity=2)):
        error = portal.refused(
            400,
            "POST",
            "/v1/billing_portal/sessions",
            customer=portal.who,
            configuration=portal.configuration,
            flow_data=wrong,
        )
        assert error["param"].startswith("flow_data[subscription_update_confirm][items]")
