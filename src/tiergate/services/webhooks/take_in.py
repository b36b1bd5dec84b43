"""Stores and applies what was delivered: together where that is possible, else one by one."""

import logging
from collections.abc import Sequence

from tiergate.services.collect_later import collect_later
from tiergate.services.context import Context
from tiergate.services.webhooks.apply_event import Applied, apply_event
from tiergate.services.webhooks.apply_together import apply_together, sort_arrivals
from tiergate.services.webhooks.delivery import Arrival, Outcome
from tiergate.services.webhooks.finish_event import postpone
from tiergate.services.webhooks.keep_erased import keep_erased
from tiergate.store.event_rows import claim_events, insert_event
from tiergate.store.prepared import savepoint

log = logging.getLogger("tiergate")


def take_in(context: Context, arrivals: Sequence[Arrival]) -> list[Outcome]:
    """Store and apply events that arrived together, and return what became of each.

    Everything is committed when this returns. One that breaks takes no other down: it is stored all the
    same, its failure is noted, and it is tried again later.
    """
    first = {arrival.event.event_id: arrival for arrival in reversed(arrivals)}
    distinct = [arrival for arrival in arrivals if first[arrival.event.event_id] is arrival]
    outcomes = _apply_all(context, distinct, are_stored=False)
    return [
        outcomes[arrival.event.event_id]
        if first[arrival.event.event_id] is arrival
        else Outcome(arrival, is_known=True, error=outcomes[arrival.event.event_id].error)
        for arrival in arrivals
    ]


def take_up(context: Context, arrivals: Sequence[Arrival]) -> list[Outcome]:
    """Apply events that were stored before and still wait, and return what became of each."""
    return list(_apply_all(context, arrivals, are_stored=True).values())


def _apply_all(context: Context, arrivals: Sequence[Arrival], *, are_stored: bool) -> dict[str, Outcome]:
    with collect_later():
        return _applied(context, arrivals, are_stored=are_stored)


def _applied(context: Context, arrivals: Sequence[Arrival], *, are_stored: bool) -> dict[str, Outcome]:
    batch = sort_arrivals(context, arrivals)
    outcomes: dict[str, Outcome] = {}
    if batch.together:
        try:
            outcomes = apply_together(context, batch, are_stored=are_stored)
        except Exception as error:
            log.info("%s webhooks are applied one by one", len(batch.together), exc_info=error)
    for arrival in arrivals:
        outcome = outcomes.get(arrival.event.event_id)
        if outcome is None or outcome.is_left:
            is_stored = are_stored or outcome is not None
            outcomes[arrival.event.event_id] = _apply_alone(context, arrival, is_stored=is_stored)
    return outcomes


def _apply_alone(context: Context, arrival: Arrival, *, is_stored: bool) -> Outcome:
    event = arrival.event
    applied, failure = Applied(), None
    try:
        with context.database.write() as tx:
            is_mine = (
                event.event_id in claim_events(tx, {event.event_id: None})
                if is_stored
                else insert_event(tx, event)
            )
            log.info(
                "webhook %s %s %s",
                event.event_id,
                event.event_type,
                "received" if is_mine else "was received again",
            )
            if not is_mine:
                return Outcome(arrival, is_known=True)
            if not is_stored:
                keep_erased(tx, [arrival])
            try:
                with savepoint(tx):
                    applied = apply_event(context, tx, arrival)
            except Exception as error:
                # What is stored stays stored: it is tried again, and never lost.
                failure = error
        if failure is not None:
            postpone(context, event, failure)
    except Exception as error:
        return Outcome(arrival, error=error)
    return Outcome(arrival, applied.account_id, applied.needs)
