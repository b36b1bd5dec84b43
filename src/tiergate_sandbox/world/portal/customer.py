"""What customers do to their cards and their billing information on the portal's pages."""

from typing import Any

from tiergate_sandbox.world.billing import methods, setups
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import StripeError, invalid, no_such
from tiergate_sandbox.world.portal import allowed
from tiergate_sandbox.world.resources import customers, tax_ids

Obj = dict[str, Any]


def add_card(draft: Draft, session: Obj, configuration: Obj, reference: str) -> StripeError | None:
    """Check a new card with its bank and make it the default, unless it waits for 3-D Secure.

    Returns the refusal of the card, if it is refused.
    """
    allowed.need_feature(configuration, "payment_method_update")
    customer = draft.the("customer", session["customer"])
    now = draft.now_for(customer)
    method = methods.resolve(draft, reference, now)
    setup = setups.new_setup(draft, now, clock=customer["test_clock"], customer=customer["id"])
    outcome = setups.confirm_setup(draft, setup, method)
    session["_"]["setup"] = setup["id"] if outcome.status == "requires_action" else None
    if outcome.status == "succeeded":
        make_default(draft, session, configuration, method["id"])
    return outcome.error


def finish_card(draft: Draft, session: Obj, configuration: Obj) -> Obj:
    """Make the card the default that has just passed 3-D Secure."""
    setup = draft.get("setup_intent", session["_"]["setup"])
    if setup is None or setup["status"] != "succeeded":
        raise invalid("There is no card that has been confirmed; add one.")
    session["_"]["setup"] = None
    make_default(draft, session, configuration, setup["payment_method"])
    return setup


def make_default(draft: Draft, session: Obj, configuration: Obj, method_id: str) -> None:
    """Charge this card from now on: for the customer, and for subscriptions that name another card."""
    allowed.need_feature(configuration, "payment_method_update")
    customer = draft.the("customer", session["customer"])
    method = need_method(draft, customer, method_id)
    customer["invoice_settings"]["default_payment_method"] = method["id"]
    if draft.settings.portal_default_card == "customer":
        return
    for sub in draft.find("subscription", "customer", customer["id"]):
        if sub["default_payment_method"] is not None and sub["status"] not in (
            "canceled",
            "incomplete_expired",
        ):
            sub["default_payment_method"] = method["id"]


def remove_card(draft: Draft, session: Obj, configuration: Obj, method_id: str) -> None:
    """Remove a card that nothing is charged to; the default one of a live subscription stays."""
    allowed.need_feature(configuration, "payment_method_update")
    customer = draft.the("customer", session["customer"])
    method = draft.get("payment_method", method_id)
    if method is not None and method["customer"] is None:
        return
    method = need_method(draft, customer, method_id)
    if method["id"] in cards_in_use(draft, customer):
        raise invalid("This card pays for a subscription; make another one the default first.")
    methods.detach(draft, method)


def cards_in_use(draft: Draft, customer: Obj) -> set[str]:
    """Return the cards that live subscriptions will be charged to."""
    live = [
        sub
        for sub in draft.find("subscription", "customer", customer["id"])
        if sub["status"] not in ("canceled", "incomplete_expired")
    ]
    paying = [methods.paying(draft, customer, sub) for sub in live]
    return {method["id"] for method in paying if method is not None}


def update(draft: Draft, session: Obj, configuration: Obj, sent: Obj) -> None:
    """Change the billing information that the configuration allows to change."""
    allowed.need_feature(configuration, "customer_update")
    wanted = configuration["features"]["customer_update"]["allowed_updates"]
    for name in sent.keys() - set(wanted):
        raise invalid(f"The portal configuration does not allow a change of {name}.", name)
    customer = draft.the("customer", session["customer"])
    changed = {name: value for name, value in sent.items() if customer[name] != value}
    if "email" in changed and not changed["email"]:
        raise invalid("An e-mail address is needed for receipts and reminders.", "email")
    if changed:
        customers.update(draft, changed, customer["id"])


def add_tax_id(draft: Draft, session: Obj, configuration: Obj, sent: Obj) -> None:
    """Give the customer a tax id; one that is known already is not added again."""
    _need_tax_ids(configuration)
    customer = draft.the("customer", session["customer"])
    known = {(one["type"], one["value"]) for one in draft.find("tax_id", "customer", customer["id"])}
    if (sent["type"], sent["value"].replace(" ", "")) not in known:
        tax_ids.add(draft, customer, sent)


def remove_tax_id(draft: Draft, session: Obj, configuration: Obj, tax_id: str) -> None:
    """Take a tax id from the customer; one that is gone already stays gone."""
    _need_tax_ids(configuration)
    if draft.get("tax_id", tax_id) is not None:
        tax_ids.delete(draft, {}, session["customer"], tax_id)


def _need_tax_ids(configuration: Obj) -> None:
    allowed.need_feature(configuration, "customer_update")
    if "tax_id" not in configuration["features"]["customer_update"]["allowed_updates"]:
        raise invalid("The portal configuration does not allow a change of tax ids.", "tax_id")


def need_method(draft: Draft, customer: Obj, method_id: str) -> Obj:
    """Return a payment method of the customer.

    Raises:
        StripeError: ``resource_missing`` when it is not one of theirs.
    """
    method = draft.get("payment_method", method_id)
    if method is None or method["customer"] != customer["id"]:
        raise no_such("payment_method", method_id, "payment_method")
    return method
