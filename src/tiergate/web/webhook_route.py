"""``POST /webhooks/stripe``: called by Stripe alone, which proves itself by its signature."""

import logging

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tiergate.billing import Billing
from tiergate.services.read_event import UnreadableEventError
from tiergate.stripe_api.verify_signature import SignatureError
from tiergate.web.read_body import read_body

log = logging.getLogger("tiergate")

WEBHOOK_PATH = "/webhooks/stripe"
MAX_BODY_BYTES = 2 * 1024 * 1024
"""Far above any event."""


async def receive_webhook(request: Request) -> Response:
    """Take in one event; 200 once it is committed, 400 with nothing stored when it is not Stripe's.

    Raises ``BodyTooLargeError``.
    """
    body = await read_body(request, MAX_BODY_BYTES)
    billing: Billing = request.app.state.billing
    signature = request.headers.get("stripe-signature")
    try:
        event_id = await billing.aingest_webhook(body, signature)
    except (SignatureError, UnreadableEventError) as error:
        log.warning("webhook refused: %s", error.message)
        return JSONResponse({"error": error.code, "message": str(error)}, 400)
    return JSONResponse({"received": event_id})
