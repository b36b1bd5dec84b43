"""Counts the rows that anybody writes to a database, by triggers: whoever it is, and however it is done."""

from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from tiergate.store.tables import jobs, leases, metadata

BOOKKEEPING = frozenset([jobs.name, leases.name])
"""How far a job has come, and who does it: nothing that anybody would miss."""

_NOTE = """
CREATE FUNCTION note_written() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO written VALUES (TG_TABLE_NAME); RETURN NULL; END $$
"""


def count_written(url: str) -> None:
    """Begin to count what is written to tiergate's tables, apart from its bookkeeping."""
    names = [name for name in metadata.tables if name not in BOOKKEEPING]
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE written (name TEXT)")
        is_sqlite = engine.dialect.name == "sqlite"
        if not is_sqlite:
            connection.exec_driver_sql(_NOTE)
        for name in names:
            for event in ("INSERT", "UPDATE", "DELETE"):
                body = (
                    f"BEGIN INSERT INTO written VALUES ('{name}'); END"
                    if is_sqlite
                    else "FOR EACH ROW EXECUTE FUNCTION note_written()"
                )
                connection.exec_driver_sql(
                    f"CREATE TRIGGER written_{name}_{event} AFTER {event} ON {name} {body}"
                )


def written(url: str) -> int:
    """Return how many rows were inserted, changed or deleted since ``count_written``."""
    with create_engine(url, poolclass=NullPool).connect() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM written").scalar_one())
