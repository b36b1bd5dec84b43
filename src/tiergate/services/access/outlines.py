"""What accounts have in common: most differ in nothing but their dates, so the rest is worked out once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tiergate.rules.catalog import Catalog
from tiergate.rules.decision import Decision, decide
from tiergate.rules.timeline import Phase, Timeline
from tiergate.rules.usage import NOTHING_USED

_MOST_OUTLINES = 10_000


@dataclass(frozen=True, slots=True)
class Outline:
    """The answers of all accounts whose phases from now on mean the same, whenever each of them begins.

    ``ends`` tells, by feature, with which of the phases to come the answer changes; it changes never where
    there is no entry. ``first_end`` is the first of them.
    """

    catalog: Catalog
    phases: Sequence[Phase]
    decisions: Mapping[str, Decision]
    allowed: Mapping[str, bool]
    ends: Mapping[str, int]
    first_end: int | None


class Outlines:
    """The outlines that were met so far. Only whole answers are shared, so any thread may add one."""

    def __init__(self) -> None:
        """Begin without any."""
        self._known: dict[object, Outline] = {}

    def find(self, timeline: Timeline, at: datetime) -> Outline:
        """Return the outline of an account at an instant."""
        index = timeline.index_at(at)
        coming = timeline.phases[index:]
        # An outline keeps its catalogue and its phases alive, so that no other object takes their identity.
        meanings = ((phase.plan_key, phase.access, phase.reason, id(phase.features)) for phase in coming)
        key = (id(timeline.catalog), *meanings)
        outline = self._known.get(key)
        if outline is None:
            if len(self._known) >= _MOST_OUTLINES:
                self._known.clear()
            self._known[key] = outline = _outline(timeline, index, at)
        return outline


def _outline(timeline: Timeline, index: int, at: datetime) -> Outline:
    plain = Timeline(timeline.account_id, timeline.catalog, timeline.phases)
    decisions = {
        feature: decide(plain, feature, at, NOTHING_USED) for feature in timeline.catalog.every_feature
    }
    coming = [phase.starts_at for phase in timeline.phases[index + 1 :]]
    ends = {
        feature: coming.index(decision.valid_until)
        for feature, decision in decisions.items()
        if decision.valid_until is not None
    }
    return Outline(
        timeline.catalog,
        timeline.phases[index:],
        decisions,
        {feature: decision.allowed for feature, decision in decisions.items()},
        ends,
        min(ends.values(), default=None),
    )
