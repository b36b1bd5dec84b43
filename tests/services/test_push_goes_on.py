"""A push that breaks off, wherever it does, says how far it came, and the next one completes it."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.services.bench import Bench, northwind
from tests.services.offers import EVERYTHING_CHANGES, at_stripe, outcome, version
from tiergate.services.plans import push_plans as pushing
from tiergate.services.plans.push_plans import PushBusyError, PushInterruptedError, push_plans
from tiergate.store.tables import catalog_versions
from tiergate.stripe_api.gateway import StripeRefusedError, StripeUnavailableError

CREATED, ARCHIVED = 3, 4
"""Prices that the push creates, and what it archives: three prices and a product."""
WRITES = 10
"""Those, what it renames, and what it creates or revives besides."""


class Killed(BaseException):
    """Stands for the end of the process: nothing behind it runs."""


Break = Callable[[Bench, pytest.MonkeyPatch, int], None]


def line_goes_down(bench: Bench, _patch: pytest.MonkeyPatch, calls: int) -> None:
    """Nothing gets through after some calls."""
    bench.line.calls_left = calls


def answer_is_lost(bench: Bench, patch: pytest.MonkeyPatch, calls: int) -> None:
    """Stripe does what the next call asks, and nobody hears of it."""
    ask, left = bench.line.request, [calls]

    def request(method: str, url: str, *rest: Any, **options: Any) -> tuple[str, int, Any]:
        bench.line.deaf = left[0] == 0
        left[0] -= 1
        return ask(method, url, *rest, **options)

    patch.setattr(bench.line, "request", request)


def stripe_refuses(bench: Bench, patch: pytest.MonkeyPatch, calls: int) -> None:
    """Stripe refuses one call."""
    ask, left = bench.line.request, [calls]

    def request(method: str, url: str, *rest: Any, **options: Any) -> tuple[str, int, Any]:
        left[0] -= 1
        if left[0] == -1:
            return '{"error": {"type": "invalid_request_error", "message": "No."}}', 400, {}
        return ask(method, url, *rest, **options)

    patch.setattr(bench.line, "request", request)


def process_dies(bench: Bench, patch: pytest.MonkeyPatch, calls: int) -> None:
    """The process ends before a call, or in the middle of publishing; its lease stays taken."""
    ask, left = bench.line.request, [calls]

    def request(method: str, url: str, *rest: Any, **options: Any) -> tuple[str, int, Any]:
        if left[0] == 0:
            raise Killed
        left[0] -= 1
        return ask(method, url, *rest, **options)

    patch.setattr(bench.line, "request", request)
    patch.setattr(pushing, "give_back_lease", lambda *_: None)


def writes_of_a_push(bench: Bench) -> list[int]:
    """Push what changes everything, and return which of its calls are writes."""
    for text in (EVERYTHING_CHANGES, northwind(), EVERYTHING_CHANGES):
        bench.line.requests.clear()
        push_plans(bench.context, text)
    return [index for index, call in enumerate(bench.line.requests) if call.startswith("POST")]


def completes(bench: Bench, monkeypatch: pytest.MonkeyPatch, interrupt: Break) -> None:
    """Break a push at each of its writes, and in its reading too; push again, and compare."""
    writes = writes_of_a_push(bench)
    undisturbed = outcome(bench)
    assert len(writes) == WRITES
    for calls in (0, *writes):
        push_plans(bench.context, northwind())
        before = len(at_stripe(bench, "prices"))
        with monkeypatch.context() as patch:
            interrupt(bench, patch, calls)
            with pytest.raises((PushInterruptedError, StripeUnavailableError, StripeRefusedError, Killed)):
                push_plans(bench.context, EVERYTHING_CHANGES)
        bench.line.calls_left, bench.line.deaf = None, False
        bench.clock.advance(seconds=31)
        push_plans(bench.context, EVERYTHING_CHANGES)
        assert outcome(bench) == undisturbed
        assert len(at_stripe(bench, "prices")) - before == CREATED
    assert version(bench) == len(bench.rows(catalog_versions))


@pytest.mark.parametrize("interrupt", [line_goes_down, process_dies])
def test_wherever_it_breaks_off_the_next_push_completes_it(
    both: Bench, monkeypatch: pytest.MonkeyPatch, interrupt: Break
) -> None:
    """Broken at each step in turn, and pushed again, it ends as an undisturbed push does, nothing doubled."""
    completes(both, monkeypatch, interrupt)


@pytest.mark.parametrize("interrupt", [answer_is_lost, stripe_refuses])
def test_whatever_stripe_does_the_next_push_completes_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, interrupt: Break
) -> None:
    """Where an answer is lost, or Stripe refuses once, pushing again ends as an undisturbed push does."""
    completes(bench, monkeypatch, interrupt)


def test_an_interrupted_push_tells_what_was_done_and_what_is_left(bench: Bench) -> None:
    """Its message lists both, in order and whole; the version in force changes only with the publishing."""
    writes = writes_of_a_push(bench)
    for done, calls in enumerate(writes):
        push_plans(bench.context, northwind())
        in_force = version(bench)
        bench.line.calls_left = calls
        with pytest.raises(PushInterruptedError) as raised:
            push_plans(bench.context, EVERYTHING_CHANGES)
        bench.line.calls_left = None
        error = raised.value
        publishing = f"publish version {in_force + 1}"
        assert (publishing in error.done) == (publishing not in error.left)
        assert version(bench) == in_force + (publishing in error.done)
        assert [*error.done, *error.left].index(publishing) == len(writes) - ARCHIVED
        assert len(error.done) == done + (publishing in error.done)
        lines = [f"  done: {each}" for each in error.done] or ["  Nothing was done."]
        assert error.message.split("\n")[1:] == [*lines, *(f"  left: {each}" for each in error.left)]
        assert error.remedy.endswith("Then push again: it goes on from there.")
        push_plans(bench.context, EVERYTHING_CHANGES)


def test_two_pushes_at_once(both: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one is refused while the first one works; afterwards it is welcome."""
    ask = both.line.request
    refused: list[str] = []

    def request(method: str, url: str, *rest: Any, **options: Any) -> tuple[str, int, Any]:
        if method == "post" and not refused:
            refused.append(url)
            with pytest.raises(PushBusyError, match="published by somebody else"):
                push_plans(both.context, northwind() + "\n# mine\n")
        return ask(method, url, *rest, **options)

    monkeypatch.setattr(both.line, "request", request)
    push_plans(both.context, EVERYTHING_CHANGES)
    assert refused
    assert push_plans(both.context, northwind() + "\n# mine\n").version == 3


