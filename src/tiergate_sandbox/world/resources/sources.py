"""Cards of the older kind, as customers still have them: https://docs.stripe.com/api/cards.

Each one is a payment method too, under the same id, and that is what pays.
"""

from typing import Any

from tiergate_sandbox.world import cards
from tiergate_sandbox.world.billing import methods
from tiergate_sandbox.world.billing.methods import need_customer
from tiergate_sandbox.world.blanks import blank
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid, no_such
from tiergate_sandbox.world.pagination import PAGE, page_of
from tiergate_sandbox.world.params import (
    choice,
    integer,
    merged_metadata,
    metadata,
    required,
    string,
)
from tiergate_sandbox.world.routing import route

Obj = dict[str, Any]

URL = "/v1/customers/{id}/sources"
_EXPIRY = ("exp_month", "exp_year")
_SHOWN = ("brand", "country", *_EXPIRY, "fingerprint", "funding", "last4", "regulated_status")


def add(draft: Draft, customer: Obj, token: str) -> Obj:
    """Give a customer a card for a token such as ``tok_visa``, as its default if it has none yet.

    Raises:
        StripeError: there is no such token, or the card is declined when it is checked.
    """
    found = cards.named(token)
    if found is None:
        raise invalid(f"No such token: '{token}'", "source", "resource_missing")
    if found.decline is not None and not found.attaches:
        raise found.decline.error()
    now = draft.now_for(customer)
    method = methods.make(draft, found, now, prefix="card_")
    method["customer"] = customer["id"]
    method["_"]["test_clock"] = customer["test_clock"]
    shown = {name: method["card"][name] for name in _SHOWN}
    card = draft.add(blank("card", method["id"], customer=customer["id"], **shown))
    card["_"] = {"test_clock": customer["test_clock"]}
    if customer["default_source"] is None:
        customer["default_source"] = card["id"]
    draft.emit("customer.source.created", card)
    return card


def create(draft: Draft, params: Obj, customer_id: str) -> Obj:
    """Add a card to a customer."""
    return add(draft, need_customer(draft, customer_id, "id", 404), params["source"])


def retrieve(draft: Draft, _params: Obj, customer_id: str, card_id: str) -> Obj:
    """Return a card of a customer."""
    card = draft.need("card", card_id, "id")
    if card["customer"] != customer_id:
        raise no_such("source", card_id, "id", 404)
    return card


def update(draft: Draft, params: Obj, customer_id: str, card_id: str) -> Obj:
    """Change the name, the expiry or the metadata of a card."""
    card = retrieve(draft, {}, customer_id, card_id)
    method = draft.the("payment_method", card_id)
    if "metadata" in params:
        card["metadata"] = merged_metadata(card["metadata"], params.pop("metadata"))
    card.update(params)
    method["card"].update({name: params[name] for name in _EXPIRY if params.get(name) is not None})
    return card


def delete(draft: Draft, _params: Obj, customer_id: str, card_id: str) -> Obj:
    """Remove a card from a customer."""
    card = retrieve(draft, {}, customer_id, card_id)
    customer = draft.the("customer", customer_id)
    draft.emit("customer.source.deleted", card)
    method = draft.the("payment_method", card_id)
    if customer["default_source"] == card_id:
        others = [one["id"] for one in draft.find("card", "customer", customer_id) if one["id"] != card_id]
        customer["default_source"] = others[0] if others else None
    draft.remove(card)
    draft.remove(method)
    return {"id": card_id, "object": "card", "deleted": True}


def list_all(draft: Draft, params: Obj, customer_id: str) -> Obj:
    """List the cards of a customer."""
    need_customer(draft, customer_id, "id", 404)
    return page_of(draft, "card", URL.format(id=customer_id), params, by={"customer": customer_id})


ROUTES = (
    route("POST", URL, create, source=required(string()), metadata=metadata()),
    route("GET", URL, list_all, **PAGE, object=choice("card")),
    route("GET", f"{URL}/{{card}}", retrieve),
    route(
        "POST",
        f"{URL}/{{card}}",
        update,
        exp_month=integer(1, 12),
        exp_year=integer(),
        metadata=metadata(),
        name=string(),
    ),
    route("DELETE", f"{URL}/{{card}}", delete),
)
