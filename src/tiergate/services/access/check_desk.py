"""Answers checks from memory, else from the database, else by the policy ``on_unknown``."""

import logging
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from weakref import WeakSet

from tiergate.real_time import unix_clock
from tiergate.rules.catalog import Catalog
from tiergate.rules.decision import Decision
from tiergate.rules.unknown_answer import answer_unknown
from tiergate.services.access.answer_cache import AnswerCache
from tiergate.services.access.answer_check import read_answers
from tiergate.services.access.follow_changes import ChangeFeed
from tiergate.services.access.outlines import Outlines
from tiergate.services.access.prepare_answers import Answers, Unprepared, read_accounts
from tiergate.services.collect_later import collect_later
from tiergate.services.context import Context
from tiergate.store import Transaction
from tiergate.store.engine import DatabaseUnavailableError
from tiergate.store.load_accounts import accounts_after

log = logging.getLogger("tiergate")

_LOADED_TOGETHER = 1_000
_MOST_BYTES_UNPREPARED = 1_600
_SPARE_SECONDS = 1.0
"""How long a database that does not answer is spared before it is asked again."""


class CheckDesk:
    """Answers checks. Safe to share between threads; after a fork it begins anew by itself."""

    def __init__(self, context: Context, most_accounts: int, max_staleness_seconds: float) -> None:
        """Prepare; the feed of changes is followed from the first check on."""
        self._context = context
        self._clock = unix_clock(context.now)
        self._cache = AnswerCache(most_accounts)
        self._feed = ChangeFeed(context.database, self._clock, max_staleness_seconds, self._cache.forget)
        self._outlines = Outlines()
        self._most_accounts = most_accounts
        self._catalog: Catalog | None = None
        self._spared_until = 0.0
        context.database.tell_changes(self._cache.forget)
        context.database.foretell_changes(self._cache.forget_at_commit)
        _desks.add(self)

    def begin_after_fork(self) -> None:
        """Know of nothing: what the parent follows is not followed here."""
        self._feed.begin_anew()
        self._cache.begin_anew()

    def allowed(self, account_id: str, feature: str) -> bool:
        """Answer yes or no. Raises ``UnknownAccountError`` and ``UnknownFeatureError``."""
        try:
            answers = self._cache.recent[account_id]
            if answers.until > self._clock() < self._feed.trusted_until:
                return answers.allowed[feature]
        except KeyError:
            pass
        return self._find(account_id, feature).allowed

    def check(self, account_id: str, feature: str) -> Decision:
        """Answer with the grounds. Raises ``UnknownAccountError`` and ``UnknownFeatureError``."""
        return self.remembered(account_id, feature) or self._find(account_id, feature)

    def remembered(self, account_id: str, feature: str) -> Decision | None:
        """Return the answer where it is in memory and holds: nothing is waited for."""
        try:
            answers = self._cache.recent[account_id]
            if answers.until > self._clock() < self._feed.trusted_until:
                return answers.decisions[feature]
        except KeyError:
            pass
        return None

    def check_within(self, tx: Transaction, account_id: str, feature: str) -> Decision:
        """Answer with what a transaction sees, its own changes included."""
        return read_answers(self._context, tx, account_id, self._outlines).decision(feature)

    def warm(self) -> int:
        """Load all accounts, or as many as are kept, and return how many that are.

        Raises ``DatabaseUnavailableError`` and ``NoPlansError``.
        """
        self._feed.follow()
        loaded, last = 0, ""
        while loaded < self._most_accounts:
            ticket = self._cache.take_ticket()
            try:
                with collect_later(), self._context.database.read() as tx:
                    found = accounts_after(tx, last, min(_LOADED_TOGETHER, self._most_accounts - loaded))
                    self._cache.keep(ticket, self._compact(read_accounts(self._context, tx, found)))
            finally:
                self._cache.give_back(ticket)
            if not found:
                break
            loaded, last = loaded + len(found), found[-1].account_id
        return loaded

    def follow(self) -> None:
        """Begin to follow what others change; where that fails, the first check tries again."""
        try:
            self._feed.follow()
        except DatabaseUnavailableError as error:
            log.warning("changes of other processes cannot be heard yet: %s", error.message)

    def close(self) -> None:
        """Stop following."""
        self._feed.stop()

    def _find(self, account_id: str, feature: str) -> Decision:
        """Answer what is not at hand."""
        now = self._clock()
        known = self._prepared(account_id)
        if known and known.until > now < self._feed.trusted_until:
            return known.decision(feature)
        try:
            if now < self._spared_until:
                raise DatabaseUnavailableError("The database did not answer a moment ago.")
            return self._read(account_id).decision(feature)
        except DatabaseUnavailableError as error:
            return self._answer_unknown(known, account_id, feature, error)

    def _prepared(self, account_id: str) -> Answers | None:
        """Return the answers that are in memory, whether or not they hold."""
        known = self._cache.find(account_id)
        if not isinstance(known, Unprepared):
            return known
        answers = known.prepare(self._context, self._outlines)
        self._cache.exchange(account_id, known, answers)
        return answers

    def _compact(self, read: Mapping[str, Unprepared]) -> dict[str, Answers | Unprepared]:
        """Prepare those that would take more memory than their answers, which a long history does."""
        return {
            account_id: one.prepare(self._context, self._outlines)
            if len(one.packed) > _MOST_BYTES_UNPREPARED
            else one
            for account_id, one in read.items()
        }

    def _read(self, account_id: str) -> Answers:
        """Read an account, and keep the answers where changes of it will be heard of."""
        self._feed.follow()
        ticket = self._cache.take_ticket()
        try:
            with self._context.database.read() as tx:
                answers = read_answers(self._context, tx, account_id, self._outlines)
            self._cache.keep(ticket, {account_id: answers})
        finally:
            self._cache.give_back(ticket)
        self._catalog = answers.catalog
        return answers

    def _answer_unknown(
        self, known: Answers | None, account_id: str, feature: str, error: DatabaseUnavailableError
    ) -> Decision:
        now = self._clock()
        catalog = known.catalog if known else self._catalog
        if catalog is None:
            raise error
        decision = answer_unknown(
            catalog,
            feature,
            known.decision_at(feature, _instant(now)) if known else None,
            _instant(max(known.known_at, self._feed.confirmed_at) if known else now),
            _instant(now),
        )
        if now >= self._spared_until:
            self._spared_until = now + _SPARE_SECONDS
            log.warning(
                "neither database nor memory can be trusted: checks follow the policy on_unknown "
                "(account %s, feature %s: allowed=%s): %s",
                account_id, feature, decision.allowed, error.message,
            )  # fmt: skip
        return decision


def _instant(unix_seconds: float) -> datetime:
    return datetime.fromtimestamp(unix_seconds, UTC)


_desks: WeakSet[CheckDesk] = WeakSet()


def _after_fork() -> None:
    for desk in _desks:
        desk.begin_after_fork()


os.register_at_fork(after_in_child=_after_fork)
