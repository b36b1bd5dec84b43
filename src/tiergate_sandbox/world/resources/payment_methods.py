"""Payment methods: https://docs.stripe.com/api/payment_methods."""

from datetime import UTC, datetime
from typing import Any

from tiergate_sandbox.world import cards
from tiergate_sandbox.world.billing import methods
from tiergate_sandbox.world.billing.methods import need_customer
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid, missing_parameter
from tiergate_sandbox.world.pagination import PAGE, page_of
from tiergate_sandbox.world.params import (
    Param,
    address,
    choice,
    hash_of,
    integer,
    merged_metadata,
    metadata,
    ref,
    required,
    string,
)
from tiergate_sandbox.world.routing import route

Obj = dict[str, Any]

URL = "/v1/payment_methods"
BILLING_DETAILS = hash_of(address=address(), email=string(), name=string(), phone=string(), tax_id=string())
REDISPLAY = choice("always", "limited", "unspecified")
_EXPIRY: dict[str, Param] = {"exp_month": integer(), "exp_year": integer()}


def create(draft: Draft, params: Obj) -> Obj:
    """Create a payment method from a test token or a test card's number."""
    sent = params.get("card")
    if sent is None:
        raise missing_parameter("card")
    now = draft.now_on(None)
    if sent.get("token") is not None:
        card, expires = _card_of_token(sent["token"]), None
    else:
        card, expires = _card_of_number(sent, now)
    method = methods.make(draft, card, now, expires=expires)
    _apply(method, params)
    return method


def retrieve(draft: Draft, _params: Obj, method_id: str) -> Obj:
    """Return a payment method."""
    return draft.need("payment_method", method_id, "payment_method")


def update(draft: Draft, params: Obj, method_id: str) -> Obj:
    """Change the billing details or the expiry of an attached payment method."""
    method = draft.need("payment_method", method_id, "payment_method")
    if method["customer"] is None:
        raise invalid(
            "You must save this PaymentMethod to a customer before you can update it.", "payment_method"
        )
    method["card"].update(params.get("card") or {})
    _apply(method, params)
    return method


def attach(draft: Draft, params: Obj, reference: str) -> Obj:
    """Attach a payment method to a customer."""
    customer = need_customer(draft, params["customer"])
    method = methods.resolve(draft, reference, draft.now_for(customer), status=404)
    methods.attach(draft, method, customer)
    return method


def detach(draft: Draft, _params: Obj, method_id: str) -> Obj:
    """Detach a payment method from its customer; it cannot be used again."""
    method = draft.need("payment_method", method_id, "payment_method")
    methods.detach(draft, method)
    return method


def list_all(draft: Draft, params: Obj) -> Obj:
    """List the payment methods of a customer, or those of nobody."""
    wanted = params.get("type")
    test = None if wanted is None else (lambda method: method["type"] == wanted)
    return page_of(draft, "payment_method", URL, params, by={"customer": params.get("customer")}, test=test)


def _card_of_token(token: str) -> cards.Card:
    card = cards.named(token)
    if card is None:
        raise invalid(f"No such token: '{token}'", "card[token]", "resource_missing")
    return card


def _card_of_number(sent: Obj, now: int) -> tuple[cards.Card, tuple[int, int]]:
    for name in ("number", "exp_month", "exp_year"):
        if sent.get(name) is None:
            raise missing_parameter(f"card[{name}]")
    today = datetime.fromtimestamp(now, UTC)
    year = cards.check_expiry(sent["exp_month"], sent["exp_year"], today.year, today.month)
    return cards.numbered(sent["number"]), (sent["exp_month"], year)


def _apply(method: Obj, params: Obj) -> None:
    method["billing_details"].update(params.get("billing_details") or {})
    if "metadata" in params:
        method["metadata"] = merged_metadata(method["metadata"], params["metadata"])
    if params.get("allow_redisplay") is not None:
        method["allow_redisplay"] = params["allow_redisplay"]


ROUTES = (
    route(
        "POST",
        URL,
        create,
        type=choice("card"),
        card=hash_of(**_EXPIRY, cvc=string(4), number=string(30), token=string()),
        billing_details=BILLING_DETAILS,
        metadata=metadata(),
        allow_redisplay=REDISPLAY,
    ),
    route("GET", URL, list_all, **PAGE, customer=ref(), type=string()),
    route("GET", f"{URL}/{{id}}", retrieve),
    route(
        "POST",
        f"{URL}/{{id}}",
        update,
        card=hash_of(**_EXPIRY),
        billing_details=BILLING_DETAILS,
        metadata=metadata(),
        allow_redisplay=REDISPLAY,
    ),
    route("POST", f"{URL}/{{id}}/attach", attach, customer=required(ref())),
    route("POST", f"{URL}/{{id}}/detach", detach),
)
