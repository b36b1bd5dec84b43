"""A process that forks: the child hears of changes by itself, and leaves the parent's connections alone."""

import subprocess
import sys

from tests.services.bench import Bench
from tests.services.desks import PATIENCE_SECONDS


def test_both_sides_of_a_fork_hear_of_each_other(both: Bench) -> None:
    """After a fork parent and child each follow what the other one changes."""
    both.register("ours")
    both.register("theirs")
    command = [sys.executable, "-m", "tests.services.forked", both.database_url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
    assert (done.returncode, done.stderr) == (0, "")
