"""The mirror by the page: many objects, read from Stripe at once, compared and saved in few statements."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Dialect

from tiergate.rules.state import Customer, Invoice, PaymentMethod, Schedule, Subscription
from tiergate.store.column_types import Instant, Json
from tiergate.store.engine import Transaction
from tiergate.store.mirror import TABLES, Kind, key_of
from tiergate.store.mirror_rows import (
    customer_of,
    customer_values,
    invoice_of,
    invoice_values,
    payment_method_of,
    payment_method_values,
    schedule_of,
    schedule_values,
    subscription_of,
    subscription_values,
)
from tiergate.store.prepared import Prepared
from tiergate.store.row_reader import RowReader
from tiergate.store.tables import accounts, customers

Mirrored = Customer | Subscription | Invoice | PaymentMethod | Schedule
_STAMPS = ("raw", "as_of", "fetched_at", "event_seen_at", "last_event_id", "created_at", "updated_at")
_NOT_COMPARED = frozenset([*_STAMPS, "account_id", "cards_read_at", "test_clock"])
_SQLITE = sqlite.dialect()


class MirroredRows:
    """What is mirrored of some objects of a kind. A row is read only where it says something else."""

    def __init__(self, dialect: Dialect, kind: Kind, rows: Iterable[tuple[Any, ...]]) -> None:
        """Take rows as the driver gives them."""
        self._dialect = dialect
        self._layout = _layout(kind)
        self._rows = {row[0]: row for row in rows}

    def get(self, object_id: str) -> Mirrored | None:
        """Return what is mirrored of an object."""
        row = self._rows.get(object_id)
        return None if row is None else self._layout.read(self._dialect, row)

    def says(self, thing: Mirrored) -> bool:
        """Whether an object is mirrored exactly so."""
        row = self._rows.get(thing.id)
        return row is not None and self._layout.is_as(self._dialect, row, thing)


def mirrored(tx: Transaction, kind: Kind, ids: Collection[str]) -> MirroredRows:
    """Return what is mirrored of these objects."""
    return MirroredRows(tx.dialect, kind, _layout(kind).select.raw(tx, {"ids": list(ids)}))


class _Layout:
    """The columns of a kind that are compared, the id first, and those that are only read."""

    def __init__(self, kind: Kind) -> None:
        table = TABLES[kind]
        self._values, read, *further = _KINDS[kind]
        compared = [one for one in table.c if one.name not in _NOT_COMPARED or one.name in further]
        columns = [*compared, *([table.c.as_of] if kind == "subscription" else [])]
        self.read = RowReader(columns, read)
        self.select = Prepared(lambda ids: select(*columns).where(key_of(table).in_(ids)))
        self._compared = [one.name for one in compared]
        self._texts = [
            (place, process)
            for place, one in enumerate(compared)
            if isinstance(one.type, (Instant, Json))
            and (process := one.type.bind_processor(_SQLITE)) is not None
        ]

    def is_as(self, dialect: Dialect, row: tuple[Any, ...], thing: Any) -> bool:
        """Whether a row says of an object what is said here."""
        known = self._values(thing)
        values = [known[name] if name in known else getattr(thing, name) for name in self._compared]
        if dialect.name == "sqlite":
            for place, process in self._texts:
                if values[place] is not None:
                    values[place] = process(values[place])
        return tuple(values) == tuple(row[: len(values)])


_layout = cache(_Layout)

_KINDS: Mapping[Kind, Any] = {
    "customer": (customer_values, customer_of, "test_clock"),
    "subscription": (
        lambda thing: subscription_values(thing, str(thing.status)),
        subscription_of,
        "test_clock",
        "created_at",
    ),
    "invoice": (
        lambda thing: invoice_values(thing, str(thing.status)),
        invoice_of,
        "test_clock",
        "created_at",
    ),
    "payment_method": (payment_method_values, payment_method_of),
    "subscription_schedule": (schedule_values, schedule_of, "test_clock"),
}
"""What lays each kind out in columns and reads it again, and which further columns of all are its own."""


def told_since(tx: Transaction, kind: Kind, ids: Collection[str], at: datetime) -> set[str]:
    """Return those of these objects of which an event that was received after ``at`` has told something."""
    return {row[0] for row in _told_since(kind)(tx, {"ids": list(ids), "at": at})}


@cache
def _told_since(kind: Kind) -> Prepared:
    table = TABLES[kind]
    since = table.c.event_seen_at > bindparam("at", type_=Instant)
    return Prepared(lambda ids: select(key_of(table)).where(key_of(table).in_(ids), since))


def clocks_of_customers(tx: Transaction, customer_ids: Collection[str]) -> dict[str, str | None]:
    """Return the test clocks on which mirrored customers live, by the customer's id."""
    query = select(customers.c.stripe_customer_id, customers.c.test_clock)
    rows = tx.execute(query.where(customers.c.stripe_customer_id.in_(sorted(customer_ids))))
    return {row.stripe_customer_id: row.test_clock for row in rows}


def known_accounts(tx: Transaction, account_ids: Collection[str]) -> set[str]:
    """Return which of these accounts are known."""
    return set(
        tx.execute(select(accounts.c.account_id).where(accounts.c.account_id.in_(account_ids))).scalars()
    )


def unsettled(
    tx: Transaction, kind: Kind, settled: Collection[str], after: str, limit: int
) -> list[tuple[str, str | None]]:
    """Return id and owner of objects that are in none of these states, in order of their ids.

    Those on test clocks are left out, as they are from Stripe's lists.
    """
    table = TABLES[kind]
    key = key_of(table)
    wanted = (table.c.status.not_in(settled), table.c.test_clock.is_(None), key > after)
    query = select(key, table.c.account_id).where(*wanted)
    return [(row[0], row.account_id) for row in tx.execute(query.order_by(key).limit(limit))]


def accounts_on_clocks(tx: Transaction) -> list[str]:
    """Return the accounts whose customers live on test clocks."""
    query = select(accounts.c.account_id).where(
        accounts.c.test_clock.is_not(None), accounts.c.stripe_customer_id.is_not(None)
    )
    return list(tx.execute(query.order_by(accounts.c.account_id)).scalars())
