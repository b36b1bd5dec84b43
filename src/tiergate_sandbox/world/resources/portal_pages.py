"""The private routes of the portal's pages; ``{id}`` is the secret in the address of a session."""

from typing import Any

from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.params import (
    Param,
    address,
    choice,
    integer,
    ref,
    required,
    string,
    timestamp,
)
from tiergate_sandbox.world.portal import allowed, customer, discounts, subscriptions
from tiergate_sandbox.world.portal.configuration import KIND as CONFIGURATION
from tiergate_sandbox.world.portal.session import enter
from tiergate_sandbox.world.refusal import Refusal
from tiergate_sandbox.world.render import rendered
from tiergate_sandbox.world.resources.portal_params import REASONS
from tiergate_sandbox.world.resources.tax_ids import TAX_ID
from tiergate_sandbox.world.routing import route

Obj = dict[str, Any]

URL = "/v1/portal_pages/{id}"

_SUBSCRIPTION: dict[str, Param] = {"subscription": required(ref())}
_CHANGE: dict[str, Param] = {
    **_SUBSCRIPTION,
    "price": ref(),
    "promotion_code": string(500),
    "proration_date": timestamp(),
    "quantity": integer(0),
}


def show(draft: Draft, _params: Obj, token: str) -> Obj:
    """Return what the pages are about: the customer, what the configuration allows, and the flow."""
    session, configuration = _enter(draft, token)
    owner = draft.the("customer", session["customer"])
    live = draft.find("subscription", "customer", owner["id"])
    return {
        "at": draft.now_for(owner),
        "business_profile": configuration["business_profile"],
        "cards_in_use": sorted(customer.cards_in_use(draft, owner)),
        "customer": owner["id"],
        "features": configuration["features"],
        "flow": session["flow"],
        "return_url": session["return_url"],
        "setup_intent": session["_"]["setup"],
        "updatable": [sub["id"] for sub in live if allowed.why_not_updatable(draft, sub) is None],
    }


def preview(draft: Draft, params: Obj, token: str) -> Obj:
    """Return what a change of a subscription would do."""
    session, configuration, sub = _subscription(draft, params, token)
    params["discounts"] = discounts.asked_for(draft, session, configuration, sub, params)
    offer = subscriptions.offer_of(draft, configuration, sub, params)
    if offer["invoice"] is not None:
        offer["invoice"] = rendered(draft, offer["invoice"])
        offer["invoice"].pop("_", None)
    return offer


def update(draft: Draft, params: Obj, token: str) -> Obj:
    """Change a subscription."""
    session, configuration, sub = _subscription(draft, params, token)
    params["discounts"] = discounts.asked_for(draft, session, configuration, sub, params)
    subscriptions.change(draft, configuration, sub, params)
    return sub


def cancel(draft: Draft, params: Obj, token: str) -> Obj:
    """Cancel a subscription."""
    _, configuration, sub = _subscription(draft, params, token)
    subscriptions.cancel(draft, configuration, sub)
    return sub


def tell_why(draft: Draft, params: Obj, token: str) -> Obj:
    """Note the reasons for a cancellation."""
    _, configuration, sub = _subscription(draft, params, token)
    subscriptions.tell_why(draft, configuration, sub, params)
    return sub


def stay(draft: Draft, params: Obj, token: str) -> Obj:
    """Accept the coupon that is offered for not canceling."""
    session, _, sub = _subscription(draft, params, token)
    discounts.retain(draft, session, sub)
    return sub


def renew(draft: Draft, params: Obj, token: str) -> Obj:
    """Take a scheduled cancellation back."""
    _, configuration, sub = _subscription(draft, params, token)
    subscriptions.renew(draft, configuration, sub)
    return sub


def pause(draft: Draft, params: Obj, token: str) -> Obj:
    """Pause a subscription."""
    _, configuration, sub = _subscription(draft, params, token)
    subscriptions.pause(draft, configuration, sub)
    return sub


def resume(draft: Draft, params: Obj, token: str) -> Obj:
    """Resume a paused subscription."""
    _, configuration, sub = _subscription(draft, params, token)
    subscriptions.resume(draft, configuration, sub)
    return sub


