"""``POST /webhooks/stripe``: called by Stripe alone, which proves itself by its signature."""

import logging
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tiergate.billing import Billing
from tiergate.rules.errors import TiergateError
from tiergate.services.examination.webhook_endpoints import WEBHOOK_PATH
from tiergate.services.webhooks.read_event import UnreadableEventError
from tiergate.stripe_api.verify_signature import SignatureError
from tiergate.web.problems import tiergate_problem
from tiergate.web.read_body import read_body

log = logging.getLogger("tiergate")

MAX_BODY_BYTES = 2 * 1024 * 1024
"""Far above any event."""
_HEADERS = {"x-content-type-options": "nosniff", "cache-control": "no-store"}


class WebhookRoute:
    """ASGI application that answers Stripe's deliveries."""

    def __init__(self, billing: Billing, guard: Callable[[ASGIApp], ASGIApp]) -> None:
        """``billing`` takes the events in; ``guard`` completes the answers that are for people too."""
        self._billing = billing
        self._guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a delivery: an empty 200 once its event is committed, an error where nothing is stored."""
        request = Request(scope, receive)
        answer: ASGIApp
        try:
            body = await read_body(request, MAX_BODY_BYTES)
            await self._billing.aingest_webhook(body, request.headers.get("stripe-signature"))
            # Stripe looks at the status alone, and what is empty is sent in one piece.
            answer = Response(b"", 200, _HEADERS)
        except Exception as error:
            answer = self._guard(_Refusal(error))
        await answer(scope, receive, send)


class _Refusal:
    """ASGI application that answers with an error: 400 where a delivery is not Stripe's.

    What nobody expected is raised on.
    """

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        error = self._error
        response: Response
        match error:
            case SignatureError() | UnreadableEventError():
                log.warning("webhook refused: %s", error.message)
                response = JSONResponse({"error": error.code, "message": str(error)}, 400)
            case TiergateError():
                response = tiergate_problem(Request(scope, receive), error)
            case _:
                raise error
        await response(scope, receive, send)


def is_delivery(scope: Scope) -> bool:
    """Whether a request is for this route."""
    if scope["type"] != "http" or scope["method"] != "POST":
        return False
    path: str = scope["path"]
    return path.endswith(WEBHOOK_PATH) and path.removeprefix(scope.get("root_path", "")) == WEBHOOK_PATH
