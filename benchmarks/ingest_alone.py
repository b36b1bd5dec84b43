"""What one event costs in process: verified and parsed, and taken in one by one, each durable by itself."""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from statistics import median

from benchmarks import ingest_product
from benchmarks.ingest_cost import Cost, cost
from benchmarks.ingest_events import LAST, SECRET, Events, Signed
from benchmarks.prototypes.sqlite_ingest import bare_ingest, connect
from benchmarks.prototypes.verified import verified
from benchmarks.row import Row
from tiergate import Billing
from tiergate.real_time import now
from tiergate.services.webhooks.read_event import read_event
from tiergate.stripe_api.verify_signature import verify_signature

VERIFY_GATE, VERIFY_AIM = 0.5, 0.85
ALONE_GATE, ALONE_AIM = 0.35, 0.7
DUPLICATE_GATE, DUPLICATE_AIM = 1, 1.5
STATEMENTS_AIM = {"SQLite": 2, "PostgreSQL": 1}
STATEMENTS_GATE = 6
"""How many SQL statements a newest event may take until it is durable; the aim is a bare prototype's."""
_ROUNDS = 5
_COUNTED = LAST - 1
"""The number of the change whose costs are counted; the ones before it are timed, the one after it ties."""

Take = Callable[[bytes, str], object]


def verify_and_parse(events: Events) -> Iterator[Row]:
    """Hold the product's check of the signature and its reading of the body against a typed decoder."""
    some = [events.changed(number, 1).signed() for number in range(events.subscriptions)] * 5
    secrets = (SECRET,)

    def product(body: bytes, header: str) -> None:
        received_at = now()
        verify_signature(body, header, secrets, received_at)
        read_event(body, received_at)

    def bare(body: bytes, header: str) -> None:
        verified(body, header, SECRET.encode())

    rates: dict[Take, list[float]] = {product: [], bare: []}
    for _ in range(_ROUNDS):
        for take, measured in rates.items():
            measured.append(_rate(take, some))
    name = "verify and parse, against hmac and a typed decoder"
    yield Row(name, median(rates[product]), median(rates[bare]), VERIFY_GATE, "/s", aim=VERIFY_AIM)


def one_by_one(name: str, url: str, events: Events, stripe_base: str) -> Iterator[Row]:
    """Take every change in by itself, then again, and count what some ask of the database and of Stripe."""
    buyers = range(events.subscriptions)
    timed = [events.changed(number, change).signed() for change in range(1, _COUNTED) for number in buyers]
    newest = [events.changed(number, _COUNTED).signed() for number in buyers]
    ties = [events.changed(number, LAST).signed() for number in buyers]
    warm_up = len(buyers)
    half = len(timed) // 2
    with Billing(ingest_product.settings(url, stripe_base)) as billing:
        take = billing.ingest_webhook
        answer_first = partial(take, tells_later=True)
        _rate(take, timed[:warm_up])
        told, first = _rate(take, timed[warm_up:half]), _rate(answer_first, timed[half:])
        is_told = billing.wait_until_told()
        again = _rate(take, timed[half:])
        costs = [cost(take, some, stripe_base) for some in (newest, newest, ties)]
    wrong = ingest_product.what_is_wrong(url, events, len(buyers) * LAST)
    if name == "SQLite":
        yield Row(
            "one event a commit, SQLite", first, _bare_rate(timed, warm_up), ALONE_GATE, "/s",
            f"what follows is told afterwards by a thread; where it is told first: {told:,.0f}/s", ALONE_AIM,
            wrong or ("" if is_told else "what follows was not told in time"),
        )  # fmt: skip
    again_name = f"duplicates, {name}, against first deliveries"
    yield Row(again_name, again, first, DUPLICATE_GATE, "/s", "", DUPLICATE_AIM, wrong)
    yield from _costs(name, *costs)


def _costs(name: str, newest: Cost, duplicate: Cost, tie: Cost) -> Iterator[Row]:
    aim = STATEMENTS_AIM[name]
    note = f"{newest.in_all} with what follows; {duplicate.in_all} for a duplicate, {tie.in_all} for a tie"
    title = f"SQL statements until a newest event is durable, {name}"
    yield Row(title, newest.until_durable, aim, STATEMENTS_GATE / aim, "", note, 1)
    yield Row(
        f"calls of Stripe for a newest event or a duplicate, {name}", newest.calls + duplicate.calls, 0, 1, ""
    )
    yield Row(f"calls of Stripe for a tie, {name}", tie.calls, 1, 1, "")


def _bare_rate(timed: Sequence[Signed], warm_up: int) -> float:
    with tempfile.TemporaryDirectory() as folder, closing(connect(f"{folder}/bare.db")) as connection:

        def take(body: bytes, header: str) -> None:
            bare_ingest(connection, verified(body, header, SECRET.encode()), body)

        _rate(take, timed[:warm_up])
        return _rate(take, timed[warm_up:])


def _rate(take: Take, some: Sequence[Signed]) -> float:
    began_at = time.perf_counter()
    for body, header in some:
        take(body, header)
    return len(some) / (time.perf_counter() - began_at)
