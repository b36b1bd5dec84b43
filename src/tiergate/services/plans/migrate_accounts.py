"""Moves accounts to another version of the catalogue: shown first, then done one by one."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tiergate.rules.catalog_diff import OfferChange
from tiergate.rules.errors import TiergateError
from tiergate.rules.price import Amount
from tiergate.services.access.refresh_account import refresh_account
from tiergate.services.account_time import account_now
from tiergate.services.context import Context
from tiergate.services.plans.migration_text import migration_json, migration_text
from tiergate.services.plans.move_at_stripe import ACTION, move_at_stripe
from tiergate.services.plans.plan_moves import Destination, Move, Moving, destination, is_wanted, moves_of
from tiergate.services.run_operation import Wanted
from tiergate.store import Transaction
from tiergate.store.account_rows import find_account
from tiergate.store.journal_rows import Entry, append
from tiergate.store.operation_rows import is_open
from tiergate.store.version_rows import begun_moves, move_account, unsubscribed_after
from tiergate.stripe_api.gateway import StripeRefusedError, StripeUnavailableError

log = logging.getLogger("tiergate")

_EXAMPLES = 5

Tell = Callable[[Move], None]
"""Told of each account after it was moved."""


class MigrationInterruptedError(TiergateError):
    """Stripe stopped answering half-way. ``moved`` says how many are done; running it again goes on."""

    code = "migration_interrupted"

    def __init__(self, cause: TiergateError, moved: int) -> None:
        told = "1 account was" if moved == 1 else f"{moved} accounts were"
        super().__init__(
            f"Moving accounts broke off: {cause.message} {told} moved.",
            "Run it again: it goes on from there.",
        )
        self.moved = moved


@dataclass(frozen=True, slots=True)
class MoveGroup:
    """Accounts for which a move means the same."""

    plan_key: str | None
    is_subscribed: bool
    from_version: int
    change: OfferChange | None
    interval: str
    before: Amount | None
    after: Amount | None
    why_not: str
    accounts: int
    examples: tuple[str, ...]
    """The first few of them."""


@dataclass(frozen=True, slots=True)
class Migration:
    """What was done, or in a preview what would be."""

    to_version: int
    moving: Moving
    is_preview: bool
    groups: tuple[MoveGroup, ...]
    moved: int
    refused: tuple[tuple[str, str], ...]
    """Accounts that Stripe refused to change, each with what it said."""

    @property
    def concerned(self) -> int:
        """How many can be moved."""
        return sum(group.accounts for group in self.groups if not group.why_not)

    def __str__(self) -> str:
        """Read as a founder would want to."""
        return migration_text(self)

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return migration_json(self)


def migrate_accounts(
    context: Context,
    moving: Moving | None = None,
    *,
    preview: bool = True,
    tell: Tell = lambda _move: None,
) -> Migration:
    """Move accounts to another version, or only tell what that would mean.

    A subscription is moved at Stripe: its metadata names the version, and its price follows where that
    differs; ``now``, or as a schedule that Stripe carries out at the renewal. Who has bought nothing is
    moved here, at once. Usage and balances are not touched. Interrupted, it goes on where it was. Raises
    ``UnknownVersionError``, ``UnknownPlanError``, ``NoPlansError`` and ``MigrationInterruptedError``.
    """
    moving = moving or Moving()
    to = destination(context, moving)
    if preview:
        groups = _grouped(moves_of(context, moving, to))
        return Migration(to.target.version, moving, True, groups, 0, ())
    return _Migrating(context, moving, to, tell).run()


class _Migrating:
    """One migration, on its way through the accounts."""

    def __init__(self, context: Context, moving: Moving, to: Destination, tell: Tell) -> None:
        self._context, self._moving, self._to, self._tell = context, moving, to, tell
        self._refused: list[tuple[str, str]] = []
        self._moved = 0

    def run(self) -> Migration:
        try:
            self._finish_begun()
            groups = _grouped(self._each_moved())
        except StripeUnavailableError as error:
            raise MigrationInterruptedError(error, self._moved) from error
        version = self._to.target.version
        return Migration(version, self._moving, False, groups, self._moved, tuple(self._refused))

    def _finish_begun(self) -> None:
        """Settle what an interrupted migration has begun, whatever its outcome at Stripe was."""
        with self._context.database.read() as tx:
            begun = begun_moves(tx, ACTION, self._moving.account)
        for account_id, action in begun:
            self._at_stripe(account_id, action.removeprefix(ACTION), {}, _still_open(action))

    def _each_moved(self) -> Iterable[Move]:
        for move in moves_of(self._context, self._moving, self._to):
            if not move.why_not and self._move(move):
                self._moved += 1
                self._tell(move)
            yield move

    def _move(self, move: Move) -> bool:
        if move.subscription_id is None:
            return self._move_here(move)
        parameters = {
            "subscription": move.subscription_id,
            "plan_key": move.plan_key,
            "from_version": move.from_version,
            "catalog_version": self._to.target.version,
            "when": self._moving.when,
            "prices": dict(move.prices),
            "proration_behavior": "create_prorations" if self._moving.prorate else "none",
        }
        subscription_id = move.subscription_id
        return self._at_stripe(
            move.account_id,
            subscription_id,
            parameters,
            lambda tx, _account: is_wanted(tx, self._to, subscription_id),
        )

    def _at_stripe(
        self, account_id: str, subscription_id: str, parameters: dict[str, Any], wanted: Wanted
    ) -> bool:
        self._context.pace()
        try:
            move_at_stripe(self._context, account_id, subscription_id, parameters, wanted)
        except StripeRefusedError as refusal:
            log.warning("subscription %s cannot be moved: %s", subscription_id, refusal)
            self._refused.append((account_id, refusal.message))
            return False
        return True

    def _move_here(self, move: Move) -> bool:
        context, version = self._context, self._to.target.version
        with context.database.write() as tx:
            account = find_account(tx, move.account_id, lock=True)
            if account is None or not _is_unsubscribed(context, tx, move.account_id):
                return False
            move_account(tx, move.account_id, version, context.now())
            told = {"from_version": move.from_version, "to_version": version, "plan": move.plan_key}
            at = account_now(context, tx, account)
            append(tx, Entry(move.account_id, "migrated", at, context.now(), "migrate", told))
            refresh_account(context, tx, move.account_id, cause="migrate")
        return True


def _still_open(action: str) -> Wanted:
    return lambda tx, account: is_open(tx, account.account_id, action)


def _is_unsubscribed(context: Context, tx: Transaction, account_id: str) -> bool:
    return bool(unsubscribed_after(tx, context.livemode, "", 1, account_id=account_id))


def _grouped(moves: Iterable[Move]) -> tuple[MoveGroup, ...]:
    found: dict[tuple[Any, ...], list[Any]] = {}
    for move in moves:
        key = (move.plan_key, move.subscription_id is not None, move.from_version, move.interval,
               move.before, move.after, move.why_not)  # fmt: skip
        group = found.setdefault(key, [move.change, 0, []])
        group[1] += 1
        if len(group[2]) < _EXAMPLES:
            group[2].append(move.account_id)
    return tuple(
        MoveGroup(
            plan, is_subscribed, version, change, interval, before, after, why_not, count, tuple(sorted(some))
        )
        for (plan, is_subscribed, version, interval, before, after, why_not), (change, count, some) in sorted(
            found.items(), key=lambda each: (bool(each[0][6]), -each[0][2], each[0][0] or "", str(each[0]))
        )
    )
