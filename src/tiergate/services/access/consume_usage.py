"""Counts what an account uses against its limits: once for each key, and never past a limit."""

from dataclasses import dataclass, replace
from datetime import datetime

from tiergate.rules.catalog import FeatureKind
from tiergate.rules.decision import Decision, Verdict, decide
from tiergate.rules.document_reader import LARGEST
from tiergate.rules.errors import TiergateError
from tiergate.rules.timeline import Timeline, build_timeline
from tiergate.rules.usage import Usage
from tiergate.rules.usage_window import Window, window_at
from tiergate.services.account_time import account_now
from tiergate.services.accounts.require_account import require_account
from tiergate.services.context import Context
from tiergate.services.plans.load_catalog import load_catalog
from tiergate.store import Transaction
from tiergate.store.account_rows import load_state
from tiergate.store.change_feed import account_topic, note_change
from tiergate.store.usage_rows import (
    Counted,
    count_down,
    count_up,
    drop_key,
    enter_key,
    find_key,
    settle_key,
    usage_of,
)

_COUNTED = frozenset([FeatureKind.LIMIT, FeatureKind.PER_SEAT, FeatureKind.METERED])
_KEPT = frozenset([FeatureKind.LIMIT, FeatureKind.PER_SEAT])
"""What is there until it is given back, as projects and seats are; calls that were made stay made."""

_LONGEST_KEY = 255


class UsageError(TiergateError):
    """This cannot be counted: the feature has no count, the amount is none, or the key was used otherwise."""

    code = "usage_invalid"


@dataclass(frozen=True, slots=True)
class Consumed:
    """What became of a wish to use something.

    ``used`` is what was used after it; for a key that was used before, after the first time. ``limit`` and
    ``remaining`` are ``None`` where nothing caps it. ``decision`` is how the feature answers to the wish now,
    with reason and offer where it is refused; a refusal counts nothing and uses up no key.
    """

    allowed: bool
    used: int
    remaining: int | None
    limit: int | None
    decision: Decision


@dataclass(frozen=True, slots=True)
class _Wish:
    """An amount of a feature, for an account, under a key; negative where it is given back."""

    account_id: str
    feature: str
    amount: int
    key: str

    def counted(self, used_after: int) -> Counted:
        """Return what is entered under its key."""
        return Counted(self.feature, self.amount, used_after)


def consume(
    context: Context,
    account_id: str,
    feature: str,
    n: int,
    *,
    key: str,
    connection: Transaction | None = None,
) -> Consumed:
    """Use ``n`` of a feature, if the account may now; the same ``key`` never counts twice.

    With ``connection``, one of the host's on the same database, it happens in the host's own transaction, or
    not at all. Raises ``UnknownAccountError``, ``UnknownFeatureError`` and ``UsageError``.
    """
    wish = _Wish(account_id, feature, _amount(n), _key(key))
    if connection is not None:
        context.database.take_part_in(connection)
        return _once(context, connection, wish, _look(context, connection, wish))
    with context.database.write() as tx:
        return _once(context, tx, wish, _look(context, tx, wish))


def release(context: Context, account_id: str, feature: str, n: int, *, key: str) -> Consumed:
    """Give back ``n`` of what is there at once, as projects or seats; what is used never falls below zero.

    The same ``key`` never gives back twice. It needs no access: what has ended can be given back too. Raises
    ``UnknownAccountError``, ``UnknownFeatureError`` and ``UsageError``.
    """
    wish = _Wish(account_id, feature, -_amount(n), _key(key))
    with context.database.write() as tx:
        view = _look(context, tx, wish)
        if view.kind not in _KEPT:
            raise UsageError(
                f"What was used of {feature!r} cannot be given back.",
                "Only limits and seats can: metered usage starts again with its window.",
            )
        return _once(context, tx, wish, view)


@dataclass(frozen=True, slots=True)
class _View:
    """What a wish is judged by: what the account has at this instant of its time."""

    kind: FeatureKind
    window: Window
    usage: Usage
    timeline: Timeline
    at: datetime

    def decision(self, feature: str, used: int, more: int) -> Decision:
        """Answer whether ``more`` may be used where ``used`` are: whether the last of them may."""
        last = decide(self.timeline, feature, self.at, replace(self.usage, used=used + max(more, 1) - 1))
        remaining = None if last.limit is None else max(0, last.limit - used)
        return replace(last, used=used, remaining=remaining)


