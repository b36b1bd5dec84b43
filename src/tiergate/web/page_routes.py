"""The pages: pricing for everybody, billing and the way back from checkout for whoever is signed in."""

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from tiergate.rules.access import Reason
from tiergate.rules.price import INTERVALS
from tiergate.services.describe_account import AccountView
from tiergate.web.account_page import account_page
from tiergate.web.billing_page import render_billing
from tiergate.web.checkout_return_page import CheckoutReturnPage, render_checkout_return
from tiergate.web.identity import SignedIn, Visitor
from tiergate.web.offer_in_language import plan_in
from tiergate.web.page_frame import account_frame, billing_of, frame_of
from tiergate.web.pricing_page import PricingPage, render_pricing
from tiergate.web.render import LANGUAGE_PARAMETER, static_file
from tiergate.web.visit import visit_of
from tiergate.web.visitor_currency import remember_currency

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

_READ = ["GET", "HEAD"]
_FOR_EVER = "public, max-age=31536000, immutable"


@router.api_route("/pricing", methods=_READ)
def show_pricing(request: Request, account_id: Visitor, interval: str = "") -> Response:
    """Show the plans, with what the visitor's account can do about each; an unknown interval is none."""
    visit = visit_of(request, account_id)
    preferred = visit.store.catalog.checkout.first_interval
    first = next((known for known in INTERVALS if known == interval), preferred)
    choice = () if visit.is_settled else visit.store.catalog.currencies
    named = request.query_params.get(LANGUAGE_PARAMETER) == visit.store.frame.language
    shown = PricingPage(visit.store, first, language_is_named=named, currencies=choice)
    page = HTMLResponse(render_pricing(shown))
    remember_currency(request, page, visit.store.catalog.currencies)
    return page


@router.api_route("/billing", methods=_READ)
def show_billing(request: Request, account_id: SignedIn, after: str = "") -> str:
    """Show what the account has, what happens next, what can be done about it, and its invoices."""
    return render_billing(account_page(request, billing_of(request).describe(account_id), after))


@router.api_route("/billing/return", methods=_READ)
def show_checkout_return(
    request: Request,
    response: Response,
    account_id: SignedIn,
    session_id: str,
    checks: int = Query(0, ge=0, le=1000),
) -> Response:
    """Wait for the mirror after checkout: the redirect alone opens nothing."""
    billing = billing_of(request)
    checkout = billing.checkout(session_id)
    if checkout is None or checkout.account_id != account_id:
        raise HTTPException(404)
    view = billing.describe(account_id)
    status: str | None = "complete"
    # The plan that is tried is there already; what the page was for is still to be done.
    if checkout.mode == "setup" or not _is_confirmed(view, checkout.plan_key):
        status = billing.follow_checkout(session_id)
        if status in ("open", "expired"):
            return RedirectResponse(frame_of(request).pricing_url, 303)
        view = billing.describe(account_id)
    frame = account_frame(request, view)
    subscription = view.subscription
    page = CheckoutReturnPage(
        frame,
        plan=plan_in(frame.translation, view.told.catalog.plan(checkout.plan_key)),
        check_url=f"{frame.billing_url}/return?session_id={checkout.checkout_session_id}&checks={checks + 1}",
        confirmed=_is_confirmed(view, checkout.plan_key) and status != "confirmed",
        checks=checks,
        trial_end=subscription.trial_end
        if subscription and view.told.phase.reason is Reason.TRIALING
        else None,
        current_period_end=subscription.current_period_end if subscription else None,
        success_url=view.told.catalog.checkout.success_url,
    )
    headers = {"Refresh": page.refresh_header} if page.refresh_header else {}
    return HTMLResponse(render_checkout_return(page), headers=headers)


@router.api_route("/static/{name}", methods=_READ)
def serve_static(name: str) -> Response:
    """Serve a file that pages load; its name holds a hash of its content."""
    file = static_file(name)
    if file is None:
        raise HTTPException(404)
    return Response(file.content, media_type=file.media_type, headers={"Cache-Control": _FOR_EVER})


def _is_confirmed(view: AccountView, plan_key: str) -> bool:
    """Whether the mirror says that the account has the plan it ordered."""
    phase = view.told.phase
    return phase.plan_key == plan_key and view.subscription is not None and phase.sources != ()
