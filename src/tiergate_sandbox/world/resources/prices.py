"""Prices: https://docs.stripe.com/api/prices."""

from decimal import Decimal, InvalidOperation
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
    hash_of,
    integer,
    map_of,
    merged_metadata,
    metadata,
    ref,
    required,
    string,
)
from tiergate_sandbox.world.routing import route
from tiergate_sandbox.world.search import SEARCH, search

Obj = dict[str, Any]

URL = "/v1/prices"
TAX_BEHAVIOR = choice("exclusive", "inclusive", "unspecified")

RECURRING = hash_of(
    interval=required(choice("day", "week", "month", "year")),
    interval_count=integer(1),
    trial_period_days=integer(1, 730),
    usage_type=choice("licensed"),
)

_AMOUNT: dict[str, Param] = {
    "tax_behavior": TAX_BEHAVIOR,
    "unit_amount": integer(0),
    "unit_amount_decimal": string(),
}

_LABELS: dict[str, Param] = {
    "active": boolean(),
    "lookup_key": string(200),
    "metadata": metadata(),
    "nickname": string(),
    "transfer_lookup_key": boolean(),
}

NEW_FOR_PRODUCT: dict[str, Param] = {
    **_AMOUNT,
    "currency": required(string(3)),
    "currency_options": map_of(hash_of(**_AMOUNT)),
    "metadata": metadata(),
    "recurring": RECURRING,
}
"""What describes a price when its product is at hand."""

PRICE_DATA = hash_of(
    **_AMOUNT,
    currency=required(string(3)),
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
    amount, exact = _amounts(params)
    recurring = params.get("recurring")
    price = blank(
        "price",
        draft.new_id("price_"),
        active=params.get("active") is not False,
        created=draft.now_on(None),
        currency=params["currency"].lower(),
        metadata=merged_metadata({}, params.get("metadata") or {}),
        nickname=params.get("nickname"),
        product=product_id,
        recurring=_recurring(recurring) if recurring else None,
        tax_behavior=params.get("tax_behavior") or "unspecified",
        type="recurring" if recurring else "one_time",
        unit_amount=amount,
        unit_amount_decimal=exact,
    )
    options = {"": params, **(params.get("currency_options") or {})}
    price["_"]["currency_options"] = {
        name.lower() or price["currency"]: _option(one) for name, one in options.items()
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
        price["_"]["currency_options"][name.lower()] = _option(option)
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


def _amounts(params: Obj) -> tuple[int | None, str]:
    amount, exact = params.get("unit_amount"), params.get("unit_amount_decimal")
    if amount is not None and exact is not None:
        raise invalid(
            "You may only specify one of these parameters: unit_amount, unit_amount_decimal.", "unit_amount"
        )
    if amount is not None:
        return int(amount), str(amount)
    if exact is None:
        raise missing_parameter("unit_amount")
    try:
        value = Decimal(exact)
    except InvalidOperation:
        raise invalid(f"Invalid decimal: {exact}", "unit_amount_decimal") from None
    return (int(value), str(int(value))) if value == value.to_integral_value() else (None, exact)


def _option(params: Obj) -> Obj:
    amount, exact = _amounts(params)
    return {
        "custom_unit_amount": None,
        "tax_behavior": params.get("tax_behavior") or "unspecified",
        "unit_amount": amount,
        "unit_amount_decimal": exact,
    }


def _recurring(params: Obj) -> Obj:
    return {
        "interval": params["interval"],
        "interval_count": params.get("interval_count") or 1,
        "meter": None,
        "trial_period_days": params.get("trial_period_days"),
        "usage_type": "licensed",
    }


ROUTES = (
    route(
        "POST",
        URL,
        create,
        **_AMOUNT,
        **_LABELS,
        billing_scheme=choice("per_unit"),
        currency=required(string(3)),
        currency_options=map_of(hash_of(**_AMOUNT)),
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
    ),
    route(
        "GET",
        URL,
        list_all,
        **PAGE,
        active=boolean(),
        created=range_of(),
        currency=string(3),
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
        currency_options=map_of(hash_of(**_AMOUNT)),
    ),
)
