"""Checkout sessions: https://docs.stripe.com/api/checkout/sessions."""

from typing import Any

from tiergate_sandbox.world.billing import methods, session_totals, setups, taxes
from tiergate_sandbox.world.billing.pricing import price_in
from tiergate_sandbox.world.blanks import blank
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import StripeError, invalid, missing_parameter
from tiergate_sandbox.world.pagination import PAGE, page_of, part_of, range_of
from tiergate_sandbox.world.params import choice, hash_of, merged_metadata, metadata, ref, required, string
from tiergate_sandbox.world.resources import checkout_params as spec
from tiergate_sandbox.world.rounding import line_amount
from tiergate_sandbox.world.routing import route
from tiergate_sandbox.world.settings import DAY_SECONDS, HOUR_SECONDS

Obj = dict[str, Any]

URL = "/v1/checkout/sessions"
SHORTEST_SECONDS = HOUR_SECONDS // 2
SHORTEST_TRIAL_SECONDS = 2 * DAY_SECONDS


def create(draft: Draft, params: Obj) -> Obj:
    """Create a session: a page on which a customer subscribes, pays, or leaves a card."""
    now = draft.now_on(None)
    mode = params["mode"]
    customer = _check(draft, params, now)
    session_id = draft.new_id("cs_test_")
    session = blank("checkout.session", session_id, created=now, mode=mode, customer=params.get("customer"))
    session["expires_at"] = params.get("expires_at") or now + DAY_SECONDS
    session["metadata"] = merged_metadata({}, params.get("metadata") or {})
    session["ui_mode"] = spec.ui_mode(draft, params)
    session.update({name: params[name] for name in spec.PLAIN if params.get(name) is not None})
    if session["ui_mode"] == "hosted_page":
        session["url"] = f"{draft.settings.hosted_url}/c/pay/{session_id}"
    else:
        session["client_secret"] = f"{session_id}_{draft.new_id('secret_')}"
    _fill_mode(draft, session, params)
    draft.add(session)
    _note_updates(session, customer, params)
    _set_tax(session, customer, params)
    session_totals.choose(draft, session, params.get("discounts") or [])
    _prefill(session, customer)
    return session


def retrieve(draft: Draft, _params: Obj, session_id: str) -> Obj:
    """Return a session."""
    return draft.need("checkout.session", session_id, "session")


def update(draft: Draft, params: Obj, session_id: str) -> Obj:
    """Change the metadata of a session."""
    session = draft.need("checkout.session", session_id, "session")
    if "metadata" in params:
        session["metadata"] = merged_metadata(session["metadata"], params["metadata"])
    return session


def list_all(draft: Draft, params: Obj) -> Obj:
    """List sessions."""
    names = ("customer", "status", "subscription", "payment_intent")
    by = {name: params[name] for name in names if params.get(name) is not None}
    email = (params.get("customer_details") or {}).get("email")
    test = None if email is None else (lambda one: (one["customer_details"] or {}).get("email") == email)
    return page_of(draft, "checkout.session", URL, params, by=by, test=test)


def list_items(draft: Draft, params: Obj, session_id: str) -> Obj:
    """List what is bought."""
    session = draft.need("checkout.session", session_id, "session")
    return part_of(session["_"]["items"], f"{URL}/{session_id}/line_items", params)


def expire(draft: Draft, _params: Obj, session_id: str) -> Obj:
    """Close an open session."""
    session = draft.need("checkout.session", session_id, "session")
    if session["status"] != "open":
        raise invalid(
            'Only Checkout Sessions with a status in ["open"] can be expired. '
            f"This Checkout Session has a status of {session['status']}."
        )
    session.update(status="expired", url=None)
    draft.emit("checkout.session.expired", session)
    return session


def _check(draft: Draft, params: Obj, now: int) -> Obj | None:
    if params.get("customer") is not None and params.get("customer_email") is not None:
        raise invalid("You may only specify one of these parameters: customer, customer_email.", "customer")
    customer = methods.need_customer(draft, params["customer"]) if params.get("customer") else None
    if spec.ui_mode(draft, params) == "hosted_page" and params.get("success_url") is None:
        raise missing_parameter("success_url")
    expires_at = params.get("expires_at")
    if expires_at is not None and not now + SHORTEST_SECONDS <= expires_at <= now + DAY_SECONDS:
        raise invalid("`expires_at` must be between 30 minutes and 24 hours from now.", "expires_at")
    if params.get("payment_method_collection") is not None and params["mode"] != "subscription":
        raise invalid(
            "You can only set `payment_method_collection` in `subscription` mode.",
            "payment_method_collection",
        )
    if params.get("discounts") and params.get("allow_promotion_codes") is not None:
        raise invalid(
            "You may only specify one of these parameters: allow_promotion_codes, discounts.",
            "allow_promotion_codes",
        )
    for name, mode in spec.DATA_OF_MODE.items():
        if params.get(name) is not None and params["mode"] != mode:
            raise invalid(f"You can not pass `{name}` in `{params['mode']}` mode.", name)
    _check_trial(params.get("subscription_data") or {}, draft.now_for(customer) if customer else now)
    return customer


