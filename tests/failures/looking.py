"""Takes a bench back to its beginning, and looks at what is left of what was told since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sqlalchemy import Row, Table

from tests.services.bench import Bench
from tiergate.rules.timeline import Phase
from tiergate.store.tables import (
    customers,
    invoices,
    journal,
    metadata,
    payment_methods,
    subscription_schedules,
    subscriptions,
)
from tiergate_sandbox.journal import Snapshot

MIRROR = (customers, subscriptions, invoices, payment_methods, subscription_schedules)
_SEEN = {"as_of", "fetched_at", "event_seen_at", "cards_read_at", "last_event_id"}
BOOKKEEPING = _SEEN | {"raw", "created_at", "updated_at"}


@dataclass(frozen=True)
class Beginning:
    """A bench as it is before each telling."""

    stripe: Snapshot
    rows: Mapping[Table, Sequence[Row[Any]]]


@dataclass(frozen=True)
class Outcome:
    """What is left after a telling."""

    mirror: dict[str, list[dict[str, Any]]]
    phases: tuple[Phase, ...]
    changes: list[tuple[Any, Any]]
    """What was announced of the account's access: from what to what."""
    occasions: list[str]
    announced: tuple[str | None, str | None, str | None]


def take_down(bench: Bench) -> Beginning:
    """Take down how things stand here and at Stripe."""
    rows = {table: bench.rows(table) for table in metadata.sorted_tables}
    return Beginning(bench.sandbox.service.snapshot(), rows)


def go_back(bench: Bench, beginning: Beginning) -> None:
    """Put the database back to the beginning."""
    with bench.context.database.write() as tx:
        for table in reversed(metadata.sorted_tables):
            tx.execute(table.delete())
        for table, rows in beginning.rows.items():
            if rows:
                tx.execute(table.insert(), [dict(row._mapping) for row in rows])


def look(bench: Bench) -> Outcome:
    """Take down the mirror, the timeline and what was announced."""
    explained = bench.explain()
    entries = sorted(bench.rows(journal), key=lambda row: row.entry_id)
    account = explained.account
    return Outcome(
        mirror={table.name: _facts(bench.rows(table)) for table in MIRROR},
        phases=explained.timeline.phases,
        changes=[
            (row.data["from"], row.data["to"])
            for row in entries
            if row.kind == "access_changed" and row.account_id == account.account_id
        ],
        occasions=[row.occasion_key for row in entries if row.occasion_key],
        announced=(account.plan_key, account.access, account.reason),
    )


def _with_charged_cards(mirror: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    charged = {
        row["default_payment_method"] for table in (customers, subscriptions) for row in mirror[table.name]
    }
    cards = [row for row in mirror[payment_methods.name] if row["stripe_payment_method_id"] in charged]
    return {**mirror, payment_methods.name: cards}


def _facts(rows: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    facts = [{name: value for name, value in row._mapping.items() if name not in BOOKKEEPING} for row in rows]
    return sorted(facts, key=lambda row: str(next(iter(row.values()))))


def require_same(
    found: Outcome, wanted: Outcome, still_true: Sequence[str], *, of_everything: bool = False
) -> None:
    """Require the same mirror and access, and each occasion once: all that are still true, and no others.

    Where everything was reconciled, only the cards that are charged: Stripe has no list of everybody's cards.
    """
    if of_everything:
        assert _with_charged_cards(found.mirror) == _with_charged_cards(wanted.mirror)
    else:
        assert found.mirror == wanted.mirror
    assert found.phases == wanted.phases
    assert found.announced == wanted.announced
    last = found.changes[-1][1]
    assert found.announced == (last["plan"], last["access"], last["reason"])
    for (_, before), (after, _) in pairwise(found.changes):
        assert before == after
    assert all(before != after for before, after in found.changes)
    assert len(found.occasions) == len(set(found.occasions))
    assert set(still_true) <= set(found.occasions) <= set(wanted.occasions)
