"""What is personal in a document, and what is left of it once that is erased.

Of what Stripe sends only text can be personal, and whatever its name is not known to hold an id or a word of
Stripe's own is taken for it: a field that Stripe adds tomorrow is erased too.
"""

from collections.abc import Mapping
from typing import Any

OWN_METADATA = frozenset(
    ["account_id", "plan_key", "add_on_key", "catalog_version", "operation_id", "channel", "feature_key"]
)
"""What tiergate writes into metadata; everything else there is somebody else's."""

_STRIPES_OWN = frozenset(
    [
        "api_version", "behavior", "billing_mode", "billing_reason", "billing_scheme", "collection_method",
        "currency", "customer", "default_payment_method", "default_source", "end_behavior", "feedback", "id",
        "interval", "invoice", "latest_invoice", "lookup_key", "mode", "number", "object", "payment_intent",
        "payment_method", "payment_status", "plan", "price", "product", "proration_behavior", "reason",
        "released_subscription", "schedule", "setup_intent", "status", "subscription", "subscription_item",
        "test_clock", "tiers_mode", "type", "unit_amount_decimal", "usage_type",
    ]
)  # fmt: skip
"""Fields whose text is an id, a number of an invoice, or one of Stripe's own words."""

_PERSONAL_NUMBERS = frozenset(["exp_month", "exp_year"])
_NOTED = frozenset(["actor", "by", "comment", "email", "name", "note", "person"])
"""What people wrote, or are called by, in our own records."""

ERASED_BY = " by [erased]"


def of_stripe(document: Any, name: str = "") -> Any:
    """Return a document of Stripe's in the shape it had, without personal data: ids, amounts, instants."""
    if isinstance(document, Mapping):
        if name == "metadata":
            return own_metadata(document)
        return {key: of_stripe(value, key) for key, value in document.items()}
    if isinstance(document, list):
        return [of_stripe(each, name) for each in document]
    is_personal = isinstance(document, str) and name not in _STRIPES_OWN
    return None if is_personal or name in _PERSONAL_NUMBERS else document


def own_metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return what tiergate itself wrote into metadata."""
    return {key: value for key, value in metadata.items() if key in OWN_METADATA}


def of_record(document: Any) -> Any:
    """Return a record of our own without what people wrote, or are called by."""
    if isinstance(document, Mapping):
        return {key: _noted(key, value) for key, value in document.items()}
    if isinstance(document, list):
        return [of_record(each) for each in document]
    return document


def _noted(key: str, value: Any) -> Any:
    if key == "cause" and isinstance(value, str):
        return of_cause(value)
    return None if key in _NOTED else of_record(value)


def of_cause(cause: str) -> str:
    """Return what led to something without who it was: ``granted by [erased]``."""
    what, by, _ = cause.partition(" by ")
    return what + ERASED_BY if by else cause
