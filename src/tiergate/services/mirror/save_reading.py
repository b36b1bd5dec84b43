"""Saves what was just read from Stripe: the most certain knowledge there is."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from tiergate.services.context import Context
from tiergate.services.mirror.save_object import Outcome, clock_of_method, save_object
from tiergate.store import Transaction
from tiergate.store.mirror import Kind, Saved, Sighting
from tiergate.store.test_clock_rows import clock_now
from tiergate.stripe_api.gateway import Answer


def save_reading(
    context: Context, tx: Transaction, kind: Kind, answer: Answer, began_at: datetime
) -> Outcome:
    """Save an object read from Stripe, and return what became of it and the account it belongs to.

    ``began_at`` is the real time at which the reading began: it covers every event received before. What an
    event has brought since is left as it is: the outcome is ``STALE`` then, also where that is the latest
    invoice of a subscription. The answer to a write of our own counts as a reading.
    """
    sighting = Sighting(_as_of(tx, kind, answer), seen_at=began_at)
    outcome = save_object(context, tx, kind, answer.body, sighting)
    latest_invoice = answer.body.get("latest_invoice")
    if isinstance(latest_invoice, Mapping):
        of_invoice = save_object(context, tx, "invoice", latest_invoice, sighting)
        if of_invoice.saved is Saved.STALE:
            return replace(outcome, saved=Saved.STALE)
    return outcome


def _as_of(tx: Transaction, kind: Kind, answer: Answer) -> datetime:
    """Return the instant of a reading in the object's own time.

    On a test clock that is the time the clock was known to show before the reading; it may show more.
    """
    raw: Mapping[str, Any] = answer.body
    test_clock = clock_of_method(tx, raw) if kind == "payment_method" else raw.get("test_clock")
    if test_clock is None:
        return answer.answered_at
    return clock_now(tx, str(test_clock)) or answer.answered_at.min.replace(tzinfo=answer.answered_at.tzinfo)