def _note_updates(session: Obj, customer: Obj | None, params: Obj) -> None:
    """Note what the page may change about a customer who exists already."""
    update = params.get("customer_update") or {}
    if update and customer is None:
        raise invalid("`customer_update` can only be used with `customer`.", "customer_update")
    if update.get("shipping") == "auto":
        raise invalid("The sandbox asks for no shipping address.", "customer_update[shipping]")
    session["_"]["updates_name"] = update.get("name") == "auto"
    session["_"]["updates_address"] = update.get("address") == "auto"


def _set_tax(session: Obj, customer: Obj | None, params: Obj) -> None:
    enabled = bool((params.get("automatic_tax") or {}).get("enabled"))
    if enabled and session["mode"] != "subscription":
        raise invalid(
            "The sandbox computes automatic tax in `subscription` mode only; use tax_rates of line items.",
            "automatic_tax[enabled]",
        )
    if not enabled:
        return
    known = customer is not None and taxes.has_location(customer)
    if customer is not None and not known and not session["_"]["updates_address"]:
        raise StripeError(
            "Automatic tax calculation in Checkout requires a valid address on the Customer. Add a valid "
            "address to the Customer or set `customer_update[address]` to 'auto' to save the address "
            "entered in Checkout to the Customer.",
            code="customer_tax_location_invalid",
            param="automatic_tax[enabled]",
        )
    session["automatic_tax"] = {
        "enabled": True,
        "liability": {"type": "self"},
        "provider": "stripe",
        "status": "complete" if known else "requires_location_inputs",
    }


def _check_trial(data: Obj, now: int) -> None:
    if data.get("trial_end") is None:
        return
    if data.get("trial_period_days") is not None:
        raise invalid("Pass either trial_end or trial_period_days, not both.", "subscription_data[trial_end]")
    if data["trial_end"] < now + SHORTEST_TRIAL_SECONDS:
        raise invalid(
            f"The `trial_end` date has to be at least 2 days in the future; it is {now} for this customer.",
            "subscription_data[trial_end]",
        )


def _fill_mode(draft: Draft, session: Obj, params: Obj) -> None:
    mode = session["mode"]
    if mode == "setup":
        data = params.get("setup_intent_data") or {}
        setup = setups.new_setup(
            draft,
            session["created"],
            clock=None,
            customer=session["customer"],
            description=data.get("description"),
            metadata=data.get("metadata") or {},
        )
        session["setup_intent"] = setup["id"]
        session["payment_method_collection"] = "always"
        return
    session["_"]["items"] = _line_items(draft, params)
    session["currency"] = session["_"]["items"][0]["currency"]
    session["_"]["data"] = spec.data_of(draft, params)
    recurring = [item for item in session["_"]["items"] if draft.glance("price", item["price"])["recurring"]]
    if mode == "payment":
        if recurring:
            raise invalid(
                "You specified `payment` mode but passed a recurring price. Either switch to "
                "`subscription` mode or "
                "use only one-time prices.",
                "line_items",
            )
        session["customer_creation"] = params.get("customer_creation") or "if_required"
        return
    if not recurring:
        raise invalid(
            "You must provide at least one recurring price in `subscription` mode when using prices.",
            "line_items",
        )
    session["payment_method_collection"] = params.get("payment_method_collection") or "always"


def _line_items(draft: Draft, params: Obj) -> list[Obj]:
    sent = params.get("line_items")
    if not sent:
        raise missing_parameter("line_items")
    items = []
    for index, one in enumerate(sent):
        path = f"line_items[{index}]"
        price = spec.price_of(draft, one, path)
        priced = price_in(draft, price["id"], params.get("currency"), path)
        quantity = 1 if one.get("quantity") is None else one["quantity"]
        total = line_amount(priced, quantity)
        items.append(
            {
                "id": draft.new_id("li_"),
                "object": "item",
                "amount_discount": 0,
                "amount_subtotal": total,
                "amount_tax": 0,
                "amount_total": total,
                "currency": priced["currency"],
                "description": draft.glance("product", price["product"])["name"],
                "metadata": one.get("metadata") or {},
                "price": price["id"],
                "quantity": quantity,
                "_": {
                    "adjustable": one.get("adjustable_quantity"),
                    "tax_rates": taxes.checked(draft, one.get("tax_rates"), f"{path}[tax_rates]"),
                },
            }
        )
    if len({item["currency"] for item in items}) > 1:
        raise invalid("All line items must have the same currency.", "line_items")
    return items


def _prefill(session: Obj, customer: Obj | None) -> None:
    if customer is None and session["customer_email"] is None:
        return
    source = customer or {
        "email": session["customer_email"],
        "name": None,
        "phone": None,
        "tax_exempt": "none",
    }
    session["customer_details"] = {
        "address": None,
        "business_name": None,
        "email": source["email"],
        "individual_name": None,
        "name": None,
        "phone": source["phone"],
        "tax_exempt": source["tax_exempt"],
        "tax_ids": None,
    }


ROUTES = (
    route("POST", URL, create, **spec.CREATE),
    route(
        "GET",
        URL,
        list_all,
        **PAGE,
        created=range_of(),
        customer=ref(),
        customer_details=hash_of(email=required(string(800))),
        payment_intent=ref(),
        status=choice("complete", "expired", "open"),
        subscription=ref(),
    ),
    route("GET", f"{URL}/{{id}}", retrieve),
    route("POST", f"{URL}/{{id}}", update, metadata=metadata()),
    route("GET", f"{URL}/{{id}}/line_items", list_items, **PAGE),
    route("POST", f"{URL}/{{id}}/expire", expire),
)
