"""Which databases this code agrees to work with."""

import pytest
from sqlalchemy import text, update

from tests.store.schema_snapshot import snapshot
from tiergate.store import Database, migrate
from tiergate.store.migrate import CODE_REVISION, SchemaTooNewError, SchemaTooOldError
from tiergate.store.tables import schema


def _migrated_by_newer_code(database: Database, *, revision: int, oldest_code_revision: int) -> None:
    with database.write() as tx:
        tx.execute(schema.insert().values(revision=revision, oldest_code_revision=oldest_code_revision))
        tx.execute(text(f"UPDATE {migrate.VERSION_TABLE} SET version_num = '{revision:04}'"))


def test_a_database_without_tables_is_to_be_migrated(empty_database: Database) -> None:
    """Where tiergate has never been, the message names the command that helps."""
    with empty_database.read() as tx, pytest.raises(SchemaTooOldError, match=r"no tables.*tiergate migrate"):
        migrate.check_schema(tx)


def test_a_database_behind_the_code_is_to_be_migrated(database: Database) -> None:
    """An older schema is refused with both revisions, and the command that helps."""
    with database.write() as tx:
        tx.execute(text(f"UPDATE {migrate.VERSION_TABLE} SET version_num = '0000'"))
    expected = f"revision 0; this code needs revision {CODE_REVISION}.*tiergate migrate"
    with database.read() as tx, pytest.raises(SchemaTooOldError, match=expected):
        migrate.check_schema(tx)


def test_a_newer_schema_that_lets_this_code_run_is_accepted(database: Database) -> None:
    """In a rolling deploy old code goes on working on the next schema."""
    _migrated_by_newer_code(database, revision=CODE_REVISION + 1, oldest_code_revision=CODE_REVISION)
    before = snapshot(database.engine)
    migrate.upgrade_database(database)
    with database.read() as tx:
        migrate.check_schema(tx)
        assert migrate.schema_revision(tx) == CODE_REVISION + 1
    assert snapshot(database.engine) == before


def test_an_incompatibly_newer_schema_is_refused(database: Database) -> None:
    """The message names the database's revision, the one it asks for, and this code's."""
    _migrated_by_newer_code(database, revision=97, oldest_code_revision=95)
    expected = f"revision 97, which needs code of revision 95 or newer; this is {CODE_REVISION}.*Install"
    with database.read() as tx, pytest.raises(SchemaTooNewError, match=expected):
        migrate.check_schema(tx)


def test_an_incompatibly_newer_schema_is_not_touched(database: Database) -> None:
    """``upgrade`` refuses it likewise and leaves it as it is."""
    _migrated_by_newer_code(database, revision=97, oldest_code_revision=95)
    before = snapshot(database.engine)
    with pytest.raises(SchemaTooNewError):
        migrate.upgrade_database(database)
    assert snapshot(database.engine) == before


def test_the_newest_revision_decides(database: Database) -> None:
    """What an earlier migration allowed is void after a later one that does not."""
    _migrated_by_newer_code(database, revision=96, oldest_code_revision=CODE_REVISION)
    _migrated_by_newer_code(database, revision=97, oldest_code_revision=97)
    with database.read() as tx, pytest.raises(SchemaTooNewError, match="revision 97"):
        migrate.check_schema(tx)


def test_the_oldest_code_that_may_run_is_read_from_the_database(database: Database) -> None:
    """This very schema refuses this code as soon as it says so."""
    with database.write() as tx:
        tx.execute(update(schema).values(oldest_code_revision=CODE_REVISION + 1))
    with database.read() as tx, pytest.raises(SchemaTooNewError):
        migrate.check_schema(tx)
