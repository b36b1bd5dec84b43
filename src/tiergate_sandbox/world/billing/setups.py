"""Setup intents: keeping a card for later (https://docs.stripe.com/payments/setupintents/lifecycle)."""

from typing import Any

from tiergate_sandbox.world import cards
from tiergate_sandbox.world.billing.methods import attach
from tiergate_sandbox.world.billing.payments import Outcome
from tiergate_sandbox.world.blanks import blank
from tiergate_sandbox.world.cards import Decline
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import StripeError

Obj = dict[str, Any]


def new_setup(draft: Draft, now: int, *, clock: str | None, **values: Any) -> Obj:
    """Return a new setup intent that waits for a payment method."""
    setup_id = draft.new_id("seti_")
    secret = draft.new_id("secret_")
    setup = blank("setup_intent", setup_id, created=now, client_secret=f"{setup_id}_{secret}", **values)
    setup["_"]["test_clock"] = clock
    draft.add(setup)
    draft.emit("setup_intent.created", setup)
    return setup


def confirm_setup(draft: Draft, setup: Obj, method: Obj, *, authenticated: bool = False) -> Outcome:
    """Check the card with its bank; when that succeeds it is attached to the setup intent's customer.

    A refused card is told as an outcome, so that the failed setup intent is kept.
    """
    card = cards.of_method(method)
    setup["payment_method"] = method["id"]
    if card.authentication != "never" and not method["_"]["set_up"] and not authenticated:
        setup["status"] = "requires_action"
        setup["next_action"] = {
            "type": "use_stripe_sdk",
            "use_stripe_sdk": {"type": "three_d_secure_redirect"},
        }
        draft.emit("setup_intent.requires_action", setup)
        return Outcome("requires_action")
    if card.decline is not None and not card.attaches:
        return Outcome("declined", _refuse(draft, setup, method, card.decline))
    setup.update(status="succeeded", next_action=None, last_setup_error=None)
    method["_"]["set_up"] = True
    if setup["customer"] is not None:
        attach(draft, method, draft.the("customer", setup["customer"]))
        for sub in draft.find("subscription", "customer", setup["customer"]):
            if sub["pending_setup_intent"] == setup["id"]:
                sub["pending_setup_intent"] = None
    draft.emit("setup_intent.succeeded", setup)
    return Outcome("succeeded")


def fail_setup_authentication(draft: Draft, setup: Obj, method: Obj) -> StripeError:
    """Note that the customer failed 3-D Secure, and return the error that says so."""
    decline = Decline(
        "setup_intent_authentication_failure",
        None,
        "We are unable to authenticate your payment method. Please choose a different payment method and "
        "try again.",
        None,
    )
    return _refuse(draft, setup, method, decline)


def _refuse(draft: Draft, setup: Obj, method: Obj, decline: Decline) -> StripeError:
    error = decline.error(payment_method=method)
    setup["last_setup_error"] = {
        **{name: value for name, value in error.body(None)["error"].items() if name != "payment_method"},
        "payment_method": {name: value for name, value in method.items() if name != "_"},
    }
    setup.update(status="requires_payment_method", payment_method=None, next_action=None)
    draft.emit("setup_intent.setup_failed", setup)
    error.details["setup_intent"] = setup
    return error
