"""Whether an existing Stripe account is taken over at the pace that was set, and without growing memory.

``python -m benchmarks.backfill_limits URL ADDRESS`` takes over the account at ``ADDRESS`` in a process of its
own, and says how much memory that took at most.
"""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from benchmarks.backfill_stripe import canned_stripe
from benchmarks.canned import asked
from benchmarks.check_accounts import Paying, northwind, settings
from benchmarks.row import Row
from tiergate.billing import Billing

CALLS_PER_SECOND, CUSTOMERS = 4, 500
"""A limit far below what Stripe allows, so that it is the limit that decides, and nothing else."""
PACE_GATE = 0.95
MEMORY_GATE = 1.15


def new_sqlite(folder: Path) -> str:
    """Name a SQLite database that does not exist yet."""
    return f"sqlite:///{folder / uuid4().hex}.db"


def prepared(url: str, address: str, calls_per_second: float | None = None) -> Billing:
    """Return the product with an empty database and the plans of Northwind, whose prices exist at Stripe."""
    billing = Billing(replace(settings(url, address), stripe_reads_per_second=calls_per_second))
    billing.migrate()
    billing.push_plans(northwind())
    return billing


def pace(folder: Path, paying: Paying) -> Row:
    """Take an account over at a limited pace, and return the row on how well it was kept."""
    with (
        canned_stripe(paying, CUSTOMERS) as address,
        prepared(new_sqlite(folder), address, CALLS_PER_SECOND) as billing,
    ):
        before = len(asked(address))
        billing.adopt()
        return pace_row(asked(address)[before:])


def pace_row(instants: Sequence[float]) -> Row:
    """Return the row for calls that came at these instants, in seconds."""
    rate = (len(instants) - 1) / (instants[-1] - instants[0])
    wrong = f"faster than {CALLS_PER_SECOND}/s" if rate > CALLS_PER_SECOND * 1.01 else ""
    return Row("calls to Stripe at a limited pace", rate, CALLS_PER_SECOND, PACE_GATE, "/s", wrong=wrong)


def memory(folder: Path, paying: Paying, small_address: str, large: int, small: int) -> Row:
    """Take over a small and a large account, and return the row on the memory that both took at most."""
    few = peak_megabytes(new_sqlite(folder), small_address)
    with canned_stripe(paying, large) as address:
        many = peak_megabytes(new_sqlite(folder), address)
    return Row(f"memory to adopt {large:,} subscriptions, against {small:,}", many, few, MEMORY_GATE, "MB")


def peak_megabytes(url: str, address: str) -> float:
    """Take an account over in a process of its own, and return the memory that this took at most."""
    command = [sys.executable, "-m", "benchmarks.backfill_limits", url, address]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def main(url: str, address: str) -> None:
    """Take an account over."""
    with prepared(url, address) as billing:
        billing.adopt()
    status = Path("/proc/self/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    print(int(peak.split()[1]) / 1024)


if __name__ == "__main__":
    main(*sys.argv[1:])
