"""What can be said about a schedule in a request, and the phases that follow from it."""

from typing import Any

from tiergate_sandbox.world.billing import combining, methods
from tiergate_sandbox.world.billing.pricing import price_in
from tiergate_sandbox.world.billing.schedules import MOST_PHASES, new_phase
from tiergate_sandbox.world.billing.subscribe import ItemOrder, check_items
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid, missing_parameter
from tiergate_sandbox.world.params import (
    Param,
    array_of,
    boolean,
    choice,
    currency_code,
    hash_of,
    integer,
    metadata,
    ref,
    required,
    string,
    timestamp,
)
from tiergate_sandbox.world.periods import Interval, boundary
from tiergate_sandbox.world.resources import prices
from tiergate_sandbox.world.resources.subscription_params import PRORATION, item_orders
from tiergate_sandbox.world.schedule_shapes import bought_once, phase_item

Obj = dict[str, Any]

_ITEM = hash_of(metadata=metadata(), price=ref(), price_data=prices.PRICE_DATA, quantity=integer(0))
_METHOD = choice("charge_automatically", "send_invoice")
_ANCHOR = choice("automatic", "phase_start")
_INVOICES = hash_of(days_until_due=integer(0))
_PHASE = hash_of(
    add_invoice_items=array_of(_ITEM, 20),
    billing_cycle_anchor=_ANCHOR,
    collection_method=_METHOD,
    currency=currency_code(),
    default_payment_method=ref(),
    description=string(500),
    duration=hash_of(interval=required(choice("day", "month", "week", "year")), interval_count=integer(1)),
    end_date=timestamp("now"),
    invoice_settings=_INVOICES,
    items=required(array_of(_ITEM, 100)),
    iterations=integer(1),
    metadata=metadata(),
    proration_behavior=PRORATION,
    start_date=timestamp("now"),
    trial=boolean(),
    trial_end=timestamp("now"),
)
_COMMON: dict[str, Param] = {
    "default_settings": hash_of(
        billing_cycle_anchor=_ANCHOR,
        collection_method=_METHOD,
        default_payment_method=ref(),
        description=string(500),
        invoice_settings=_INVOICES,
    ),
    "end_behavior": choice("cancel", "release"),
    "metadata": metadata(),
    "phases": array_of(_PHASE, MOST_PHASES),
}

CREATE: dict[str, Param] = {
    **_COMMON,
    "billing_mode": hash_of(type=required(choice("classic", "flexible"))),
    "customer": ref(),
    "from_subscription": ref(),
    "start_date": timestamp("now"),
}

UPDATE: dict[str, Param] = {**_COMMON, "proration_behavior": PRORATION}


def phases_of(draft: Draft, sent: list[Obj], begins_at: int, now: int) -> list[Obj]:
    """Return the phases that a request describes, the first of which begins at ``begins_at``.

    Raises:
        StripeError: when they leave a gap, have no end, or name prices that do not fit together.
    """
    found: list[Obj] = []
    for index, one in enumerate(sent):
        path = f"phases[{index}]"
        starts_at = found[-1]["end_date"] if found else begins_at
        said = now if one.get("start_date") == "now" else one.get("start_date")
        if said is not None and said != starts_at:
            raise invalid(
                f"A phase must begin where the one before it ends: at {starts_at}, not {said}.",
                f"{path}[start_date]",
            )
        found.append(_phase(draft, one, starts_at, now, path))
    return found


def check_phases(
    draft: Draft, wanted: list[Obj], customer: Obj, billing_mode: Obj, currency: str | None = None
) -> None:
    """Check the phases of a schedule together, so that each of them can be entered when its time comes.

    Raises:
        StripeError: for another currency, a price twice, intervals that cannot be mixed, or a payment method
            that is not the customer's.
    """
    now = draft.now_for(customer)
    currency = currency or wanted[0]["currency"]
    for index, phase in enumerate(wanted):
        path = f"phases[{index}]"
        if phase["currency"] != currency:
            raise invalid(
                f"All phases must use one currency; this schedule uses {currency}.", f"{path}[currency]"
            )
        named = [item["price"] for item in phase["items"]]
        if len(set(named)) < len(named):
            raise invalid(
                "A phase cannot have two items with the same price; add up quantities.", f"{path}[items]"
            )
        combining.check(draft, {"billing_mode": billing_mode, "items": phase["items"]})
        if phase["default_payment_method"] is not None:
            param = f"{path}[default_payment_method]"
            method = methods.attached(draft, phase["default_payment_method"], customer, now, param)
            phase["default_payment_method"] = method["id"]


