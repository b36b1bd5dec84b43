"""Events: https://docs.stripe.com/api/events."""

from typing import Any

from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid
from tiergate_sandbox.world.events import previous_attributes
from tiergate_sandbox.world.pagination import PAGE, page_of, range_of
from tiergate_sandbox.world.params import array_of, ref, string
from tiergate_sandbox.world.routing import route
from tiergate_sandbox.world.store import decode, encode
from tiergate_sandbox.world.versions import DAHLIA, Glance, predates, shaped

Obj = dict[str, Any]

URL = "/v1/events"


def event_body(event: Obj, version: str, glance: Glance) -> Obj:
    """Return a recorded event as JSON in the shapes of an API version."""
    request_id, idempotency_key = event["request"]
    previous = event["previous"]
    before = _rebuilt(event["data"], previous) if previous and predates(version, DAHLIA) else None
    data = {"object": shaped(event["data"], version, glance)}
    if before is not None:
        previous = previous_attributes(shaped(before, version, glance), data["object"])
    if previous is not None:
        data["previous_attributes"] = previous
    return {
        "id": event["id"],
        "object": "event",
        "api_version": version,
        "created": event["created"],
        "data": data,
        "livemode": False,
        "pending_webhooks": event["pending_webhooks"],
        "request": {"id": request_id, "idempotency_key": idempotency_key},
        "type": event["type"],
    }


def _rebuilt(after: Obj, previous: Obj) -> Obj:
    """Return the object as it was before: what is now, and over it what was told to be different."""
    before: Obj = decode(encode(after))
    for key, old in previous.items():
        nested = isinstance(old, dict) and isinstance(before.get(key), dict) and old.get("object") != "list"
        before[key] = _rebuilt(before[key], old) if nested else old
    return before


def retrieve(draft: Draft, _params: Obj, event_id: str) -> Obj:
    """Return an event."""
    return _body(draft, draft.need("event", event_id))


def list_all(draft: Draft, params: Obj) -> Obj:
    """List events, by type if wanted; ``invoice.*`` means all that begin so."""
    wanted = params.get("types") or ([params["type"]] if params.get("type") else [])
    by = {"type": wanted[0]} if len(wanted) == 1 and "*" not in wanted[0] else None

    def is_wanted(event: Obj) -> bool:
        return not wanted or any(_matches(event["type"], pattern) for pattern in wanted)

    page = page_of(draft, "event", URL, params, by=by, test=is_wanted)
    return {**page, "data": [_body(draft, event) for event in page["data"]]}


def retry(draft: Draft, _params: Obj, event_id: str) -> Obj:
    """Send an event again to whoever listens."""
    event = draft.need("event", event_id)
    draft.send_again(event)
    return _body(draft, event)


def _body(draft: Draft, event: Obj) -> Obj:
    version = draft.origin.version
    if version is None:
        raise invalid("An event can only be shown to somebody with an API version; set Stripe-Version.")
    return event_body(event, version, draft.glance)


def _matches(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


ROUTES = (
    route("GET", URL, list_all, **PAGE, type=string(), types=array_of(string(), 20), created=range_of()),
    route("GET", f"{URL}/{{id}}", retrieve),
    route("POST", f"{URL}/{{id}}/retry", retry, account=ref(), webhook_endpoint=ref()),
)
