"""The draft of the catalogue: one text, until it is published or discarded."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update

from tiergate.store.admin_tables import catalog_draft
from tiergate.store.engine import Transaction
from tiergate.store.insert_into import insert_into
from tiergate.store.tables import accounts

_THE_ONE = 1


@dataclass(frozen=True, slots=True)
class Draft:
    """An edit of the catalogue: its text, and the published version that it began from (0: none)."""

    text: str
    based_on_version: int
    edited_by: str
    updated_at: datetime


_DRAFT = [catalog_draft.c[name] for name in Draft.__dataclass_fields__]
_FIND = select(*_DRAFT).where(catalog_draft.c.draft_id == _THE_ONE)


def find_draft(tx: Transaction) -> Draft | None:
    """Return the draft, if there is one."""
    row = tx.execute(_FIND).first()
    return Draft(*row) if row else None


def lock_draft(tx: Transaction, otherwise: Draft) -> Draft:
    """Return the draft, begun as ``otherwise`` where there was none; other editors wait from here on."""
    values = {name: getattr(otherwise, name) for name in Draft.__dataclass_fields__}
    tx.execute(insert_into(tx, catalog_draft).values(draft_id=_THE_ONE, **values).on_conflict_do_nothing())
    return Draft(*tx.execute(_FIND.with_for_update()).one())


def save_draft(tx: Transaction, draft: Draft) -> None:
    """Save the draft that was locked."""
    values = {name: getattr(draft, name) for name in Draft.__dataclass_fields__}
    tx.execute(update(catalog_draft).where(catalog_draft.c.draft_id == _THE_ONE).values(values))


def delete_draft(tx: Transaction) -> None:
    """Discard the draft."""
    tx.execute(delete(catalog_draft))


def accounts_by_plan(tx: Transaction) -> dict[str, int]:
    """Return how many accounts have each plan, as it was announced last."""
    query = select(accounts.c.plan_key, func.count()).group_by(accounts.c.plan_key)
    return {row[0]: row[1] for row in tx.execute(query) if row[0] is not None}
