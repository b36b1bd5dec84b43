"""The JSON that the API answers with."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from tiergate.rules.catalog import UNLIMITED
from tiergate.rules.decision import Decision
from tiergate.rules.instants import DISTANT_FUTURE
from tiergate.services.access.describe_account import AccountView
from tiergate.web.shown_as import shown_as

_EXAMPLE: dict[str, Any] = {
    "account_id": "initech",
    "at": "2027-03-11T10:00:00Z",
    "plan": "team",
    "access": "full",
    "reason": "active",
    "valid_until": "2027-04-01T10:00:00Z",
    "status": "active",
    "plan_key": "team",
    "trial_end": None,
    "current_period_end": "2027-04-01T10:00:00Z",
    "cancel_at": None,
    "has_card": True,
    "stripe_customer_id": "cus_1",
    "stripe_subscription_id": "sub_1",
    "stripe_price_id": "price_1",
    "pay_url": None,
    "pay_by": None,
}
_DECISION: dict[str, Any] = {
    "feature": "projects",
    "allowed": False,
    "reason": "limit_reached",
    "phase": "active",
    "plan": "starter",
    "value": 5,
    "limit": 5,
    "used": 5,
    "remaining": 0,
    "unlimited": False,
    "over_limit": False,
    "readable": True,
    "valid_until": "2027-04-01T10:00:00Z",
    "offer": {"plan": "team", "name": "Team"},
}


class SubscriptionAnswer(BaseModel):
    """What an account has, until when, and the Stripe subscription that it rests on."""

    model_config = shown_as(_EXAMPLE)

    account_id: str
    at: datetime = Field(description="The account's own time: a test clock's, where it lives on one.")
    plan: str | None = Field(description="The plan whose features hold now.")
    access: str = Field(description="full, read_only or blocked")
    reason: str = Field(description="Why: a stable code, such as trialing or past_due_grace.")
    valid_until: datetime | None = Field(description="When this changes if nothing new is heard.")
    status: str | None = Field(description="The subscription's status at Stripe.")
    plan_key: str | None = Field(description="The plan that the subscription sells, also after it has ended.")
    trial_end: datetime | None
    current_period_end: datetime | None
    cancel_at: datetime | None = Field(description="When a scheduled cancellation takes effect.")
    has_card: bool | None = Field(description="null when nobody has asked Stripe yet.")
    stripe_customer_id: str | None
    stripe_subscription_id: str | None
    stripe_price_id: str | None
    pay_url: str | None = Field(description="Where its open invoice is paid, or its payment confirmed.")
    pay_by: datetime | None = Field(description="When a change that waits for its payment is dropped.")


class OfferAnswer(BaseModel):
    """The plan that would allow what was refused."""

    model_config = shown_as(_DECISION["offer"])

    plan: str
    name: str


class DecisionAnswer(BaseModel):
    """Whether a feature may be used, why, and until when that holds."""

    model_config = shown_as(_DECISION)

    feature: str
    allowed: bool
    reason: str = Field(
        description="included, not_included, limit_reached, read_only, blocked, or unknown while the "
        "database cannot be read"
    )
    phase: str = Field(description="The reason of the phase behind the answer, such as trialing.")
    plan: str | None
    value: bool | int | str
    limit: int | None
    used: int | None
    remaining: int | None
    unlimited: bool
    over_limit: bool = Field(description="More is used than the plan allows, as after the end of a trial.")
    readable: bool = Field(description="What is there may be looked at, also where nothing may be added.")
    valid_until: datetime | None
    offer: OfferAnswer | None


class CheckoutAnswer(BaseModel):
    """Where to send the customer."""

    model_config = shown_as({"url": "https://checkout.stripe.com/c/pay/cs_test_1"})

    url: str


def subscription_answer(view: AccountView) -> SubscriptionAnswer:
    """Put an account into JSON."""
    told, phase, subscription = view.told, view.told.phase, view.subscription
    return SubscriptionAnswer(
        account_id=told.account.account_id,
        at=told.at,
        plan=phase.plan_key,
        access=phase.access,
        reason=phase.reason,
        valid_until=None if phase.ends_at == DISTANT_FUTURE else phase.ends_at,
        status=subscription.status if subscription else None,
        plan_key=subscription.plan_key if subscription else None,
        trial_end=subscription.trial_end if subscription else None,
        current_period_end=subscription.current_period_end if subscription else None,
        cancel_at=subscription.cancels_at if subscription else None,
        has_card=view.has_card,
        stripe_customer_id=told.account.stripe_customer_id,
        stripe_subscription_id=subscription.id if subscription else None,
        stripe_price_id=subscription.items[0].price_id if subscription and subscription.items else None,
        pay_url=view.pay_url,
        pay_by=subscription.pending_update.expires_at
        if subscription and subscription.pending_update
        else None,
    )


def decision_answer(decision: Decision) -> DecisionAnswer:
    """Put a decision into JSON."""
    offer = decision.offer
    return DecisionAnswer(
        feature=decision.feature,
        allowed=decision.allowed,
        reason=decision.reason,
        phase=decision.phase,
        plan=decision.plan,
        value=decision.value,
        limit=decision.limit,
        used=decision.used,
        remaining=decision.remaining,
        unlimited=decision.value == UNLIMITED,
        over_limit=decision.is_over_limit,
        readable=decision.is_readable,
        valid_until=decision.valid_until,
        offer=OfferAnswer(plan=offer.plan, name=offer.name) if offer else None,
    )
