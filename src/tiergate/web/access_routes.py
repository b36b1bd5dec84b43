"""The way in by a link of the host's, and what a member may do instead of changing anything."""

from typing import Literal

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from tiergate.services.accounts.access_tokens import Use
from tiergate.web.api_description import MEMBER, refuses, sends_forms_on, takes
from tiergate.web.change_routes import to_billing
from tiergate.web.idempotency_key import Key, KeyedOrder
from tiergate.web.identity import SESSION, Member
from tiergate.web.own_cookie import keep_cookie, mount_of
from tiergate.web.page_frame import billing_of
from tiergate.web.read_order import is_form, read_order
from tiergate.web.shown_as import shown_as, strictly_shown_as

router = APIRouter()

_ASKED = (*MEMBER, "idempotency_key_reused", "unknown_plan")


class AskOrder(KeyedOrder):
    """What a member would like an owner to get; all of it may be left open."""

    model_config = strictly_shown_as({"plan": "team", "interval": "year"})

    plan: str | None = None
    interval: Literal["month", "year"] | None = None


class AskedAnswer(BaseModel):
    """Whether an owner is told now; false where the same person asked for the same plan today already."""

    model_config = shown_as({"asked": True})

    asked: bool


@router.api_route("/access", methods=["GET", "HEAD"], include_in_schema=False)
def open_link(request: Request, token: str = "") -> Response:
    """Exchange a link for a session, and lead on to an address without it.

    A look at the headers alone opens no session.
    """
    billing = billing_of(request)
    link = billing.read_access(Use.LINK, token)
    response = RedirectResponse(f"{mount_of(request)}{link.path}", 303)
    if request.method == "GET":
        keep_cookie(request, response, SESSION, *billing.access_session(link))
    return response


@router.post(
    "/api/billing/ask",
    tags=["billing"],
    response_model=AskedAnswer,
    responses=refuses(*_ASKED) | sends_forms_on("back to the billing page"),
    openapi_extra=takes(AskOrder, required=False),
)
async def ask(request: Request, acting: Member, key: Key = None) -> Response | AskedAnswer:
    """Ask the owners of the account to upgrade: their billing page shows it, and a message goes out.

    Each person asks for each plan once a day.
    """
    order = await read_order(request, AskOrder)
    asked = await run_in_threadpool(
        billing_of(request).ask_to_upgrade, acting, order.plan or None, order.interval, key=key or order.key
    )
    if is_form(request):
        return to_billing(request, "ask")
    return AskedAnswer(asked=asked)
