"""How long the command takes from its start to its first answer."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from benchmarks.load import Load, post
from benchmarks.row import Row

COMMAND = Path(sys.executable).with_name("tiergate-sandbox")
MOST_SECONDS = 1.0


def rows(quick: bool) -> Iterator[Row]:
    """Start the command several times."""
    wall, cpu = seconds_to_answer(3 if quick else 7)
    yield Row("start to first answer", wall, MOST_SECONDS, 1, "s", f"{cpu:.2f} s of processor time")


def seconds_to_answer(times: int, *options: str) -> tuple[float, float]:
    """Return the wall time and the processor time of a new process until it has created a customer."""
    walls, cpus = [], []
    for _ in range(times):
        began = time.perf_counter()
        with serving(*options) as load:
            walls.append(time.perf_counter() - began)
            cpus.append(load.cpu_seconds())
    return median(walls), median(cpus)


@contextmanager
def serving(*options: str) -> Iterator[Load]:
    """Run the command until the end of the block, and give connections to it once it has answered."""
    command = [str(COMMAND), "serve", "--port", "0", "--log-level", "warning", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            first = process.stdout.readline()
            port = re.search(r"http://127\.0\.0\.1:(\d+)", first)
            if port is None:
                raise RuntimeError(f"the command said: {first}")
            load = Load(int(port[1]), process.pid)
            load.first(post("/v1/customers", "", "key-first"))
            yield load
            load.close()
        finally:
            process.kill()
