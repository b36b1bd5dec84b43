"""What Stripe's refusals say, and what is said where it does not answer."""

from typing import Any

import stripe

MISSING = "resource_missing"
BUSY = frozenset(["idempotency_key_in_use", "lock_timeout"])
"""The same request, or another one for the same object, is being worked on: nothing is refused."""


def unanswered(method: str, path: str) -> tuple[str, str]:
    """Return what to say of a request that Stripe did not answer, and the remedy."""
    return f"Stripe did not answer {method.upper()} {path}.", "Nothing is lost: try again in a moment."


def reason_of(error: stripe.StripeError) -> str:
    """Return why Stripe refused, without a full stop."""
    return str(error.user_message or error.code or error).rstrip(".")


def is_missing(refusal: Any) -> bool:
    """Whether the body of a refusal says that there is no such object."""
    error = refusal.get("error") if isinstance(refusal, dict) else None
    return isinstance(error, dict) and error.get("code") == MISSING
