"""Connections that the server closed are replaced, and sound ones cost no statement to find out."""

from typing import Any

import pytest

from tiergate.store import Database, sound_connections


def pid(database: Database) -> int:
    """The process of the server that works for the connection that is given out."""
    with database.write() as tx:
        return int(tx.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())


@pytest.mark.parametrize("ask_after", [10.0, 0.0], ids=["looked at", "asked"])
def test_what_the_server_closed_is_replaced(
    migrated_postgres_url: str, monkeypatch: pytest.MonkeyPatch, ask_after: float
) -> None:
    """Whoever comes after the server ended a connection notices nothing of it, however long it was idle."""
    monkeypatch.setattr(sound_connections, "_ASK_AFTER_SECONDS", ask_after)
    database, other = Database(migrated_postgres_url), Database(migrated_postgres_url)
    first = pid(database)
    with other.write() as killer:
        killer.exec_driver_sql(f"SELECT pg_terminate_backend({first}, 5000)")
    assert pid(database) != first
    database.close()
    other.close()


@pytest.mark.parametrize(("ask_after", "times"), [(10.0, 0), (0.0, 1)], ids=["just used", "idle for long"])
def test_only_what_was_idle_for_long_is_asked(
    migrated_postgres_url: str, monkeypatch: pytest.MonkeyPatch, ask_after: float, times: int
) -> None:
    """A connection that was in use a moment ago is given out without a statement."""
    monkeypatch.setattr(sound_connections, "_ASK_AFTER_SECONDS", ask_after)
    database = Database(migrated_postgres_url)
    dialect = database.engine.dialect
    asked = []
    ping = dialect.do_ping

    def noted(connection: Any) -> bool:
        asked.append(connection)
        return ping(connection)

    monkeypatch.setattr(dialect, "do_ping", noted)
    first = pid(database)
    assert pid(database) == first
    assert len(asked) == times
    database.close()
