"""Migrations: from nothing to this code's schema, beside whatever the host has."""

import subprocess
import sys
from importlib.resources import files

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from tests.store.builders import event, rows, save, subscription
from tests.store.schema_snapshot import snapshot
from tiergate.store import Database, migrate
from tiergate.store.tables import metadata, schema, subscriptions

OWN = "tiergate_"
VIEWS = {"subscriptions", "stripe_events"}
PROCESSES = 2

MIGRATE_WHEN_TOLD = """
import sys
from tiergate.store.migrate import upgrade
print("ready", flush=True)
sys.stdin.readline()
upgrade(sys.argv[1])
"""


def test_a_fresh_database_gets_every_table_and_the_views(empty_database: Database) -> None:
    """All tables of the code are made, and the two views by which the seed knows them."""
    migrate.upgrade_database(empty_database)
    inspector = inspect(empty_database.engine)
    assert set(inspector.get_table_names()) == {*metadata.tables, migrate.VERSION_TABLE}
    assert set(inspector.get_view_names()) == VIEWS


def test_the_migrations_make_the_tables_of_the_code(empty_database: Database) -> None:
    """Migrated, and made from the definitions at once, a database is the same in every column and index."""
    migrate.upgrade_database(empty_database)
    migrated = snapshot(empty_database.engine, OWN)
    del migrated[migrate.VERSION_TABLE]
    with empty_database.write() as tx:
        for view in VIEWS:
            tx.execute(text(f"DROP VIEW {view}"))
        metadata.drop_all(tx)
        metadata.create_all(tx)
    made = snapshot(empty_database.engine, OWN)
    del made[migrate.VERSION_TABLE]
    assert migrated == made


def test_a_new_migration_would_be_empty(database: Database) -> None:
    """Alembic finds nothing to add and nothing to remove."""
    with database.read() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "version_table": migrate.VERSION_TABLE,
                "compare_type": True,
                "compare_server_default": True,
            },
        )
        assert compare_metadata(context, metadata) == []


def test_the_code_knows_its_newest_migration() -> None:
    """``CODE_REVISION`` is the number of the newest file."""
    config = Config()
    config.set_main_option("script_location", str(files("tiergate.store") / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [f"{migrate.CODE_REVISION:04}"]


def test_a_migration_notes_its_revision(database: Database) -> None:
    """The newest row of the schema table names the code's revision, and code that old may run on it."""
    with database.read() as tx:
        newest = max(rows(tx, schema), key=lambda row: int(row.revision))
        migrate.check_schema(tx)
    assert newest.revision == migrate.CODE_REVISION
    assert newest.oldest_code_revision <= migrate.CODE_REVISION


def test_migrating_again_changes_nothing(database: Database) -> None:
    """A second run leaves the schema and the rows as they were."""
    with database.write() as tx:
        save(tx, subscription(), event(5))
    before = snapshot(database.engine)
    migrate.upgrade_database(database)
    with database.read() as tx:
        left = rows(tx, subscriptions)
    assert snapshot(database.engine) == before
    assert [row.stripe_subscription_id for row in left] == ["sub_1"]


def test_a_url_is_enough(database_url: str) -> None:
    """``upgrade`` opens the database of a URL, migrates it, and gives the connections back."""
    migrate.upgrade(database_url)
    database = Database(database_url)
    with database.read() as tx:
        migrate.check_schema(tx)
    database.close()


def test_processes_that_start_together_migrate_once(database_url: str) -> None:
    """Two processes that migrate the same empty database at the same moment all succeed."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATE_WHEN_TOLD, database_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    troubles = [process.communicate(timeout=60)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * PROCESSES, troubles
    database = Database(database_url)
    with database.read() as tx:
        migrate.check_schema(tx)
        assert len(rows(tx, schema)) == migrate.CODE_REVISION
    database.close()


@pytest.mark.parametrize(
    "statements",
    [
        [
            "CREATE TABLE subscriptions (note TEXT)",
            "INSERT INTO subscriptions VALUES ('the host''s own')",
            "CREATE TABLE stripe_events (note TEXT)",
        ],
        [
            "CREATE TABLE notes (note TEXT)",
            "INSERT INTO notes VALUES ('the host''s own')",
            "CREATE VIEW subscriptions AS SELECT note FROM notes",
            "CREATE VIEW stripe_events AS SELECT note FROM notes",
        ],
    ],
    ids=["tables", "views"],
)
def test_what_the_host_has_is_left_alone(empty_database: Database, statements: list[str]) -> None:
    """Where the host has the views' names already they stay its own, and everything else works."""
    with empty_database.write() as tx:
        for statement in statements:
            tx.execute(text(statement))
    before = snapshot(empty_database.engine)
    migrate.upgrade_database(empty_database)
    after = snapshot(empty_database.engine)
    with empty_database.write() as tx:
        save(tx, subscription(), event(5))
        notes = tx.execute(text("SELECT note FROM subscriptions")).scalars().all()
        saved = [row.stripe_subscription_id for row in rows(tx, subscriptions)]
    assert {name: after[name] for name in before} == before
    assert (notes, saved) == (["the host's own"], ["sub_1"])


def test_a_materialized_view_of_the_host_is_left_alone(postgres_url: str) -> None:
    """On PostgreSQL a materialized view of the host may bear the name as well."""
    database = Database(postgres_url)
    with database.write() as tx:
        tx.execute(text("CREATE MATERIALIZED VIEW subscriptions AS SELECT 'the host''s own' AS note"))
    migrate.upgrade_database(database)
    with database.read() as tx:
        migrate.check_schema(tx)
        assert tx.execute(text("SELECT note FROM subscriptions")).scalar_one() == "the host's own"
    database.close()


def test_a_migration_that_fails_leaves_nothing(empty_database: Database) -> None:
    """Tables made before a failure are undone with it, so that the next attempt starts afresh."""
    with empty_database.write() as tx:
        tx.execute(text("CREATE TABLE tiergate_test_clocks (the_hosts TEXT)"))
    with pytest.raises(DBAPIError, match="tiergate_test_clocks"):
        migrate.upgrade_database(empty_database)
    assert inspect(empty_database.engine).get_table_names() == ["tiergate_test_clocks"]


def test_older_code_still_writes_what_stripe_said(migrated_postgres_url: str) -> None:
    """Code from before the column changed its type casts to ``jsonb``, and PostgreSQL takes that too."""
    database = Database(migrated_postgres_url)
    with database.write() as tx:
        save(tx, subscription(), event(1))
        tx.execute(text("UPDATE tiergate_subscriptions SET raw = CAST('{\"old\": 1}' AS jsonb)"))
        assert tx.execute(text("SELECT raw ->> 'old' FROM tiergate_subscriptions")).scalar_one() == "1"
        kept = text(
            "SELECT attcompression <> '' OR attstorage = 'e' FROM pg_attribute "
            "WHERE attrelid = 'tiergate_subscriptions'::regclass AND attname = 'raw'"
        )
        assert tx.execute(kept).scalar_one(), "the default compression is too slow"
    database.close()
