"""Reads from Stripe what events made uncertain, and closes them; what fails is tried again later."""

import logging
from collections.abc import Sequence

from tiergate.services.back_off import MOST_ATTEMPTS, wait_after
from tiergate.services.context import Context
from tiergate.services.mirror.read_from_stripe import BeingReadError, Reading, read_object
from tiergate.services.webhooks.apply_event import STRANGER, apply_event, close, close_checkout
from tiergate.services.webhooks.delivery import Arrival, Need, cause_of
from tiergate.store import Transaction
from tiergate.store.event_rows import StoredEvent, close_events, postpone_event

log = logging.getLogger("tiergate")


def finish_event(context: Context, arrivals: Sequence[Arrival], needs: Sequence[Need]) -> None:
    """Read what events made uncertain, once for all of them, and close them.

    One thread at a time reads an object. Another's reading may have covered these events: so whoever had to
    wait looks at the mirror again before it asks. A failure is noted, and tried again later.
    """
    readings: list[Reading | None] = []
    try:
        for need in needs:
            with context.turns.turn(need) as had_to_wait:
                if had_to_wait:
                    arrivals = [one for one in arrivals if not is_settled(context, one)]
                if not arrivals:
                    return
                readings.append(read_object(context, need, cause_of(arrivals[-1].event)))
    except Exception as error:
        for arrival in arrivals:
            postpone(context, arrival.event, error)
        return
    with context.database.write() as tx:
        close_all(context, tx, arrivals, readings)


def is_settled(context: Context, arrival: Arrival) -> bool:
    """Apply an event once more; returns false when something still has to be read for it."""
    with context.database.write() as tx:
        return not apply_event(context, tx, arrival).needs


def close_all(
    context: Context, tx: Transaction, arrivals: Sequence[Arrival], readings: Sequence[Reading | None]
) -> None:
    """Close events, after what they waited for was read."""
    owner = next((reading.account_id for reading in readings if reading and reading.account_id), None)
    note = "gone at Stripe" if None in readings else None if owner else STRANGER
    for arrival in arrivals:
        close_checkout(context, tx, arrival.thing)
        close(context, tx, arrival.event, "applied", account_id=owner, note=note)


def close_known(context: Context, tx: Transaction, ended: Sequence[tuple[Arrival, str]]) -> None:
    """Close events as applied, each with its account, with one statement for all of them."""
    for arrival, _ in ended:
        close_checkout(context, tx, arrival.thing)
    close_events(tx, [(arrival.event.event_id, owner, None) for arrival, owner in ended], context.now())
    for arrival, _ in ended:
        log.info("webhook %s %s applied", arrival.event.event_id, arrival.event.event_type)


def postpone(context: Context, event: StoredEvent, error: Exception) -> None:
    """Note a failure on the event's row, and try again later: after seconds first, then hours.

    After twenty attempts the event is closed as ``failed``; it is kept, and can be looked at. That somebody
    else is reading the object at this moment is no failure.
    """
    is_busy = isinstance(error, BeingReadError)
    log.log(
        logging.INFO if is_busy else logging.WARNING,
        "webhook %s %s could not be applied", event.event_id, event.event_type,
        exc_info=None if is_busy else error,
    )  # fmt: skip
    told = f"{type(error).__name__}: {error}"
    attempts = event.attempts + 1
    with context.database.write() as tx:
        if attempts >= MOST_ATTEMPTS:
            close(context, tx, event, "failed", note=told)
        else:
            postpone_event(tx, event.event_id, told, context.now() + wait_after(attempts))
