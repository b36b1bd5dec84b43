"""Prices: https://docs.stripe.com/api/prices."""

from typing import Any

from tiergate_sandbox.world.blanks import blank
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid, missing_parameter
from tiergate_sandbox.world.pagination import PAGE, page_of, range_of
from tiergate_sandbox.world.params import (
    Param,
    array_of,
    boolean,
    choice,
    currency_code,
    hash_of,
    integer,
    merged_metadata,
    metadata,
    ref,
    required,
    string,
)
from tiergate_sandbox.world.resources import price_amounts
from tiergate_sandbox.world.resources.price_amounts import AMOUNT, CURRENCY_OPTIONS, TAX_BEHAVIOR, TIERS
from tiergate_sandbox.world.routing import route
from tiergate_sandbox.world.search import SEARCH, search

Obj = dict[str, Any]

URL = "/v1/prices"
RECURRING = hash_of(
    interval=required(choice("day", "week", "month", "year")),
    interval_count=integer(1),
    trial_period_days=integer(1, 730),
    meter=ref(),
    usage_type=choice("licensed", "metered"),
)

_LABELS: dict[str, Param] = {
    "active": boolean(),
    "lookup_key": string(200),
    "metadata": metadata(),
    "nickname": string(),
    "transfer_lookup_key": boolean(),
}

NEW_FOR_PRODUCT: dict[str, Param] = {
    **AMOUNT,
    "currency": required(currency_code()),
    "currency_options": CURRENCY_OPTIONS,
    "metadata": metadata(),
    "recurring": RECURRING,
}
"""What describes a price when its product is at hand."""

PRICE_DATA = hash_of(
    **AMOUNT,
    currency=required(currency_code()),
    product=required(ref()),
    recurring=RECURRING,
)
"""A price described in place, on a subscription item or an invoice item."""


def create(draft: Draft, params: Obj) -> Obj:
    """Create a price, and its product if that is described instead of named."""
    product_id = params.get("product")
    if product_id is None:
        product_id = _product_for(draft, params)
    draft.need("product", product_id, "product", 400)
    tiered = _check_scheme(params)
    own = price_amounts.option(params, tiered=tiered)
    recurring = params.get("recurring")
    price = blank(
        "price",
        draft.new_id("price_"),
        active=params.get("active") is not False,
        billing_scheme="tiered" if tiered else "per_unit",
        created=draft.now_on(None),
        currency=params["currency"].lower(),
        metadata=merged_metadata({}, params.get("metadata") or {}),
        nickname=params.get("nickname"),
        product=product_id,
        recurring=_recurring(draft, recurring) if recurring else None,
        tax_behavior=own["tax_behavior"],
        tiers_mode=params.get("tiers_mode"),
        transform_quantity=params.get("transform_quantity"),
        type="recurring" if recurring else "one_time",
        unit_amount=own["unit_amount"],
        unit_amount_decimal=own["unit_amount_decimal"],
    )
    price["_"]["tiers"] = own.get("tiers")
    price["_"]["currency_options"] = {price["currency"]: own} | {
        name.lower(): price_amounts.option(one, tiered=tiered)
        for name, one in (params.get("currency_options") or {}).items()
    }
    draft.add(price)
    _take_lookup_key(draft, price, params)
    draft.emit("price.created", price)
    return price


def retrieve(draft: Draft, _params: Obj, price_id: str) -> Obj:
    """Return a price."""
    return draft.need("price", price_id, "price")


def update(draft: Draft, params: Obj, price_id: str) -> Obj:
    """Change the labels of a price; its amount never changes."""
    price = draft.need("price", price_id, "price")
    for name in ("active", "nickname", "tax_behavior"):
        if name in params:
            price[name] = params[name]
    if "metadata" in params:
        price["metadata"] = merged_metadata(price["metadata"], params["metadata"])
    for name, option in (params.get("currency_options") or {}).items():
        tiered = price["tiers_mode"] is not None
        price["_"]["currency_options"][name.lower()] = price_amounts.option(option, tiered=tiered)
    _take_lookup_key(draft, price, params)
    return price


def list_all(draft: Draft, params: Obj) -> Obj:
    """List prices."""
    by = {
        name: params[name]
        for name in ("active", "product", "type", "currency")
        if params.get(name) is not None
    }
    keys = params.get("lookup_keys")
    if keys and len(keys) == 1:
        by["lookup_key"] = keys[0]
    wanted = params.get("recurring") or {}

    def is_wanted(price: Obj) -> bool:
        recurring = price["recurring"] or {}
        return (not keys or price["lookup_key"] in keys) and all(
            recurring.get(name) == value for name, value in wanted.items()
        )

    return page_of(draft, "price", URL, params, by=by, test=is_wanted)


