"""Finishes many events at once: their objects are read side by side, and saved in one transaction."""

import logging
import uuid
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime

from tiergate.services.context import Context
from tiergate.services.mirror.read_from_stripe import READING_LEASE, Reading, reader_of
from tiergate.services.mirror.save_readings import save_readings
from tiergate.services.webhooks.delivery import Arrival, Need, cause_of
from tiergate.services.webhooks.finish_event import close_all, close_known, finish_event, is_settled, postpone
from tiergate.store import Transaction
from tiergate.store.lease_rows import give_back_leases, take_leases
from tiergate.store.mirror import Saved
from tiergate.store.mirrored_clocks import those_on_clocks
from tiergate.stripe_api.gateway import Answer

log = logging.getLogger("tiergate")

Waiting = Mapping[Need, Sequence[Arrival]]
Causes = dict[str, list[str]]

_MOST_SIDE_BY_SIDE = 8


def finish_together(context: Context, waiting: Mapping[tuple[Need, ...], Sequence[Arrival]]) -> Causes:
    """Finish events by what they wait for: each object is read once for all the events that need it.

    Returns who has to be told now, and why. Those that need several objects, or one that lives on a test
    clock, are finished one by one.
    """
    single = {needs[0]: arrivals for needs, arrivals in waiting.items() if len(needs) == 1}
    causes: Causes = {}
    done = _finish(context, single, causes) if len(single) > 1 else set()
    for needs, arrivals in waiting.items():
        if needs[0] not in done:
            finish_event(context, arrivals, needs)
    return causes


def _finish(context: Context, waiting: Waiting, causes: Causes) -> set[Need]:
    """Finish what can be finished at once, and return for which objects that is settled."""
    with ExitStack() as stack:
        order = sorted(waiting, key=lambda need: (need.kind, need.object_id))
        # Of what another thread has just read, some may be settled by that.
        others = {need for need in order if stack.enter_context(context.turns.turn(need))}
        left = {
            need: [one for one in waiting[need] if need not in others or not is_settled(context, one)]
            for need in order
        }
        return (set(waiting) - {need for need in order if left[need]}) | _read_and_save(
            context, {need: arrivals for need, arrivals in left.items() if arrivals}, causes
        )


def _read_and_save(context: Context, waiting: Waiting, causes: Causes) -> set[Need]:
    holder, began_at = uuid.uuid4().hex, context.now()
    with context.database.write() as tx:
        on_clocks = _on_clocks(tx, waiting)
        names = {_lease_of(need): need for need in waiting if need not in on_clocks}
        taken = take_leases(tx, names, holder, began_at, began_at + READING_LEASE)
    mine = [need for name, need in names.items() if name in taken]
    try:
        answers = _ask(context, mine)
        found = {need: answer for need, answer in answers.items() if not isinstance(answer, Exception)}
        with context.database.write() as tx:
            overtaken = _save(context, tx, waiting, found, began_at, causes)
            give_back_leases(tx, taken, holder)
    except Exception as error:
        log.info("%s objects are read one by one", len(mine), exc_info=error)
        with context.database.write() as tx:
            give_back_leases(tx, taken, holder)
        return set()
    for need, failure in answers.items():
        if isinstance(failure, Exception):
            for arrival in waiting[need]:
                postpone(context, arrival.event, failure)
    return set(mine) - overtaken


def _on_clocks(tx: Transaction, needs: Collection[Need]) -> set[Need]:
    kinds = {need.kind for need in needs}
    return {
        Need(kind, object_id)
        for kind in kinds
        for object_id in those_on_clocks(tx, kind, {one.object_id for one in needs if one.kind == kind})
    }


def _save(
    context: Context,
    tx: Transaction,
    waiting: Waiting,
    found: Mapping[Need, Answer | None],
    began_at: datetime,
    causes: Causes,
) -> set[Need]:
    """Save what Stripe answered, and close the events that waited for it.

    Returns what has to be read once more, since an event has told something newer of it meanwhile.
    """
    readings = {need: answer for need, answer in found.items() if answer}
    saved = save_readings(context, tx, [(need.kind, answer) for need, answer in readings.items()], began_at)
    outcomes = dict(zip(readings, saved, strict=True))
    overtaken = {need for need, outcome in outcomes.items() if outcome.saved is Saved.STALE}
    owners = {need: outcome.account_id for need, outcome in outcomes.items() if need not in overtaken}
    for need, owner in owners.items():
        if owner:
            causes.setdefault(owner, []).append(cause_of(waiting[need][-1].event))
    close_known(
        context, tx, [(one, owner) for need, owner in owners.items() if owner for one in waiting[need]]
    )
    for need, answer in found.items():
        if not owners.get(need) and need not in overtaken:
            close_all(context, tx, waiting[need], [Reading(None) if answer else None])
    return overtaken


def _ask(context: Context, needs: Sequence[Need]) -> dict[Need, Answer | Exception | None]:
    def ask(need: Need) -> Answer | Exception | None:
        try:
            answer = reader_of(context, need.kind)(need.object_id)
        except Exception as error:
            return error
        log.info("stripe %s %s fetched%s", need.kind, need.object_id, "" if answer else ": gone")
        return answer

    if not needs:
        return {}
    with ThreadPoolExecutor(min(len(needs), _MOST_SIDE_BY_SIDE), "tiergate-reading") as pool:
        return dict(zip(needs, pool.map(ask, needs), strict=True))


def _lease_of(need: Need) -> str:
    return f"read {need.kind} {need.object_id}"
