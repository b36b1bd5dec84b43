"""The outbox: what must still be told, entered once with the change that caused it, and closed when told."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, func, literal, select, tuple_, update

from tiergate.store.column_types import Instant
from tiergate.store.engine import Transaction, remember_changed
from tiergate.store.insert_into import insert_into
from tiergate.store.tables import accounts, outbox, test_clocks

Channel = Literal["notice", "callback"]
"""Whom a message is for: people, or the host's own code."""


@dataclass(frozen=True, slots=True)
class Message:
    """One thing to be told. Its key names it once and for all among the account's messages.

    ``expires_at`` is in the account's time: from then on it is stale, and stays untold.
    """

    account_id: str
    message_key: str
    channel: Channel
    kind: str
    payload: dict[str, Any] = field(default_factory=dict)
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that the holder may tell now; ``attempts`` counts how often it was claimed, this time too."""

    message: Message
    attempts: int


_COLUMNS = [outbox.c[name] for name in Message.__dataclass_fields__]


_TOPIC = "outbox:"


def account_with_message(topic: str) -> str | None:
    """Return the account whose message a transaction of this process has entered, if a topic says so."""
    return topic.removeprefix(_TOPIC) if topic.startswith(_TOPIC) else None


def enqueue(tx: Transaction, message: Message, now: datetime) -> bool:
    """Enter a message; returns false when it was entered before, whatever has become of it."""
    remember_changed(tx, [_TOPIC + message.account_id])
    values = {name: getattr(message, name) for name in Message.__dataclass_fields__}
    statement = insert_into(tx, outbox).values(
        **values, state="waiting", attempts=0, next_attempt_at=now, created_at=now
    )
    return tx.execute(statement.on_conflict_do_nothing().returning(outbox.c.message_key)).first() is not None


def is_waiting(tx: Transaction, channel: Channel, now: datetime, account_id: str | None = None) -> bool:
    """Whether there is something to claim on a channel, for one account or for any."""
    query = select(outbox.c.message_key).where(_waiting(channel, now, account_id))
    return tx.execute(query.limit(1)).first() is not None


def claim_message(
    tx: Transaction, channel: Channel, now: datetime, until: datetime, account_id: str | None = None
) -> Claim | None:
    """Claim the message of a channel that waits longest, so that nobody else gets it before ``until``.

    Of one account's messages only the first by key is given out: they are told in order. What has expired on
    the account's time is closed instead.
    """
    waiting = _waiting(channel, now, account_id)
    tx.execute(
        update(outbox)
        .where(waiting, outbox.c.expires_at <= _account_now(now))
        .values(state="expired", closed_at=now)
    )
    chosen = (
        select(outbox.c.account_id, outbox.c.message_key)
        .where(waiting, ~_has_earlier())
        .order_by(outbox.c.next_attempt_at)
        .limit(1)
        .with_for_update(skip_locked=True, of=outbox)
        .cte("chosen")
    )
    claiming = (
        update(outbox)
        .where(tuple_(outbox.c.account_id, outbox.c.message_key).in_(select(chosen)))
        .values(attempts=outbox.c.attempts + 1, next_attempt_at=until)
        .returning(*_COLUMNS, outbox.c.attempts)
    )
    row = tx.execute(claiming).first()
    return Claim(Message(*row[:-1]), row[-1]) if row else None


def holds_claim(tx: Transaction, claim: Claim) -> bool:
    """Whether a claim still stands; if so, nobody can take it over until this transaction ends."""
    query = select(outbox.c.message_key).where(_is(claim)).with_for_update()
    return tx.execute(query).first() is not None


def close_message(tx: Transaction, claim: Claim, state: str, now: datetime, note: str | None = None) -> None:
    """Close a claimed message: as ``delivered``, or as ``failed`` with what was wrong."""
    tx.execute(update(outbox).where(_is(claim)).values(state=state, note=note, closed_at=now))


def postpone_message(tx: Transaction, claim: Claim, note: str, next_attempt_at: datetime) -> None:
    """Note what was wrong with a claimed message, and let it wait until an instant."""
    tx.execute(update(outbox).where(_is(claim)).values(note=note, next_attempt_at=next_attempt_at))


def _is(claim: Claim) -> ColumnElement[bool]:
    return and_(
        outbox.c.account_id == claim.message.account_id,
        outbox.c.message_key == claim.message.message_key,
        outbox.c.state == "waiting",
        outbox.c.attempts == claim.attempts,
    )


def _waiting(channel: Channel, now: datetime, account_id: str | None) -> ColumnElement[bool]:
    # The state is spelled out, or the index of what waits would not be used.
    state = literal("waiting", literal_execute=True)
    conditions = [outbox.c.state == state, outbox.c.channel == channel, outbox.c.next_attempt_at <= now]
    if account_id is not None:
        conditions.append(outbox.c.account_id == account_id)
    return and_(*conditions)


def _has_earlier() -> ColumnElement[bool]:
    earlier = outbox.alias()
    return (
        select(earlier.c.message_key)
        .where(
            earlier.c.account_id == outbox.c.account_id,
            earlier.c.channel == outbox.c.channel,
            earlier.c.state == "waiting",
            earlier.c.message_key < outbox.c.message_key,
        )
        .exists()
    )


def _account_now(now: datetime) -> ColumnElement[datetime]:
    shown = (
        select(test_clocks.c.now_at)
        .join(accounts, accounts.c.test_clock == test_clocks.c.test_clock_id)
        .where(accounts.c.account_id == outbox.c.account_id)
        .scalar_subquery()
    )
    return func.coalesce(shown, literal(now, Instant))
