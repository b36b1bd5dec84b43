"""Objects from Stripe's lists: what is read of each, beside the text that it came as, word for word.

Only the fields that somebody reads are decoded, which is a small part of what Stripe says.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

import msgspec

from tiergate.stripe_api.storable_json import is_storable, read_json

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Listed:
    """An object of a list. What came along expanded stands in it by its id alone, as it does in events.

    ``body`` holds what ``read_shapes`` reads, and may hold more; ``text`` is all that Stripe said, as JSON.
    ``expanded`` is what came along, by the name it stood under.
    """

    body: Json
    text: msgspec.Raw
    expanded: "Mapping[str, Listed]"


class _Reference(TypedDict, total=False):
    id: Any


_Referred = _Reference | str | None


class _Item(TypedDict, total=False):
    id: Any
    price: _Referred
    plan: _Referred
    quantity: Any
    current_period_start: Any
    current_period_end: Any


class _Items(TypedDict, total=False):
    data: list[_Item] | None
    has_more: Any


class _Subscription(TypedDict, total=False):
    object: Any
    id: Any
    customer: _Referred
    status: Any
    created: Any
    items: _Items | None
    start_date: Any
    trial_start: Any
    trial_end: Any
    cancel_at: Any
    cancel_at_period_end: Any
    canceled_at: Any
    ended_at: Any
    default_payment_method: msgspec.Raw
    default_source: _Referred
    collection_method: Any
    latest_invoice: msgspec.Raw
    pause_collection: Any
    pending_update: Any
    schedule: _Referred
    test_clock: _Referred
    livemode: Any
    metadata: Any
    current_period_start: Any
    current_period_end: Any


class _InvoiceSettings(TypedDict, total=False):
    default_payment_method: msgspec.Raw


class _Customer(TypedDict, total=False):
    id: Any
    created: Any
    deleted: Any
    default_source: _Referred
    email: Any
    invoice_settings: _InvoiceSettings | None
    livemode: Any
    metadata: Any
    name: Any
    preferred_locales: Any
    test_clock: _Referred


class _SubscriptionDetails(TypedDict, total=False):
    subscription: _Referred
    metadata: Any


class _Parent(TypedDict, total=False):
    subscription_details: _SubscriptionDetails | None


class _Transitions(TypedDict, total=False):
    finalized_at: Any
    paid_at: Any


class _Invoice(TypedDict, total=False):
    id: Any
    amount_due: Any
    amount_paid: Any
    attempt_count: Any
    attempted: Any
    billing_reason: Any
    created: Any
    currency: Any
    customer: _Referred
    due_date: Any
    hosted_invoice_url: Any
    invoice_pdf: Any
    livemode: Any
    next_payment_attempt: Any
    number: Any
    parent: _Parent | None
    status: Any
    status_transitions: _Transitions | None
    subscription: _Referred
    subscription_details: _SubscriptionDetails | None
    test_clock: _Referred
    total: Any


_DECODE: Mapping[str, Callable[[msgspec.Raw], Any]] = {
    "customer": msgspec.json.Decoder(_Customer).decode,
    "subscription": msgspec.json.Decoder(_Subscription).decode,
    "invoice": msgspec.json.Decoder(_Invoice).decode,
}
_EXPANDED: Mapping[str, tuple[str | None, tuple[str, ...]]] = {
    "customer": ("invoice_settings", ("default_payment_method",)),
    "subscription": (None, ("latest_invoice", "default_payment_method")),
}
"""Where the objects stand that come along: within what, and under which names."""

_KIND_OF = {"latest_invoice": "invoice", "default_payment_method": "payment_method"}


_BEGINNING = 64


class _Page(msgspec.Struct, gc=False):
    data: list[msgspec.Raw]
    has_more: bool


_decode_page = msgspec.json.Decoder(_Page).decode
_decode_reference = msgspec.json.Decoder(_Referred).decode


def texts_in(page: str | bytes) -> tuple[list[msgspec.Raw], bool]:
    """Return the texts of the entries of a page, as every database can hold them, and whether more follow.

    Raises ``ValueError`` for what is no page.
    """
    text = page.encode() if isinstance(page, str) else page
    if not is_storable(text):
        text = msgspec.json.encode(read_json(text))
    elif b"\n" in text:
        text = msgspec.json.format(text, indent=-1)
    try:
        decoded = _decode_page(text)
    except msgspec.DecodeError as error:
        raise ValueError("this is no page of a list") from error
    return decoded.data, decoded.has_more


def read_listed(kind: str, text: msgspec.Raw) -> Listed:
    """Read an entry of a list of a kind, by Stripe's own word in ``object``."""
    body = _DECODE.get(kind, msgspec.json.decode)(text)
    within, names = _EXPANDED.get(kind, (None, ()))
    holder = (body.get(within) or {}) if within else body
    expanded = {}
    for name in names:
        inner = bytes(holder.get(name, b"null"))
        if inner.startswith(b"{"):
            along = expanded[name] = read_listed(_KIND_OF[name], msgspec.Raw(inner))
            holder[name] = along.body["id"]
            text = _shut(text, inner, holder[name])
        elif name in holder:
            holder[name] = _decode_reference(inner)
    return Listed(body, text, expanded)


def _shut(text: msgspec.Raw, inner: bytes, object_id: str) -> msgspec.Raw:
    """Put an id in the place of what was expanded."""
    whole, shut = bytes(text), msgspec.json.encode(object_id)
    # Its beginning names it, and is found much faster than all of it.
    at = whole.find(inner[:_BEGINNING])
    if whole.startswith(inner, at):
        return msgspec.Raw(b"".join((whole[:at], shut, whole[at + len(inner) :])))
    return msgspec.Raw(whole.replace(inner, shut, 1))


def as_listed(kind: str, body: Mapping[str, Any]) -> Listed:
    """Return an object that was read by itself as if it stood in a list."""
    return read_listed(kind, msgspec.Raw(msgspec.json.encode(body)))
