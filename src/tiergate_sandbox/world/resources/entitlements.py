"""Features, what products include, and what customers are entitled to.

https://docs.stripe.com/billing/entitlements
"""

from typing import Any

from tiergate_sandbox.world.billing import entitling
from tiergate_sandbox.world.billing.methods import need_customer
from tiergate_sandbox.world.blanks import blank
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid, no_such
from tiergate_sandbox.world.pagination import PAGE, page_of
from tiergate_sandbox.world.params import boolean, merged_metadata, metadata, ref, required, string
from tiergate_sandbox.world.routing import route

Obj = dict[str, Any]

FEATURE = "entitlements.feature"
FEATURES = "/v1/entitlements/features"
ACTIVE = "/v1/entitlements/active_entitlements"
OF_PRODUCT = "/v1/products/{id}/features"


def create(draft: Draft, params: Obj) -> Obj:
    """Create a feature under a lookup key that no other one has."""
    if draft.find(FEATURE, "lookup_key", params["lookup_key"]):
        raise invalid(
            f"A feature with the lookup key {params['lookup_key']} exists already; choose another one.",
            "lookup_key",
            "resource_already_exists",
        )
    feature = blank(FEATURE, draft.new_id("feat_"), lookup_key=params["lookup_key"], name=params["name"])
    feature["metadata"] = merged_metadata({}, params.get("metadata") or {})
    return draft.add(feature)


def retrieve(draft: Draft, _params: Obj, feature_id: str) -> Obj:
    """Return a feature."""
    return draft.need(FEATURE, feature_id)


def update(draft: Draft, params: Obj, feature_id: str) -> Obj:
    """Rename or archive a feature; it cannot be deleted."""
    feature = draft.need(FEATURE, feature_id)
    for name in ("active", "name"):
        if params.get(name) is not None:
            feature[name] = params[name]
    if "metadata" in params:
        feature["metadata"] = merged_metadata(feature["metadata"], params["metadata"])
    return feature


def list_all(draft: Draft, params: Obj) -> Obj:
    """List features, the archived ones when they are asked for."""
    by = {"lookup_key": params["lookup_key"]} if params.get("lookup_key") else None
    archived = bool(params.get("archived"))
    return page_of(
        draft, FEATURE, FEATURES, params, by=by, test=lambda feature: feature["active"] != archived
    )


def attach(draft: Draft, params: Obj, product_id: str) -> Obj:
    """Let a product include a feature; its subscribers get it with their next period."""
    draft.need("product", product_id)
    feature = draft.need(FEATURE, params["entitlement_feature"], "entitlement_feature", 400)
    if not feature["active"]:
        raise invalid("This feature is archived; make it active before you attach it.", "entitlement_feature")
    known = draft.find("product_feature", "product", product_id)
    if any(one["entitlement_feature"] == feature["id"] for one in known):
        raise invalid("This feature is attached to the product already.", "entitlement_feature")
    attached = blank("product_feature", draft.new_id("prodft_"), entitlement_feature=feature["id"])
    attached["_"]["product"] = product_id
    return draft.add(attached)


def retrieve_attached(draft: Draft, _params: Obj, product_id: str, attached_id: str) -> Obj:
    """Return one feature of a product."""
    attached = draft.need("product_feature", attached_id)
    if attached["_"]["product"] != product_id:
        raise no_such("product_feature", attached_id, "id", 404)
    return attached


def detach(draft: Draft, params: Obj, product_id: str, attached_id: str) -> Obj:
    """Take a feature from a product; its subscribers keep it until their next period."""
    draft.remove(retrieve_attached(draft, params, product_id, attached_id))
    return {"id": attached_id, "object": "product_feature", "deleted": True}


def list_attached(draft: Draft, params: Obj, product_id: str) -> Obj:
    """List the features of a product."""
    draft.need("product", product_id)
    url = OF_PRODUCT.format(id=product_id)
    return page_of(draft, "product_feature", url, params, by={"product": product_id})


def list_active(draft: Draft, params: Obj) -> Obj:
    """List what a customer is entitled to."""
    customer = need_customer(draft, params["customer"])
    return page_of(draft, entitling.ENTITLEMENT, ACTIVE, params, by={"customer": customer["id"]})


def retrieve_active(draft: Draft, _params: Obj, entitlement_id: str) -> Obj:
    """Return one entitlement of a customer."""
    return draft.need(entitling.ENTITLEMENT, entitlement_id)


ROUTES = (
    route(
        "POST",
        FEATURES,
        create,
        lookup_key=required(string(80)),
        metadata=metadata(),
        name=required(string(80)),
    ),
    route("GET", FEATURES, list_all, **PAGE, archived=boolean(), lookup_key=string(80)),
    route("GET", f"{FEATURES}/{{id}}", retrieve),
    route("POST", f"{FEATURES}/{{id}}", update, active=boolean(), metadata=metadata(), name=string(80)),
    route("POST", OF_PRODUCT, attach, entitlement_feature=required(ref())),
    route("GET", OF_PRODUCT, list_attached, **PAGE),
    route("GET", f"{OF_PRODUCT}/{{feature}}", retrieve_attached),
    route("DELETE", f"{OF_PRODUCT}/{{feature}}", detach),
    route("GET", ACTIVE, list_active, **PAGE, customer=required(ref())),
    route("GET", f"{ACTIVE}/{{id}}", retrieve_active),
)
