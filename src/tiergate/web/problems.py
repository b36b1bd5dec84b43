"""Errors as answers: problem details (RFC 9457) for programs, a page for people."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tiergate.rules.catalog import Product
from tiergate.rules.errors import TiergateError
from tiergate.rules.trial_eligibility import Eligibility
from tiergate.services.access.answer_check import FeatureRefusedError
from tiergate.services.trials.start_trial import TrialRefusedError
from tiergate.translation import ProblemWords, Translation
from tiergate.web.answers import decision_answer
from tiergate.web.link import Link
from tiergate.web.page_frame import billing_of, english_frame_of, frame_of
from tiergate.web.problem_page import ProblemPage, render_problem
from tiergate.web.render import Frame
from tiergate.web.visitor_language import reader_of

log = logging.getLogger("tiergate")

_TOLD_OUTSIDE: Mapping[str, tuple[str, str]] = {
    "stripe_refused": (
        "Our payment provider did not accept this.",
        "Nothing was charged. Try again, and write to us if it happens once more.",
    ),
    "database_unavailable": (
        "We cannot reach our database at the moment.",
        "Nothing is lost. Try again in a moment.",
    ),
}
"""What a customer is told of what is ours to know: Stripe's words and addresses stand in the log alone."""

STATUS_OF_CODE: Mapping[str, int] = {
    "signature_invalid": 400,
    "event_unreadable": 400,
    "wish_invalid": 400,
    "order_invalid": 400,
    "email_invalid": 400,
    "sign_in_required": 401,
    "admin_sign_in_required": 401,
    "sign_in_failed": 401,
    "access_invalid": 401,
    "access_expired": 401,
    "csrf_failed": 403,
    "owner_required": 403,
    "payment_outstanding": 402,
    "card_required": 402,
    "pause_not_offered": 403,
    "trial_refused": 402,
    "unknown_account": 404,
    "unknown_feature": 404,
    "unknown_plan": 404,
    "unknown_add_on": 404,
    "account_erased": 409,
    "account_still_live": 409,
    "already_subscribed": 409,
    "checkout_closed": 409,
    "amount_moved": 409,
    "change_busy": 409,
    "checkout_required": 409,
    "fewer_seats_than_members": 409,
    "add_on_not_sold_so": 409,
    "idempotency_key_reused": 409,
    "not_per_seat": 409,
    "plan_by_agreement": 409,
    "portal_flow_not_possible": 409,
    "price_unknown": 409,
    "seats_out_of_range": 409,
    "status_unknown": 409,
    "subscription_paused": 409,
    "checkout_busy": 409,
    "draft_conflict": 409,
    "edit_impossible": 409,
    "edit_refused": 409,
    "no_draft": 409,
    "plans_overtaken": 409,
    "push_busy": 409,
    "no_trial": 409,
    "trial_busy": 409,
    "trial_needs_card": 409,
    "body_too_large": 413,
    "draft_too_long": 413,
    "content_type_unsupported": 415,
    "seats_invalid": 422,
    "catalog_invalid": 422,
    "stripe_price_invalid": 422,
    "too_many_attempts": 429,
    "push_interrupted": 502,
    "stripe_refused": 502,
    "database_unavailable": 503,
    "no_plans": 503,
    "price_not_at_stripe": 503,
    "stripe_unavailable": 503,
}
"""The HTTP status of each error code; one that is not named here is our own fault: 500."""


_CHOOSE_ANEW = frozenset({"unknown_plan", "order_invalid", "checkout_required", "plan_by_agreement"})
"""What is helped by another choice on the pricing page."""


def install_problems(app: FastAPI) -> None:
    """Let every error of an application be answered here."""
    app.exception_handler(TiergateError)(_on_tiergate_error)
    app.exception_handler(FeatureRefusedError)(_on_refused_feature)
    app.exception_handler(TrialRefusedError)(_on_refused_trial)
    app.exception_handler(HTTPException)(_on_http_error)
    app.exception_handler(RequestValidationError)(_on_validation_error)


def problem(
    request: Request,
    status: int,
    code: str,
    title: str,
    detail: str = "",
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
    action: Link | None = None,
) -> Response:
    """Answer with a problem: as a page where a browser asks, as JSON elsewhere, with ``more`` members.

    ``action`` is what a page offers to do about it; what went wrong with billing leads back there.
    """
    if wants_page(request):
        frame = english_frame_of(request) if _is_admin(request) else frame_of(request)
        in_billing = status != HTTPStatus.UNAUTHORIZED and "/billing" in request.url.path
        back = Link(frame.wording.say("Back to billing"), frame.billing_url) if in_billing else None
        if back is not None and action is None and code in _CHOOSE_ANEW:
            action = Link(frame.wording.say("See the plans"), frame.pricing_url)
        why = str(more.get("why", "")) if more else ""
        words = problem_words(frame.translation, code, title, detail, why)
        page = ProblemPage(frame, status, words.title, remedy=words.remedy, action=action, back=back)
        return HTMLResponse(render_problem(page), status, headers=headers)
    return _problem_json(status, code, title, detail, headers, more)