def find(draft: Draft, params: Obj) -> Obj:
    """Search prices."""
    return search(draft, "price", f"{URL}/search", params)


def in_place(draft: Draft, data: Obj) -> Obj:
    """Return a new price for a ``price_data`` hash; it is not for sale anywhere else."""
    return create(draft, {**data, "active": True})


def _product_for(draft: Draft, params: Obj) -> str:
    data = params.get("product_data")
    if data is None:
        raise missing_parameter("product")
    now = draft.now_on(None)
    product = blank("product", data.pop("id", None) or draft.new_id("prod_"), created=now, updated=now)
    product.update({**data, "metadata": data.get("metadata") or {}})
    draft.add(product)
    draft.emit("product.created", product)
    return str(product["id"])


def _take_lookup_key(draft: Draft, price: Obj, params: Obj) -> None:
    key = params.get("lookup_key")
    if "lookup_key" not in params:
        return
    for holder in draft.find("price", "lookup_key", key) if key else ():
        if holder["id"] == price["id"]:
            continue
        if not params.get("transfer_lookup_key"):
            raise invalid(
                f"A price (`{holder['id']}`) already uses that lookup key. "
                "Pass transfer_lookup_key=true to move the key to this price.",
                "lookup_key",
            )
        holder["lookup_key"] = None
    price["lookup_key"] = key


def _check_scheme(params: Obj) -> bool:
    """Tell whether the price has tiers, and check that everything said fits together."""
    tiered = params.get("billing_scheme") == "tiered"
    if tiered != (params.get("tiers_mode") is not None):
        raise invalid("Pass tiers and tiers_mode together with billing_scheme=tiered.", "tiers_mode")
    amount = params.get("unit_amount") is not None or params.get("unit_amount_decimal") is not None
    if tiered and amount:
        raise invalid("A tiered price has no unit_amount; put the amounts into its tiers.", "unit_amount")
    if tiered and params.get("transform_quantity") is not None:
        raise invalid("transform_quantity cannot be combined with tiers.", "transform_quantity")
    return tiered


def _recurring(draft: Draft, params: Obj) -> Obj:
    usage_type, meter = params.get("usage_type") or "licensed", params.get("meter")
    if (usage_type == "metered") != (meter is not None):
        raise invalid(
            "A metered price needs recurring[meter], and only a metered one has it; create a meter first.",
            "recurring[meter]",
        )
    if meter is not None:
        draft.need("billing.meter", meter, "recurring[meter]", 400)
    return {
        "interval": params["interval"],
        "interval_count": params.get("interval_count") or 1,
        "meter": meter,
        "trial_period_days": params.get("trial_period_days"),
        "usage_type": usage_type,
    }


ROUTES = (
    route(
        "POST",
        URL,
        create,
        **AMOUNT,
        **_LABELS,
        billing_scheme=choice("per_unit", "tiered"),
        currency=required(currency_code()),
        currency_options=CURRENCY_OPTIONS,
        product=ref(),
        product_data=hash_of(
            active=boolean(),
            id=ref(),
            metadata=metadata(),
            name=required(string(250)),
            statement_descriptor=string(22),
            tax_code=ref(),
            unit_label=string(12),
        ),
        recurring=RECURRING,
        tiers=TIERS,
        tiers_mode=choice("graduated", "volume"),
        transform_quantity=hash_of(divide_by=required(integer(1)), round=required(choice("down", "up"))),
    ),
    route(
        "GET",
        URL,
        list_all,
        **PAGE,
        active=boolean(),
        created=range_of(),
        currency=currency_code(),
        lookup_keys=array_of(string(), 10),
        product=ref(),
        recurring=hash_of(
            interval=choice("day", "week", "month", "year"), usage_type=choice("licensed", "metered")
        ),
        type=choice("one_time", "recurring"),
    ),
    route("GET", f"{URL}/search", find, **SEARCH),
    route("GET", f"{URL}/{{id}}", retrieve),
    route(
        "POST",
        f"{URL}/{{id}}",
        update,
        **_LABELS,
        tax_behavior=TAX_BEHAVIOR,
        currency_options=CURRENCY_OPTIONS,
    ),
)
