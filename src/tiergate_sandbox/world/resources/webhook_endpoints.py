"""Webhook endpoints: https://docs.stripe.com/api/webhook_endpoints."""

from typing import Any

from tiergate_sandbox.world.blanks import blank
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid
from tiergate_sandbox.world.pagination import PAGE, page_of
from tiergate_sandbox.world.params import (
    Param,
    array_of,
    boolean,
    merged_metadata,
    metadata,
    never,
    required,
    string,
)
from tiergate_sandbox.world.routing import route

Obj = dict[str, Any]

URL = "/v1/webhook_endpoints"
_COMMON: dict[str, Param] = {"description": string(), "metadata": metadata()}


def create(draft: Draft, params: Obj) -> Obj:
    """Create an endpoint; its secret is told in this answer only."""
    _check(params)
    endpoint = blank(
        "webhook_endpoint",
        draft.new_id("we_"),
        api_version=params.get("api_version"),
        created=draft.now_on(None),
        description=params.get("description"),
        enabled_events=params["enabled_events"],
        metadata=merged_metadata({}, params.get("metadata") or {}),
        url=params["url"],
    )
    endpoint["_"]["secret"] = draft.new_id("whsec_")
    draft.add(endpoint)
    return {**endpoint, "secret": endpoint["_"]["secret"]}


def retrieve(draft: Draft, _params: Obj, endpoint_id: str) -> Obj:
    """Return an endpoint."""
    return draft.need("webhook_endpoint", endpoint_id)


def update(draft: Draft, params: Obj, endpoint_id: str) -> Obj:
    """Change an endpoint; its API version stays what it was."""
    endpoint = draft.need("webhook_endpoint", endpoint_id)
    _check(params)
    for name in ("description", "enabled_events", "url"):
        if name in params:
            endpoint[name] = params[name]
    if "metadata" in params:
        endpoint["metadata"] = merged_metadata(endpoint["metadata"], params["metadata"])
    if params.get("disabled") is not None:
        endpoint["status"] = "disabled" if params["disabled"] else "enabled"
    return endpoint


def delete(draft: Draft, _params: Obj, endpoint_id: str) -> Obj:
    """Delete an endpoint."""
    draft.remove(draft.need("webhook_endpoint", endpoint_id))
    return {"id": endpoint_id, "object": "webhook_endpoint", "deleted": True}


def list_all(draft: Draft, params: Obj) -> Obj:
    """List the endpoints."""
    return page_of(draft, "webhook_endpoint", URL, params)


def _check(params: Obj) -> None:
    url = params.get("url")
    if url is not None and not url.startswith(("http://", "https://")):
        raise invalid(
            "Invalid URL: An explicit scheme (such as https) must be provided.", "url", "url_invalid"
        )
    if "enabled_events" in params and not params["enabled_events"]:
        raise invalid(
            "Name at least one event, or * for all of them.", "enabled_events", "parameter_invalid_empty"
        )


ROUTES = (
    route(
        "POST",
        URL,
        create,
        **_COMMON,
        api_version=string(),
        connect=never("leave it out, there are no connected accounts."),
        enabled_events=required(array_of(string())),
        url=required(string()),
    ),
    route("GET", URL, list_all, **PAGE),
    route("GET", f"{URL}/{{id}}", retrieve),
    route(
        "POST",
        f"{URL}/{{id}}",
        update,
        **_COMMON,
        disabled=boolean(),
        enabled_events=array_of(string()),
        url=string(),
    ),
    route("DELETE", f"{URL}/{{id}}", delete),
)
