"""What the benchmarks of the check rest on: the look-up by hand, copied accounts, turns, and who watches."""

import sys
from pathlib import Path
from timeit import Timer

import pytest

from benchmarks import freshness
from benchmarks.check_accounts import FEATURE, account_id, deliver, make_account, settings
from benchmarks.check_bound import Entitlement, HandWritten
from benchmarks.check_copies import copy_account
from benchmarks.check_turns import ROUND_SECONDS, calls_a_round, contestant, nanoseconds
from tiergate.billing import Billing

DISTANT = 2.0**40

TURNS = "from benchmarks.check_turns import *; "


@pytest.mark.parametrize(
    ("entitlement", "allowed", "remaining"),
    [
        (Entitlement(DISTANT, 3, 10), True, 7),
        (Entitlement(DISTANT, 10, 10), False, 0),
        (Entitlement(0.0, 3, 10), False, 7),
    ],
    ids=["within", "used up", "over"],
)
def test_by_hand(entitlement: Entitlement, allowed: bool, remaining: int) -> None:
    """The look-up by hand heeds the limit and the instant, with and without grounds."""
    held = HandWritten([], [])
    held.accounts["acme"] = {"seats": entitlement}
    assert held.allowed("acme", "seats") is allowed
    answer = held.check("acme", "seats")
    assert (answer.allowed, answer.remaining) == (allowed, remaining)


def test_copies(tmp_path: Path) -> None:
    """A copied account is a subscriber like the first one, and shares nothing with it."""
    path = tmp_path / "tiergate.db"
    url = f"sqlite:///{path}"
    paying = make_account(url)
    copy_account(path, 2)
    with Billing(settings(url)) as billing:
        answers = {number: billing.check(account_id(number), FEATURE) for number in range(3)}
        assert {answer.plan for answer in answers.values()} == {"team"}
        assert answers[2] == answers[0]
        gone = {**paying.subscription, "status": "canceled", "ended_at": paying.subscription["created"]}
        deliver(billing, "customer.subscription.deleted", gone, gone["created"] + 3600)
        assert billing.check(account_id(0), FEATURE).plan == "free"
        assert billing.check(account_id(2), FEATURE).plan == "team"


def test_turns() -> None:
    """A contestant tells its facts once, and a figure each time it is asked."""
    figures = "figures = iter([1.5, 2.5]); take_turns({'bytes': 7}, lambda: next(figures))"
    with contestant(sys.executable, "-c", TURNS + figures) as one:
        one.measure()
        one.measure()
        assert (one.facts, one.rounds) == ({"bytes": 7}, [1.5, 2.5])


@pytest.mark.parametrize("call", ["take_timed_turns('1 > 2')", "sys.exit(3)"], ids=["refuses", "ends"])
def test_turns_that_fail(call: str) -> None:
    """A contestant that answers no, or ends, fails the benchmark instead of being measured."""
    program = (sys.executable, "-c", TURNS + call)
    with pytest.raises(RuntimeError, match="ended with"), contestant(*program):
        pass


def test_rounds_are_of_one_length() -> None:
    """A round has about as many calls as fit into its time, and a figure is for one of them."""
    timer = Timer("list(range(1000))")
    calls = calls_a_round(timer)
    assert 1 < calls < ROUND_SECONDS * 1e9
    assert nanoseconds(timer, calls) > 100


def test_watching(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who watches tells when an answer became another one, and only then."""
    url = f"sqlite:///{tmp_path / 'tiergate.db'}"
    paying = make_account(url)
    with Billing(settings(url)) as billing, Billing(settings(url)) as other:
        watcher = freshness.Watcher(other)
        paused = {**paying.subscription, "status": "paused"}
        deliver(billing, "customer.subscription.updated", paused, paying.subscription["created"] + 60)
        watcher.next_change()
        monkeypatch.setattr(freshness, "PATIENCE_SECONDS", 0)
        with pytest.raises(TimeoutError):
            watcher.next_change()
