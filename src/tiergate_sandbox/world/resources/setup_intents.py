"""Setup intents: https://docs.stripe.com/api/setup_intents."""

from typing import Any

from tiergate_sandbox.world.billing import checkout, methods, setups
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import StripeError, invalid, missing_parameter
from tiergate_sandbox.world.pagination import PAGE, page_of, range_of
from tiergate_sandbox.world.params import (
    Param,
    anything,
    boolean,
    choice,
    merged_metadata,
    metadata,
    only_cards,
    ref,
    required,
    string,
)
from tiergate_sandbox.world.refusal import Refusal
from tiergate_sandbox.world.routing import route

Obj = dict[str, Any]

URL = "/v1/setup_intents"
_COMMON: dict[str, Param] = {
    "customer": ref(),
    "description": string(1000),
    "metadata": metadata(),
    "payment_method": ref(),
}


def create(draft: Draft, params: Obj) -> Obj | Refusal:
    """Create a setup intent, and confirm it at once if that is wanted."""
    customer = methods.need_customer(draft, params["customer"]) if params.get("customer") else None
    clock = customer["test_clock"] if customer else None
    now = draft.now_on(clock)
    setup = setups.new_setup(
        draft,
        now,
        clock=clock,
        customer=params.get("customer"),
        description=params.get("description"),
        metadata=merged_metadata({}, params.get("metadata") or {}),
        usage=params.get("usage") or "off_session",
    )
    if params.get("payment_method") is not None:
        method = methods.resolve(draft, params["payment_method"], now)
        setup.update(payment_method=method["id"], status="requires_confirmation")
    return _confirm(draft, setup, params) if params.get("confirm") else setup


def retrieve(draft: Draft, _params: Obj, setup_id: str) -> Obj:
    """Return a setup intent."""
    return draft.need("setup_intent", setup_id, "intent")


def list_all(draft: Draft, params: Obj) -> Obj:
    """List setup intents."""
    by = {name: params[name] for name in ("customer", "payment_method") if params.get(name) is not None}
    return page_of(draft, "setup_intent", URL, params, by=by)


def confirm(draft: Draft, params: Obj, setup_id: str) -> Obj | Refusal:
    """Confirm a setup intent: check the card with its bank."""
    return _confirm(draft, draft.need("setup_intent", setup_id, "intent"), params)


def cancel(draft: Draft, params: Obj, setup_id: str) -> Obj:
    """Cancel a setup intent that has not succeeded."""
    setup = draft.need("setup_intent", setup_id, "intent")
    if setup["status"] in ("succeeded", "canceled"):
        raise _unexpected_state(setup, "canceled")
    setup.update(status="canceled", cancellation_reason=params.get("cancellation_reason"), next_action=None)
    draft.emit("setup_intent.canceled", setup)
    return setup


def complete_authentication(draft: Draft, params: Obj, setup_id: str) -> Obj | Refusal:
    """Pass or fail the 3-D Secure step; private to the sandbox's own pages."""
    setup = draft.need("setup_intent", setup_id, "intent")
    if setup["status"] != "requires_action":
        raise _unexpected_state(setup, "authenticated")
    method = draft.the("payment_method", setup["payment_method"])
    if params["outcome"] == "fail":
        return Refusal(setups.fail_setup_authentication(draft, setup, method))
    session = draft.get("checkout.session", setup["_"]["session"])
    if session is not None:
        checkout.after_authentication(draft, session, method, setup)
        return setup
    error = setups.confirm_setup(draft, setup, method, authenticated=True).error
    return setup if error is None else Refusal(error)


def _confirm(draft: Draft, setup: Obj, params: Obj) -> Obj | Refusal:
    if setup["status"] not in ("requires_payment_method", "requires_confirmation", "requires_action"):
        raise _unexpected_state(setup, "confirmed")
    reference = params.get("payment_method") or setup["payment_method"]
    if reference is None:
        raise missing_parameter("payment_method")
    method = methods.resolve(draft, reference, draft.now_for(setup))
    error = setups.confirm_setup(draft, setup, method).error
    return setup if error is None else Refusal(error)


def _unexpected_state(setup: Obj, verb: str) -> StripeError:
    return invalid(
        f"This SetupIntent's status is {setup['status']}, so it cannot be {verb}; create another one if "
        "needed.",
        code="setup_intent_unexpected_state",
    )


ROUTES = (
    route(
        "POST",
        URL,
        create,
        **_COMMON,
        automatic_payment_methods=anything(),
        confirm=boolean(),
        payment_method_types=only_cards(),
        return_url=string(),
        usage=choice("off_session", "on_session"),
    ),
    route("GET", URL, list_all, **PAGE, created=range_of(), customer=ref(), payment_method=ref()),
    route("GET", f"{URL}/{{id}}", retrieve),
    route("POST", f"{URL}/{{id}}/confirm", confirm, payment_method=ref(), return_url=string()),
    route("POST", f"{URL}/{{id}}/cancel", cancel, cancellation_reason=string()),
    route(
        "POST",
        f"{URL}/{{id}}/complete_authentication",
        complete_authentication,
        outcome=required(choice("succeed", "fail")),
    ),
)
