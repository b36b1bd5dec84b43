"""What happens on the checkout page: https://docs.stripe.com/payments/checkout/how-checkout-works."""

from dataclasses import dataclass
from typing import Any

from tiergate_sandbox.world import cards, ids
from tiergate_sandbox.world.billing import methods, payments, redeeming, setups, taxes
from tiergate_sandbox.world.billing.redeeming import Place
from tiergate_sandbox.world.billing.subscribe import ItemOrder, Order, subscribe
from tiergate_sandbox.world.blanks import blank
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid, missing_parameter
from tiergate_sandbox.world.settings import DAY_SECONDS

Obj = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Payer:
    """Who fills in the page, and with what."""

    method: Obj | None
    email: str | None = None
    name: str | None = None


def due_now(draft: Draft, session: Obj) -> tuple[int, int]:
    """Return the total of what is bought now, and what of it has to be paid after the customer's credit."""
    if session["mode"] == "setup":
        return 0, 0
    if session["mode"] == "payment":
        total = sum(item["amount_total"] for item in session["_"]["items"])
        return total, total
    invoice, _ = first_invoice(draft, session)
    return invoice["total"], invoice["amount_due"]


def first_invoice(draft: Draft, session: Obj) -> tuple[Obj, bool]:
    """Return the invoice that the subscription would begin with, and whether it begins with a trial."""
    trial = draft.fork()
    customer = _customer(trial, session, Payer(None))
    order = _order(trial, session, customer)
    order.payment_behavior = "default_incomplete"
    sub = subscribe(trial, order)
    return trial.the("invoice", sub["latest_invoice"]), sub["status"] == "trialing"


def needs_method(draft: Draft, session: Obj) -> bool:
    """Tell whether the page asks for a card."""
    if session["mode"] != "subscription":
        return True
    return session["payment_method_collection"] == "always" or due_now(draft, session)[1] > 0


def complete(draft: Draft, session: Obj, payer: Payer) -> None:
    """Submit the page. A card that wants 3-D Secure leaves the session open and an intent in
    ``requires_action``.

    Raises:
        StripeError: 402 when the card is refused; nothing has happened then.
    """
    _must_be_open(session)
    if payer.method is None and needs_method(draft, session):
        raise missing_parameter("payment_method")
    waiting = _ask_for_authentication(draft, session, payer.method) if payer.method else None
    if waiting is None:
        _complete(draft, session, payer, None)
    else:
        session["_"]["payer"] = {"email": payer.email, "name": payer.name}


def after_authentication(draft: Draft, session: Obj, method: Obj, intent: Obj) -> None:
    """Go on where 3-D Secure interrupted the page."""
    _must_be_open(session)
    said = session["_"].get("payer") or {}
    _complete(draft, session, Payer(method, said.get("email"), said.get("name")), intent)


def _must_be_open(session: Obj) -> None:
    if session["status"] != "open":
        raise invalid(f"This Checkout Session is {session['status']}; create a new one.")


def _ask_for_authentication(draft: Draft, session: Obj, method: Obj) -> Obj | None:
    card = cards.of_method(method)
    if card.authentication == "never" or method["_"]["set_up"]:
        return None
    now = draft.now_for(session)
    amount = due_now(draft, session)[1]
    if session["mode"] == "setup" or amount == 0:
        setup = draft.get("setup_intent", session["setup_intent"])
        setup = setup or setups.new_setup(draft, now, clock=None, customer=session["customer"])
        setup["_"]["session"] = session["id"]
        setups.confirm_setup(draft, setup, method)
        session["_"]["waiting"] = setup["id"]
        return setup
    intent = payments.new_intent(
        draft, amount, session["currency"], now, clock=None, customer=session["customer"]
    )
    intent["_"]["session"] = session["id"]
    payments.confirm(draft, intent, method, now)
    session["_"]["waiting"] = intent["id"]
    return intent


def _complete(draft: Draft, session: Obj, payer: Payer, intent: Obj | None) -> None:
    complete_mode = {"payment": _pay, "setup": _set_up, "subscription": _subscribe}[session["mode"]]
    session["payment_status"] = complete_mode(draft, session, payer, intent)
    session.update(status="complete", url=None, customer_details=_details(draft, session, payer))
    session["_"]["waiting"] = None
    draft.emit("checkout.session.completed", session)


def _subscribe(draft: Draft, session: Obj, payer: Payer, intent: Obj | None) -> str:
    customer = _customer(draft, session, payer)
    if session["automatic_tax"]["enabled"]:
        taxes.need_location(customer)
    order = _order(draft, session, customer)
    if payer.method is not None:
        if due_now(draft, session)[1] == 0:
            _keep_card(draft, customer, payer.method, order.now, intent)
        methods.attach(draft, payer.method, customer)
        order.values["default_payment_method"] = payer.method["id"]
    if intent is not None and intent["object"] == "payment_intent":
        order.intent = intent
    order.authenticated = intent is not None
    sub = subscribe(draft, order)
    session.update(subscription=sub["id"], invoice=sub["latest_invoice"], customer=customer["id"])
    return "no_payment_required" if payer.method is None else "paid"


