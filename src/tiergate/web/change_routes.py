"""The routes by which the signed-in account changes what it pays for. Each is safe to repeat.

Programs send JSON and get JSON. A form is sent on: to the page where something has to be paid or confirmed,
otherwise back to the billing page, which says what came of it. What is refused is answered with problem
details that name the remedy.
"""

from collections.abc import Callable

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from tiergate.services.changes.changed import Changed
from tiergate.web.api_description import CHANGE, KEYED, refuses, sends_forms_on, takes
from tiergate.web.change_answers import (
    AddOnOrder,
    CancelOrder,
    ChangedAnswer,
    ChangeOrder,
    EmailAnswer,
    EmailOrder,
    PortalAnswer,
    PortalOrder,
    PreviewAnswer,
    PreviewOrder,
    SeatsOrder,
)
from tiergate.web.idempotency_key import Key, KeyedOrder
from tiergate.web.identity import Owner, actor_of
from tiergate.web.page_frame import billing_of, frame_of
from tiergate.web.read_order import is_form, read_order
from tiergate.web.visitor_language import language_at_stripe

router = APIRouter(prefix="/api/billing", tags=["changes"])

_PRICED = (*CHANGE, "wish_invalid", "card_required", "price_not_at_stripe", "amount_moved")
_OF_SEATS = ("not_per_seat", "seats_out_of_range", "fewer_seats_than_members")
_PREVIEWED = refuses(
    *(code for code in _PRICED if code not in ("amount_moved", "change_busy", "idempotency_key_reused")),
    *(*_OF_SEATS, "unknown_plan", "unknown_add_on", "plan_by_agreement", "add_on_not_sold_so"),
)
_OF_PORTAL = (*KEYED, "portal_flow_not_possible", "checkout_required")
_LEADS_BACK = sends_forms_on("to the page to pay at, where there is one, or back to the billing page")


@router.post(
    "/preview",
    response_model=PreviewAnswer,
    responses=_PREVIEWED,
    openapi_extra=takes(PreviewOrder),
)
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


@router.post(
    "/change",
    response_model=ChangedAnswer,
    responses=refuses(
        *_PRICED, "unknown_plan", "plan_by_agreement", "seats_out_of_range", "add_on_not_sold_so"
    )
    | _LEADS_BACK,
    openapi_extra=takes(ChangeOrder),
)
async def change(request: Request, account_id: Owner, key: Key = None) -> Response | ChangedAnswer:
    """Change the plan: a bigger one now, a smaller one at the renewal."""
    order = await read_order(request, ChangeOrder)

    def do(name: str | None) -> Changed:
        billing = billing_of(request)
        return billing.change_plan(
            account_id, order.plan, order.interval, token=order.token, key=name, actor=actor_of(request)
        )

    return await _answer(request, do, key or order.key)


@router.post(
    "/seats",
    response_model=ChangedAnswer,
    responses=refuses(*_PRICED, *_OF_SEATS) | _LEADS_BACK,
    openapi_extra=takes(SeatsOrder),
)
async def seats(request: Request, account_id: Owner, key: Key = None) -> Response | ChangedAnswer:
    """Set how many seats are paid for, prorated."""
    order = await read_order(request, SeatsOrder)

    def do(name: str | None) -> Changed:
        billing = billing_of(request)
        return billing.set_seats(
            account_id, order.seats, token=order.token, key=name, actor=actor_of(request)
        )

    return await _answer(request, do, key or order.key)


@router.post(
    "/add-ons",
    response_model=ChangedAnswer,
    responses=refuses(*_PRICED, "unknown_add_on") | _LEADS_BACK,
    openapi_extra=takes(AddOnOrder),
)
async def add_ons(request: Request, account_id: Owner, key: Key = None) -> Response | ChangedAnswer:
    """Set how much of an add-on is paid for: more now, less at the renewal."""
    order = await read_order(request, AddOnOrder)

    def do(name: str | None) -> Changed:
        billing = billing_of(request)
        return billing.set_add_on(
            account_id, order.add_on, order.quantity, token=order.token, key=name, actor=actor_of(request)
        )

    return await _answer(request, do, key or order.key)


