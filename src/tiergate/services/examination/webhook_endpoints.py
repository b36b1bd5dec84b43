"""The webhook endpoint at Stripe: registers it with what is needed, and finds out what is wrong with it."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tiergate.services.context import Context
from tiergate.services.examination.finding import Finding, Verdict
from tiergate.stripe_api.gateway import API_VERSION, Gateway
from tiergate.stripe_api.needed_events import needed_events

WEBHOOK_PATH = "/webhooks/stripe"
_CHECK = "webhooks"
_ALL_EVENTS = "*"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint as it stands now. Stripe tells the ``secret`` once, when the endpoint is created."""

    id: str
    url: str
    is_new: bool
    is_changed: bool
    secret: str | None = field(default=None, repr=False)


def register_webhooks(gateway: Gateway, url: str) -> Endpoint:
    """Register an endpoint with exactly the events needed, or bring the one of this address in line.

    An address without a path gets ``/webhooks/stripe``. The look-up comes first, so running it again makes
    no second endpoint; each call has a key of its own, for an endpoint that was deleted meanwhile must not
    be answered with what it was.
    """
    address = url if urlsplit(url).path.strip("/") else url.rstrip("/") + WEBHOOK_PATH
    wanted = sorted(needed_events(gateway.livemode))
    found = next((e for e in _endpoints(gateway) if e["url"] == address), None)
    if found is None:
        params: dict[str, Any] = {
            "url": address,
            "enabled_events": wanted,
            "api_version": API_VERSION,
            "description": "tiergate",
        }
        made = gateway.create_webhook_endpoint(params, _new_key()).body
        return Endpoint(made["id"], address, is_new=True, is_changed=True, secret=made["secret"])
    is_right = found["status"] == "enabled" and sorted(found["enabled_events"]) == wanted
    if not is_right:
        gateway.update_webhook_endpoint(
            found["id"], {"enabled_events": wanted, "disabled": False}, _new_key()
        )
    return Endpoint(found["id"], address, is_new=False, is_changed=not is_right)


def check_webhooks(context: Context) -> Iterator[Finding]:
    """Compare the endpoint at Stripe with what is needed, and tell what to do about each difference."""
    expected = context.public_url.rstrip("/") + WEBHOOK_PATH
    ours = _ours(_endpoints(context.gateway), expected)
    if not ours:
        yield Finding(
            _CHECK,
            Verdict.PROBLEM,
            f"No webhook endpoint is registered for {expected}.",
            f"Run `tiergate webhooks create {expected}`; on a laptop `stripe listen` serves instead.",
        )
    elsewhere = sorted({endpoint["url"] for endpoint in ours} - {expected})
    if elsewhere:
        yield Finding(
            _CHECK,
            Verdict.WARNING,
            f"None is registered for {expected}, but there is {' and '.join(elsewhere)}.",
            f"If that does not lead to this application, run `tiergate webhooks create {expected}`; if it "
            "does, set TIERGATE_PUBLIC_URL to its address.",
        )
    for endpoint in ours:
        troubles = list(_troubles(endpoint, context.livemode))
        yield from troubles or [Finding(_CHECK, Verdict.OK, f"{endpoint['url']} gets what is needed.")]
    if len(ours) != len({endpoint["url"] for endpoint in ours}):
        yield Finding(
            _CHECK,
            Verdict.WARNING,
            "Several endpoints have the same address: every event comes more than once.",
            "Delete all but one under Developers > Webhooks in Stripe's dashboard.",
        )


def _troubles(endpoint: dict[str, Any], livemode: bool) -> Iterator[Finding]:
    url = endpoint["url"]
    repair = f"Run `tiergate webhooks create {url}`: it brings this endpoint in line."
    if endpoint["status"] != "enabled":
        yield Finding(_CHECK, Verdict.PROBLEM, f"{url} is {endpoint['status']}: it gets nothing.", repair)
    enabled, needed = set(endpoint["enabled_events"]), set(needed_events(livemode))
    missing = needed - enabled if _ALL_EVENTS not in enabled else set()
    if missing:
        told = f"{url} does not get {', '.join(sorted(missing))}."
        yield Finding(_CHECK, Verdict.PROBLEM, told, repair)
    if enabled - needed:
        told = f"{url} also gets what nobody needs: {', '.join(sorted(enabled - needed))}."
        yield Finding(_CHECK, Verdict.WARNING, told, repair)
    version = endpoint["api_version"]
    if version != API_VERSION:
        yield Finding(
            _CHECK,
            Verdict.WARNING,
            f"{url} gets events of API version {version or 'that is your account’s default'}.",
            f"They are read, but {API_VERSION} is tested most. An endpoint keeps its version: delete it in "
            "Stripe's dashboard, run `tiergate webhooks create` again, and set the new secret.",
        )


def _ours(endpoints: list[dict[str, Any]], expected: str) -> list[dict[str, Any]]:
    """Return the endpoints of this address, or else those that look like one of ours elsewhere."""
    exact = [endpoint for endpoint in endpoints if endpoint["url"] == expected]
    return exact or [e for e in endpoints if urlsplit(e["url"]).path.endswith(WEBHOOK_PATH)]


def _endpoints(gateway: Gateway) -> list[dict[str, Any]]:
    return [answer.body for answer in gateway.list_webhook_endpoints()]


def _new_key() -> str:
    return f"webhooks:{uuid.uuid4().hex}"
