"""The routes by which the signed-in account changes what it pays for. Each is safe to repeat.

Programs send JSON and get JSON. A form is sent on: to the page where something has to be paid or confirmed,
otherwise back to the billing page, which says what came of it. What is refused is answered with problem
details that name the remedy.
"""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from tiergate.services.changed import Changed
from tiergate.web.change_answers import (
    AddOnOrder,
    CancelOrder,
    ChangedAnswer,
    ChangeOrder,
    EmailAnswer,
    EmailOrder,
    KeyedOrder,
    PortalAnswer,
    PortalOrder,
    PreviewAnswer,
    PreviewOrder,
    SeatsOrder,
)
from tiergate.web.identity import Owner, actor_of
from tiergate.web.page_frame import billing_of, frame_of
from tiergate.web.read_order import FORM, is_form, read_order
from tiergate.web.visitor_language import language_at_stripe

router = APIRouter(prefix="/api/billing", tags=["changes"])

Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=255)]


def _takes(order: type[BaseModel], *, required: bool = True) -> dict[str, Any]:
    """Describe the body that a route reads by itself, from JSON or from a form."""
    schema = order.model_json_schema()
    examples = schema.pop("examples", [])
    content = {"schema": schema, **({"example": examples[0]} if examples else {})}
    return {
        "requestBody": {
            "required": required,
            "content": dict.fromkeys(("application/json", FORM), content),
        },
        "responses": {
            "402": {
                "description": "A payment or a card is missing: `pay_url` is where to pay.",
                "content": {"application/problem+json": {"example": _UNPAID}},
            },
            "409": {
                "description": "Refused: `code` says why, `detail` what to do about it.",
                "content": {"application/problem+json": {"example": _REFUSED}},
            },
        },
    }


_UNPAID = {
    "type": "about:blank",
    "title": "A payment of this subscription is outstanding.",
    "status": 402,
    "code": "payment_outstanding",
    "detail": "Pay the open invoice first, then change the plan.",
    "pay_url": "https://invoice.stripe.com/i/acct_1/test_1",
}
_REFUSED = {
    "type": "about:blank",
    "title": "The subscription is paused.",
    "status": 409,
    "code": "subscription_paused",
    "detail": "Resume it first, then change it.",
}


@router.post("/preview", response_model=PreviewAnswer, openapi_extra=_takes(PreviewOrder))
async def preview(request: Request, account_id: Owner) -> PreviewAnswer:
    """Say what a change would cost and mean, to the cent; nothing is changed."""
    order = await read_order(request, PreviewOrder)
    return PreviewAnswer.of(
        await run_in_threadpool(
            billing_of(request).preview_change,
            account_id,
            order.plan,
            order.interval,
            seats=order.seats,
            add_on=order.add_on,
            quantity=order.quantity,
        )
    )


@router.post("/change", response_model=ChangedAnswer, openapi_extra=_takes(ChangeOrder))
async def change(request: Request, account_id: Owner, key: Key = None) -> Response | ChangedAnswer:
    """Change the plan: a bigger one now, a smaller one at the renewal."""
    order = await read_order(request, ChangeOrder)

    def do(name: str | None) -> Changed:
        billing = billing_of(request)
        return billing.change_plan(
            account_id, order.plan, order.interval, token=order.token, key=name, actor=actor_of(request)
        )

    return await _answer(request, do, key or order.key)


@router.post("/seats", response_model=ChangedAnswer, openapi_extra=_takes(SeatsOrder))
async def seats(request: Request, account_id: Owner, key: Key = None) -> Response | ChangedAnswer:
    """Set how many seats are paid for, prorated."""
    order = await read_order(request, SeatsOrder)

    def do(name: str | None) -> Changed:
        billing = billing_of(request)
        return billing.set_seats(
            account_id, order.seats, token=order.token, key=name, actor=actor_of(request)
        )

    return await _answer(request, do, key or order.key)


