"""Behind a pooler in transaction mode: each transaction may have another connection of the server's."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.store.pooler import pooler
from tests.store.test_flight import NAME, NAMES, driver_of
from tests.store.test_prepared import NOON
from tiergate.store import Database
from tiergate.store.account_rows import find_account, register

ROUNDS = 40
CLIENTS = 4


@pytest.fixture
def through(migrated_postgres_url: str) -> Iterator[str]:
    """The URL of a database behind a pooler with fewer connections than clients."""
    with pooler(migrated_postgres_url, refuses=True) as url:
        yield url


def test_nothing_is_prepared_behind_a_pooler(through: str, migrated_postgres_url: str) -> None:
    """What one transaction prepares would not be there for the next; without a pooler it is."""
    for url, is_direct in ((through, False), (migrated_postgres_url, True)):
        database = Database(url)
        with database.read() as tx:
            assert (driver_of(tx).prepare_threshold is not None) is is_direct
        database.close()


def test_clients_that_share_connections_are_answered_each_their_own(through: str) -> None:
    """Four clients with statements of different kinds, on two connections: none is refused or mixed up."""
    databases = [Database(through) for _ in range(CLIENTS)]

    def live(number: int) -> None:
        database, account_id = databases[number], f"account-{number}"
        for turn in range(ROUNDS):
            with database.write() as tx:
                register(tx, account_id, {}, NOON)
                NAME.send(tx, {"account": account_id, "new": f"{number} {turn}"})
            with database.read() as tx:
                assert (account_id, f"{number} {turn}") in NAMES(tx, {})
                found = find_account(tx, account_id)
                assert found is not None
                assert found.account_id == account_id

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(live, range(CLIENTS)))
    for database in databases:
        database.close()
