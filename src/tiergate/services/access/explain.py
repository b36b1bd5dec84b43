"""Explains an account: what it has, since when, why, what comes next, and what was done about it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tiergate.rules.catalog import Catalog
from tiergate.rules.decision import Decision, decide
from tiergate.rules.instants import require_aware
from tiergate.rules.state import AccountState
from tiergate.rules.timeline import Phase, Timeline, build_timeline
from tiergate.rules.usage import UNCOUNTED
from tiergate.rules.usage_window import window_at
from tiergate.services.access.explain_json import explanation_json
from tiergate.services.access.explain_text import explanation_text
from tiergate.services.access.policy_lines import policy_lines, subscription_behind
from tiergate.services.access.recall_phases import Recalled, recall
from tiergate.services.account_time import account_now
from tiergate.services.accounts.require_account import require_account
from tiergate.services.context import Context
from tiergate.services.plans.load_catalog import load_catalog
from tiergate.store import Transaction
from tiergate.store.account_rows import Account, load_state
from tiergate.store.catalog_rows import catalogs_before, newest_catalog
from tiergate.store.journal_rows import Entry, entries_of
from tiergate.store.origin_rows import Origin, origins_of
from tiergate.store.phase_rows import RecordedPhase, phases_of
from tiergate.store.usage_rows import usage_of


@dataclass(frozen=True, slots=True)
class Ground:
    """What one phase rests on: objects of Stripe's, grants, what told of them, and lines of the policy."""

    phase: Phase
    origins: tuple[Origin, ...]
    policy: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything behind an account's access at ``at``, in its own time, which is ``now_at`` at present.

    ``timeline`` is what today's facts imply, and ``decision`` what they imply for a ``feature``.
    ``recalled`` is what was recorded at the time; ``None`` where ``at`` is not in the past.
    """

    account: Account
    at: datetime
    now_at: datetime
    state: AccountState
    catalog: Catalog
    timeline: Timeline
    journal: tuple[Entry, ...]
    recorded: tuple[RecordedPhase, ...]
    """Every phase that was ever recorded, in the order in which it became known."""
    recalled: Recalled | None
    origins: Mapping[str, Origin]
    policy_texts: Mapping[int, str]
    feature: str | None = None
    decision: Decision | None = None

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The phases that today's facts imply: the account's, or the feature's if there is one."""
        return (self.timeline.of_feature(self.feature) if self.feature else self.timeline).phases

    @property
    def phase(self) -> Phase:
        """The phase that holds at ``at`` by today's facts."""
        return (self.timeline.of_feature(self.feature) if self.feature else self.timeline).at(self.at)

    @property
    def grounds(self) -> tuple[Ground, ...]:
        """What each of the phases rests on."""
        return tuple(self._ground(index) for index in range(len(self.phases)))

    def _ground(self, index: int) -> Ground:
        phase = self.phases[index]
        lines = policy_lines(
            phase, self.phases[:index], self.state, self.catalog, self.policy_texts, self.feature
        )
        named = dict.fromkeys(self._objects_behind(phase))
        return Ground(phase, tuple(self.origins[name] for name in named if name in self.origins), lines)

    def _objects_behind(self, phase: Phase) -> Iterator[str]:
        if phase.cause.object_id:
            yield phase.cause.object_id
        subscription = subscription_behind(phase, self.state)
        if subscription is not None:
            yield subscription.id
        for span in phase.sources:
            if span.cause.object_id:
                yield span.cause.object_id
        yield from phase.grant_ids

    def __str__(self) -> str:
        """Render as text for a terminal."""
        return explanation_text(self)

    def as_json(self) -> dict[str, Any]:
        """Return everything as values that JSON can hold; instants are ISO 8601 in UTC."""
        return explanation_json(self)


def explain(
    context: Context, account_id: str, feature: str | None = None, at: datetime | None = None
) -> Explanation:
    """Gather what an account's access rests on, now or at another instant of its own time.

    Raises ``UnknownAccountError`` and ``UnknownFeatureError``, and ``ValueError`` for an instant without a
    time zone.
    """
    with context.database.read() as tx:
        account = require_account(tx, account_id)
        state = load_state(tx, account)
        catalog = load_catalog(tx)
        now_at = account_now(context, tx, account)
        at = now_at if at is None else require_aware(at)
        timeline = build_timeline(state, catalog)
        recorded = tuple(phases_of(tx, account_id))
        return Explanation(
            account=account,
            at=at,
            now_at=now_at,
            state=state,
            catalog=catalog,
            timeline=timeline,
            journal=tuple(entries_of(tx, account_id)),
            recorded=recorded,
            recalled=recall(recorded, at) if at < now_at else None,
            origins=origins_of(tx, account_id),
            policy_texts=_texts(tx, state, catalog),
            feature=feature,
            decision=_decision(tx, state, timeline, feature, at, is_now=at == now_at) if feature else None,
        )


def _decision(
    tx: Transaction, state: AccountState, timeline: Timeline, feature: str, at: datetime, *, is_now: bool
) -> Decision:
    """Answer about a feature; what was used at another instant than now is not known."""
    windows = {feature: window_at(state, timeline, feature, at)} if is_now else {}
    usage = usage_of(tx, state.account_id, windows).get(feature, UNCOUNTED)
    return decide(timeline, feature, at, usage)


def _texts(tx: Transaction, state: AccountState, catalog: Catalog) -> dict[int, str]:
    """Return the files of the catalogue's versions that the account's subscriptions were sold under."""
    newest = newest_catalog(tx)
    sold = {catalog.as_sold(subscription.catalog_version).version for subscription in state.subscriptions}
    older = catalogs_before(tx, catalog.version) if sold - {catalog.version} else []
    published = [*older, *([newest] if newest else [])]
    return {each.version: each.text for each in published if each.version in sold}
