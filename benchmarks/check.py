"""What a check of one account costs, beside the same look-up written by hand."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from timeit import Timer

from benchmarks.check_accounts import FEATURE, account_id, make_account, settings
from benchmarks.check_bound import HandWritten
from benchmarks.check_turns import calls_a_round, nanoseconds
from benchmarks.row import Row
from tiergate.billing import Billing

ALLOWED_GATE, ALLOWED_AIM = 3, 1.6
CHECK_GATE, CHECK_AIM = 4, 2.0

ANSWER, GROUNDS = "held.allowed(account_id, feature)", "held.check(account_id, feature)"


def rows(quick: bool) -> Iterator[Row]:
    """Measure in rounds that take turns."""
    by_hand = HandWritten([account_id(0)], [FEATURE])
    with one_account() as billing:
        timers = [timer(held, call) for call in (ANSWER, GROUNDS) for held in (by_hand, billing)]
        bare, product, bare_grounds, product_grounds = medians(timers, 9 if quick else 31)
    yield Row("allowed, against written by hand", product, bare, ALLOWED_GATE, "ns", aim=ALLOWED_AIM)
    yield Row("check, likewise", product_grounds, bare_grounds, CHECK_GATE, "ns", aim=CHECK_AIM)


@contextmanager
def one_account() -> Iterator[Billing]:
    """Give the product with one account that pays for a plan."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'tiergate.db'}"
        make_account(url)
        with Billing(settings(url)) as billing:
            yield billing


def timer(held: Billing | HandWritten, call: str) -> Timer:
    """Return what times a call, written as a user would write it."""
    return Timer(call, globals={"held": held, "account_id": account_id(0), "feature": FEATURE})


def medians(timers: list[Timer], rounds: int) -> list[float]:
    """Let timers take turns, and return the nanoseconds that one call of each took."""
    calls = [calls_a_round(one) for one in timers]
    measured = [
        [nanoseconds(one, count) for one, count in zip(timers, calls, strict=True)] for _ in range(rounds)
    ]
    return [median(figures) for figures in zip(*measured, strict=True)]
