"""The pages of the billing page's changes: what a change would do, confirming it, and leaving."""

from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, ConfigDict, Field

from tiergate.billing import Billing
from tiergate.rules.change import ChangeKind
from tiergate.rules.plan_change import cancellation
from tiergate.rules.policy import OnCancel
from tiergate.services.change_errors import CardRequiredError, CheckoutRequiredError
from tiergate.services.change_plan import AmountMovedError
from tiergate.services.preview_change import Preview
from tiergate.services.wish import Wish
from tiergate.web.account_page import account_page
from tiergate.web.change_page import ChangePage, render_change
from tiergate.web.change_routes import to_billing
from tiergate.web.identity import Owner, actor_of
from tiergate.web.leaving_page import LeavingPage, render_leaving
from tiergate.web.link import Link
from tiergate.web.offer_in_language import preview_in
from tiergate.web.page_frame import billing_of, frame_of
from tiergate.web.problems import tiergate_problem
from tiergate.web.read_order import read_order

router = APIRouter(prefix="/billing", include_in_schema=False, default_response_class=HTMLResponse)

_READ = ["GET", "HEAD"]


class WishForm(BaseModel):
    """What is wanted: a plan, a number of seats, or a quantity of an add-on."""

    model_config = ConfigDict(extra="ignore")

    plan: str | None = None
    interval: Literal["month", "year"] | None = None
    seats: int | None = Field(None, ge=1, le=1_000_000)
    add_on: str | None = None
    quantity: int | None = Field(None, ge=0, le=1_000_000)

    @property
    def wish(self) -> Wish:
        """The same, as the services take it."""
        return Wish(self.plan, self.interval, self.seats, self.add_on, self.quantity)


class ConfirmedForm(WishForm):
    """A wish, and the token of the preview in which it was seen."""

    token: str


@router.api_route("/change", methods=_READ)
def show_change(request: Request, account_id: Owner, wanted: Annotated[WishForm, Query()]) -> Response:
    """Show what a change would cost and mean; nothing is changed.

    What is so already leads back to the billing page, the free plan to where plans are canceled, and an
    account without a subscription to where plans are bought.
    """
    try:
        preview = _preview(billing_of(request), account_id, wanted.wish)
    except CheckoutRequiredError:
        return RedirectResponse(frame_of(request).pricing_url, 303)
    except CardRequiredError as error:
        return tiergate_problem(request, error, _add_card(request, wanted.wish))
    if preview.change.kind is ChangeKind.CANCEL:
        return RedirectResponse(f"{frame_of(request).billing_url}/cancel", 303)
    if not preview.change.is_made:
        return to_billing(request, "change")
    return HTMLResponse(_page(request, account_id, wanted.wish, preview))


@router.post("/change")
async def confirm_change(request: Request, account_id: Owner) -> Response:
    """Make a change as it was shown; where it costs or means something else by now, show it again."""
    form = await read_order(request, ConfirmedForm)
    return await run_in_threadpool(_confirm, request, account_id, form.wish, form.token)


@router.api_route("/cancel", methods=_READ)
def show_cancel(request: Request, account_id: Owner) -> Response:
    """Show what canceling means, ask why, and offer to stay; nothing is changed."""
    view = billing_of(request).describe(account_id)
    held = view.held
    policy = held.plan.policy if held and held.plan else None
    now = policy is not None and policy.cancel is OnCancel.NOW
    change = cancellation(held, held.plan if held else None, view.told.at, now=now)
    if change.kind is ChangeKind.NOTHING:
        return to_billing(request, "cancel")
    page = LeavingPage(account_page(request, view), change, policy.pause if policy else None)
    return HTMLResponse(render_leaving(page))


def _preview(billing: Billing, account_id: str, wish: Wish) -> Preview:
    return billing.preview_change(
        account_id,
        wish.plan,
        wish.interval,
        seats=wish.seats,
        add_on=wish.add_on,
        quantity=wish.quantity,
    )


def _confirm(request: Request, account_id: str, wish: Wish, token: str) -> Response:
    try:
        _change(request, account_id, wish, token)
    except AmountMovedError as error:
        return HTMLResponse(_page(request, account_id, wish, error.preview, moved=True), 409)
    except CheckoutRequiredError:
        return RedirectResponse(frame_of(request).pricing_url, 303)
    return to_billing(request, "change")


def _change(request: Request, account_id: str, wish: Wish, token: str) -> None:
    billing, actor = billing_of(request), actor_of(request)
    if wish.plan is not None:
        billing.change_plan(account_id, wish.plan, wish.interval, token=token, actor=actor)
    elif wish.seats is not None:
        billing.set_seats(account_id, wish.seats, token=token, actor=actor)
    else:
        add_on, quantity = wish.add_on or "", 0 if wish.quantity is None else wish.quantity
        billing.set_add_on(account_id, add_on, quantity, token=token, actor=actor)


def _page(request: Request, account_id: str, wish: Wish, preview: Preview, *, moved: bool = False) -> str:
    account = account_page(request, billing_of(request).describe(account_id))
    shown = preview_in(account.frame.translation, preview)
    return render_change(ChangePage(account, wish, shown, moved))


def _add_card(request: Request, wish: Wish) -> Link:
    """Lead to Stripe's form for a card, and back to what was wanted."""
    frame = frame_of(request)
    back = f"{frame.billing_url}/change?{urlencode(wish.as_json())}"
    fields = (("flow", "payment_method_update"), ("return_url", back))
    return Link(frame.wording.say("Add payment method"), f"{frame.base_path}/api/billing/portal", fields)
