"""The calls to Stripe: the only place where tiergate talks to it, through its own SDK."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec
import stripe

from tiergate.rules.errors import TiergateError
from tiergate.rules.instants import to_unix_seconds
from tiergate.stripe_api.kept_connections import KeptConnections
from tiergate.stripe_api.listed import Listed, as_listed, read_listed, texts_in
from tiergate.stripe_api.payment_intents import HURRY_SECONDS, read_payment_intents
from tiergate.stripe_api.read_shapes import has_all_items
from tiergate.stripe_api.refusals import BUSY, MISSING, is_missing, reason_of, unanswered
from tiergate.stripe_api.storable_json import read_json, storable

API_VERSION = "2026-10-28.endive"
"""The version whose shapes we ask for, whatever the SDK's own default is."""

NETWORK_RETRIES = 2
_STRIPE = "https://api.stripe.com"

Json = dict[str, Any]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Answer:
    """What Stripe answered, and when by Stripe's own clock.

    ``answered_at`` has the granularity of a second, like the ``created`` of events, and comes from the
    same clock: an event that was created later than it is certainly newer than ``body``.
    """

    body: Json
    answered_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list: its entries, where the next one begins (``None`` after the last), and when."""

    entries: list[Listed]
    next_after: str | None
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

    def __init__(
        self,
        secret_key: str,
        api_base: str | None = None,
        *,
        http_client: stripe.HTTPClient | None = None,
        network_retries: int = NETWORK_RETRIES,
    ) -> None:
        """Prepare the calls; ``api_base`` points at a sandbox instead of Stripe itself."""
        self.livemode = secret_key.startswith(("sk_live_", "rk_live_"))
        self._http = http_client or KeptConnections()
        self._hurried = http_client or KeptConnections(HURRY_SECONDS)
        self._network_retries = network_retries
        self._reads_from = f"{(api_base or _STRIPE).rstrip('/')}"
        self._read_headers = {"Authorization": f"Bearer {secret_key}", "Stripe-Version": API_VERSION}
        self._client = stripe.StripeClient(
            secret_key,
            stripe_version=API_VERSION,
            max_network_retries=network_retries,
            base_addresses={"api": api_base.rstrip("/")} if api_base else {},
            http_client=self._http,
        )

    def create_customer(self, params: Json, idempotency_key: str) -> Answer:
        """Create a customer."""
        return self._write("/v1/customers", params, idempotency_key)

    def delete_customer(self, customer_id: str) -> Answer:
        """Delete a customer for good; Stripe refuses to do so a second time."""
        return self._call("delete", f"/v1/customers/{customer_id}", {})

    def update_customer(self, customer_id: str, params: Json, idempotency_key: str) -> Answer:
        """Change a customer."""
        return self._write(f"/v1/customers/{customer_id}", params, idempotency_key)

    def create_subscription(self, params: Json, idempotency_key: str) -> Answer:
        """Create a subscription."""
        return self._write("/v1/subscriptions", params, idempotency_key)

    def create_checkout_session(self, params: Json, idempotency_key: str) -> Answer:
        """Create a checkout session; the page to send the customer to is its ``url``."""
        return self._write("/v1/checkout/sessions", params, idempotency_key)

    def expire_checkout_session(self, session_id: str, idempotency_key: str) -> Answer:
        """Close an open checkout session, so that it can no longer be paid."""
        return self._write(f"/v1/checkout/sessions/{session_id}/expire", {}, idempotency_key)

    def create_product(self, params: Json, idempotency_key: str) -> Answer:
        """Create a product."""
        return self._write("/v1/products", params, idempotency_key)

    def update_product(self, product_id: str, params: Json, idempotency_key: str) -> Answer:
        """Change a product, such as its name, or archive it."""
        return self._write(f"/v1/products/{product_id}", params, idempotency_key)

    def create_price(self, params: Json, idempotency_key: str) -> Answer:
        """Create a price."""
        return self._write("/v1/prices", params, idempotency_key)

    def update_price(self, price_id: str, params: Json, idempotency_key: str) -> Answer:
        """Change a price's labels, or archive it."""
        return self._write(f"/v1/prices/{price_id}", params, idempotency_key)

    def update_subscription(self, subscription_id: str, params: Json, idempotency_key: str) -> Answer:
        """Change a subscription."""
        return self._write(f"/v1/subscriptions/{subscription_id}", params, idempotency_key)

    def create_schedule(self, params: Json, idempotency_key: str) -> Answer:
        """Create a subscription schedule."""
        return self._write("/v1/subscription_schedules", params, idempotency_key)

    def update_schedule(self, schedule_id: str, params: Json, idempotency_key: str) -> Answer:
        """Change the phases of a subscription schedule."""
        return self._write(f"/v1/subscription_schedules/{schedule_id}", params, idempotency_key)

    def release_schedule(self, schedule_id: str, idempotency_key: str) -> Answer:
        """Let a subscription go on without its schedule."""
        return self._write(f"/v1/subscription_schedules/{schedule_id}/release", {}, idempotency_key)

    def create_webhook_endpoint(self, params: Json, idempotency_key: str) -> Answer:
        """Register a webhook endpoint; only this answer shows its ``secret``."""
        return self._write("/v1/webhook_endpoints", params, idempotency_key)

    def update_webhook_endpoint(self, endpoint_id: str, params: Json, idempotency_key: str) -> Answer:
        """Change a webhook endpoint; its API version stays what it was."""
        return self._write(f"/v1/webhook_endpoints/{endpoint_id}", params, idempotency_key)

    def create_test_clock(self, frozen_time: datetime, name: str, idempotency_key: str) -> Answer:
        """Create a test clock."""
        params = {"frozen_time": to_unix_seconds(frozen_time), "name": name}
        return self._write("/v1/test_helpers/test_clocks", params, idempotency_key)

    def advance_test_clock(self, test_clock_id: str, to: datetime) -> Answer:
        """Begin to move a test clock forward; its ``status`` is ``advancing`` until Stripe is done.

        The key names the clock and the instant: a clock that has arrived there goes no further, whether
        Stripe still knows the key or refuses to move it to where it is.
        """
        params = {"frozen_time": to_unix_seconds(to)}
        key = f"advance:{test_clock_id}:{params['frozen_time']}"
        return self._write(f"/v1/test_helpers/test_clocks/{test_clock_id}/advance", params, key)

    def cancel_subscription(self, subscription_id: str, params: Json | None = None) -> Answer:
        """End a subscription at once, without a refund; Stripe refuses to do so a second time."""
        return self._call("delete", f"/v1/subscriptions/{subscription_id}", params or {})

    def resume_subscription(self, subscription_id: str, params: Json, idempotency_key: str) -> Answer:
        """Let a paused subscription go on, and charge for what begins then."""
        return self._write(f"/v1/subscriptions/{subscription_id}/resume", params, idempotency_key)

    def preview_invoice(self, params: Json) -> Answer:
        """Return the invoice that a change would lead to; nothing is changed."""
        return self._call("post", "/v1/invoices/create_preview", params)

    def void_invoice(self, invoice_id: str, idempotency_key: str) -> Answer:
        """Take an open invoice back; a change that waits for its payment goes with it."""
        return self._write(f"/v1/invoices/{invoice_id}/void", {}, idempotency_key)

    def create_portal_configuration(self, params: Json, idempotency_key: str) -> Answer:
        """Create a configuration of Stripe's portal."""
        return self._write("/v1/billing_portal/configurations", params, idempotency_key)

    def list_portal_configurations(self) -> Iterator[Answer]:
        """Read the active configurations of Stripe's portal."""
        return self._pages("/v1/billing_portal/configurations", {"active": "true"})

    def create_portal_session(self, params: Json, idempotency_key: str) -> Answer:
        """Open Stripe's portal for a customer; the page to send it to is its ``url``."""
        return self._write("/v1/billing_portal/sessions", params, idempotency_key)

    def fetch_subscription(self, subscription_id: str) -> Answer | None:
        """Read a subscription with its latest invoice; ``None`` when Stripe has none of that id."""
        return self._read(f"/v1/subscriptions/{subscription_id}", {"expand[0]": "latest_invoice"})

    def fetch_invoice(self, invoice_id: str) -> Answer | None:
        """Read an invoice; ``None`` when Stripe has none of that id."""
        return self._read(f"/v1/invoices/{invoice_id}")

    def fetch_payment_intents(self, invoice_id: str) -> list[Json]:
        """Read how the payments of an invoice have gone; this is asked but once, and given up soon."""
        intents = read_payment_intents(self._hurried, self._reads_from, self._read_headers, invoice_id)
        if intents is None:
            raise StripeUnavailableError(*unanswered("get", f"/v1/invoices/{invoice_id}"))
        return intents

    def fetch_customer(self, customer_id: str) -> Answer | None:
        """Read a customer (a deleted one says so); ``None`` when Stripe has none of that id."""
        return self._read(f"/v1/customers/{customer_id}")

    def fetch_payment_method(self, payment_method_id: str) -> Answer | None:
        """Read a payment method, detached ones too; ``None`` when Stripe has none of that id."""
        return self._read(f"/v1/payment_methods/{payment_method_id}")

    def fetch_schedule(self, schedule_id: str) -> Answer | None:
        """Read a subscription schedule; ``None`` when Stripe has none of that id."""
        return self._read(f"/v1/subscription_schedules/{schedule_id}")

    def fetch_checkout_session(self, session_id: str) -> Answer | None:
        """Read a checkout session; ``None`` when Stripe has none of that id."""
        return self._read(f"/v1/checkout/sessions/{session_id}")

    def fetch_setup_intent(self, setup_intent_id: str) -> Answer | None:
        """Read a setup intent, which names the card that was saved; ``None`` when Stripe has none."""
        return self._read(f"/v1/setup_intents/{setup_intent_id}")

    def fetch_test_clock(self, test_clock_id: str) -> Answer | None:
        """Read a test clock; ``None`` when Stripe has none of that id."""
        return self._read(f"/v1/test_helpers/test_clocks/{test_clock_id}")

    def list_subscriptions(self, customer_id: str) -> Iterator[Answer]:
        """Read all subscriptions of a customer, ended ones too, with their latest invoices."""
        params = {"customer": customer_id, "status": "all", "expand": ["data.latest_invoice"]}
        return self._pages("/v1/subscriptions", params)

    def list_invoices(self, customer_id: str) -> Iterator[Answer]:
        """Read all invoices of a customer: the paid ones tell whether it ever paid."""
        return self._pages("/v1/invoices", {"customer": customer_id})

    def list_payment_methods(self, customer_id: str) -> Iterator[Answer]:
        """Read the payment methods that are attached to a customer."""
        return self._pages(f"/v1/customers/{customer_id}/payment_methods", {})

    def list_schedules(self, customer_id: str) -> Iterator[Answer]:
        """Read all subscription schedules of a customer, those that are over too."""
        return self._pages("/v1/subscription_schedules", {"customer": customer_id})

    def list_customers(self, test_clock: str) -> Iterator[Answer]:
        """Read the customers on a test clock: no search finds them."""
        return self._pages("/v1/customers", {"test_clock": test_clock})

    def search_customers(self, operation_id: str) -> Iterator[Answer]:
        """Read the customers that were created by an operation."""
        query = f"metadata['operation_id']:'{operation_id}'"
        found = self._call("get", "/v1/customers/search", {"query": query})
        return iter([Answer(entry, found.answered_at) for entry in found.body["data"]])

    def list_checkout_sessions(self, customer_id: str) -> Iterator[Answer]:
        """Read the checkout sessions of a customer, the newest first."""
        return self._pages("/v1/checkout/sessions", {"customer": customer_id})

    def list_webhook_endpoints(self) -> Iterator[Answer]:
        """Read all webhook endpoints."""
        return self._pages("/v1/webhook_endpoints", {})

    def list_prices(self, lookup_keys: list[str]) -> Iterator[Answer]:
        """Read the prices that bear one of at most ten lookup keys, with all their amounts."""
        return self._pages("/v1/prices", {"lookup_keys": lookup_keys, "expand": _AMOUNTS_IN_LISTS})

    def list_active_prices(self, product_id: str | None = None) -> Iterator[Answer]:
        """Read the prices that are for sale, those of a product or all, with all their amounts."""
        of = {"product": product_id} if product_id else {}
        return self._pages("/v1/prices", {"active": True, "expand": _AMOUNTS_IN_LISTS, **of})

    def list_active_products(self) -> Iterator[Answer]:
        """Read the products that are for sale."""
        return self._pages("/v1/products", {"active": True})

    def fetch_product(self, product_id: str) -> Answer | None:
        """Read a product; ``None`` when Stripe has none of that id."""
        return self._read(f"/v1/products/{product_id}")

    def fetch_price(self, price_id: str) -> Answer | None:
        """Read a price with all its amounts; ``None`` when Stripe has none of that id."""
        return self._read(f"/v1/prices/{price_id}", {"expand[0]": "currency_options", "expand[1]": "tiers"})

    def fetch_own_account(self) -> Answer:
        """Read the Stripe account that the key belongs to."""
        return self._call("get", "/v1/account", {})

    def page(self, kind: str, path: str, params: Mapping[str, str], after: str | None = None) -> Page:
        """Read one page of a list of all there is of a kind, a hundred entries, from ``after`` on."""
        cursor = {"starting_after": after} if after else {}
        found, answered_at = self._ask(path, {**params, "limit": "100", **cursor}, texts_in)
        texts, has_more = found
        entries = [self._completed_entry(kind, read_listed(kind, text)) for text in texts]
        return Page(entries, entries[-1].body["id"] if has_more else None, answered_at)

    def _completed_entry(self, kind: str, entry: Listed) -> Listed:
        if kind != "subscription" or has_all_items(entry.body):
            return entry
        whole = as_listed(kind, self._with_all_items(msgspec.json.decode(entry.text)))
        return replace(whole, expanded=entry.expanded)

    def _pages(self, path: str, params: Mapping[str, Any]) -> Iterator[Answer]:
        after: str | None = None
        while True:
            cursor = {"starting_after": after} if after else {}
            page = self._call("get", path, {**params, "limit": 100, **cursor})
            found = page.body["data"]
            yield from (Answer(self._with_all_items(entry), page.answered_at) for entry in found)
            if not page.body["has_more"]:
                return
            after = found[-1]["id"]

    def _read(self, path: str, params: Mapping[str, str] | None = None) -> Answer | None:
        try:
            return self._completed(self._get(path, params or {}))
        except StripeRefusedError as error:
            if error.stripe_code == MISSING:
                return None
            raise

    def _get(self, path: str, params: Mapping[str, str]) -> Answer:
        return Answer(*self._ask(path, params, read_json))

    def _ask(
        self, path: str, params: Mapping[str, str], read: Callable[[str | bytes], _T]
    ) -> tuple[_T, datetime]:
        """Read without the SDK's objects, which take longer over an answer than Stripe does.

        What is no plain answer is asked again through the SDK, for it knows the errors; only that nothing
        is there needs no second look.
        """
        url = f"{self._reads_from}{path}" + (f"?{urlencode(params)}" if params else "")
        try:
            text, status, headers = self._http.request_with_retries(
                "get", url, self._read_headers, max_network_retries=self._network_retries
            )
        except stripe.APIConnectionError as error:
            raise StripeUnavailableError(*unanswered("get", path)) from error
        with suppress(ValueError):
            if status == HTTPStatus.OK:
                return read(text), _answered_at(headers)
            if status == HTTPStatus.NOT_FOUND and is_missing(read_json(text)):
                raise StripeRefusedError(f"Stripe refused GET {path}: no such object.", stripe_code=MISSING)
        answer = self._call("get", path, params)
        return read(msgspec.json.encode(answer.body)), answer.answered_at

    def _write(self, path: str, params: Mapping[str, Any], idempotency_key: str) -> Answer:
        return self._completed(self._call("post", path, {**params, "idempotency_key": idempotency_key}))

    def _completed(self, answer: Answer) -> Answer:
        return replace(answer, body=self._with_all_items(answer.body))

    def _with_all_items(self, body: Json) -> Json:
        if body.get("object") != "subscription" or has_all_items(body):
            return body
        pages = self._pages("/v1/subscription_items", {"subscription": body["id"]})
        items = {**body["items"], "data": [entry.body for entry in pages], "has_more": False}
        return {**body, "items": items}

    def _call(self, method: str, path: str, params: Mapping[str, Any]) -> Answer:
        try:
            response = self._client.raw_request(method, path, **params)
        except (stripe.APIConnectionError, stripe.APIError, stripe.RateLimitError) as error:
            raise StripeUnavailableError(*unanswered(method, path)) from error
        except stripe.StripeError as error:
            if error.code in BUSY:
                raise StripeUnavailableError(*unanswered(method, path)) from error
            raise StripeRefusedError(
                f"Stripe refused {method.upper()} {path}: {reason_of(error)}.", stripe_code=error.code
            ) from error
        return Answer(storable(response.data, response.body), _answered_at(response.headers))


def _answered_at(headers: Mapping[str, str]) -> datetime:
    date = headers.get("Date") or headers.get("date") or ""
    return parsedate_to_datetime(date) if date else _NEVER


_AMOUNTS_IN_LISTS = ["data.currency_options", "data.tiers"]
"""Stripe leaves these out unless asked. Source: https://docs.stripe.com/api/prices/object"""
_NEVER = datetime.min.replace(tzinfo=UTC)
"""Stands for an answer that tells no time: any event may be newer."""
