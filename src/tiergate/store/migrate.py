"""Brings the database to the schema of this code, and refuses one that this code cannot use."""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, func, inspect, select

from tiergate.rules.errors import TiergateError
from tiergate.store.engine import Database
from tiergate.store.tables import schema

CODE_REVISION = 10
"""The schema that this code was written for: the number of the newest file in ``migrations/versions``."""

VERSION_TABLE = "tiergate_alembic_version"

_MIGRATION_LOCK = int.from_bytes(b"tiergate")
"""The advisory lock by which processes that start together migrate one after the other."""


class SchemaTooOldError(TiergateError):
    """The database lacks tables or columns that this code needs."""

    code = "schema_too_old"


class SchemaTooNewError(TiergateError):
    """The database was migrated by newer code, in a way that this code cannot work with."""

    code = "schema_too_new"


def upgrade(url: str) -> None:
    """Migrate the database of a URL to this code's schema; does nothing where that is done.

    Raises ``SchemaTooNewError`` instead of touching a database that is ahead of this code.
    """
    database = Database(url)
    try:
        upgrade_database(database)
    finally:
        database.close()


def upgrade_database(database: Database) -> None:
    """Migrate an open database; see ``upgrade``."""
    with database.write() as connection:
        if not database.is_sqlite:
            connection.execute(select(func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
        revision = schema_revision(connection)
        if revision is not None and revision >= CODE_REVISION:
            check_schema(connection)
            return
        config = Config()
        config.set_main_option("script_location", str(files("tiergate.store") / "migrations"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def check_schema(connection: Connection) -> None:
    """Make sure that this code can work with the database.

    A newer schema is fine as long as its migration says that this code may run on it, so that a rolling
    deploy can migrate first. Raises ``SchemaTooOldError`` and ``SchemaTooNewError``.
    """
    revision = schema_revision(connection)
    if revision is None or revision < CODE_REVISION:
        have = "has no tables of tiergate" if revision is None else f"is at revision {revision}"
        raise SchemaTooOldError(
            f"The database {have}; this code needs revision {CODE_REVISION}.", "Run: tiergate migrate"
        )
    oldest = connection.execute(
        select(schema.c.oldest_code_revision).order_by(schema.c.revision.desc()).limit(1)
    ).scalar_one()
    if oldest > CODE_REVISION:
        raise SchemaTooNewError(
            f"The database is at revision {revision}, which needs code of revision {oldest} or newer; "
            f"this is {CODE_REVISION}.",
            "Install the tiergate release that migrated it: pip install --upgrade tiergate",
        )


def schema_revision(connection: Connection) -> int | None:
    """Return the database's revision, or ``None`` when tiergate has never been here."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    heads = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_heads()
    return int(heads[0]) if heads else None
