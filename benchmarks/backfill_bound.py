"""A backfill as bare as it can be: get a page, decode it, upsert a row for each object in it, commit.

The pages are those that the product asks for, in which latest invoices and the cards to charge are expanded.
"""

import http.client
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import msgspec
import psycopg

LISTS = {
    "customers": "limit=100&expand[0]=data.invoice_settings.default_payment_method",
    "subscriptions": "limit=100&status=all"
    "&expand[0]=data.latest_invoice&expand[1]=data.default_payment_method",
}
KINDS = (*LISTS, "invoices", "payment_methods")

Row = tuple[Any, ...]
Rows = dict[str, list[Row]]
"""Rows by the kind of their objects."""
Save = Callable[[Rows], None]
"""Upserts the rows of a page into their tables and commits."""


class Item(msgspec.Struct, gc=False):
    """A subscription item."""

    price: msgspec.Raw
    current_period_end: int


class Items(msgspec.Struct, gc=False):
    """The items of a subscription."""

    data: list[Item]


class Settings(msgspec.Struct, gc=False):
    """How a customer is charged."""

    default_payment_method: msgspec.Raw = msgspec.Raw()


class Listed(msgspec.Struct, gc=False):
    """An object, as far as it goes into columns, and what is expanded in it."""

    id: str
    created: int
    metadata: dict[str, str] | None = None
    customer: str | None = None
    status: str | None = None
    trial_end: int | None = None
    cancel_at: int | None = None
    items: Items | None = None
    latest_invoice: msgspec.Raw = msgspec.Raw()
    default_payment_method: msgspec.Raw = msgspec.Raw()
    invoice_settings: Settings | None = None


class Page(msgspec.Struct, gc=False):
    """A page of a list, its entries undecoded at first, for they are kept word for word."""

    data: list[msgspec.Raw]
    has_more: bool


def backfill(base_url: str, save: Save) -> int:
    """Save all customers and subscriptions, and return how many subscriptions there were."""
    count = 0
    for kind in LISTS:
        for entries in pages(base_url, kind):
            rows: Rows = {kind: []}
            for entry in entries:
                _take(entry, kind, rows)
            save(rows)
            count += len(entries) if kind == "subscriptions" else 0
    return count


def pages(base_url: str, kind: str) -> Iterator[list[msgspec.Raw]]:
    """Get a list page by page over one connection."""
    connection = http.client.HTTPConnection(urlsplit(base_url).netloc)
    decode = msgspec.json.Decoder(Page).decode
    after = ""
    while True:
        connection.request("GET", f"/v1/{kind}?{LISTS[kind]}{after}")
        page = decode(connection.getresponse().read())
        yield page.data
        if not page.has_more:
            connection.close()
            return
        after = f"&starting_after={_decode(page.data[-1]).id}"


_decode = msgspec.json.Decoder(Listed).decode


def _take(raw: msgspec.Raw, kind: str, rows: Rows) -> None:
    """Add the row of an object, and those of what is expanded in it."""
    thing = _decode(raw)
    item = thing.items.data[0] if thing.items else None
    row = (
        thing.id,
        thing.metadata.get("account_id") if thing.metadata else None,
        thing.customer,
        thing.status,
        item.current_period_end if item else None,
        thing.trial_end,
        thing.cancel_at,
        thing.created,
        bytes(raw).decode(),
    )
    rows.setdefault(kind, []).append(row)
    settings = thing.invoice_settings
    card = settings.default_payment_method if settings else thing.default_payment_method
    for nested, part in (("invoices", thing.latest_invoice), ("payment_methods", card)):
        if bytes(part).startswith(b"{"):
            _take(part, nested, rows)


COLUMNS = (
    "account_id",
    "customer",
    "status",
    "current_period_end",
    "trial_end",
    "cancel_at",
    "created",
    "raw",
)
_TYPES = ("TEXT", "TEXT", "TEXT", "BIGINT", "BIGINT", "BIGINT", "BIGINT")


def _table(kind: str, raw_type: str) -> str:
    columns = ", ".join(f"{name} {kept}" for name, kept in zip(COLUMNS, (*_TYPES, raw_type), strict=True))
    return f"CREATE TABLE IF NOT EXISTS bare_{kind} (id TEXT PRIMARY KEY, {columns})"


def _upsert(kind: str, mark: str) -> str:
    marks = ", ".join([mark] * (len(COLUMNS) + 1))
    changes = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS)
    return f"INSERT INTO bare_{kind} VALUES ({marks}) ON CONFLICT (id) DO UPDATE SET {changes}"


def sqlite_backfill(path: str, base_url: str) -> int:
    """Backfill a SQLite file, durably."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    for kind in KINDS:
        connection.execute(_table(kind, "TEXT"))

    def save(rows: Rows) -> None:
        connection.execute("BEGIN IMMEDIATE")
        for kind, of_kind in rows.items():
            connection.executemany(_upsert(kind, "?"), of_kind)
        connection.execute("COMMIT")

    try:
        return backfill(base_url, save)
    finally:
        connection.close()


def postgres_backfill(url: str, base_url: str) -> int:
    """Backfill a PostgreSQL database."""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for kind in KINDS:
            cursor.execute(_table(kind, "JSONB").encode())
        connection.commit()

        def save(rows: Rows) -> None:
            for kind, of_kind in rows.items():
                cursor.executemany(_upsert(kind, "%s").encode(), of_kind)
            connection.commit()

        return backfill(base_url, save)
