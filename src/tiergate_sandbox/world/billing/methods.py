"""Payment methods: making them from test cards, attaching them, and knowing which one pays."""

from datetime import UTC, datetime
from typing import Any

from tiergate_sandbox.world import cards
from tiergate_sandbox.world.blanks import blank
from tiergate_sandbox.world.cards import Card
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid, no_such

Obj = dict[str, Any]


def make(
    draft: Draft, card: Card, now: int, *, expires: tuple[int, int] | None = None, prefix: str = "pm_"
) -> Obj:
    """Return a new payment method, attached to nobody; ``expires`` is (month, year)."""
    today = datetime.fromtimestamp(now, UTC)
    month, year = expires or (today.month, today.year + 1)
    method = blank("payment_method", draft.new_id(prefix), created=now, card=_card_hash(card, month, year))
    method["_"]["card"] = card.number
    method["_"]["set_up"] = card.name == "authenticationRequiredSetupForOffSession"
    return draft.add(method)


def resolve(draft: Draft, reference: str, now: int, param: str = "payment_method", status: int = 400) -> Obj:
    """Return the payment method for an id, or a new one for a test name such as ``pm_card_visa``.

    The same name used twice in one call means the same new payment method.

    Raises:
        StripeError: ``resource_missing``.
    """
    card = cards.named(reference)
    if card is None:
        return draft.need("payment_method", reference, param, status)
    known = draft.aliases.get(reference)
    if known is None:
        known = draft.aliases[reference] = make(draft, card, now)["id"]
    return draft.the("payment_method", known)


def attach(draft: Draft, method: Obj, customer: Obj) -> None:
    """Attach a payment method to a customer; attaching it again changes nothing.

    Raises:
        StripeError: 402 for a card that is declined already when it is checked, 400 when another customer has
        it.
    """
    if method["customer"] == customer["id"]:
        return
    if method["customer"] is not None:
        raise invalid(
            "The payment method you provided has already been attached to a customer. "
            "Detach it first, or use another one.",
            "payment_method",
        )
    card = cards.of_method(method)
    if card.decline is not None and not card.attaches:
        raise card.decline.error()
    method["customer"] = customer["id"]
    method["_"]["test_clock"] = customer["test_clock"]
    draft.emit("payment_method.attached", method)


def attached(draft: Draft, reference: str, customer: Obj, now: int, param: str) -> Obj:
    """Return a payment method that may be made a default: it must belong to the customer.

    Raises:
        StripeError: ``resource_missing`` when it does not.
    """
    method = resolve(draft, reference, now, param)
    if method["customer"] is None and cards.named(reference) is not None:
        attach(draft, method, customer)
    if method["customer"] != customer["id"]:
        raise invalid(
            f"The customer does not have a payment method with the ID {reference}. "
            "The payment method must be attached to the customer.",
            param,
            "resource_missing",
        )
    return method


def paying(draft: Draft, customer: Obj, *holders: Obj | None) -> Obj | None:
    """Return the payment method that will be charged: the first holder's default, else the customer's.

    https://docs.stripe.com/billing/subscriptions/payment-methods-setting#payment-method-priority
    """
    for holder in holders:
        if holder is not None and holder["default_payment_method"] is not None:
            return draft.get("payment_method", holder["default_payment_method"])
    if customer.get("deleted"):
        return None
    default = customer["invoice_settings"]["default_payment_method"] or customer["default_source"]
    return draft.get("payment_method", default)


def detach(draft: Draft, method: Obj) -> None:
    """Take a payment method from its customer, and from everything that charges it by default."""
    if method["customer"] is None:
        raise invalid(
            "The payment method you provided is not attached to a customer so detachment is impossible."
        )
    customer = draft.the("customer", method["customer"])
    if not customer.get("deleted"):
        if customer["invoice_settings"]["default_payment_method"] == method["id"]:
            customer["invoice_settings"]["default_payment_method"] = None
        for sub in draft.find("subscription", "customer", customer["id"]):
            if sub["default_payment_method"] == method["id"]:
                sub["default_payment_method"] = None
    method["customer"] = None
    draft.emit("payment_method.detached", method)


def need_customer(draft: Draft, customer_id: str, param: str = "customer", status: int = 400) -> Obj:
    """Return a customer that has not been deleted.

    Raises:
        StripeError: ``resource_missing``.
    """
    customer = draft.need("customer", customer_id, param, status)
    if customer.get("deleted"):
        raise no_such("customer", customer_id, param, status)
    return customer


def card_details(method: Obj) -> Obj:
    """Return what a charge shows of the card."""
    card = method["card"]
    names = ("brand", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4")
    details: Obj = {name: card[name] for name in names}
    details |= {"checks": card["checks"], "network": card["brand"], "three_d_secure": None, "wallet": None}
    return {"card": details, "type": "card"}


def _card_hash(card: Card, month: int, year: int) -> Obj:
    return {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": card.country,
        "display_brand": card.brand,
        "exp_month": month,
        "exp_year": year,
        "fingerprint": f"fp{card.number[-14:]}",
        "funding": card.funding,
        "generated_from": None,
        "last4": card.number[-4:],
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }
