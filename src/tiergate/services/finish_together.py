"""Finishes many events at once: their objects are read side by side, and saved in one transaction."""

import logging
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from tiergate.services.context import Context
from tiergate.services.delivery import Arrival, Need, cause_of
from tiergate.services.finish_event import close_all, finish_event, is_settled, postpone
from tiergate.services.read_from_stripe import READING_LEASE, Reading, reader_of
from tiergate.services.save_reading import save_reading
from tiergate.store import Transaction
from tiergate.store.due_rows import make_due
from tiergate.store.lease_rows import give_back_lease, take_lease
from tiergate.store.mirror import owner_of, test_clock_of
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
        mine = [
            need
            for need in waiting
            if test_clock_of(tx, need.kind, need.object_id) is None
            and take_lease(tx, _lease_of(need), holder, began_at, began_at + READING_LEASE)
        ]
    try:
        answers = _ask(context, mine)
        failed = {need: answer for need, answer in answers.items() if isinstance(answer, Exception)}
        found = {need: answer for need, answer in answers.items() if not isinstance(answer, Exception)}
        with context.database.write() as tx:
            _lock_owners(tx, found)
            for need, answer in found.items():
                owner = save_reading(context, tx, need.kind, answer, began_at) if answer else None
                close_all(context, tx, waiting[need], [Reading(owner) if answer else None])
                if owner:
                    causes.setdefault(owner, []).append(cause_of(waiting[need][-1].event))
            make_due(tx, causes)
    except Exception as error:
        log.info("%s objects are read one by one", len(mine), exc_info=error)
        return set()
    finally:
        with context.database.write() as tx:
            for need in mine:
                give_back_lease(tx, _lease_of(need), holder)
    for need, failure in failed.items():
        for arrival in waiting[need]:
            postpone(context, arrival.event, failure)
    return set(mine)


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


def _lock_owners(tx: Transaction, found: Mapping[Need, Answer | None]) -> None:
    """Lock the accounts before anything else, and in one order, as everywhere."""
    owners = (owner_of(tx, need.kind, need.object_id) for need in found)
    make_due(tx, {owner for owner in owners if owner})


def _lease_of(need: Need) -> str:
    return f"read {need.kind} {need.object_id}"