@router.post("/add-ons", response_model=ChangedAnswer, openapi_extra=_takes(AddOnOrder))
async def add_ons(request: Request, account_id: Owner, key: Key = None) -> Response | ChangedAnswer:
    """Set how much of an add-on is paid for: more now, less at the renewal."""
    order = await read_order(request, AddOnOrder)

    def do(name: str | None) -> Changed:
        billing = billing_of(request)
        return billing.set_add_on(
            account_id, order.add_on, order.quantity, token=order.token, key=name, actor=actor_of(request)
        )

    return await _answer(request, do, key or order.key)


@router.post("/cancel", response_model=ChangedAnswer, openapi_extra=_takes(CancelOrder, required=False))
async def cancel(request: Request, account_id: Owner, key: Key = None) -> Response | ChangedAnswer:
    """Cancel, with the period or at once as the product's policy says."""
    order = await read_order(request, CancelOrder)

    def do(name: str | None) -> Changed:
        billing = billing_of(request)
        return billing.cancel(
            account_id, reason=order.reason, comment=order.comment, key=name, actor=actor_of(request)
        )

    return await _answer(request, do, key or order.key)


@router.post("/resume", response_model=ChangedAnswer, openapi_extra=_takes(KeyedOrder, required=False))
async def resume(request: Request, account_id: Owner, key: Key = None) -> Response | ChangedAnswer:
    """Take a cancellation back, or let a paused subscription go on."""
    order = await read_order(request, KeyedOrder)

    def do(name: str | None) -> Changed:
        return billing_of(request).resume(account_id, key=name, actor=actor_of(request))

    return await _answer(request, do, key or order.key)


@router.post("/pause", response_model=ChangedAnswer, openapi_extra=_takes(KeyedOrder, required=False))
async def pause(request: Request, account_id: Owner, key: Key = None) -> Response | ChangedAnswer:
    """Pause for as long as the product's policy allows."""
    order = await read_order(request, KeyedOrder)

    def do(name: str | None) -> Changed:
        return billing_of(request).pause(account_id, key=name, actor=actor_of(request))

    return await _answer(request, do, key or order.key)


@router.post("/undo", response_model=ChangedAnswer, openapi_extra=_takes(KeyedOrder, required=False))
async def undo(request: Request, account_id: Owner, key: Key = None) -> Response | ChangedAnswer:
    """Take back what is planned for the renewal, or waits for its payment."""
    order = await read_order(request, KeyedOrder)

    def do(name: str | None) -> Changed:
        return billing_of(request).undo_change(account_id, key=name, actor=actor_of(request))

    return await _answer(request, do, key or order.key)


@router.post("/portal", response_model=PortalAnswer, openapi_extra=_takes(PortalOrder, required=False))
async def portal(request: Request, account_id: Owner) -> Response | PortalAnswer:
    """Open Stripe's portal: JSON gets its address, a form is sent there."""
    order = await read_order(request, PortalOrder)
    billing = billing_of(request)
    language = language_at_stripe(request, billing.settings)
    url = await run_in_threadpool(
        billing.open_portal, account_id, order.flow, order.return_url, language=language
    )
    return RedirectResponse(url, 303) if is_form(request) else PortalAnswer(url=url)


@router.post("/email", response_model=EmailAnswer, openapi_extra=_takes(EmailOrder))
async def email(request: Request, account_id: Owner) -> Response | EmailAnswer:
    """Set where invoices and receipts go."""
    order = await read_order(request, EmailOrder)

    def do() -> str:
        return billing_of(request).set_billing_email(account_id, order.email, actor=actor_of(request))

    address = await run_in_threadpool(do)
    return to_billing(request, "email") if is_form(request) else EmailAnswer(email=address)


def to_billing(request: Request, after: str) -> Response:
    """Lead back to the billing page; the word says after what, and the page says what is the case."""
    return RedirectResponse(f"{frame_of(request).billing_url}?after={after}", 303)


async def _answer(
    request: Request, do: Callable[[str | None], Changed], key: str | None
) -> Response | ChangedAnswer:
    changed = await run_in_threadpool(do, key)
    if not is_form(request):
        return ChangedAnswer.of(changed)
    if changed.outcome == "payment_pending" and changed.pay_url:
        return RedirectResponse(changed.pay_url, 303)
    return to_billing(request, request.url.path.rpartition("/")[2])
