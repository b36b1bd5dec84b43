"""How fast an existing Stripe account is taken over and compared again, against a bare loop."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.backfill_bound import postgres_backfill, sqlite_backfill
from benchmarks.backfill_limits import memory, new_sqlite, pace, prepared
from benchmarks.backfill_stripe import canned_stripe
from benchmarks.backfill_written import count_written, written
from benchmarks.check_accounts import FEATURE, account_id, make_account
from benchmarks.row import Row
from tests.support.postgres import postgres_server
from tiergate.billing import Billing

SQLITE_GATE, SQLITE_AIM = 0.2, 0.4
POSTGRES_GATE, POSTGRES_AIM = 0.25, 0.5


def rows(quick: bool) -> Iterator[Row]:
    """Measure on both databases, in rounds that take turns."""
    count, rounds, large = (1_000, 3, 5_000) if quick else (10_000, 3, 100_000)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(postgres_server(durable=True))
        paying = make_account(new_sqlite(folder))
        address = stack.enter_context(canned_stripe(paying, count))
        for contest in (
            Contest("SQLite", SQLITE_GATE, SQLITE_AIM, partial(new_sqlite, folder)),
            Contest("PostgreSQL", POSTGRES_GATE, POSTGRES_AIM, server.create_database),
        ):
            for _ in range(rounds):
                contest.round(address, count)
            yield from contest.rows(count)
        yield pace(folder, paying)
        yield memory(folder, paying, address, large, count)


@dataclass
class Contest:
    """The product and the bare loop on one kind of database; each round begins with empty ones."""

    title: str
    gate: float
    aim: float
    new_database: Callable[[], str]
    bare: list[float] = field(default_factory=list)
    adopted: list[float] = field(default_factory=list)
    compared: list[float] = field(default_factory=list)
    written: list[int] = field(default_factory=list)
    wrong: str = ""

    def round(self, address: str, count: int) -> None:
        """Measure each once, in subscriptions per second."""
        bare = partial(bare_backfill, self.new_database(), address)
        self.bare.append(count / seconds_of(bare))
        url = self.new_database()
        with prepared(url, address) as billing:
            self.adopted.append(count / seconds_of(billing.adopt))
            self.wrong = self.wrong or what_is_wrong(billing, count)
            count_written(url)
            self.compared.append(count / seconds_of(billing.reconcile))
            self.written.append(written(url))

    def rows(self, count: int) -> Iterator[Row]:
        """Return what was found."""
        name = f"{count:,} subscriptions, {self.title}"
        adopted = median(self.adopted)
        yield Row(
            f"adopt {name}, against the bare loop over the same pages",
            adopted, median(self.bare), self.gate, "/s", aim=self.aim, wrong=self.wrong,
        )  # fmt: skip
        yield Row(f"reconcile {name}, against adopt", median(self.compared), adopted, 1, "/s")
        yield Row(f"rows that it wrote, {self.title}, since nothing differed", max(self.written), 0, 1, "")


def bare_backfill(url: str, address: str) -> int:
    """Backfill without the product."""
    if url.startswith("sqlite:///"):
        return sqlite_backfill(url.removeprefix("sqlite:///"), address)
    return postgres_backfill(url.replace("+psycopg", ""), address)


def seconds_of(work: Callable[[], object]) -> float:
    """Return how long something took."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def what_is_wrong(billing: Billing, count: int) -> str:
    """Return why the accounts that were taken over are not what they are at Stripe, if so."""
    for number in (0, count // 2, count - 1):
        plan = billing.check(account_id(number), FEATURE).plan
        if plan != "team":
            return f"{account_id(number)} is on plan {plan}"
    return ""
