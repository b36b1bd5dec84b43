"""Compares the mirror with Stripe, repairs what differs, and says what it was."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from tiergate.rules.state import ENDED
from tiergate.services.access.refresh_account import refresh_account
from tiergate.services.accounts.require_account import require_account
from tiergate.services.collect_later import collect_later
from tiergate.services.context import Context
from tiergate.services.mirror.read_from_stripe import (
    BeingReadError,
    ask_everything,
    reader_of,
    reading_lease,
    save_clock,
)
from tiergate.services.reconcile.differences import NOTHING, Difference, clock_differences
from tiergate.services.reconcile.save_page import PageOutcome, Reading, save_page
from tiergate.services.reconcile.stripe_lists import LISTS, SeenIds, pages_of, with_nested
from tiergate.store import Transaction
from tiergate.store.living_customers import living_customers
from tiergate.store.mirror import Kind, mark_cards_read
from tiergate.store.mirror_many import accounts_on_clocks, unsettled
from tiergate.store.test_clock_rows import clock_now, is_clock_deleted, running_clocks
from tiergate.stripe_api.listed import Listed, as_listed

log = logging.getLogger("tiergate")

_KEPT = 1_000
_SETTLED: dict[Kind, tuple[str, ...]] = {
    "subscription": tuple(str(status) for status in ENDED),
    "invoice": ("paid", "void", "uncollectible"),
}
_MAY_BE_UNLISTED: tuple[Kind, ...] = ("customer", *_SETTLED)
"""What is asked for by its id where a list leaves it out: Stripe lists no deleted customer, for instance."""
_ROWS = 500

Tell = Callable[[Difference], None]


@dataclass(slots=True)
class Reconciled:
    """What was compared, by kind, and what differed. Where it was no dry run that is repaired."""

    looked_at: Counter[str] = field(default_factory=Counter)
    count: int = 0
    differences: list[Difference] = field(default_factory=list)
    """The first thousand; all are counted, logged, and told one by one."""
    left_out: list[str] = field(default_factory=list)
    """Accounts that somebody else was reading at that moment."""

    def add(self, outcome: PageOutcome) -> None:
        """Add what a page brought."""
        self.looked_at.update(outcome.looked_at)
        self.count += len(outcome.differences)
        self.differences += outcome.differences[: _KEPT - len(self.differences)]


def reconcile(
    context: Context,
    account_id: str | None = None,
    *,
    dry_run: bool = False,
    tell: Tell = lambda _difference: None,
) -> Reconciled:
    """Compare one account, or everything, with Stripe: subscriptions, invoices, cards, schedules, clocks.

    That Stripe lists something no more proves nothing: it is asked for by its id, and what Stripe does not
    have is reported and kept. Where everything is compared, an account that somebody else is reading is left
    out. Raises ``UnknownAccountError``, ``StripeUnavailableError``, and ``BeingReadError`` where somebody
    else is reading the one account.
    """
    comparison = _Comparison(context, dry_run, tell)
    if account_id is None:
        comparison.everything()
    else:
        comparison.one_account(account_id)
    return comparison.report


@dataclass(frozen=True, slots=True)
class _Comparison:
    context: Context
    dry_run: bool
    tell: Tell
    report: Reconciled = field(default_factory=Reconciled)
    told: set[Difference] = field(default_factory=set)
    """What a dry run has told: nothing is repaired, and some objects are met twice, in lists of their own."""

    def everything(self) -> None:
        context = self.context
        self._compare_clocks()
        listed: dict[Kind, SeenIds] = {kind: SeenIds() for kind in _MAY_BE_UNLISTED}
        for kind, path, params in LISTS:
            for entries, reading, _ in pages_of(context, kind, path, params):
                if kind in listed:
                    listed[kind].add(entry.body["id"] for entry in entries)
                self._ask_for_replaced_cards(self._compare(kind, entries, reading))
        for kind, seen in listed.items():
            self._ask_for_unlisted(kind, seen)
        self._accounts_on_clocks()

    def _compare_clocks(self) -> None:
        with self.context.database.read() as tx:
            clocks = [] if self.context.livemode else running_clocks(tx)
        for clock in clocks:
            self._compare_clock(clock)

    def _compare_clock(self, test_clock: str | None) -> None:
        """Compare what time a clock shows, before what lives on it; one that stands still is not written."""
        if test_clock is None or self.context.livemode:
            return
        answer = self.context.gateway.fetch_test_clock(test_clock)
        with self.context.database.read() as tx:
            ours, is_known_gone = clock_now(tx, test_clock), is_clock_deleted(tx, test_clock)
        shown = datetime.fromtimestamp(answer.body["frozen_time"], UTC) if answer else None
        found = () if is_known_gone else tuple(clock_differences(test_clock, ours, shown))
        self._note(PageOutcome({"test_clock": 1}, found, frozenset()))
        if found and not self.dry_run:
            with self.context.database.write() as tx:
                save_clock(self.context, tx, test_clock, answer)

    def _accounts_on_clocks(self) -> None:
        """Compare, one by one, the accounts that live on test clocks: Stripe's lists leave them out.

        Source: https://docs.stripe.com/api/subscriptions/list#list_subscriptions-test_clock
        """
        with self.context.database.read() as tx:
            found = [] if self.context.livemode else accounts_on_clocks(tx)
        for account_id in found:
            try:
                self._everything_of(account_id)
            except BeingReadError as busy:
                log.warning("subscription mirror not compared: %s", busy)
                self.report.left_out.append(account_id)

    def one_account(self, account_id: str) -> None:
        with self.context.database.read() as tx:
            account = require_account(tx, account_id)
        if account.stripe_customer_id is not None:
            self._compare_clock(account.test_clock)
        self._everything_of(account_id)

    def _everything_of(self, account_id: str) -> None:
        context = self.context
        with context.database.read() as tx:
            account = require_account(tx, account_id)
        customer_id = account.stripe_customer_id
        if customer_id is None:
            return
        with reading_lease(context, f"all of {customer_id}") as held:
            if not held:
                raise BeingReadError(
                    f"The account {account_id!r} is being read by somebody else.", "Try again in a moment."
                )
            began_at = context.now()
            found = ask_everything(context, account, customer_id)
            for kind in dict.fromkeys(kind for kind, _ in found):
                answers = [answer for listed, answer in found if listed == kind]
                reading = Reading(began_at, min(answer.answered_at for answer in answers))
                self._compare(kind, [as_listed(kind, answer.body) for answer in answers], reading)
            if not self.dry_run:
                with context.database.write() as tx:
                    mark_cards_read(tx, customer_id, began_at)
                    refresh_account(context, tx, account_id, cause="reconcile", has_asked=True)

    def _ask_for_replaced_cards(self, found: Iterable[Difference]) -> None:
        """Ask what became of a card that was charged before: no list tells whether it is still there."""
        for one in found:
            if one.kind == "customer" and one.field == "default_payment_method" and one.ours != NOTHING:
                self._ask_for("payment_method", one.ours, one.account_id)

    def _compare(self, kind: Kind, entries: Sequence[Listed], reading: Reading) -> tuple[Difference, ...]:
        with collect_later():
            outcome = save_page(self.context, with_nested(kind, entries), reading, dry_run=self.dry_run)
        self._note(outcome)
        if not self.dry_run:
            self._announce(outcome.account_ids)
        return outcome.differences

    def _note(self, outcome: PageOutcome) -> None:
        if self.dry_run:
            outcome = replace(
                outcome, differences=tuple(d for d in outcome.differences if d not in self.told)
            )
            self.told.update(outcome.differences)
        self.report.add(outcome)
        for difference in outcome.differences:
            log.warning("subscription mirror differs: %s", difference)
            self.tell(difference)

    def _announce(self, account_ids: Iterable[str]) -> None:
        for account_id in sorted(account_ids):
            with self.context.database.write() as tx:
                refresh_account(self.context, tx, account_id, cause="reconcile")

    def _ask_for_unlisted(self, kind: Kind, seen: SeenIds) -> None:
        after = ""
        while True:
            with self.context.database.read() as tx:
                rows = self._held(tx, kind, after)
            if not rows:
                return
            after = rows[-1][0]
            for object_id, owner in rows:
                if object_id not in seen:
                    self._ask_for(kind, object_id, owner)

    def _held(self, tx: Transaction, kind: Kind, after: str) -> list[tuple[str, str | None]]:
        """Return id and owner of what we hold as neither over nor deleted, by the page."""
        if kind == "customer":
            return living_customers(tx, after, _ROWS)
        return unsettled(tx, kind, _SETTLED[kind], after, _ROWS)

    def _ask_for(self, kind: Kind, object_id: str, owner: str | None) -> None:
        self.context.pace()
        began_at = self.context.now()
        answer = reader_of(self.context, kind)(object_id)
        if answer is not None:
            self._compare(kind, [as_listed(kind, answer.body)], Reading(began_at, answer.answered_at))
            return
        gone = Difference(kind, object_id, owner, "", "present", "missing")
        self._note(PageOutcome({kind: 1}, (gone,), frozenset()))