def add_card(draft: Draft, params: Obj, token: str) -> Obj | Refusal:
    """Add a card; ``setup_intent`` names the one that waits for 3-D Secure. A refused attempt stays."""
    session, configuration = _enter(draft, token)
    error = customer.add_card(draft, session, configuration, params["payment_method"])
    return {"setup_intent": session["_"]["setup"]} if error is None else Refusal(error)


def finish_card(draft: Draft, _params: Obj, token: str) -> Obj:
    """Go on after 3-D Secure."""
    session, configuration = _enter(draft, token)
    return customer.finish_card(draft, session, configuration)


def make_default(draft: Draft, params: Obj, token: str) -> Obj:
    """Make a card the default."""
    session, configuration = _enter(draft, token)
    customer.make_default(draft, session, configuration, params["payment_method"])
    return draft.the("customer", session["customer"])


def remove_card(draft: Draft, params: Obj, token: str) -> Obj:
    """Remove a card."""
    session, configuration = _enter(draft, token)
    customer.remove_card(draft, session, configuration, params["payment_method"])
    return draft.the("customer", session["customer"])


def update_customer(draft: Draft, params: Obj, token: str) -> Obj:
    """Change the billing information."""
    session, configuration = _enter(draft, token)
    customer.update(draft, session, configuration, params)
    return draft.the("customer", session["customer"])


def add_tax_id(draft: Draft, params: Obj, token: str) -> Obj:
    """Give the customer a tax id."""
    session, configuration = _enter(draft, token)
    customer.add_tax_id(draft, session, configuration, params)
    return draft.the("customer", session["customer"])


def remove_tax_id(draft: Draft, params: Obj, token: str) -> Obj:
    """Take a tax id from the customer."""
    session, configuration = _enter(draft, token)
    customer.remove_tax_id(draft, session, configuration, params["tax_id"])
    return draft.the("customer", session["customer"])


def _enter(draft: Draft, token: str) -> tuple[Obj, Obj]:
    session = enter(draft, token, draft.now_on(None))
    return session, draft.the(CONFIGURATION, session["configuration"])


def _subscription(draft: Draft, params: Obj, token: str) -> tuple[Obj, Obj, Obj]:
    session, configuration = _enter(draft, token)
    sub_id = params.pop("subscription")
    sub = allowed.need_subscription(draft, session["customer"], sub_id, "subscription")
    return session, configuration, sub


_METHOD: dict[str, Param] = {"payment_method": required(ref())}

ROUTES = (
    route("POST", URL, show),
    route("POST", f"{URL}/subscription_preview", preview, **_CHANGE),
    route("POST", f"{URL}/subscription_update", update, **_CHANGE),
    route("POST", f"{URL}/subscription_cancel", cancel, **_SUBSCRIPTION),
    route(
        "POST",
        f"{URL}/subscription_cancel_reason",
        tell_why,
        **_SUBSCRIPTION,
        comment=string(5000),
        feedback=choice(*REASONS),
    ),
    route("POST", f"{URL}/subscription_stay", stay, **_SUBSCRIPTION),
    route("POST", f"{URL}/subscription_renew", renew, **_SUBSCRIPTION),
    route("POST", f"{URL}/subscription_pause", pause, **_SUBSCRIPTION),
    route("POST", f"{URL}/subscription_resume", resume, **_SUBSCRIPTION),
    route("POST", f"{URL}/add_card", add_card, **_METHOD),
    route("POST", f"{URL}/finish_card", finish_card),
    route("POST", f"{URL}/default_card", make_default, **_METHOD),
    route("POST", f"{URL}/add_tax_id", add_tax_id, **TAX_ID),
    route("POST", f"{URL}/remove_tax_id", remove_tax_id, tax_id=required(ref())),
    route("POST", f"{URL}/remove_card", remove_card, **_METHOD),
    route(
        "POST",
        f"{URL}/customer_update",
        update_customer,
        address=address(),
        email=string(512),
        name=string(256),
        phone=string(20),
    ),
)
