"""The pages: pricing for everybody, billing and the way back from checkout for whoever is signed in."""

from typing import Literal

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from tiergate.billing import Billing
from tiergate.rules.access import Reason
from tiergate.rules.catalog import FeatureKind
from tiergate.rules.price import Price
from tiergate.services.describe_account import AccountView
from tiergate.store.catalog_rows import MappedPrice
from tiergate.web.billing_page import BillingPage, UsageLine, render_billing
from tiergate.web.checkout_return_page import CheckoutReturnPage, render_checkout_return
from tiergate.web.identity import SignedIn, Visitor
from tiergate.web.page_frame import account_frame, billing_of, frame_of
from tiergate.web.pricing_page import PricingPage, render_pricing
from tiergate.web.render import Frame, static_file
from tiergate.web.visit import visit_of
from tiergate.web.visitor_currency import remember_currency

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

_READ = ["GET", "HEAD"]
_FOR_EVER = "public, max-age=31536000, immutable"


@router.api_route("/pricing", methods=_READ)
def show_pricing(
    request: Request, account_id: Visitor, interval: Literal["month", "year"] | None = None
) -> Response:
    """Show the plans, with what the visitor's account can do about each."""
    visit = visit_of(request, account_id)
    first = interval or visit.store.catalog.checkout.first_interval
    choice = () if visit.is_settled else visit.store.catalog.currencies
    page = HTMLResponse(render_pricing(PricingPage(visit.store, first, choice)))
    remember_currency(request, page, visit.store.catalog.currencies)
    return page


@router.api_route("/billing", methods=_READ)
def show_billing(request: Request, account_id: SignedIn) -> str:
    """Show what the account has, what happens next, and its invoices."""
    billing = billing_of(request)
    view = billing.describe(account_id)
    return render_billing(_billing_page(account_frame(request, view), billing, view))


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
        plan=view.told.catalog.plan(checkout.plan_key),
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


def _billing_page(frame: Frame, billing: Billing, view: AccountView) -> BillingPage:
    told, phase, subscription = view.told, view.told.phase, view.subscription
    return BillingPage(
        frame,
        told.catalog,
        told.at,
        phase.access,
        phase.reason,
        plan=phase.plan,
        subscribed_plan=view.plan,
        price=_price(view.price),
        status=subscription.status if subscription else None,
        holds_until=phase.ends_at,
        trial_end=subscription.trial_end if subscription else None,
        current_period_end=subscription.current_period_end if subscription else None,
        cancel_at=subscription.cancels_at if subscription else None,
        grace_ends_at=phase.ends_at if phase.reason is Reason.PAST_DUE_GRACE else None,
        has_card=view.has_card,
        usage=tuple(_usage(billing, view)),
        invoices=told.state.invoices[::-1],
    )


def _price(mapped: MappedPrice | None) -> Price | None:
    if mapped is None:
        return None
    interval: Literal["month", "year"] = "year" if mapped.interval == "year" else "month"
    return Price(mapped.lookup_key, interval, mapped.currency, mapped.unit_amount)


def _usage(billing: Billing, view: AccountView) -> list[UsageLine]:
    """Return what the present plan limits, and how much of it is used.

    Of what there may be so many of, none at all is more likely not counted here than true.
    """
    lines = []
    for feature in view.told.catalog.features.values():
        if feature.kind not in (FeatureKind.LIMIT, FeatureKind.PER_SEAT, FeatureKind.METERED):
            continue
        decision = billing.check(view.told.account.account_id, feature.key)
        if decision.value is not False:
            used = decision.used if feature.kind is FeatureKind.METERED else decision.used or None
            lines.append(UsageLine(feature, decision.limit, used))
    return lines
