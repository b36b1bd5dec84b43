"""How many webhooks a second are taken in: verified, stored, applied, durable, and then answered."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks import ingest_product
from benchmarks.ingest_alone import one_by_one, verify_and_parse
from benchmarks.ingest_backlog import drained
from benchmarks.ingest_contest import CONNECTIONS, WARM_UP, Result, contest
from benchmarks.ingest_contestants import Prepared
from benchmarks.ingest_events import MIX, Events
from benchmarks.ingest_peers import DJ_STRIPE, SYNC_ENGINE, peers
from benchmarks.ingest_stripe import canned_stripe
from benchmarks.row import Row
from benchmarks.settled import have_log_files
from tests.support.postgres import postgres_server

GatesAndAims = Mapping[str, tuple[float, float]]

GATES_AND_AIMS: GatesAndAims = {"SQLite": (0.35, 0.7), "PostgreSQL": (0.3, 0.6)}
AGAINST_PEERS: GatesAndAims = {DJ_STRIPE: (30, 85), SYNC_ENGINE: (2, 9)}
AGAINST_PEERS_BY_FEW: GatesAndAims = {SYNC_ENGINE: (1, 2)}
FEW_CONNECTIONS = 8
"""Over so few there is little that deliveries can share, which is what the product is built on."""
_FEW = 8
"""So many buyers are enough where events are taken in one by one."""


def rows(quick: bool) -> Iterator[Row]:
    """Measure each way in beside its bound; the quick run leaves the peers out, and installs nothing."""
    buyers, rounds, backlog = (32, 3, 1_000) if quick else (128, 5, 100_000)
    with _prepared(_FEW) as few:
        yield from verify_and_parse(few.events)
        for name, copy in (("SQLite", few.sqlite_copy), ("PostgreSQL", few.postgres_copy)):
            with copy() as url:
                yield from one_by_one(name, url, few.events, few.stripe_base)
    with _prepared(WARM_UP + buyers) as prepared:
        for name, copy in (("SQLite", prepared.sqlite_copy), ("PostgreSQL", prepared.postgres_copy)):
            with copy() as url:
                changes = backlog // prepared.events.subscriptions
                yield from drained(name, url, prepared.events, changes, prepared.stripe_base)
        contestants = prepared.contestants()
        others = [] if quick else peers(prepared.events, prepared.stripe_base, prepared.postgres)
        results = contest([*contestants, *others], prepared.events, prepared.stripe_base, rounds, CONNECTIONS)
        yield from _against_prototypes(results)
        if not quick:
            yield from _against_peers(results, AGAINST_PEERS, CONNECTIONS)
            best = [one for one in [*contestants, *others] if one.name in ("PostgreSQL", SYNC_ENGINE)]
            results = contest(best, prepared.events, prepared.stripe_base, rounds, FEW_CONNECTIONS)
            yield from _against_peers(results, AGAINST_PEERS_BY_FEW, FEW_CONNECTIONS)


@contextmanager
def _prepared(buyers: int) -> Iterator[Prepared]:
    """Let so many buyers be known in a database of each kind."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        postgres = stack.enter_context(postgres_server(durable=True))
        sqlite, postgres_url = folder / "buyers.db", postgres.create_database()
        urls = [f"sqlite:///{sqlite}", postgres_url]
        events = Events(ingest_product.set_up(urls), buyers)
        stripe_base = stack.enter_context(canned_stripe(events))
        for url in urls:
            ingest_product.fill(url, events, stripe_base)
        have_log_files(postgres)
        yield Prepared(events, stripe_base, sqlite, postgres, postgres_url)


def _against_prototypes(results: Mapping[str, Result]) -> Iterator[Row]:
    for database, (gate, aim) in GATES_AND_AIMS.items():
        product, prototype = results[database], results[f"{database} prototype"]
        yield Row(
            f"webhooks over HTTP, {database}, against a bare prototype",
            product.rate,
            prototype.rate,
            gate,
            "/s",
            f"{product}; {MIX}; the prototype: {prototype}",
            aim,
            product.wrong or (prototype.wrong and f"the prototype: {prototype.wrong}"),
        )


def _against_peers(
    results: Mapping[str, Result], gates_and_aims: GatesAndAims, connections: int
) -> Iterator[Row]:
    product = results["PostgreSQL"]
    for name, (gate, aim) in gates_and_aims.items():
        peer = results[name]
        notes = (peer.wrong, str(peer))
        yield Row(
            f"webhooks over HTTP, PostgreSQL, {connections} connections, against {name}",
            product.rate,
            peer.rate,
            gate,
            "/s",
            f"the peer: {'; '.join(note for note in notes if note)}",
            aim,
            wrong=product.wrong,
        )
