"""The JSON API under ``/api/billing``: for the account that is signed in, and for no other."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from pydantic import Field, model_validator

from tiergate.services.checkout.order import OWN_PATH
from tiergate.services.checkout.start_checkout import AlreadySubscribedError
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
from tiergate.web.visitor_language import language_at_stripe

router = APIRouter(prefix="/api/billing", tags=["billing"])

_ADD_ON = "add_ons."
_BOUGHT = ("already_subscribed", "checkout_busy", "checkout_closed")
_SOLD = (
    "unknown_plan",
    "unknown_add_on",
    "order_invalid",
    "seats_invalid",
    "price_not_at_stripe",
    "add_on_not_sold_so",
)


class CheckoutOrder(KeyedOrder):
    """Which plan is to be bought, and how it is to be paid."""

    model_config = strictly_shown_as({"plan": "team", "interval": "year"})

    plan: str
    interval: Literal["month", "year"] = "month"
    seats: int | None = Field(None, ge=1, le=1_000_000, description="For plans that are sold per seat.")
    currency: str | None = Field(None, pattern="^[A-Za-z]{3}$", description="What to pay in, such as eur.")
    add_ons: dict[str, Annotated[int, Field(ge=0, le=1_000_000)]] = Field(
        {}, description="How much of each add-on is bought with it, by key. A form says add_ons.KEY=1."
    )
    return_to: str | None = Field(
        None,
        pattern=OWN_PATH,
        description="A path of this site for whoever turns back on Stripe's page; by default that of the "
        "plans, with all that was chosen.",
    )

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, told: Any) -> Any:
        """Take the fields of a form together that name add-ons."""
        if not isinstance(told, dict) or not any(str(name).startswith(_ADD_ON) for name in told):
            return told
        named = {name: value for name, value in told.items() if name.startswith(_ADD_ON)}
        rest = {name: value for name, value in told.items() if name not in named}
        return {**rest, "add_ons": {name.removeprefix(_ADD_ON): value for name, value in named.items()}}


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
            add_ons=order.add_ons,
            return_to=order.return_to,
            language=language_at_stripe(request, billing_of(request).settings),
            key=key or order.key,
        )
    except AlreadySubscribedError:
        if is_form(request):
            return RedirectResponse(frame_of(request).billing_url, 303)
        raise
    return RedirectResponse(url, 303) if is_form(request) else CheckoutAnswer(url=url)
