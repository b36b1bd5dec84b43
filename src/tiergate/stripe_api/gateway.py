"""The calls to Stripe: the only place where tiergate talks to it, through its own SDK."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import stripe

from tiergate.rules.errors import TiergateError
from tiergate.rules.instants import to_unix_seconds

API_VERSION = "2026-10-28.endive"
"""The version whose shapes we ask for, whatever the SDK's own default is."""

NETWORK_RETRIES = 2

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What Stripe answered, and when by Stripe's own clock.

    ``answered_at`` has the granularity of a second, like the ``created`` of events, and comes from the
    same clock: an event that was created later than it is certainly newer than ``body``.
    """

    body: Json
    answered_at: datetime


class StripeUnavailableError(TiergateError):
    """Stripe could not be reached, or failed on its side: nothing is known of the outcome."""

    code = "stripe_unavailable"


class StripeRefusedError(TiergateError):
    """Stripe understood the request and refused it. ``stripe_code`` is Stripe's own code."""

    code = "stripe_refused"

    def __init__(self, message: str, remedy: str = "", stripe_code: str | None = None) -> None:
        super().__init__(message, remedy)
        self.stripe_code = stripe_code


class Gateway:
    """Calls Stripe with one secret key. Answers are plain JSON objects in the shapes of ``API_VERSION``.

    Every method raises ``StripeUnavailableError`` or ``StripeRefusedError``.
    """

    def __init__(self, secret_key: str, api_base: str | None = None) -> None:
        """Prepare the calls; ``api_base`` points at a sandbox instead of Stripe itself."""
        self.livemode = secret_key.startswith(("sk_live_", "rk_live_"))
        self._client = stripe.StripeClient(
            secret_key,
            stripe_version=API_VERSION,
            max_network_retries=NETWORK_RETRIES,
            base_addresses={"api": api_base.rstrip("/")} if api_base else {},
        )

    def create_customer(self, params: Json, idempotency_key: str) -> Answer:
        """Create a customer."""
        return self._write("/v1/customers", params, idempotency_key)

    def create_checkout_session(self, params: Json, idempotency_key: str) -> Answer:
        """Create a checkout session; the page to send the customer to is its ``url``."""
        return self._write("/v1/checkout/sessions", params, idempotency_key)

    def expire_checkout_session(self, session_id: str) -> Answer:
        """Close an open checkout session, so that it can no longer be paid."""
        return self._write(f"/v1/checkout/sessions/{session_id}/expire", {}, f"expire:{session_id}")

    def create_product(self, params: Json, idempotency_key: str) -> Answer:
        """Create a product."""
        return self._write("/v1/products", params, idempotency_key)

    def create_price(self, params: Json, idempotency_key: str) -> Answer:
        """Create a price."""
        return self._write("/v1/prices", params, idempotency_key)

    def create_webhook_endpoint(self, params: Json, idempotency_key: str) -> Answer:
        """Register a webhook endpoint; only this answer shows its ``secret``."""
        return self._write("/v1/webhook_endpoints", params, idempotency_key)

    def create_test_clock(self, frozen_time: datetime, name: str, idempotency_key: str) -> Answer:
        """Create a test clock."""
        params = {"frozen_time": to_unix_seconds(frozen_time), "name": name}
        return self._write("/v1/test_helpers/test_clocks", params, idempotency_key)

    def advance_test_clock(self, test_clock_id: str, to: datetime) -> Answer:
        """Begin to move a test clock forward; its ``status`` is ``advancing`` until Stripe is done."""
        params = {"frozen_time": to_unix_seconds(to)}
        key = f"advance:{test_clock_id}:{params['frozen_time']}"
        return self._write(f"/v1/test_helpers/test_clocks/{test_clock_id}/advance", params, key)

    def fetch_subscription(self, subscription_id: str) -> Answer | None:
        """Read a subscription with its latest invoice; ``None`` when Stripe has none of that id."""
        return self._read(f"/v1/subscriptions/{subscription_id}", {"expand": ["latest_invoice"]})

    def fetch_invoice(self, invoice_id: str) -> Answer | None:
        """Read an invoice; ``None`` when Stripe has none of that id."""
        return self._read(f"/v1/invoices/{invoice_id}")

    def fetch_customer(self, customer_id: str) -> Answer | None:
        """Read a customer (a deleted one says so); ``None`` when Stripe has none of that id."""
        return self._read(f"/v1/customers/{customer_id}")

    def fetch_checkout_session(self, session_id: str) -> Answer | None:
        """Read a checkout session; ``None`` when Stripe has none of that id."""
        return self._read(f"/v1/checkout/sessions/{session_id}")

    def fetch_test_clock(self, test_clock_id: str) -> Answer | None:
        """Read a test clock; ``None`` when Stripe has none of that id."""
        return self._read(f"/v1/test_helpers/test_clocks/{test_clock_id}")

    def list_subscriptions(self, customer_id: str) -> Iterator[Answer]:
        """Read all subscriptions of a customer, ended ones too, with their latest invoices."""
        params = {"customer": customer_id, "status": "all", "expand": ["data.latest_invoice"]}
        return self._pages("/v1/subscriptions", params)

    def list_open_invoices(self, customer_id: str) -> Iterator[Answer]:
        """Read the invoices of a customer that still wait to be paid."""
        return self._pages("/v1/invoices", {"customer": customer_id, "status": "open"})

    def list_prices(self, lookup_keys: list[str]) -> Iterator[Answer]:
        """Read the prices that bear one of at most ten lookup keys."""
        return self._pages("/v1/prices", {"lookup_keys": lookup_keys})

    def _pages(self, path: str, params: Mapping[str, Any]) -> Iterator[Answer]:
        after: str | None = None
        while True:
            cursor = {"starting_after": after} if after else {}
            page = self._call("get", path, {**params, "limit": 100, **cursor})
            found = page.body["data"]
            yield from (Answer(entry, page.answered_at) for entry in found)
            if not page.body["has_more"]:
                return
            after = found[-1]["id"]

    def _read(self, path: str, params: Mapping[str, Any] | None = None) -> Answer | None:
        try:
            return self._call("get", path, params or {})
        except StripeRefusedError as error:
            if error.stripe_code == "resource_missing":
                return None
            raise

    def _write(self, path: str, params: Mapping[str, Any], idempotency_key: str) -> Answer:
        return self._call("post", path, {**params, "idempotency_key": idempotency_key})

    def _call(self, method: str, path: str, params: Mapping[str, Any]) -> Answer:
        try:
            response = self._client.raw_request(method, path, **params)
        except (stripe.APIConnectionError, stripe.APIError, stripe.RateLimitError) as error:
            raise StripeUnavailableError(
                f"Stripe did not answer {method.upper()} {path}.", "Nothing is lost: try again in a moment."
            ) from error
        except stripe.StripeError as error:
            raise StripeRefusedError(
                f"Stripe refused {method.upper()} {path}: {_reason(error)}.", stripe_code=error.code
            ) from error
        date = response.headers.get("Date") or ""
        return Answer(response.data, parsedate_to_datetime(date) if date else _NEVER)


def _reason(error: stripe.StripeError) -> str:
    return str(error.user_message or error.code or error).rstrip(".")


_NEVER = datetime.min.replace(tzinfo=UTC)
"""Stands for an answer that tells no time: any event may be newer."""
