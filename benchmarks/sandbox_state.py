"""What a state file costs: while calls are answered, and when a killed sandbox is started again."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.load import CONNECTIONS, median_of
from benchmarks.row import Row
from benchmarks.sandbox_api import new_customers
from benchmarks.sandbox_start import seconds_to_answer, serving

MOST_RESTART_SECONDS = 2.0
RECORDING_GATE = 2


def rows(quick: bool) -> Iterator[Row]:
    """Create customers with and without a state file, then kill the one that has it and start it again."""
    size = 2_000 if quick else 10_000
    rounds = 5
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        with serving("--state", str(state)) as keeping, serving() as forgetting:
            kept, forgotten = [], []
            for _ in range(rounds):
                kept.append(keeping.cost(new_customers(), size // rounds + CONNECTIONS))
                forgotten.append(forgetting.cost(new_customers(), size // rounds + CONNECTIONS))
        cost, bound = median_of(kept), median_of(forgotten)
        yield Row(
            "customer, with --state against without", cost.wall, bound.wall, RECORDING_GATE, note=str(cost)
        )
        megabytes = state.stat().st_size / 1e6
        wall, cpu = seconds_to_answer(3, "--state", str(state))
    note = f"file of {megabytes:.1f} MB; {cpu:.2f} s of processor time"
    yield Row(f"start again with {size:,} customers", wall, MOST_RESTART_SECONDS, 1, "s", note)
