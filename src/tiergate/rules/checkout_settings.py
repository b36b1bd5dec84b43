"""How the product is bought: the founder's choices about Stripe's checkout."""

from dataclasses import dataclass
from enum import StrEnum

from tiergate.rules.price import Interval


class BillingAddress(StrEnum):
    """Whether the checkout asks for an address. Source: https://docs.stripe.com/api/checkout/sessions/create"""

    AUTO = "auto"
    """Only where it is needed to charge the card or to work out tax."""
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class CheckoutSettings:
    """The ``[checkout]`` table of the file."""

    hosted: bool = True
    """Whether customers buy by themselves, on Stripe's hosted page. Off, nothing can be bought."""
    first_interval: Interval = "month"
    """The interval that the choice of plans shows first."""
    success_url: str = ""
    """Where a customer goes on to once the purchase is confirmed; empty for the billing page."""
    cancel_url: str = ""
    """Where a customer who turns back ends up; empty for the pricing page."""
    promotion_codes: bool = False
    automatic_tax: bool = False
    """Whether Stripe Tax works out the tax; it has to be set up in Stripe's dashboard."""
    tax_ids: bool = False
    """Whether businesses may give their tax id."""
    billing_address: BillingAddress = BillingAddress.AUTO
