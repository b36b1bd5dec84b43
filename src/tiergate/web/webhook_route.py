"""``POST /webhooks/stripe``: called by Stripe alone, which proves itself by its signature."""

import logging

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from tiergate.billing import Billing
from tiergate.rules.errors import TiergateError
from tiergate.services.read_event import UnreadableEventError
from tiergate.services.webhook_endpoints import WEBHOOK_PATH
from tiergate.stripe_api.verify_signature import SignatureError
from tiergate.web.problems import tiergate_problem
from tiergate.web.read_body import read_body

log = logging.getLogger("tiergate")

MAX_BODY_BYTES = 2 * 1024 * 1024
"""Far above any event."""


class WebhookRoute:
    """ASGI application that answers Stripe's deliveries."""

    def __init__(self, billing: Billing) -> None:
        """``billing`` takes the events in."""
        self._billing = billing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a delivery."""
        request = Request(scope, receive)
        try:
            response = await self._receive(request)
        except TiergateError as error:
            response = tiergate_problem(request, error)
        await response(scope, receive, send)

    async def _receive(self, request: Request) -> Response:
        """Take in one event; 200 once it is committed, 400 with nothing stored when it is not Stripe's.

        Raises ``BodyTooLargeError``.
        """
        body = await read_body(request, MAX_BODY_BYTES)
        try:
            event_id = await self._billing.aingest_webhook(body, request.headers.get("stripe-signature"))
        except (SignatureError, UnreadableEventError) as error:
            log.warning("webhook refused: %s", error.message)
            return JSONResponse({"error": error.code, "message": str(error)}, 400)
        return JSONResponse({"received": event_id})


def is_delivery(scope: Scope) -> bool:
    """Whether a request is for this route."""
    if scope["type"] != "http" or scope["method"] != "POST":
        return False
    path: str = scope["path"]
    return path.endswith(WEBHOOK_PATH) and path.removeprefix(scope.get("root_path", "")) == WEBHOOK_PATH