def problem_words(
    translation: Translation, code: str, title: str, remedy: str, why: str = ""
) -> ProblemWords:
    """Return what a page says of an error: a language's own words for its code, else those of the error."""
    for key in (f"{code}.{why}", code):
        if (words := translation.problems.get(key)) is not None:
            return words
    return translation.problems.get("other", ProblemWords(title, remedy))


def _is_admin(request: Request) -> bool:
    return request.url.path.startswith(f"{request.scope.get('root_path', '')}/admin")


def tiergate_problem(request: Request, error: TiergateError, action: Link | None = None) -> Response:
    """Answer with an error of ours; what is ours to know stands in the log alone.

    A page offers the ``action``, or to pay what is open where that is what stands in the way.
    """
    status = STATUS_OF_CODE.get(error.code, HTTPStatus.INTERNAL_SERVER_ERROR)
    if error.code in _TOLD_OUTSIDE:
        log.warning("subscription request %s failed: %s", request.url.path, error.message)
        return problem(request, status, error.code, *_TOLD_OUTSIDE[error.code])
    details = error.details
    if action is None and details.get("pay_url"):
        label = frame_of(request).wording.say("Pay invoice")
        action = Link(label, str(details["pay_url"]))
    return problem(request, status, error.code, error.message, error.remedy, more=details, action=action)


class DefectProblems:
    """ASGI middleware: an exception that nobody expected is answered as a problem too, and raised on.

    Whoever watches the host for errors still sees it; the caller is told nothing of its inside.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap ``app``."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and answer 500 where it fails before an answer has begun."""
        has_begun = False

        async def watched_send(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched_send)
        except Exception:
            if scope["type"] == "http" and not has_begun:
                await _defect(Request(scope))(scope, receive, send)
            raise


def _defect(request: Request) -> Response:
    code, title = "internal_error", "Something went wrong on our side."
    remedy = "Try again in a moment; it has been logged."
    if wants_page(request):
        # The catalogue, which names the product, may be what failed.
        reader = reader_of(request, billing_of(request).settings)
        base_path = str(request.scope.get("root_path", ""))
        frame = Frame(Product(name="Billing"), base_path=base_path, translation=reader.translation)
        words = problem_words(frame.translation, code, title, remedy)
        return HTMLResponse(render_problem(ProblemPage(frame, 500, words.title, remedy=words.remedy)), 500)
    return _problem_json(500, code, title, remedy)


def wants_page(request: Request) -> bool:
    """Whether a browser asks, to show what it gets to a person."""
    return "text/html" in request.headers.get("accept", "")


def _problem_json(
    status: int,
    code: str,
    title: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
) -> Response:
    body = {"type": "about:blank", "title": title, "status": status, "code": code, "detail": detail}
    body |= more or {}
    return JSONResponse(body, status, headers=headers, media_type="application/problem+json")


async def _on_tiergate_error(request: Request, error: TiergateError) -> Response:
    return tiergate_problem(request, error)


async def _on_refused_feature(request: Request, error: FeatureRefusedError) -> Response:
    """Ask for payment where a plan would allow what was refused, and refuse outright where none would."""
    decision = error.decision
    status = HTTPStatus.PAYMENT_REQUIRED if decision.offer else HTTPStatus.FORBIDDEN
    more = {"decision": decision_answer(decision).model_dump(mode="json")}
    return problem(request, status, error.code, error.message, error.remedy, more=more)


async def _on_refused_trial(request: Request, error: TrialRefusedError) -> Response:
    """Say why, and at which price the plan is sold; what is subscribed already is a conflict."""
    has_one = error.why is Eligibility.ALREADY_SUBSCRIBED
    status = HTTPStatus.CONFLICT if has_one else HTTPStatus.PAYMENT_REQUIRED
    more = {"why": str(error.why), "plan": error.plan}
    return problem(request, status, error.code, error.message, error.remedy, more=more)


async def _on_http_error(request: Request, error: HTTPException) -> Response:
    if error.status_code == HTTPStatus.BAD_REQUEST:  # FastAPI's word for a body that it cannot read
        return _invalid(request, "The body is no JSON in UTF-8.")
    title = HTTPStatus(error.status_code).phrase + "."
    return problem(request, error.status_code, f"http_{error.status_code}", title, headers=error.headers)


async def _on_validation_error(request: Request, error: RequestValidationError) -> Response:
    told = "; ".join(f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors())
    return _invalid(request, told)


def _invalid(request: Request, told: str) -> Response:
    return problem(request, 422, "request_invalid", "The request is not valid.", told)