def _pay(draft: Draft, session: Obj, payer: Payer, intent: Obj | None) -> str:
    wants_customer = session["customer"] is not None or session["customer_creation"] == "always"
    customer = _customer(draft, session, payer) if wants_customer else None
    now = draft.now_on(customer["test_clock"] if customer else None)
    data = session["_"]["data"]
    authenticated = intent is not None
    if intent is None:
        clock = customer["test_clock"] if customer else None
        values = {name: data[name] for name in ("description", "shipping", "receipt_email") if data.get(name)}
        values["metadata"] = data.get("metadata") or {}
        intent = payments.new_intent(
            draft, session["amount_total"], session["currency"], now, clock=clock, **values
        )
    intent["customer"] = customer["id"] if customer else None
    method = payer.method or {}
    if customer is not None and data.get("setup_future_usage"):
        intent["setup_future_usage"] = data["setup_future_usage"]
        methods.attach(draft, method, customer)
    outcome = payments.confirm(draft, intent, method, now, authenticated=authenticated)
    if outcome.error is not None:
        raise outcome.error
    for one in _discounts(session):
        redeeming.redeem(draft, one, Place(customer, now, session["currency"]), "discounts[0]")
    session.update(payment_intent=intent["id"], customer=intent["customer"])
    return "paid"


def _set_up(draft: Draft, session: Obj, payer: Payer, intent: Obj | None) -> str:
    setup = draft.the("setup_intent", session["setup_intent"])
    if session["customer_creation"] == "always" and session["customer"] is None:
        session["customer"] = setup["customer"] = _customer(draft, session, payer)["id"]
    outcome = setups.confirm_setup(draft, setup, payer.method or {}, authenticated=intent is not None)
    if outcome.error is not None:
        raise outcome.error
    return "no_payment_required"


def _keep_card(draft: Draft, customer: Obj, method: Obj, now: int, setup: Obj | None) -> None:
    """Check the card that will be charged when the trial is over."""
    authenticated = setup is not None
    if setup is None:
        setup = setups.new_setup(draft, now, clock=customer["test_clock"], customer=customer["id"])
    setup["customer"] = customer["id"]
    outcome = setups.confirm_setup(draft, setup, method, authenticated=authenticated)
    if outcome.error is not None:
        raise outcome.error


def _order(draft: Draft, session: Obj, customer: Obj) -> Order:
    data = session["_"]["data"]
    now = draft.now_for(customer)
    bought = [
        ItemOrder(
            draft.the("price", item["price"]),
            item["quantity"],
            dict(item.get("metadata") or {}),
            tax_rates=list(item["_"]["tax_rates"]),
        )
        for item in session["_"]["items"]
    ]
    days = data.get("trial_period_days")
    return Order(
        customer=customer,
        items=[item for item in bought if item.price["recurring"] is not None],
        one_time=[item for item in bought if item.price["recurring"] is None],
        now=now,
        currency=session["currency"],
        trial_end=now + days * DAY_SECONDS if days else data.get("trial_end"),
        anchor=data.get("billing_cycle_anchor"),
        payment_behavior="error_if_incomplete",
        proration_behavior=data.get("proration_behavior") or "create_prorations",
        setup=False,
        discounts=_discounts(session),
        values={"automatic_tax": taxes.setting(enabled=session["automatic_tax"]["enabled"])}
        | {
            name: data[name]
            for name in ("billing_mode", "default_tax_rates", "description", "metadata", "trial_settings")
            if data.get(name) is not None
        },
    )


def _discounts(session: Obj) -> list[Obj]:
    """Return the session's discounts as a request would say them."""
    return [
        {"promotion_code": one["promotion_code"]} if one["promotion_code"] else {"coupon": one["coupon"]}
        for one in session["discounts"]
    ]


def _customer(draft: Draft, session: Obj, payer: Payer) -> Obj:
    if session["customer"] is not None:
        known = methods.need_customer(draft, session["customer"])
        name = payer.name or (payer.method["billing_details"]["name"] if payer.method else None)
        if session["_"].get("updates_name") and name:
            known["name"] = name
        address = _address(session, payer)
        if session["_"].get("updates_address") and address:
            known["address"] = address
        return known
    customer = _new_customer(draft, session, payer)
    draft.emit("customer.created", customer)
    return customer


def _new_customer(draft: Draft, session: Obj, payer: Payer) -> Obj:
    details = payer.method["billing_details"] if payer.method else {}
    customer_id = draft.new_id("cus_")
    customer = blank(
        "customer",
        customer_id,
        created=draft.now_for(session),
        email=session["customer_email"] or payer.email or details.get("email"),
        name=payer.name or details.get("name"),
        address=_address(session, payer),
        invoice_prefix=ids.invoice_prefix(customer_id),
    )
    return draft.add(customer)


def _address(session: Obj, payer: Payer) -> Obj | None:
    """Return the billing address that was typed on the page, or that of the card, if anything was said."""
    typed: Obj | None = session["_"].get("address")
    if typed is not None:
        return dict(typed)
    address = payer.method["billing_details"]["address"] if payer.method else None
    return dict(address) if address and any(address.values()) else None


def _details(draft: Draft, session: Obj, payer: Payer) -> Obj:
    customer = draft.get("customer", session["customer"])
    details = payer.method["billing_details"] if payer.method else {}
    return {
        "address": session["_"].get("address") or details.get("address"),
        "business_name": None,
        "email": customer["email"]
        if customer
        else session["customer_email"] or payer.email or details.get("email"),
        "individual_name": None,
        "name": payer.name or details.get("name") or (customer["name"] if customer else None),
        "phone": customer["phone"] if customer else None,
        "tax_exempt": "none",
        "tax_ids": [],
    }