def _phase(draft: Draft, sent: Obj, starts_at: int, now: int, path: str) -> Obj:
    orders = item_orders(draft, sent["items"], f"{path}[items]")
    currency = check_items(orders, sent.get("currency"))
    for order in orders:
        price_in(draft, order.price["id"], currency, f"{path}[currency]")
    ends_at = _end_of(sent, orders, starts_at, now, path)
    one_time = item_orders(draft, sent.get("add_invoice_items") or [], f"{path}[add_invoice_items]")
    plain = {
        name: sent.get(name)
        for name in (
            "billing_cycle_anchor",
            "collection_method",
            "default_payment_method",
            "description",
        )
    }
    invoices = {"account_tax_ids": None, "days_until_due": None, "issuer": None}
    return new_phase(
        **plain,
        add_invoice_items=[bought_once(one.price, one.quantity, one.metadata) for one in one_time],
        currency=currency,
        end_date=ends_at,
        invoice_settings={**invoices, **sent["invoice_settings"]} if sent.get("invoice_settings") else None,
        items=[phase_item(one.price, one.quantity, one.metadata) for one in orders],
        metadata=sent.get("metadata") or {},
        proration_behavior=sent.get("proration_behavior") or "create_prorations",
        start_date=starts_at,
        trial_end=_trial_end_of(sent, starts_at, ends_at, path),
    )


def _end_of(sent: Obj, orders: list[ItemOrder], starts_at: int, now: int, path: str) -> int:
    """Return when a phase ends: as it says, or after one interval of its first price."""
    said = [name for name in ("duration", "end_date", "iterations") if sent.get(name) is not None]
    if len(said) > 1:
        raise invalid(f"Pass either {said[0]} or {said[1]}, not both.", f"{path}[{said[1]}]")
    own = Interval.of(orders[0].price)
    duration = sent.get("duration")
    if sent.get("end_date") is not None:
        ends_at = now if sent["end_date"] == "now" else int(sent["end_date"])
    elif duration is not None:
        ends_at = boundary(starts_at, Interval(duration["interval"], duration.get("interval_count") or 1), 1)
    else:
        ends_at = boundary(starts_at, own, sent.get("iterations") or 1)
    if ends_at <= starts_at:
        raise invalid(f"A phase must end after it begins, at {starts_at}.", f"{path}[end_date]")
    return ends_at


def _trial_end_of(sent: Obj, starts_at: int, ends_at: int, path: str) -> int | None:
    if sent.get("trial"):
        if sent.get("trial_end") is not None:
            raise invalid("Pass either trial or trial_end, not both.", f"{path}[trial_end]")
        return ends_at
    trial_end = sent.get("trial_end")
    if trial_end is None or trial_end == "now":
        return None
    if not starts_at < trial_end <= ends_at:
        raise invalid(
            f"A trial must end within its phase, between {starts_at} and {ends_at}.", f"{path}[trial_end]"
        )
    return int(trial_end)


def default_settings(known: Obj, sent: Obj | None) -> Obj:
    """Return the default settings after a request."""
    settings = {**known, **(sent or {})}
    settings["invoice_settings"] = {
        **known["invoice_settings"],
        **((sent or {}).get("invoice_settings") or {}),
    }
    return settings


def need_phases(sent: list[Obj] | None) -> list[Obj]:
    """Return the phases of a request.

    Raises:
        StripeError: when there are none.
    """
    if not sent:
        raise missing_parameter("phases")
    return sent
