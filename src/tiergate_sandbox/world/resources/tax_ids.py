"""The tax ids of customers: https://docs.stripe.com/api/tax_ids."""

from typing import Any

from tiergate_sandbox.world.billing.methods import need_customer
from tiergate_sandbox.world.blanks import blank
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid, no_such
from tiergate_sandbox.world.pagination import PAGE, page_of
from tiergate_sandbox.world.params import Param, array_of, hash_of, required, string
from tiergate_sandbox.world.routing import route

Obj = dict[str, Any]

URL = "/v1/customers/{id}/tax_ids"
TAX_ID: dict[str, Param] = {"type": required(string(20)), "value": required(string(50))}
TAX_ID_DATA = array_of(hash_of(**TAX_ID), 5)


def create(draft: Draft, params: Obj, customer_id: str) -> Obj:
    """Give a customer a tax id; in test mode it is never verified, only noted."""
    return add(draft, need_customer(draft, customer_id, "customer", 404), params)


def add(draft: Draft, customer: Obj, params: Obj) -> Obj:
    """Add a tax id to a customer.

    Raises:
        StripeError: ``tax_id_invalid`` for a European number that does not begin with its country.
    """
    kind, value = params["type"], params["value"].replace(" ", "")
    if kind == "eu_vat" and not (value[:2].isalpha() and value[2:].isalnum() and len(value) >= 8):
        raise invalid(
            "Invalid value for eu_vat: begin with the two letters of the country, such as DE123456789.",
            "value",
            "tax_id_invalid",
        )
    tax_id = blank(
        "tax_id",
        draft.new_id("txi_"),
        country=_country(kind, value),
        created=draft.now_for(customer),
        customer=customer["id"],
        owner={
            "account": None,
            "application": None,
            "customer": customer["id"],
            "customer_account": None,
            "type": "customer",
        },
        type=kind,
        value=value,
        verification={"status": "unverified", "verified_address": None, "verified_name": None},
        _={"test_clock": customer["test_clock"]},
    )
    draft.add(tax_id)
    draft.emit("customer.tax_id.created", tax_id)
    return tax_id


def retrieve(draft: Draft, _params: Obj, customer_id: str, tax_id: str) -> Obj:
    """Return a tax id of a customer."""
    found = draft.need("tax_id", tax_id)
    if found["customer"] != customer_id:
        raise no_such("tax_id", tax_id, "id", 404)
    return found


def delete(draft: Draft, _params: Obj, customer_id: str, tax_id: str) -> Obj:
    """Take a tax id away."""
    found = retrieve(draft, {}, customer_id, tax_id)
    draft.emit("customer.tax_id.deleted", found)
    draft.remove(found)
    return {"id": tax_id, "object": "tax_id", "deleted": True}


def list_all(draft: Draft, params: Obj, customer_id: str) -> Obj:
    """List the tax ids of a customer."""
    need_customer(draft, customer_id, "customer", 404)
    url = f"/v1/customers/{customer_id}/tax_ids"
    return page_of(draft, "tax_id", url, params, by={"customer": customer_id})


def _country(kind: str, value: str) -> str | None:
    if kind == "eu_vat":
        return value[:2].upper()
    country = kind.partition("_")[0]
    return country.upper() if len(country) == 2 else None


ROUTES = (
    route("POST", URL, create, **TAX_ID),
    route("GET", URL, list_all, **PAGE),
    route("GET", f"{URL}/{{tax_id}}", retrieve),
    route("DELETE", f"{URL}/{{tax_id}}", delete),
)
