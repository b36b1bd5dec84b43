"""Configurations of the billing portal: https://docs.stripe.com/api/customer_portal/configurations."""

from typing import Any

from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid
from tiergate_sandbox.world.pagination import PAGE, page_of
from tiergate_sandbox.world.params import boolean, merged_metadata
from tiergate_sandbox.world.portal.configuration import KIND, merge_features, new_configuration
from tiergate_sandbox.world.resources.portal_params import CREATE_CONFIGURATION, UPDATE_CONFIGURATION
from tiergate_sandbox.world.routing import route

Obj = dict[str, Any]

URL = "/v1/billing_portal/configurations"


def create(draft: Draft, params: Obj) -> Obj:
    """Create a configuration."""
    configuration = new_configuration(draft, draft.now_on(None))
    _apply(draft, configuration, params)
    draft.emit("billing_portal.configuration.created", configuration)
    return configuration


def retrieve(draft: Draft, _params: Obj, configuration_id: str) -> Obj:
    """Return a configuration."""
    return draft.need(KIND, configuration_id, "configuration")


def update(draft: Draft, params: Obj, configuration_id: str) -> Obj:
    """Change a configuration; what a feature is not told, it keeps."""
    configuration = draft.need(KIND, configuration_id, "configuration")
    if params.get("active") is False and configuration["is_default"]:
        raise invalid("You cannot deactivate the default configuration.", "active")
    _apply(draft, configuration, params)
    configuration["updated"] = draft.now_on(None)
    return configuration


def list_all(draft: Draft, params: Obj) -> Obj:
    """List configurations."""
    by = {name: params[name] for name in ("active", "is_default") if params.get(name) is not None}
    return page_of(draft, KIND, URL, params, by=by)


def _apply(draft: Draft, configuration: Obj, params: Obj) -> None:
    if params.get("features") is not None:
        merge_features(draft, configuration["features"], params["features"])
    for name in ("default_return_url", "name"):
        if name in params:
            configuration[name] = params[name]
    if params.get("active") is not None:
        configuration["active"] = params["active"]
    configuration["business_profile"].update(params.get("business_profile") or {})
    if "metadata" in params:
        configuration["metadata"] = merged_metadata(configuration["metadata"], params["metadata"])
    if params.get("login_page") is not None:
        enabled = params["login_page"]["enabled"]
        url = f"{draft.settings.hosted_url}/p/login/{configuration['id']}" if enabled else None
        configuration["login_page"] = {"enabled": enabled, "url": url}


ROUTES = (
    route("POST", URL, create, **CREATE_CONFIGURATION),
    route("GET", URL, list_all, **PAGE, active=boolean(), is_default=boolean()),
    route("GET", f"{URL}/{{id}}", retrieve),
    route("POST", f"{URL}/{{id}}", update, **UPDATE_CONFIGURATION),
)
