"""Parameters that only some API versions have: https://docs.stripe.com/changelog.

The routes declare every parameter of every version that the sandbox serves; here stands when each one came or
went. ``*`` in a path stands for any key or index.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tiergate_sandbox.world.errors import StripeError, invalid, unknown_parameter, unrecognized_url
from tiergate_sandbox.world.protocol import Call
from tiergate_sandbox.world.versions import BASIL, CLOVER, DAHLIA, ENDIVE, predates

SUBSCRIPTIONS = "/v1/subscriptions"
SUBSCRIPTION = "/v1/subscriptions/{id}"
PREVIEW = "/v1/invoices/create_preview"
SESSIONS = "/v1/checkout/sessions"


class Era(NamedTuple):
    """A parameter, and the versions from which and before which it exists.

    With ``values`` only those values of the parameter came or went; ``hashes`` is the same for any hash.
    """

    path: str
    since: str = ""
    until: str = ""
    values: frozenset[str] = frozenset()
    hashes: bool = False
    code: str | None = None


_NO_TYPES = Era("payment_method_types", until=ENDIVE, code="payment_method_types_no_longer_supported")
_NEW_TYPES = (Era("allowed_payment_method_types", since=ENDIVE),)
_ANCHOR_WORD = Era("billing_cycle_anchor", until=ENDIVE, values=frozenset({"now", "unchanged"}))
_ANCHOR_HASH = Era("billing_cycle_anchor", since=ENDIVE, hashes=True)
_ITEM_WORDS = (Era("price", until=BASIL), Era("unit_amount", until=BASIL), Era("pricing", since=BASIL))
_COUPONS = (Era("coupon", until=BASIL), Era("promotion_code", until=BASIL))
_END_WORDS = Era("cancel_at", since="2025-07-30", values=frozenset({"min_period_end", "max_period_end"}))
_TRIAL_ANCHOR = Era("trial_settings[end_behavior][billing_cycle_anchor]", since=ENDIVE)
_MODE = Era("billing_mode", since="2025-06-30")

ERAS: dict[tuple[str, str], tuple[Era, ...]] = {
    ("POST", "/v1/customers"): _COUPONS,
    ("POST", "/v1/customers/{id}"): _COUPONS,
    ("POST", "/v1/invoiceitems"): _ITEM_WORDS,
    ("POST", "/v1/invoiceitems/{id}"): _ITEM_WORDS,
    ("POST", "/v1/promotion_codes"): (Era("promotion", since=CLOVER), Era("coupon", until=CLOVER)),
    ("POST", "/v1/payment_intents"): (_NO_TYPES, *_NEW_TYPES),
    ("POST", "/v1/setup_intents"): (_NO_TYPES, *_NEW_TYPES),
    ("POST", SESSIONS): (
        _NO_TYPES,
        *_NEW_TYPES,
        Era("ui_mode", since=DAHLIA, values=frozenset({"hosted_page", "embedded_page", "elements", "form"})),
        Era("subscription_data[billing_mode]", since="2025-06-30"),
    ),
    ("POST", SUBSCRIPTIONS): (*_COUPONS, _MODE, _END_WORDS, _TRIAL_ANCHOR),
    ("POST", SUBSCRIPTION): (*_COUPONS, _ANCHOR_WORD, _ANCHOR_HASH, _END_WORDS, _TRIAL_ANCHOR),
    ("POST", f"{SUBSCRIPTION}/resume"): (_ANCHOR_WORD, _ANCHOR_HASH, Era("payment_behavior", since=ENDIVE)),
    ("POST", PREVIEW): (
        Era("coupon", until=BASIL),
        Era("subscription_details[billing_mode]", since="2025-06-30"),
        _ANCHOR_WORD._replace(path="subscription_details[billing_cycle_anchor]"),
        _ANCHOR_HASH._replace(path="subscription_details[billing_cycle_anchor]"),
    ),
    ("POST", "/v1/subscription_schedules"): (
        Era("phases[*][iterations]", until=CLOVER),
        Era("phases[*][duration]", since=CLOVER),
        Era("phases[*][coupon]", until=BASIL),
    ),
    ("POST", "/v1/subscription_schedules/{id}"): (
        Era("phases[*][iterations]", until=CLOVER),
        Era("phases[*][duration]", since=CLOVER),
        Era("phases[*][coupon]", until=BASIL),
    ),
}

ROUTES: dict[tuple[str, str], Era] = {
    ("GET", "/v1/invoices/upcoming"): Era("", until=BASIL),
    ("GET", "/v1/invoices/upcoming/lines"): Era("", until=BASIL),
    ("POST", f"{SUBSCRIPTION}/pause"): Era("", since=ENDIVE),
    ("POST", f"{SUBSCRIPTION}/migrate"): Era("", since="2025-06-30"),
}


def check_version(path: str, call: Call) -> None:
    """Refuse a route, and parameters, that the version of a call does not have; ``path`` is the route's.

    A caller that names no version (the Stripe CLI) may go on using what a version has taken away.

    Raises:
        StripeError: 404 for the route, ``parameter_unknown`` or a code of its own for a parameter.
    """
    route = ROUTES.get((call.method, path))
    if route is not None and not _holds(route, call.version) and (call.pinned or not route.until):
        raise unrecognized_url(call.method, call.path)
    for era in ERAS.get((call.method, path), ()):
        if _holds(era, call.version) or (era.until and not call.pinned):
            continue
        for where, value in _found(call.params, era.path.replace("]", "").split("["), ""):
            if _concerns(era, value):
                raise _refusal(era, where, value)


def _holds(era: Era, version: str) -> bool:
    return not predates(version, era.since) and (not era.until or predates(version, era.until))


def _concerns(era: Era, value: Any) -> bool:
    if era.hashes:
        return isinstance(value, Mapping)
    return not era.values or (isinstance(value, str) and value in era.values)


def _refusal(era: Era, where: str, value: Any) -> StripeError:
    if era.code is not None:
        message = f"{where} is no longer supported in this API version; leave it out, or use allowed_{where}."
        return invalid(message, where, era.code)
    if era.values:
        return invalid(f"Invalid {where}: {value} is not a value of this API version.", where)
    if era.hashes:
        return invalid(f"Invalid string: {dict(value)}", where)
    return unknown_parameter(where)


def _found(value: Any, segments: list[str], where: str) -> Iterator[tuple[str, Any]]:
    if not segments:
        yield where, value
        return
    key, rest = segments[0], segments[1:]
    if isinstance(value, Mapping):
        entries = list(value.items()) if key == "*" else [(key, value[key])] if key in value else []
    elif isinstance(value, list):
        entries = list(enumerate(value)) if key == "*" else []
    else:
        return
    for name, entry in entries:
        yield from _found(entry, rest, f"{where}[{name}]" if where else str(name))
