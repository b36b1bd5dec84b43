"""Saves what was just read from Stripe of many objects: what save_reading does, in few statements."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from tiergate.services.context import Context
from tiergate.services.mirror.save_object import Outcome
from tiergate.services.mirror.save_reading import save_reading
from tiergate.services.mirror.save_together import Plain, ask_prices_of, outline, plain_of, save_together
from tiergate.store import Transaction
from tiergate.store.account_rows import accounts_of_customers
from tiergate.store.change_feed import account_topic, note_change
from tiergate.store.due_rows import make_due, send_due
from tiergate.store.mirror import Kind, Saved, Sighting, owner_of
from tiergate.stripe_api.gateway import Answer

Reading = tuple[Kind, Answer]


def save_readings(
    context: Context, tx: Transaction, readings: Sequence[Reading], began_at: datetime
) -> list[Outcome]:
    """Save objects read from Stripe, and return what became of each, and its account, which becomes due.

    ``began_at`` is the real time at which the first reading began. What is not to be saved as it is, or for
    an account that its customer is linked with, is saved by itself.
    """
    found = [_plain(context, answer, began_at) for _, answer in readings]
    owners = accounts_of_customers(tx, {one.customer_id for plain in found for one in plain})
    together = [all(one.customer_id in owners for one in plain) and bool(plain) for plain in found]
    alone = [reading for reading, is_together in zip(readings, together, strict=True) if not is_together]
    # Locked before anything else and in one order, as everywhere.
    mirrored = (owner_of(tx, kind, answer.body["id"]) for kind, answer in alone)
    concerned = {*owners.values(), *(owner for owner in mirrored if owner)}
    whole = [plain for plain, is_together in zip(found, together, strict=True) if is_together]
    saved = iter(_save(context, tx, whole, owners, concerned))
    outcomes = [
        next(saved) if is_together else save_reading(context, tx, *reading, began_at)
        for is_together, reading in zip(together, readings, strict=True)
    ]
    make_due(tx, {outcome.account_id for outcome in outcomes if outcome.account_id})
    return outcomes


def _plain(context: Context, answer: Answer, began_at: datetime) -> list[Plain]:
    """Return an object and the invoice inside it; nothing unless all of that can be saved as it is."""
    sighting = Sighting(answer.answered_at, seen_at=began_at)
    latest_invoice = answer.body.get("latest_invoice")
    things = [answer.body, *([latest_invoice] if isinstance(latest_invoice, Mapping) else [])]
    plain = [plain_of(context, thing, sighting) for thing in things]
    return [one for one in plain if one] if all(plain) else []


def _save(
    context: Context,
    tx: Transaction,
    found: Sequence[Sequence[Plain]],
    owners: Mapping[str, str],
    concerned: Collection[str],
) -> list[Outcome]:
    """Save objects with the invoices inside them, and return what became of each object.

    All accounts that are ``concerned`` are made due, and locked by that.
    """
    now = context.now()
    owned = [(outline(one, now), owners[one.customer_id]) for plain in found for one in plain]
    made_due, priced = send_due(tx, concerned), ask_prices_of(tx, [one for one, _ in owned])
    saved = save_together(tx, owned, made_due(), priced())
    told = zip(owned, saved, strict=True)
    note_change(tx, *{account_topic(owner) for (_, owner), one in told if one.saved is Saved.SAVED})
    left = iter(saved)
    grouped = [[next(left) for _ in plain] for plain in found]
    return [
        Outcome(group[0].saved, owners[plain[0].customer_id])
        for group, plain in zip(grouped, found, strict=True)
    ]