def _look(context: Context, tx: Transaction, wish: _Wish) -> _View:
    account = require_account(tx, wish.account_id)
    state, catalog = load_state(tx, account), load_catalog(tx)
    kind = catalog.feature(wish.feature).kind
    if kind not in _COUNTED:
        raise UsageError(
            f"Nothing is counted of {wish.feature!r}: it is a {kind}.",
            'Give it kind = "limit", "per_seat" or "metered" in billing.toml, or ask billing.check.',
        )
    timeline = build_timeline(state, catalog)
    at = account_now(context, tx, account)
    window = window_at(state, timeline, wish.feature, at)
    usage = usage_of(tx, wish.account_id, {wish.feature: window})[wish.feature]
    return _View(kind, window, usage, timeline, at)


def _once(context: Context, tx: Transaction, wish: _Wish, view: _View) -> Consumed:
    """Count a wish, or answer as the first time where its key is known."""
    used = view.usage.used or 0
    decision = view.decision(wish.feature, used, wish.amount)
    if wish.amount > 0 and not decision.allowed and decision.reason is not Verdict.LIMIT_REACHED:
        counted = find_key(tx, wish.account_id, wish.key)
    elif enter_key(tx, wish.account_id, wish.key, wish.counted(0), view.window.starts_at, context.now()):
        counted = _count(context, tx, wish, view, decision.limit)
        if counted is None:
            decision = _refusal(tx, wish, view)
    else:
        counted = find_key(tx, wish.account_id, wish.key)
    if counted is None:
        return Consumed(False, decision.used or 0, decision.remaining, decision.limit, decision)
    if (counted.feature, counted.amount) != (wish.feature, wish.amount):
        raise UsageError(
            f"The key {wish.key!r} was used for {counted.amount} of {counted.feature!r}.",
            "Use a new key for each thing that is counted, and the same one only to try again.",
        )
    return _answer(wish, view, counted)


def _count(context: Context, tx: Transaction, wish: _Wish, view: _View, limit: int | None) -> Counted | None:
    """Count a wish whose key was entered just now; a refusal takes the key back."""
    where = (tx, wish.account_id, wish.feature, view.window.starts_at)
    used: int | None
    if wish.amount < 0:
        used = count_down(*where, -wish.amount, context.now())
    else:
        used = count_up(*where, wish.amount, limit, context.now())
    if used is None:
        drop_key(tx, wish.account_id, wish.key)
        return None
    settle_key(tx, wish.account_id, wish.key, used)
    note_change(tx, account_topic(wish.account_id))
    return wish.counted(used)


def _refusal(tx: Transaction, wish: _Wish, view: _View) -> Decision:
    """Return the refusal of a wish for which too little is left."""
    used = usage_of(tx, wish.account_id, {wish.feature: view.window})[wish.feature].used or 0
    decision = view.decision(wish.feature, used, wish.amount)
    # Others may have given something back since: the refusal stands, and the next try finds room.
    return replace(decision, allowed=False, reason=Verdict.LIMIT_REACHED) if decision.allowed else decision


def _answer(wish: _Wish, view: _View, counted: Counted) -> Consumed:
    decision = view.decision(wish.feature, counted.used_after - max(wish.amount, 0), wish.amount)
    limit, used = decision.limit, counted.used_after
    return Consumed(True, used, None if limit is None else max(0, limit - used), limit, decision)


def _amount(n: int) -> int:
    if type(n) is not int or not 1 <= n <= LARGEST:
        raise UsageError(f"{n!r} is no amount.", f"Count whole numbers from 1 to {LARGEST}.")
    return n


def _key(key: str) -> str:
    if not key or len(key) > _LONGEST_KEY or not key.isprintable():
        raise UsageError(
            f"{key!r} cannot be a key.",
            f"Use 1 to {_LONGEST_KEY} printable characters, such as the id of the request that is counted.",
        )
    return key
