"""The way back from Stripe's checkout: what has come of the order, as far as Stripe has confirmed it."""

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from tiergate.rules.access import Reason
from tiergate.rules.state import ENDED, Subscription, SubscriptionStatus
from tiergate.services.access.describe_account import AccountView
from tiergate.services.changes.change_errors import open_invoice_url
from tiergate.store.checkout_rows import Checkout
from tiergate.stripe_api.gateway import StripeUnavailableError
from tiergate.web.checkout_return_page import CheckoutReturnPage, render_checkout_return
from tiergate.web.identity import SignedIn
from tiergate.web.offer_in_language import plan_in
from tiergate.web.page_frame import account_frame, billing_of, frame_of

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.api_route("/billing/return", methods=["GET", "HEAD"])
def show_checkout_return(
    request: Request, account_id: SignedIn, session_id: str, checks: int = Query(0, ge=0, le=1000)
) -> Response:
    """Wait for the mirror after checkout: the redirect alone opens nothing.

    Stripe is asked at each look, so that nobody depends on webhooks. Whoever has not finished, or whose page
    has expired, is led back to what was chosen.
    """
    billing = billing_of(request)
    checkout = billing.checkout(session_id)
    if checkout is None or checkout.account_id != account_id:
        raise HTTPException(404)
    view = billing.describe(account_id)
    status: str | None = "complete"
    # The plan that is tried is there already; what the page was for is still to be done.
    if checkout.mode == "setup" or not _has_plan(view, checkout):
        try:
            status = billing.follow_checkout(session_id)
        except StripeUnavailableError:
            status = None
        if status in ("open", "expired"):
            return RedirectResponse(_where_it_was_left(request, checkout, status), 303)
        view = billing.describe(account_id)
    page = _page(request, view, checkout, status, checks)
    headers = {"Refresh": page.refresh_header} if page.refresh_header else {}
    return HTMLResponse(render_checkout_return(page), headers=headers)


def _where_it_was_left(request: Request, checkout: Checkout, status: str) -> str:
    left = checkout.cancel_url or frame_of(request).pricing_url
    return left.replace("after=checkout", "after=expired") if status == "expired" else left


def _page(
    request: Request, view: AccountView, checkout: Checkout, status: str | None, checks: int
) -> CheckoutReturnPage:
    frame, subscription, state = account_frame(request, view), view.subscription, view.told.state
    bought = next((one for one in state.subscriptions if one.id == checkout.stripe_subscription_id), None)
    is_done = status == "complete" and _has_plan(view, checkout)
    is_tried = view.told.phase.reason is Reason.TRIALING
    pay_url, kept_until, is_over = "", None, False
    if bought is not None and status == "complete":
        pay_url = (_waits(bought) and open_invoice_url(state, bought.id)) or ""
        is_done = is_done and not _waits(bought)
        kept_until = bought.trial_end if bought.status is SubscriptionStatus.TRIALING else None
        is_over = bought.status in ENDED
    return CheckoutReturnPage(
        frame,
        plan=plan_in(frame.translation, view.told.catalog.plan(checkout.plan_key)),
        check_url=f"{frame.billing_url}/return?session_id={checkout.checkout_session_id}&checks={checks + 1}",
        confirmed=is_done,
        checks=checks,
        trial_end=subscription.trial_end if subscription and is_tried else None,
        current_period_end=subscription.current_period_end if subscription else None,
        is_reachable=status is not None,
        kept_until=kept_until,
        pay_url=pay_url,
        problem=billing_of(request).why_unpaid(view) if pay_url and frame.may_change else None,
        is_over=is_over and not is_done,
        success_url=view.told.catalog.checkout.success_url,
    )


def _waits(bought: Subscription) -> bool:
    """Whether what was bought waits for its payment."""
    return bought.pending_update is not None


def _has_plan(view: AccountView, checkout: Checkout) -> bool:
    """Whether the mirror says that the account has the plan it ordered."""
    phase = view.told.phase
    return phase.plan_key == checkout.plan_key and view.subscription is not None and phase.sources != ()
