"""The JSON API under ``/api/billing``: for the account that is signed in, and for no other."""

from typing import Literal

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from pydantic import Field

from tiergate.services.start_checkout import AlreadySubscribedError
from tiergate.web.answers import (
    CheckoutAnswer,
    DecisionAnswer,
    SubscriptionAnswer,
    decision_answer,
    subscription_answer,
)
from tiergate.web.api_description import ACCOUNT, KEYED, refuses, sends_forms_on, takes
from tiergate.web.idempotency_key import Key, KeyedOrder
from tiergate.web.identity import Owner, SignedIn
from tiergate.web.page_frame import billing_of, frame_of
from tiergate.web.read_order import is_form, read_order
from tiergate.web.shown_as import strictly_shown_as

router = APIRouter(prefix="/api/billing", tags=["billing"])

_BOUGHT = ("already_subscribed", "checkout_busy", "checkout_closed")
_SOLD = ("unknown_plan", "seats_invalid", "price_not_at_stripe")


class CheckoutOrder(KeyedOrder):
    """Which plan is to be bought, and how it is to be paid."""

    model_config = strictly_shown_as({"plan": "team", "interval": "year"})

    plan: str
    interval: Literal["month", "year"] = "month"
    seats: int | None = Field(None, ge=1, le=1_000_000, description="For plans that are sold per seat.")
    currency: str | None = Field(None, pattern="^[A-Za-z]{3}$", description="What to pay in, such as eur.")


@router.get("/subscription", responses=refuses(*ACCOUNT))
def read_subscription(request: Request, account_id: SignedIn) -> SubscriptionAnswer:
    """Tell what the signed-in account has, and until when."""
    return subscription_answer(billing_of(request).describe(account_id))


@router.get("/check", responses=refuses(*ACCOUNT, "unknown_feature", "request_invalid"))
async def read_check(request: Request, account_id: SignedIn, feature: str) -> DecisionAnswer:
    """Tell whether the signed-in account may use a feature; a refusal is an answer, not an error."""
    return decision_answer(await billing_of(request).acheck(account_id, feature))


@router.post(
    "/checkout",
    response_model=CheckoutAnswer,
    responses=refuses(*KEYED, *_SOLD, *_BOUGHT) | sends_forms_on("to the checkout, or to the billing page"),
    openapi_extra=takes(CheckoutOrder),
)
async def create_checkout(request: Request, account_id: Owner, key: Key = None) -> Response | CheckoutAnswer:
    """Open Stripe's checkout for a plan: JSON gets its address, a form is sent there.

    Pressing the button again leads to the same page. An account that has a subscription is refused with
    409, and a form is led to the billing page instead.
    """
    order = await read_order(request, CheckoutOrder)
    try:
        url = await run_in_threadpool(
            billing_of(request).start_checkout,
            account_id,
            order.plan,
            order.interval,
            seats=order.seats,
            currency=order.currency,
            key=key or order.key,
        )
    except AlreadySubscribedError:
        if is_form(request):
            return RedirectResponse(frame_of(request).billing_url, 303)
        raise
    return RedirectResponse(url, 303) if is_form(request) else CheckoutAnswer(url=url)
