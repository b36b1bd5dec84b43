"""What is sold by a checkout, and the session as Stripe wants it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tiergate.rules.catalog import Plan
from tiergate.rules.checkout_settings import BillingAddress, CheckoutSettings
from tiergate.services.accounts.stripe_locale import stripe_locale
from tiergate.services.accounts.subscription_metadata import subscription_metadata
from tiergate.services.context import Context
from tiergate.store.account_rows import Account
from tiergate.store.catalog_rows import MappedPrice
from tiergate.store.checkout_rows import Checkout

_MOST_SEATS = 999_999
"""As many as the page lets anybody choose.
Source: https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-line_items-adjustable_quantity
"""


@dataclass(frozen=True, slots=True)
class Offer:
    """What is to be bought, and by whom."""

    account: Account
    plan: Plan
    price: MappedPrice
    trial_days: int
    catalog_version: int
    settings: CheckoutSettings
    quantity: int
    currency: str | None
    """One of the several that the price is sold in; ``None`` where it has only one."""
    marks: Mapping[str, str] = field(default_factory=dict)
    """What the metadata says besides."""
    trial_refused: str = ""
    """Why there is no trial of a plan that can be tried; empty where there is one."""
    add_ons: Mapping[str, int] = field(default_factory=dict)
    """How much of each add-on is bought with it, by Stripe's id of the price."""
    language: str | None = None
    """What Stripe's page is in."""
    cancel_url: str = ""
    """Where whoever turns back ends up."""

    def is_sold_by(self, checkout: Checkout) -> bool:
        """Whether a session sells just this, and leads back to the same place."""
        sold = (checkout.stripe_price_id, checkout.quantity, checkout.currency, checkout.add_ons or {})
        own = (self.price.stripe_price_id, self.quantity, self.currency, self.add_ons)
        return sold == own and checkout.cancel_url == self.cancel_url


def session_parameters(context: Context, offer: Offer, customer_id: str) -> dict[str, Any]:
    """Return the session as Stripe wants it.

    The metadata goes on the subscription too: what stands on the session alone is lost with it.
    Source: https://docs.stripe.com/payments/checkout/free-trials
    """
    metadata = {
        **subscription_metadata(offer.account, offer.plan.key, offer.catalog_version),
        **offer.marks,
    }
    subscription: dict[str, Any] = {"metadata": metadata}
    card_free = False
    if offer.trial_days:
        card_free = offer.plan.trial is not None and not offer.plan.trial.card_required
        subscription["trial_period_days"] = offer.trial_days
        subscription["trial_settings"] = {"end_behavior": {"missing_payment_method": "cancel"}}
    line: dict[str, Any] = {"price": offer.price.stripe_price_id, "quantity": offer.quantity}
    if offer.plan.seats is not None:
        most = offer.plan.seats.maximum or _MOST_SEATS
        line["adjustable_quantity"] = {"enabled": True, "minimum": offer.plan.seats.minimum, "maximum": most}
    session: dict[str, Any] = {
        "mode": "subscription",
        "customer": customer_id,
        "client_reference_id": offer.account.account_id,
        "line_items": [line, *({"price": price, "quantity": n} for price, n in offer.add_ons.items())],
        "payment_method_collection": "if_required" if card_free else "always",
        "subscription_data": subscription,
        "metadata": metadata,
        "success_url": f"{context.public_url}/billing/return?session_id={{CHECKOUT_SESSION_ID}}",
        "cancel_url": offer.cancel_url,
        "locale": stripe_locale(offer.language),
        **_wishes(offer.settings),
    }
    if offer.currency:
        session["currency"] = offer.currency
    if offer.trial_refused:
        session["custom_text"] = {"submit": {"message": offer.trial_refused}}
    return session


def _wishes(settings: CheckoutSettings) -> dict[str, Any]:
    """Return what the founder's settings add to a session; what is not wished for is left out.

    What the page asks an existing customer for has to be saved on the customer.
    Source: https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-customer_update
    """
    wishes: dict[str, Any] = {}
    update: dict[str, str] = {}
    if settings.promotion_codes:
        wishes["allow_promotion_codes"] = True
    if settings.automatic_tax:
        wishes["automatic_tax"] = {"enabled": True}
        update["address"] = "auto"
    if settings.tax_ids:
        wishes["tax_id_collection"] = {"enabled": True}
        update |= {"name": "auto", "address": "auto"}
    if settings.billing_address is BillingAddress.REQUIRED:
        wishes["billing_address_collection"] = "required"
        update["address"] = "auto"
    return wishes | ({"customer_update": update} if update else {})
