"""The peers in the contest of webhooks: dj-stripe and stripe-sync-engine, on the product's PostgreSQL."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from benchmarks import ingest_product
from benchmarks.ingest_contest import CONNECTIONS, WARM_UP, Contestant, Running, judge
from benchmarks.ingest_events import Events, signed
from benchmarks.ingest_load import deliver
from benchmarks.listening import listening
from benchmarks.peers.environment import node_environment, python_environment
from benchmarks.settled import settle
from tests.support.postgres import PostgresServer

DJ_STRIPE = "dj-stripe"
SYNC_ENGINE = "stripe-sync-engine"
_DJ_STRIPE_REQUIREMENTS = (
    "dj-stripe==2.11.0",
    "django==5.2.19",
    "psycopg[binary]==3.3.9",
    "gunicorn==23.0.0",
)
_SYNC_ENGINE_PACKAGES = ("@supabase/stripe-sync-engine@0.48.5",)
_MOST_BUYERS = {DJ_STRIPE: WARM_UP + 32}
"""It takes in some fifty events a second."""
_SCRIPTS = Path(__file__).with_name("peers")
_ENDPOINT = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class _Program:
    """How a peer is run on a database, and which query tells the seats of each subscription."""

    command: Callable[[str], Sequence[str | Path]]
    path: str
    seats: str


def peers(events: Events, stripe_base: str, postgres: PostgresServer) -> list[Contestant]:
    """Install the peers, and return them."""
    python = python_environment(DJ_STRIPE, *_DJ_STRIPE_REQUIREMENTS)
    node = node_environment(SYNC_ENGINE, *_SYNC_ENGINE_PACKAGES)
    programs = {
        DJ_STRIPE: _Program(
            lambda _: [python, _SCRIPTS / "dj_stripe_site.py"],
            f"/stripe/webhook/{_ENDPOINT}/",
            "SELECT id, (stripe_data ->> 'quantity')::int FROM djstripe_subscription",
        ),
        SYNC_ENGINE: _Program(
            lambda address: ["node", _SCRIPTS / "sync_engine.mjs", node, address],
            "/",
            "SELECT subscription, quantity FROM stripe.subscription_items",
        ),
    }

    def contestant(name: str) -> Contestant:
        buyers = _MOST_BUYERS.get(name, events.subscriptions)
        theirs = events.of_first(buyers)
        return Contestant(name, lambda: _running(programs[name], theirs, stripe_base, postgres), buyers)

    return [contestant(name) for name in programs]


@contextmanager
def _running(
    program: _Program, events: Events, stripe_base: str, postgres: PostgresServer
) -> Iterator[Running]:
    """Run a peer on a database of its own, to which every buyer has been made known by webhooks."""
    url = make_url(postgres.create_database())
    folder = str(url.query["host"])
    variables = {
        **ingest_product.variables("", stripe_base),
        "DATABASE": f"{folder}:{url.database}",
        "ENDPOINT": _ENDPOINT,
    }

    def what_is_wrong(expected: int) -> str:
        address = url.set(drivername="postgresql").render_as_string()
        with psycopg.connect(address) as connection:
            seats: dict[str, int] = dict(connection.execute(program.seats.encode()).fetchall())
        return judge({"applied": expected}, seats, events, expected)

    with listening(
        program.command(f"postgresql://postgres@/{url.database}?host={folder}"), variables
    ) as server:
        bodies = [one.body for number in range(events.subscriptions) for one in events.created(number)]
        requests = [signed(program.path, body) for body in bodies]
        deliver(server.port, [requests[connection::CONNECTIONS] for connection in range(CONNECTIONS)])
        settle(postgres)
        # Both answer when they have done what they do; neither leaves anything for later.
        yield Running(server, program.path, lambda: 0, what_is_wrong)
    postgres.drop_database(url.render_as_string())
