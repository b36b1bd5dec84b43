"""Checks of many accounts in random order, what they take in memory, and how long it takes to load them.

``python -m benchmarks.check_many product FILE COUNT`` and ``… bare FILE COUNT`` are the contestants, each in
a process of its own.
"""

import gc
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from tomllib import loads

from benchmarks.check_accounts import FEATURE, account_id, make_account, northwind, settings
from benchmarks.check_bound import HandWritten
from benchmarks.check_copies import copy_account, opened
from benchmarks.check_turns import contestant, take_turns
from benchmarks.row import Row
from tiergate.billing import Billing

RANDOM_GATE, RANDOM_AIM = 2, 1.3
LOAD_GATE, LOAD_AIM = 0.3, 0.6
MOST_BYTES = 2048
MOST_SECONDS = 10
CALLS_A_ROUND = 100_000

_READ = (
    "SELECT account_id, stripe_customer_id, test_clock FROM tiergate_accounts",
    "SELECT account_id, default_payment_method, deleted FROM tiergate_customers",
    "SELECT account_id, status, plan_key, items, start_date, trial_end, current_period_end, cancel_at,"
    " default_payment_method FROM tiergate_subscriptions",
    "SELECT account_id, stripe_subscription_id, status, amount_paid, attempted, finalized_at, due_date"
    " FROM tiergate_invoices",
)
"""What decides about access: the least that anybody has to read."""


def rows(quick: bool) -> Iterator[Row]:
    """Fill a database, and let the product and the bare memory take turns."""
    accounts, rounds = (20_000, 5) if quick else (100_000, 15)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        path = Path(folder) / "tiergate.db"
        make_account(f"sqlite:///{path}")
        copy_account(path, accounts - 1)
        bare, product = (
            stack.enter_context(
                contestant(sys.executable, "-m", "benchmarks.check_many", kind, path, str(accounts))
            )
            for kind in ("bare", "product")
        )
        for _ in range(rounds):
            bare.measure()
            product.measure()
    name = f"{accounts:,} accounts"
    yield Row(
        f"allowed, {name} in random order, against bare memory",
        median(product.rounds), median(bare.rounds), RANDOM_GATE, "ns", aim=RANDOM_AIM,
    )  # fmt: skip
    yield Row(f"memory of one of {name}, in bytes", product.facts["bytes"], MOST_BYTES, 1, "")
    seconds = product.facts["seconds"]
    rate, bound = accounts / seconds, accounts / bare.facts["seconds"]
    yield Row(f"load {name}, against reading their rows", rate, bound, LOAD_GATE, "/s", aim=LOAD_AIM)
    note = f"{product.facts['cpu']:.1f} s of processor time"
    yield Row(f"load {name}", seconds, MOST_SECONDS, 1, "s", note)


def resident_bytes() -> int:
    """Return how much memory this process holds."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def load_bare(path: Path) -> float:
    """Read what decides about access, row by row, and return how many seconds that took."""
    began = time.perf_counter()
    read: dict[str, list[sqlite3.Row]] = {}
    with opened(path) as connection:
        for query in _READ:
            for row in connection.execute(query):
                read.setdefault(row[0], []).append(row)
    return time.perf_counter() - began


def random_round(allowed: Callable[[str, str], object], accounts: int) -> float:
    """Ask for accounts in random order, and return the nanoseconds that one answer took."""
    order = [account_id(random.randrange(accounts)) for _ in range(CALLS_A_ROUND)]
    began = time.perf_counter()
    for one in order:
        allowed(one, FEATURE)
    return (time.perf_counter() - began) / len(order) * 1e9


def be_bare(path: Path, accounts: int) -> None:
    """Hold entitlements of the same shape in dictionaries."""
    seconds = load_bare(path)
    held = HandWritten(map(account_id, range(accounts)), loads(northwind())["features"])
    take_turns({"seconds": seconds}, partial(random_round, held.allowed, accounts))


def be_product(path: Path, accounts: int) -> None:
    """Hold all accounts of the database in memory, as the product does."""
    with Billing(replace(settings(f"sqlite:///{path}"), view_cache=accounts)) as billing:
        billing.check(account_id(0), FEATURE)
        before, began, cpu = resident_bytes(), time.perf_counter(), time.process_time()
        billing.warm()
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        size = (resident_bytes() - before) / accounts
        facts = {"seconds": seconds, "cpu": cpu, "bytes": size}
        take_turns(facts, partial(random_round, billing.allowed, accounts))


if __name__ == "__main__":
    {"bare": be_bare, "product": be_product}[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3]))
