"""Trials over HTTP: may the signed-in account try a plan, and the button that starts it."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel, Field

from tiergate.services.trials.start_trial import TrialNeedsCardError, TrialStarted
from tiergate.web.answers import CheckoutAnswer
from tiergate.web.api_description import ACCOUNT, KEYED, refuses, sends_forms_on, takes
from tiergate.web.idempotency_key import Key, KeyedOrder
from tiergate.web.identity import Owner, SignedIn
from tiergate.web.page_frame import billing_of, frame_of
from tiergate.web.read_order import is_form, read_order
from tiergate.web.shown_as import shown_as, strictly_shown_as
from tiergate.web.visitor_language import language_at_stripe

router = APIRouter(prefix="/api/billing", tags=["billing"])

_STARTED = ("already_subscribed", "trial_refused", "trial_busy", "unknown_plan", "price_not_at_stripe")
_LEADS_ON = ("checkout_busy", "checkout_closed", "seats_invalid")


class TrialOrder(KeyedOrder):
    """Which plan is to be tried; the one that is tried first where none is named."""

    model_config = strictly_shown_as({"plan": "team"})

    plan: str | None = None
    interval: Literal["month", "year"] = "month"


class TrialStartedAnswer(BaseModel):
    """The trial that runs."""

    model_config = shown_as(
        {"plan": "team", "stripe_subscription_id": "sub_1", "trial_end": "2027-03-25T10:00:00Z"}
    )

    plan: str
    stripe_subscription_id: str
    trial_end: datetime | None


class TrialOfferAnswer(BaseModel):
    """Whether the signed-in account may try a plan."""

    model_config = shown_as({"plan": "team", "days": 14, "needs_card": False, "why": "eligible", "words": ""})

    plan: str
    days: int = Field(description="How long; 0 where it may not be tried.")
    needs_card: bool = Field(description="Started through checkout, which asks for a card.")
    why: str = Field(
        description="eligible, no_trial, already_subscribed, tried_before, throwaway_mail, mail_known or "
        "card_known"
    )
    words: str = Field(description="Why not, as a sentence; empty where it may be tried.")


class PurchaseAnswer(BaseModel):
    """What buying a plan charges, and when; without tax."""

    model_config = shown_as(
        {
            "plan": "team",
            "interval": "month",
            "amount": 4900,
            "currency": "usd",
            "charge": "now_ending_trial",
            "charged_at": None,
            "days_left": 9,
            "words": "Your card is charged $49.00 today; the 9 days left of the trial end.",
            "trial_refused": "",
        }
    )

    plan: str
    interval: str
    seats: int = Field(description="1 where the plan is not sold per seat.")
    amount: int = Field(description="In the currency's smallest unit.")
    currency: str
    charge: str = Field(description="now, now_ending_trial, at_trial_end, after_new_trial")
    charged_at: datetime | None = Field(description="null is at once.")
    days_left: int = Field(description="Days of the running trial that end or are kept.")
    words: str
    trial_refused: str = Field(description="Why no trial comes with it, where the plan has one.")


@router.get("/trial", responses=refuses(*ACCOUNT, "unknown_plan", "request_invalid"))
def read_trial_offer(request: Request, account_id: SignedIn, plan: str | None = None) -> TrialOfferAnswer:
    """Tell whether the signed-in account may try a plan, and otherwise why not."""
    offer = billing_of(request).trial_offer(account_id, plan)
    return TrialOfferAnswer(
        plan=offer.plan, days=offer.days, needs_card=offer.needs_card, why=offer.why, words=offer.words
    )


@router.get(
    "/purchase",
    responses=refuses(
        *(*ACCOUNT, "already_subscribed", "unknown_plan", "seats_invalid", "add_on_not_sold_so"),
        "request_invalid",
    ),
)
def read_purchase(
    request: Request,
    account_id: SignedIn,
    plan: str,
    interval: Literal["month", "year"] = "month",
    seats: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
) -> PurchaseAnswer:
    """Tell what buying a plan would charge, and when, in words and figures; changes nothing."""
    seen = billing_of(request).preview_purchase(account_id, plan, interval, seats=seats)
    return PurchaseAnswer(
        plan=seen.plan,
        interval=seen.interval,
        seats=seen.seats,
        amount=seen.amount,
        currency=seen.currency,
        charge=seen.charge,
        charged_at=seen.charged_at,
        days_left=seen.days_left,
        words=seen.words,
        trial_refused=seen.trial_refused,
    )


@router.post(
    "/trial",
    response_model=TrialStartedAnswer,
    responses={
        202: {"model": CheckoutAnswer, "description": "The trial needs a card: go to checkout."},
        **refuses(*KEYED, *_STARTED, *_LEADS_ON),
        **sends_forms_on("to the billing page, or to the checkout that asks for a card"),
    },
    openapi_extra=takes(TrialOrder, required=False),
)
async def start_trial(request: Request, account_id: Owner, key: Key = None) -> Response | TrialStartedAnswer:
    """Start a trial; pressing the button again leads to the same one. A form is led to the billing page.

    A trial that needs a card starts at Stripe's checkout: a form is sent there, JSON gets its address with
    202. A refusal is 402 with ``why`` and the normal price. ``Idempotency-Key`` names the wish, if given.
    """
    order = await read_order(request, TrialOrder)
    billing, key = billing_of(request), key or order.key
    try:
        started: TrialStarted = await run_in_threadpool(
            billing.start_trial, account_id, order.plan, order.interval, key
        )
    except TrialNeedsCardError as error:
        language = language_at_stripe(request, billing.settings)
        url = await run_in_threadpool(
            billing.start_checkout,
            account_id,
            error.plan,
            order.interval,
            language=language,
            key=key and f"{key} at checkout",
        )
        return RedirectResponse(url, 303) if is_form(request) else JSONResponse({"url": url}, 202)
    if is_form(request):
        return RedirectResponse(frame_of(request).billing_url, 303)
    return TrialStartedAnswer(
        plan=started.plan, stripe_subscription_id=started.subscription_id, trial_end=started.ends_at
    )