@pytest.mark.parametrize("is_at_work", [True, False])
def test_a_push_that_was_overtaken_publishes_nothing(
    both: Bench, monkeypatch: pytest.MonkeyPatch, is_at_work: bool
) -> None:
    """One that slept past its lease stops where another is at work, or has published and is done."""
    ask = both.line.request
    overtaken: list[int] = []

    def request(method: str, url: str, *rest: Any, **options: Any) -> tuple[str, int, Any]:
        if method == "post" and not overtaken:
            overtaken.append(0)
            both.clock.advance(seconds=31)
            patch = pytest.MonkeyPatch()
            if is_at_work:
                patch.setattr(pushing, "give_back_lease", lambda *_: None)
            overtaken.append(push_plans(both.context, northwind() + "\n# quicker\n").version)
            patch.undo()
        return ask(method, url, *rest, **options)

    monkeypatch.setattr(both.line, "request", request)
    with pytest.raises(PushInterruptedError, match="published by somebody else"):
        push_plans(both.context, EVERYTHING_CHANGES)
    assert (overtaken, version(both)) == ([0, 2], 2)
    both.clock.advance(seconds=31)
    quicker = northwind() + "\n# quicker\n"
    assert push_plans(both.context, quicker).version == 2
    assert outcome(both)["text"] == quicker
