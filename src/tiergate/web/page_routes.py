"""The pages: pricing for everybody, billing for whoever is signed in."""

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from tiergate.rules.price import INTERVALS
from tiergate.web.account_page import account_page
from tiergate.web.billing_page import render_billing
from tiergate.web.identity import SignedIn, Visitor
from tiergate.web.order_form import choice_of
from tiergate.web.page_frame import billing_of
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
    currencies = () if visit.is_settled else visit.store.catalog.currencies
    chosen = choice_of(request.query_params)
    named = request.query_params.get(LANGUAGE_PARAMETER) == visit.store.frame.language
    page = HTMLResponse(render_pricing(PricingPage(visit.store, first, currencies, chosen, named)))
    remember_currency(request, page, visit.store.catalog.currencies)
    return page


@router.api_route("/billing", methods=_READ)
def show_billing(request: Request, account_id: SignedIn, after: str = "") -> str:
    """Show what the account has, what happens next, what can be done about it, and its invoices."""
    return render_billing(account_page(request, billing_of(request).describe(account_id), after))


@router.api_route("/static/{name}", methods=_READ)
def serve_static(name: str) -> Response:
    """Serve a file that pages load; its name holds a hash of its content."""
    file = static_file(name)
    if file is None:
        raise HTTPException(404)
    return Response(file.content, media_type=file.media_type, headers={"Cache-Control": _FOR_EVER})
