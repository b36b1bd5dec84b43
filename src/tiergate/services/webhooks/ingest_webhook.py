"""Takes a webhook in: verify, store, apply, and only then say that it was received."""

from collections.abc import Mapping, MutableMapping, Sequence
from functools import partial

from tiergate.services.access.tell_account import tell_account, tell_accounts
from tiergate.services.context import Context
from tiergate.services.webhooks.delivery import Arrival, Need, Outcome, cause_of
from tiergate.services.webhooks.finish_event import finish_event
from tiergate.services.webhooks.finish_together import finish_together
from tiergate.services.webhooks.read_event import read_event
from tiergate.services.webhooks.take_in import take_in, take_up
from tiergate.store.event_rows import StoredEvent
from tiergate.stripe_api.verify_signature import verify_signature

_SETTLING_SECONDS = 0.2


def ingest_webhook(context: Context, body: bytes, signature: str | None, *, tells_later: bool = False) -> str:
    """Take in one delivery and return the event's id; a repeated one changes nothing.

    The event is committed before this returns, together with others that arrive at the same moment, and
    what it leads to is told; ``tells_later`` leaves that to threads, as ``aingest_webhook`` does. Applying it
    may need Stripe, and may fail: then it is stored all the same, and tried again later. Raises
    ``SignatureError`` and ``UnreadableEventError``, and then nothing is stored.
    """
    arrival = _verified(context, body, signature)
    outcome = _stored(context.deliveries.do(partial(take_in, context), arrival))
    if tells_later:
        _follow_later(context, arrival, outcome)
        return arrival.event.event_id
    if outcome.account_id:
        tell_account(context, outcome.account_id, cause_of(arrival.event))
    if outcome.needs:
        finish_event(context, [arrival], outcome.needs)
    return arrival.event.event_id


async def aingest_webhook(context: Context, body: bytes, signature: str | None) -> str:
    """Take in one delivery like ``ingest_webhook``, without blocking the event loop.

    This returns as soon as the event is committed and applied to the mirror. What it leads to is told, and
    what it made uncertain is read from Stripe, right afterwards by threads of their own.
    """
    arrival = _verified(context, body, signature)
    outcome = _stored(await context.deliveries.ado(partial(take_in, context), arrival))
    _follow_later(context, arrival, outcome)
    return arrival.event.event_id


def _follow_later(context: Context, arrival: Arrival, outcome: Outcome) -> None:
    if outcome.account_id:
        context.telling.add(partial(_tell_in_turn, context), outcome.account_id, cause_of(arrival.event))
    if outcome.needs:
        finish = partial(_finish_and_tell_later, context)
        # Several objects are read for little more than one: so while webhooks arrive, wait for others.
        context.finishing.add(finish, tuple(outcome.needs), arrival, context.deliveries.give_way)


def _finish_and_tell_later(context: Context, waiting: Mapping[tuple[Need, ...], Sequence[Arrival]]) -> None:
    for account_id, causes in finish_together(context, waiting).items():
        context.telling.add(partial(_tell_in_turn, context), account_id, causes[-1])


def _tell_in_turn(context: Context, causes: Mapping[str, Sequence[str]]) -> None:
    """Tell after what is uncertain was settled, if that does not take long: often it concerns the same."""
    context.finishing.wait_until_done(_SETTLING_SECONDS)
    tell_accounts(context, causes)


def wait_until_told(context: Context, timeout_seconds: float) -> bool:
    """Wait until nothing is left to do here after webhooks and sign-ups; returns false when time ran out."""
    is_finished = context.finishing.wait_until_done(timeout_seconds)
    is_told = context.telling.wait_until_done(timeout_seconds)
    return context.starting.wait_until_done(timeout_seconds) and is_told and is_finished


def apply_stored(context: Context, events: Sequence[StoredEvent]) -> int:
    """Apply events that are stored but not applied yet, and do what follows; returns for how many it could.

    An event at which somebody else is at this moment is left to them.
    """
    causes: dict[str, Sequence[str]] = {}
    count = apply_untold(context, events, causes)
    tell_accounts(context, causes)
    return count


def apply_untold(
    context: Context, events: Sequence[StoredEvent], causes: MutableMapping[str, Sequence[str]]
) -> int:
    """Do so without telling what follows; whoever has to be told is entered in ``causes``."""
    outcomes = take_up(context, [Arrival(event) for event in events])
    waiting: dict[tuple[Need, ...], list[Arrival]] = {}
    for outcome in map(_stored, outcomes):
        if outcome.account_id:
            causes[outcome.account_id] = (cause_of(outcome.arrival.event),)
        if outcome.needs:
            waiting.setdefault(tuple(outcome.needs), []).append(outcome.arrival)
    causes.update(finish_together(context, waiting))
    return sum(not outcome.is_known for outcome in outcomes)


def _verified(context: Context, body: bytes, signature: str | None) -> Arrival:
    received_at = context.now()
    verify_signature(body, signature, context.webhook_secrets, received_at)
    return read_event(body, received_at)


def _stored(outcome: Outcome) -> Outcome:
    if outcome.error is not None:
        raise outcome.error
    return outcome
