"""How long a year of monthly subscriptions takes when a test clock is advanced."""

import time
from collections.abc import Iterator

from benchmarks.filled import Filler
from benchmarks.row import Row
from tiergate_sandbox.world import Settings

YEAR_SECONDS = 365 * 86_400
MOST_SECONDS_PER_SUBSCRIPTION = 0.02


def rows(quick: bool) -> Iterator[Row]:
    """Advance a relaxed clock with paying subscriptions by a year, renewals, payments and events included."""
    size = 100 if quick else 1_000
    filler = Filler(Settings(relaxed_clocks=True))
    clock = filler.post("/v1/test_helpers/test_clocks", frozen_time=str(filler.at))["id"]
    for number in range(size):
        filler.subscribe(filler.customer(number, test_clock=clock))
    cpu, began = time.process_time(), time.perf_counter()
    target = str(filler.at + YEAR_SECONDS)
    filler.post(f"/v1/test_helpers/test_clocks/{clock}/advance", frozen_time=target)
    events = len(filler.world.run_until(filler.at))
    wall = time.perf_counter() - began
    note = f"{events:,} events; {time.process_time() - cpu:.1f} s of processor time"
    bound = size * MOST_SECONDS_PER_SUBSCRIPTION
    yield Row(f"a year of {size:,} monthly subscriptions", wall, bound, 1, "s", note)
