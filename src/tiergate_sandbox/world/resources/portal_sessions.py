"""Sessions of the billing portal: https://docs.stripe.com/api/customer_portal/sessions."""

from typing import Any

from tiergate_sandbox.world.billing import methods
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid, missing_parameter
from tiergate_sandbox.world.portal import allowed
from tiergate_sandbox.world.portal.configuration import KIND as CONFIGURATION
from tiergate_sandbox.world.portal.configuration import default_configuration
from tiergate_sandbox.world.portal.session import new_session
from tiergate_sandbox.world.resources.portal_params import CREATE_SESSION
from tiergate_sandbox.world.routing import route

Obj = dict[str, Any]

URL = "/v1/billing_portal/sessions"


def create(draft: Draft, params: Obj) -> Obj:
    """Create a session, at its home page or at one of its flows."""
    now = draft.now_on(None)
    customer = methods.need_customer(draft, params["customer"])
    configuration = _configuration(draft, params.get("configuration"), now)
    values = {name: params[name] for name in ("locale", "return_url", "after_expiration") if params.get(name)}
    if params.get("flow_data") is not None:
        values["flow"] = _flow(draft, customer, configuration, params["flow_data"])
    session = new_session(draft, customer, configuration, now, **values)
    draft.emit("billing_portal.session.created", session)
    return session


def _configuration(draft: Draft, configuration_id: str | None, now: int) -> Obj:
    if configuration_id is None:
        return default_configuration(draft, now)
    configuration = draft.need(CONFIGURATION, configuration_id, "configuration", 400)
    if not configuration["active"]:
        raise invalid(
            f"The configuration {configuration_id} is inactive; activate it or pass another one.",
            "configuration",
        )
    return configuration


def _flow(draft: Draft, customer: Obj, configuration: Obj, sent: Obj) -> Obj:
    kind = sent["type"]
    flow: Obj = {
        "after_completion": _after_completion(sent.get("after_completion")),
        **dict.fromkeys(
            (
                "customer_update",
                "subscription_cancel",
                "subscription_pause",
                "subscription_update",
                "subscription_update_confirm",
            )
        ),
        "type": kind,
    }
    for name in sent.keys() - {"after_completion", "type", kind}:
        raise invalid(f"`{name}` can only be passed when the flow's type is `{name}`.", f"flow_data[{name}]")
    feature = "subscription_update" if kind == "subscription_update_confirm" else kind
    param = f"flow_data[{kind}][subscription]" if kind.startswith("subscription") else "flow_data[type]"
    allowed.need_feature(configuration, feature, param)
    if kind == "customer_update":
        flow[kind] = {}
    elif kind.startswith("subscription"):
        said = sent.get(kind)
        if said is None:
            raise missing_parameter(f"flow_data[{kind}]")
        flow[kind] = _of_subscription(draft, customer, configuration, kind, said)
    return flow


def _after_completion(sent: Obj | None) -> Obj:
    kind = sent["type"] if sent else "portal_homepage"
    confirmation = redirect = None
    if kind == "hosted_confirmation":
        confirmation = {"custom_message": None, **((sent or {}).get(kind) or {})}
    if kind == "redirect":
        redirect = (sent or {}).get(kind)
        if redirect is None:
            raise missing_parameter("flow_data[after_completion][redirect]")
    return {"hosted_confirmation": confirmation, "redirect": redirect, "type": kind}


def _of_subscription(draft: Draft, customer: Obj, configuration: Obj, kind: str, said: Obj) -> Obj:
    param = f"flow_data[{kind}][subscription]"
    sub = allowed.need_subscription(draft, customer["id"], said["subscription"], param)
    if kind == "subscription_cancel":
        allowed.check_cancelable(sub, param)
        retention = said.get("retention")
        if retention is not None:
            coupon = f"flow_data[{kind}][retention][coupon_offer][coupon]"
            draft.need("coupon", retention["coupon_offer"]["coupon"], coupon, 400)
        return {"retention": retention, "subscription": sub["id"]}
    if kind == "subscription_pause":
        allowed.check_pausable(sub, param)
        return {"subscription": sub["id"]}
    allowed.check_updatable(draft, sub, param)
    if kind == "subscription_update":
        return {"subscription": sub["id"]}
    return _confirmation(draft, configuration, sub, said)


def _confirmation(draft: Draft, configuration: Obj, sub: Obj, said: Obj) -> Obj:
    path = "flow_data[subscription_update_confirm][items]"
    if len(said["items"]) != 1:
        raise invalid("Pass exactly one item; the portal changes subscriptions with one item only.", path)
    asked, item = said["items"][0], sub["items"][0]
    if asked["id"] != item["id"]:
        raise invalid(
            f"The item {asked['id']} does not belong to the subscription {sub['id']}.", f"{path}[0][id]"
        )
    price = asked.get("price") or item["price"]
    quantity = item["quantity"] if asked.get("quantity") is None else asked["quantity"]
    discounts = said.get("discounts") or []
    if (price, quantity) == (item["price"], item["quantity"]) and not discounts:
        raise invalid(
            "The subscription already has this price and this quantity; nothing would change.", path
        )
    allowed.check_choice(draft, configuration, sub, price, quantity, f"{path}[0]")
    for discount in discounts:
        _check_discount(draft, discount)
    return {
        "discounts": [{"coupon": None, "promotion_code": None, **one} for one in discounts],
        "items": [{"id": item["id"], "price": price, "quantity": quantity}],
        "subscription": sub["id"],
    }


def _check_discount(draft: Draft, discount: Obj) -> None:
    path = "flow_data[subscription_update_confirm][discounts][0]"
    named = [name for name in ("coupon", "promotion_code") if discount.get(name)]
    if len(named) != 1:
        raise invalid("Pass either a coupon or a promotion code.", path)
    draft.need(named[0], discount[named[0]], f"{path}[{named[0]}]", 400)


ROUTES = (route("POST", URL, create, **CREATE_SESSION),)
