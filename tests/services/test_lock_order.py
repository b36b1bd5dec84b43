"""Whoever writes an account locks the account first: so no two writers wait for each other for good."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text, update

from tests.services.bench import ACCOUNT, Bench, open_bench
from tiergate.services.access.grant_access import GrantDetails, grant_access
from tiergate.services.mirror.read_from_stripe import read_account, read_object
from tiergate.services.mirror.remap import remap
from tiergate.services.webhooks.delivery import Need
from tiergate.store import Transaction
from tiergate.store.account_rows import find_account
from tiergate.store.mirror import TABLES
from tiergate.store.tables import prices, subscriptions

_WAITING = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
_LOOKS = 50_000


@pytest.fixture
def on_postgres(migrated_postgres_url: str) -> Iterator[Bench]:
    """A bench on PostgreSQL: SQLite has one writer, who waits for nobody."""
    with open_bench(migrated_postgres_url) as opened:
        yield opened


def change(bench: Bench, event_type: str, path: str) -> None:
    """Deliver an event of an object as it is at Stripe."""
    bench.ingest(bench.event(event_type, bench.at_stripe(path)))


def card(bench: Bench) -> str:
    """The card of the account."""
    return bench.explain().state.payment_methods[0].id


def adopt_prices(bench: Bench) -> None:
    """Map the prices of a running subscription anew."""
    with bench.context.database.write() as tx:
        tx.execute(update(prices).values(plan_key="scale"))
    assert remap(bench.context, [row.stripe_price_id for row in bench.rows(prices)]) == 1


WRITERS: dict[str, Callable[[Bench, str], object]] = {
    "an event": lambda b, s: change(b, "customer.subscription.updated", f"/v1/subscriptions/{s}"),
    "a card's event": lambda b, s: change(b, "payment_method.updated", f"/v1/payment_methods/{card(b)}"),
    "a reading": lambda b, s: read_object(b.context, Need("subscription", s), "test"),
    "a whole reading": lambda b, s: read_account(b.context, ACCOUNT, "test"),
    "a mapping": lambda b, s: adopt_prices(b),
    "a grant": lambda b, s: grant_access(b.context, ACCOUNT, GrantDetails("comp", "scale")),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_the_account_is_locked_first(on_postgres: Bench, writer: str) -> None:
    """While somebody holds the account, a writer waits without holding anything that this one may need."""
    subscription_id = on_postgres.subscribe()
    on_postgres.deliver(*on_postgres.webhooks())
    on_postgres.tick()
    with ThreadPoolExecutor(1) as pool:
        with on_postgres.context.database.write() as tx:
            find_account(tx, ACCOUNT, lock=True)
            work = pool.submit(WRITERS[writer], on_postgres, subscription_id)
            wait_until_blocked(on_postgres)
            lock_everything_else(tx)
        work.result(timeout=30)


def wait_until_blocked(bench: Bench) -> None:
    """Look until somebody waits for a lock."""
    for _ in range(_LOOKS):
        with bench.context.database.read() as tx:
            if tx.execute(_WAITING).scalar():
                return
    raise AssertionError("nobody waits: the writer did not need the account")


def lock_everything_else(tx: Transaction) -> None:
    """Take all mirrored rows, or fail at once where somebody has one of them."""
    tx.execute(text("SET LOCAL lock_timeout = '50ms'"))
    for table in TABLES.values():
        tx.execute(table.select().with_for_update())
    assert tx.execute(subscriptions.select()).first() is not None