@router.post(
    "/cancel",
    response_model=ChangedAnswer,
    responses=refuses(*CHANGE, "wish_invalid") | _LEADS_BACK,
    openapi_extra=takes(CancelOrder, required=False),
)
async def cancel(request: Request, account_id: Owner, key: Key = None) -> Response | ChangedAnswer:
    """Cancel, with the period or at once as the product's policy says."""
    order = await read_order(request, CancelOrder)

    def do(name: str | None) -> Changed:
        billing = billing_of(request)
        return billing.cancel(
            account_id, reason=order.reason, comment=order.comment, key=name, actor=actor_of(request)
        )

    return await _answer(request, do, key or order.key)


@router.post(
    "/resume",
    response_model=ChangedAnswer,
    responses=refuses(*CHANGE) | _LEADS_BACK,
    openapi_extra=takes(KeyedOrder, required=False),
)
async def resume(request: Request, account_id: Owner, key: Key = None) -> Response | ChangedAnswer:
    """Take a cancellation back, or let a paused subscription go on."""
    order = await read_order(request, KeyedOrder)

    def do(name: str | None) -> Changed:
        return billing_of(request).resume(account_id, key=name, actor=actor_of(request))

    return await _answer(request, do, key or order.key)


@router.post(
    "/pause",
    response_model=ChangedAnswer,
    responses=refuses(*CHANGE, "pause_not_offered") | _LEADS_BACK,
    openapi_extra=takes(KeyedOrder, required=False),
)
async def pause(request: Request, account_id: Owner, key: Key = None) -> Response | ChangedAnswer:
    """Pause for as long as the product's policy allows."""
    order = await read_order(request, KeyedOrder)

    def do(name: str | None) -> Changed:
        return billing_of(request).pause(account_id, key=name, actor=actor_of(request))

    return await _answer(request, do, key or order.key)


@router.post(
    "/undo",
    response_model=ChangedAnswer,
    responses=refuses(*CHANGE) | _LEADS_BACK,
    openapi_extra=takes(KeyedOrder, required=False),
)
async def undo(request: Request, account_id: Owner, key: Key = None) -> Response | ChangedAnswer:
    """Take back what is planned for the renewal, or waits for its payment."""
    order = await read_order(request, KeyedOrder)

    def do(name: str | None) -> Changed:
        return billing_of(request).undo_change(account_id, key=name, actor=actor_of(request))

    return await _answer(request, do, key or order.key)


@router.post(
    "/portal",
    response_model=PortalAnswer,
    responses=refuses(*_OF_PORTAL) | sends_forms_on("to the portal"),
    openapi_extra=takes(PortalOrder, required=False),
)
async def portal(request: Request, account_id: Owner, key: Key = None) -> Response | PortalAnswer:
    """Open Stripe's portal: JSON gets its address, a form is sent there."""
    order = await read_order(request, PortalOrder)
    billing = billing_of(request)
    language = language_at_stripe(request, billing.settings)

    def do() -> str:
        name = key or order.key
        return billing.open_portal(account_id, order.flow, order.return_url, language, key=name)

    url = await run_in_threadpool(do)
    return RedirectResponse(url, 303) if is_form(request) else PortalAnswer(url=url)


@router.post(
    "/email",
    response_model=EmailAnswer,
    responses=refuses(*KEYED, "email_invalid", "change_busy") | sends_forms_on("back to the billing page"),
    openapi_extra=takes(EmailOrder),
)
async def email(request: Request, account_id: Owner, key: Key = None) -> Response | EmailAnswer:
    """Set where invoices and receipts go."""
    order = await read_order(request, EmailOrder)

    def do() -> str:
        billing = billing_of(request)
        return billing.set_billing_email(
            account_id, order.email, key=key or order.key, actor=actor_of(request)
        )

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
