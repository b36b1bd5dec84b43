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
from tiergate.services.changes.change_errors import CardRequiredError, CheckoutRequiredError
from tiergate.services.changes.change_plan import AmountMovedError
from tiergate.services.changes.preview_change import Preview
from tiergate.services.changes.wish import Wish
from tiergate.services.checkout.start_checkout import AlreadySubscribedError
from tiergate.web.account_page import account_page
from tiergate.web.buy_page import BuyPage, render_buy
from tiergate.web.change_page import ChangePage, render_change
from tiergate.web.change_routes import to_billing
from tiergate.web.identity import Owner, actor_of
from tiergate.web.leaving_page import LeavingPage, render_leaving
from tiergate.web.offer_in_language import preview_in
from tiergate.web.page_frame import billing_of, frame_of
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

    What is so already leads back to the billing page, the free plan to where plans are canceled, a trial
    without a card to where it is bought, and an account without a subscription to the plans.
    """
    try:
        preview = _preview(billing_of(request), account_id, wanted.wish)
    except CheckoutRequiredError:
        return RedirectResponse(frame_of(request).pricing_url, 303)
    except CardRequiredError:
        return _to_buy(request, wanted.wish)
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


@router.api_route("/buy", methods=_READ)
def show_buy(
    request: Request,
    account_id: Owner,
    plan: str,
    interval: Literal["month", "year"] | None = None,
    seats: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
) -> Response:
    """Show what buying a plan in a trial without a card charges, and when; nothing is bought.

    Whoever has a card already is led to the change of plan, and whoever has nothing yet to the plans.
    """
    billing = billing_of(request)
    view = billing.describe(account_id)
    if view.held is None:
        return RedirectResponse(frame_of(request).pricing_url, 303)
    sold = [str(price.interval) for price in view.told.catalog.plan(plan).prices]
    own = view.held.interval or ""
    paid: str = interval or (own if own in sold else next(iter(sold), "month"))
    try:
        purchase = billing.preview_purchase(account_id, plan, paid, seats=seats)
    except AlreadySubscribedError:
        wish = Wish(plan, paid).as_json()
        return RedirectResponse(f"{frame_of(request).billing_url}/change?{urlencode(wish)}", 303)
    return HTMLResponse(render_buy(BuyPage(account_page(request, view), purchase)))


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
    except CardRequiredError:
        return _to_buy(request, wish)
    return to_billing(request, "change" if wish.add_on is None else "add-ons")


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


def _to_buy(request: Request, wish: Wish) -> Response:
    """Lead to where a trial without a card is bought, for the plan that was wanted."""
    return RedirectResponse(f"{frame_of(request).billing_url}/buy?{urlencode(wish.as_json())}", 303)
