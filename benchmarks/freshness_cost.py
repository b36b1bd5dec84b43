"""Whether a check costs more because somebody listens for changes in the same process.

``python -m benchmarks.freshness_cost URL following`` and ``… URL alone`` are the contestants. Another
account is changed in each round of both: the one hears of it, in the other nobody listens.
"""

import sys
from contextlib import ExitStack
from statistics import median

from benchmarks.check import ANSWER
from benchmarks.check_accounts import FEATURE, account_id, settings
from benchmarks.check_turns import contestant, take_timed_turns
from benchmarks.row import Row
from tiergate.billing import Billing

GATE, AIM = 1.2, 1.05


def row(title: str, url: str, rounds: int) -> Row:
    """Return the row for a database that holds ``account_id(0)``."""
    with ExitStack() as stack:
        billing = stack.enter_context(Billing(settings(url)))
        alone, following = (
            stack.enter_context(contestant(sys.executable, "-m", "benchmarks.freshness_cost", url, kind))
            for kind in ("alone", "following")
        )
        for number in range(rounds):
            for one in (alone, following):
                one.ask()
                billing.register("another", name=f"Another, for the {number}th time")
                one.rounds.append(one.answer())
    costs = median(following.rounds), median(alone.rounds)
    return Row(f"allowed while changes are heard of, {title}, against alone", *costs, GATE, "ns", aim=AIM)


def main(url: str, kind: str) -> None:
    """Ask for one account in turns."""
    with Billing(settings(url)) as billing:
        billing.allowed(account_id(0), FEATURE)
        if kind == "alone":
            feed = billing._desk._feed
            feed.stop()
            feed.trusted_until = float("inf")
        take_timed_turns(ANSWER, held=billing, account_id=account_id(0), feature=FEATURE)


if __name__ == "__main__":
    main(*sys.argv[1:])
