"""How renewals are charged, and what happens when that fails: what the founder has decided.

Stripe keeps the retry schedule and what follows it in its dashboard, where no API reaches. It is stated
here too, so that customers are told the truth.
Source: https://docs.stripe.com/billing/revenue-recovery/smart-retries
"""

from dataclasses import dataclass
from enum import StrEnum

RETRIES_AT_STRIPE = "Settings > Billing > Revenue recovery > Retries"
"""Where Stripe's dashboard keeps the retry schedule, and what follows the last retry."""


class AfterLastRetry(StrEnum):
    """What Stripe does with a subscription once the last retry has failed."""

    CANCEL = "cancel"
    UNPAID = "unpaid"
    PAST_DUE = "past_due"


@dataclass(frozen=True, slots=True)
class BillingSettings:
    """The ``[billing]`` table of the file."""

    auto_charge: bool = True
    """Whether renewals are charged to the card; off, customers are sent invoices to pay themselves."""
    days_until_due: int = 30
    """How long an invoice that is sent may wait for its payment."""
    dunning: bool = True
    """Whether customers are told of failed payments."""
    retry_after_days: tuple[int, ...] = (3, 5, 7)
    """When a failed payment is tried again, in days after the attempt before."""
    after_last_retry: AfterLastRetry = AfterLastRetry.CANCEL
