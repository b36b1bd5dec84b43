"""Reads how the payments of an invoice have gone: once and briefly, for it only explains what is known."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import stripe

from tiergate.stripe_api.storable_json import read_json

HURRY_SECONDS = 4.0
"""A page waits for no more than this."""


def read_payment_intents(
    http: stripe.HTTPClient, reads_from: str, headers: Mapping[str, str], invoice_id: str
) -> list[dict[str, Any]] | None:
    """Return the payment intents of an invoice, the oldest first; ``None`` without a proper answer."""
    query = urlencode({"expand[0]": "payments.data.payment.payment_intent"})
    url = f"{reads_from}/v1/invoices/{invoice_id}?{query}"
    try:
        text, status, _ = http.request_with_retries("get", url, headers, max_network_retries=0)
    except stripe.APIConnectionError:
        return None
    if status != HTTPStatus.OK:
        return None
    payments = (read_json(text).get("payments") or {}).get("data", [])
    intents = [payment["payment"].get("payment_intent") for payment in payments]
    return [intent for intent in intents if isinstance(intent, dict)]
