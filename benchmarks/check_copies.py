"""Copies of the one account in a SQLite database, as many as are wanted."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.check_accounts import account_id

_MIRROR = ("accounts", "customers", "subscriptions", "invoices", "payment_methods", "phases")


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database bare, and close it."""
    connection = sqlite3.connect(path)
    try:
        yield connection
        connection.commit()
    finally:
        connection.close()


def copy_account(path: Path, copies: int) -> None:
    """Make copies of the one account in a database, ``account_id(1)`` and on, with all its mirrored rows.

    What was received word for word is left out of the copies: no check reads it.
    """
    with opened(path) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        ids = _ids(connection)
        for name in _MIRROR:
            _copy_rows(connection, f"tiergate_{name}", ids, copies)
        connection.execute("ANALYZE")


def _ids(connection: sqlite3.Connection) -> list[str]:
    """Return what names the one account and its objects, wherever it stands in a row."""
    ids = [account_id(0)]
    for name, column in (
        ("customers", "stripe_customer_id"),
        ("subscriptions", "stripe_subscription_id"),
        ("invoices", "stripe_invoice_id"),
        ("payment_methods", "stripe_payment_method_id"),
    ):
        ids += (row[0] for row in connection.execute(f"SELECT {column} FROM tiergate_{name}"))
    return ids


def _copy_rows(connection: sqlite3.Connection, table: str, ids: list[str], copies: int) -> None:
    cursor = connection.execute(f"SELECT * FROM {table}")
    columns = [column[0] for column in cursor.description]
    originals = cursor.fetchall()
    left_out = {"raw": "{}", "phase_id": None}
    marks = ", ".join("?" * len(columns))

    def rows() -> Iterator[list[Any]]:
        for original in originals:
            values = [left_out.get(column, value) for column, value in zip(columns, original, strict=True)]
            for number in range(1, copies + 1):
                yield [_renamed(value, ids, number) if isinstance(value, str) else value for value in values]

    connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows())


def _renamed(value: str, ids: list[str], number: int) -> str:
    for one in ids:
        if one in value:
            value = value.replace(one, account_id(number) if one == ids[0] else f"{one}-{number}")
    return value
