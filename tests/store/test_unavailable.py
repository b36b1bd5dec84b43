"""A database that does not answer is told from a statement that is wrong."""

import pytest
from sqlalchemy.exc import DBAPIError

from tiergate.store import Database
from tiergate.store.engine import DatabaseUnavailableError


def test_a_database_that_goes_away_while_it_is_read_is_named(migrated_postgres_url: str) -> None:
    """A reader whose connection is cut is told that the database does not answer."""
    database, other = Database(migrated_postgres_url), Database(migrated_postgres_url)

    def read() -> None:
        with database.read() as tx:
            pid = tx.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            with other.read() as killer:
                killer.exec_driver_sql(f"SELECT pg_terminate_backend({pid})")
            tx.exec_driver_sql("SELECT 1")

    with pytest.raises(DatabaseUnavailableError):
        read()
    database.close()
    other.close()


def test_a_missing_table_is_not_taken_for_a_missing_database(empty_database: Database) -> None:
    """A mistake in a statement is shown as it is."""

    def read() -> None:
        with empty_database.read() as tx:
            tx.exec_driver_sql("SELECT * FROM nowhere")

    with pytest.raises(DBAPIError, match="nowhere"):
        read()
