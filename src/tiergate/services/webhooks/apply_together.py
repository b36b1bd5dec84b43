"""Applies events that arrived together in one transaction, with few statements for all of them.

Only those are that need nothing but to be saved as they are, or that nothing depends on. All others are
applied one by one.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tiergate.services.context import Context
from tiergate.services.mirror.save_together import (
    Outline,
    ask_prices_of,
    may_be_plain,
    outline,
    read_plain,
    save_together,
)
from tiergate.services.mirror.sold_as import Prices
from tiergate.services.webhooks.apply_event import why_noted
from tiergate.services.webhooks.delivery import Arrival, Need, Outcome
from tiergate.services.webhooks.keep_erased import keep_erased
from tiergate.store import Transaction
from tiergate.store.change_feed import account_topic, note_change
from tiergate.store.due_rows import send_due
from tiergate.store.event_rows import Fate, claim_events, close_events, send_events, wait_again
from tiergate.store.mirror import Saved
from tiergate.store.prepared import travels

log = logging.getLogger("tiergate")


class ErasedAmongThemError(Exception):
    """One of the accounts was erased: its events have to be applied alone, to keep nothing personal of it."""


_Owners = Mapping[str, str | None]
_Outlines = Mapping[str, Outline]


@dataclass(slots=True)
class Sorted:
    """Arrivals by the way in which they are applied; ``noted`` holds the reasons, by event id."""

    together: list[Arrival] = field(default_factory=list)
    noted: dict[str, str] = field(default_factory=dict)
    hoped: dict[str, Arrival] = field(default_factory=dict)
    """Those that are hoped to be plain, by event id: all of ``together`` that is not noted."""
    alone: list[Arrival] = field(default_factory=list)


def sort_arrivals(context: Context, arrivals: Sequence[Arrival]) -> Sorted:
    """Sort arrivals, no two of which are the same event, without reading all of them.

    Those of one customer keep their order: what follows one that is applied alone is applied alone too.
    """
    result = Sorted()
    concerned: set[str | None] = set()
    for arrival in arrivals:
        event_id = arrival.event.event_id
        try:
            customer_id, reason = arrival.about.customer_id, why_noted(context, arrival)
        except Exception:
            # What is wrong with it is noted when it is applied.
            result.alone.append(arrival)
            continue
        if reason:
            result.noted[event_id] = reason
            result.together.append(arrival)
        elif customer_id not in concerned and may_be_plain(context, arrival):
            result.hoped[event_id] = arrival
            result.together.append(arrival)
        else:
            concerned.add(customer_id)
            result.alone.append(arrival)
    return result


def apply_together(context: Context, batch: Sorted, *, are_stored: bool) -> dict[str, Outcome]:
    """Store and apply what can be applied together, in one transaction; returns what became of each event.

    ``are_stored``: the events wait in the database already. Left waiting there, to be applied one by one, are
    those whose object is not plain after all, those that follow such a one for the same customer, and
    strangers': whose they are takes more than a look at the stored links. Raises ``ErasedAmongThemError``.
    """
    by_id = {arrival.event.event_id: arrival for arrival in batch.together}
    with context.database.write() as tx:
        owners, outlines, prices = (_claim if are_stored else _store)(context, tx, batch)
        owned = {event_id: owner for event_id in outlines if (owner := owners.get(event_id))}
        left = [event_id for event_id in batch.hoped if event_id in owners and event_id not in owned]
        needs, changed = _save(tx, owned, outlines, prices)
        if are_stored:
            done = [(event_id, owned.get(event_id), batch.noted.get(event_id)) for event_id in owners]
            close_events(
                tx, [end for end in done if end[0] not in needs and end[0] not in left], context.now()
            )
        else:
            wait_again(tx, [*left, *needs], context.now())
    outcomes = {event_id: Outcome(by_id[event_id], is_known=event_id not in owners) for event_id in by_id}
    for event_id in left:
        outcomes[event_id] = Outcome(by_id[event_id], is_left=True)
    for event_id, owner in owned.items():
        account_id = owner if event_id in changed else None
        outcomes[event_id] = Outcome(by_id[event_id], account_id, needs.get(event_id, ()))
    _log(batch, outcomes)
    return outcomes


def _store(context: Context, tx: Transaction, batch: Sorted) -> tuple[_Owners, _Outlines, Prices]:
    fates = {event_id: Fate("noted", reason) for event_id, reason in batch.noted.items()}
    fates |= {event_id: Fate("applied", None, customer) for event_id, customer in _customers(batch).items()}
    stored = send_events(tx, [arrival.event for arrival in batch.together], fates)
    # While the database is at it.
    outlines = _read(context, batch)
    asked_early = ask_prices_of(tx, outlines.values()) if travels(tx) else None
    owners = stored()
    new = (arrival for arrival in batch.together if arrival.event.event_id in owners)
    keep_erased(tx, [arrival for arrival in new if arrival.event.event_id not in outlines])
    mine = [one for event_id, one in outlines.items() if owners.get(event_id)]
    return owners, outlines, (asked_early or ask_prices_of(tx, mine))()


def _claim(context: Context, tx: Transaction, batch: Sorted) -> tuple[_Owners, _Outlines, Prices]:
    nobodys: dict[str, str | None] = dict.fromkeys(batch.noted)
    outlines = _read(context, batch)
    return claim_events(tx, nobodys | _customers(batch)), outlines, ask_prices_of(tx, outlines.values())()


def _customers(batch: Sorted) -> dict[str, str | None]:
    return {event_id: arrival.about.customer_id for event_id, arrival in batch.hoped.items()}


def _read(context: Context, batch: Sorted) -> _Outlines:
    """Read the objects that are plain, and no others, nor what follows one of those for the same customer."""
    outlines: dict[str, Outline] = {}
    concerned: set[str | None] = set()
    now = context.now()
    for event_id, arrival in batch.hoped.items():
        customer_id = arrival.about.customer_id
        plain = None if customer_id in concerned else read_plain(context, arrival)
        if plain:
            outlines[event_id] = outline(plain, now)
        else:
            concerned.add(customer_id)
    return outlines


def _save(
    tx: Transaction, owned: Mapping[str, str], outlines: _Outlines, prices: Prices
) -> tuple[dict[str, Sequence[Need]], set[str]]:
    """Save what belongs to somebody; returns what has to be read for which event, and what changed any."""
    if not owned:
        return {}, set()
    mine = [(outlines[event_id], owner) for event_id, owner in owned.items()]
    # It locks the accounts before anything else of theirs, as everywhere. To wait for the answer before they
    # are written costs a way there and back, and it is nearly always the same.
    made_due = send_due(tx, set(owned.values()))
    saved = save_together(tx, mine, (), prices)
    if made_due():
        raise ErasedAmongThemError
    needs: dict[str, Sequence[Need]] = {}
    changed = set()
    for event_id, outcome in zip(owned, saved, strict=True):
        plain = outlines[event_id].plain
        if outcome.saved is Saved.STALE:
            needs[event_id] = [Need(plain.kind, plain.thing.id)]
        elif outcome.saved is Saved.SAVED:
            changed.add(event_id)
            if outcome.is_card_unknown:
                needs[event_id] = [Need("customer", plain.customer_id)]
    note_change(tx, *{account_topic(owned[event_id]) for event_id in changed})
    return needs, changed


def _log(batch: Sorted, outcomes: Mapping[str, Outcome]) -> None:
    if not log.isEnabledFor(logging.INFO):
        return
    for event_id, outcome in outcomes.items():
        event = outcome.arrival.event
        if outcome.is_known:
            log.info("webhook %s %s was received again", event_id, event.event_type)
            continue
        log.info("webhook %s %s received", event_id, event.event_type)
        if event_id in batch.noted:
            log.info("webhook %s %s noted: %s", event_id, event.event_type, batch.noted[event_id])
        elif not outcome.needs and not outcome.is_left:
            log.info("webhook %s %s applied", event_id, event.event_type)
