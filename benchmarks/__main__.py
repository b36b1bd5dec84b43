"""``python -m benchmarks [--quick] [name…]``"""

import argparse
import sys
from collections.abc import Callable, Iterator

from benchmarks import (
    backfill,
    check,
    check_many,
    check_peers,
    freshness,
    ingest,
    sandbox_api,
    sandbox_start,
    sandbox_state,
    sandbox_year,
)
from benchmarks.row import Row, table

BENCHMARKS: dict[str, Callable[[bool], Iterator[Row]]] = {
    "check": check.rows,
    "check-many": check_many.rows,
    "check-peers": check_peers.rows,
    "freshness": freshness.rows,
    "backfill": backfill.rows,
    "ingest": ingest.rows,
    "sandbox-api": sandbox_api.rows,
    "sandbox-year": sandbox_year.rows,
    "sandbox-start": sandbox_start.rows,
    "sandbox-state": sandbox_state.rows,
}


def main() -> int:
    """Measure what is named, or everything; the exit code is 1 when a gate is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure.")
    parser.add_argument(
        "names", nargs="*", metavar="name", help=f"one of {', '.join(BENCHMARKS)}; none is all"
    )
    parser.add_argument(
        "--quick", action="store_true", help="small worlds, few rounds, no peers: two minutes"
    )
    asked = parser.parse_args()
    unknown = [name for name in asked.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]}; choose from {', '.join(BENCHMARKS)}")
    measured: list[Row] = []
    for name in asked.names or BENCHMARKS:
        print(f"measuring {name} …", file=sys.stderr)
        measured += BENCHMARKS[name](asked.quick)
    print(table(measured))
    missed = [row.name for row in measured if not row.passes]
    if missed:
        print(f"\nmissed: {', '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
