"""Products: https://docs.stripe.com/api/products."""

from typing import Any

from tiergate_sandbox.world.blanks import blank
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid
from tiergate_sandbox.world.pagination import PAGE, page_of, range_of
from tiergate_sandbox.world.params import (
    Param,
    anything,
    array_of,
    boolean,
    choice,
    hash_of,
    merged_metadata,
    metadata,
    ref,
    required,
    string,
)
from tiergate_sandbox.world.resources import prices
from tiergate_sandbox.world.routing import route
from tiergate_sandbox.world.search import SEARCH, search

Obj = dict[str, Any]

URL = "/v1/products"

FIELDS: dict[str, Param] = {
    "active": boolean(),
    "description": string(),
    "images": array_of(string(), 8),
    "marketing_features": array_of(hash_of(name=required(string(80))), 15),
    "metadata": metadata(),
    "name": string(250),
    "package_dimensions": anything(),
    "shippable": boolean(),
    "statement_descriptor": string(22),
    "tax_code": ref(),
    "unit_label": string(12),
    "url": string(),
}


def create(draft: Draft, params: Obj) -> Obj:
    """Create a product, with a default price if one is described."""
    product_id = params.pop("id", None) or draft.new_id("prod_")
    if draft.get("product", product_id) is not None:
        raise invalid(f"Product already exists: {product_id}.", "id", "resource_already_exists")
    price_data = params.pop("default_price_data", None)
    now = draft.now_on(None)
    product = draft.add(
        blank("product", product_id, created=now, updated=now, type=params.pop("type", "service"))
    )
    _apply(product, params)
    if price_data is not None:
        product["default_price"] = prices.create(draft, {**price_data, "product": product_id})["id"]
    draft.emit("product.created", product)
    return product


def retrieve(draft: Draft, _params: Obj, product_id: str) -> Obj:
    """Return a product."""
    return draft.need("product", product_id)


def update(draft: Draft, params: Obj, product_id: str) -> Obj:
    """Change a product."""
    product = draft.need("product", product_id)
    if params.get("default_price") is not None:
        draft.need("price", params["default_price"], "default_price", 400)
    _apply(product, params)
    product["updated"] = draft.now_on(None)
    return product


def delete(draft: Draft, _params: Obj, product_id: str) -> Obj:
    """Delete a product that has no prices."""
    product = draft.need("product", product_id)
    if draft.find("price", "product", product_id):
        raise invalid(
            "This product cannot be deleted because it has one or more user-created prices. "
            "Archive it with active=false instead.",
            "id",
        )
    draft.emit("product.deleted", product)
    draft.remove(product)
    return {"id": product_id, "object": "product", "deleted": True}


def list_all(draft: Draft, params: Obj) -> Obj:
    """List products."""
    by = {"active": params["active"]} if params.get("active") is not None else None
    wanted = params.get("ids")
    same = {name: params[name] for name in ("shippable", "url") if params.get(name) is not None}

    def is_wanted(product: Obj) -> bool:
        named = not wanted or product["id"] in wanted
        return named and all(product[name] == value for name, value in same.items())

    return page_of(draft, "product", URL, params, by=by, test=is_wanted)


def find(draft: Draft, params: Obj) -> Obj:
    """Search products."""
    return search(draft, "product", f"{URL}/search", params)


def _apply(product: Obj, params: Obj) -> None:
    for name, value in params.items():
        product[name] = merged_metadata(product["metadata"], value) if name == "metadata" else value


ROUTES = (
    route(
        "POST",
        URL,
        create,
        **{**FIELDS, "name": required(FIELDS["name"])},
        id=ref(),
        type=choice("good", "service"),
        default_price_data=hash_of(**prices.NEW_FOR_PRODUCT),
    ),
    route(
        "GET",
        URL,
        list_all,
        **PAGE,
        active=boolean(),
        created=range_of(),
        ids=array_of(ref()),
        shippable=boolean(),
        url=string(),
    ),
    route("GET", f"{URL}/search", find, **SEARCH),
    route("GET", f"{URL}/{{id}}", retrieve),
    route("POST", f"{URL}/{{id}}", update, **FIELDS, default_price=ref()),
    route("DELETE", f"{URL}/{{id}}", delete),
)
