"""What other pages may show of the plans: ``GET /api/plans`` and the script that embeds them."""

import hashlib

from fastapi import APIRouter, Query, Request, Response

from tiergate.web.api_description import ANYBODY, Responses, refuses
from tiergate.web.identity import Visitor
from tiergate.web.page_frame import billing_of
from tiergate.web.plans_answer import PlansAnswer, plans_answer
from tiergate.web.render import own_file
from tiergate.web.same_origin import is_same_origin
from tiergate.web.visit import visit_of
from tiergate.web.visitor_currency import depends_on

router = APIRouter()

_READ = (*ANYBODY, "access_invalid", "access_expired", "no_plans", "unknown_account", "request_invalid")
_UNCHANGED: Responses = {304: {"description": "Nothing has changed since the answer whose ETag was sent."}}

_ANYWHERE = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}


@router.head("/api/plans", include_in_schema=False)
@router.get("/api/plans", tags=["plans"], response_model=PlansAnswer, responses=refuses(*_READ) | _UNCHANGED)
def read_plans(
    request: Request,
    account_id: Visitor,
    currency: str | None = Query(None, description="Show prices in this currency where they are sold in it."),
) -> Response:
    """Tell the plans with all prices, and what the visitor can do about each.

    Pages of other origins may read this too; they get what somebody gets who is not signed in. ``ETag`` and
    ``If-None-Match`` save the body where nothing has changed.
    """
    del currency  # read by visitor_currency, as on the pricing page
    visit = visit_of(request, account_id if is_same_origin(request.headers) else None)
    body = plans_answer(visit).model_dump_json()
    headers = {
        "Cache-Control": "private, no-cache" if visit.store.frame.signed_in else "no-cache",
        "Vary": f"{depends_on(billing_of(request).settings)}, Authorization, Origin, Sec-Fetch-Site",
        **_ANYWHERE,
    }
    return _unless_known(request, body.encode(), "application/json", headers)


@router.api_route("/embed.js", methods=["GET", "HEAD"], include_in_schema=False)
def serve_embed(request: Request) -> Response:
    """Serve the script whose element shows the plans on another page."""
    file = own_file("embed.js")
    return _unless_known(request, file.content, file.media_type, {"Cache-Control": "no-cache", **_ANYWHERE})


def _unless_known(request: Request, body: bytes, media_type: str, headers: dict[str, str]) -> Response:
    """Answer with a body, or with 304 where the browser has just that one."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {**headers, "ETag": tag}
    known = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    if tag in known or known == ["*"]:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)
