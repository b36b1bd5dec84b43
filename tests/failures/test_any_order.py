"""Any order, any repetition and any loss of events, followed by one reconcile, leaves the same.

Where nothing was lost no reconcile is needed, and what arrives after one changes nothing any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.failures.doings import work
from tests.failures.lives import CLOCKED, LIVES, Life, Step, record
from tests.failures.looking import Beginning, Outcome, go_back, look, require_same, take_down
from tests.services.bench import ACCOUNT, Bench
from tiergate.services.reconcile.reconcile import reconcile

DEARNESS = 10
"""How many examples of another test one costs here: so many fewer are told, in each profile."""
MOST_AFTERWARDS = 6
UNSHRUNK = [phase for phase in Phase if phase is not Phase.shrink]
"""A course takes a good part of a second to be told: to look for the shortest bad one would take minutes."""


@dataclass(frozen=True)
class Course:
    """One way in which a life may be told: at each step the numbers of the events that arrive, in order."""

    arrivals: tuple[tuple[int, ...], ...]
    worked: frozenset[int]
    """The steps after which the worker ran."""
    reconciled: bool = True
    of_everything: bool = False
    """Whether everything is reconciled, and not the account alone."""
    afterwards: tuple[int, ...] = ()
    """The events that arrive when all is over."""


def tell(bench: Bench, beginning: Beginning, steps: Sequence[Step], course: Course) -> Outcome:
    """Tell a life in one way, reconcile once, and look at what is left."""
    go_back(bench, beginning)
    told = [webhook for step in steps for webhook in step.told]
    for number, (step, arriving) in enumerate(zip(steps, course.arrivals, strict=True)):
        bench.sandbox.service.restore(step.stripe)
        bench.clock.now = step.at
        bench.deliver(*(told[index] for index in arriving))
        if number in course.worked:
            work(bench)
    bench.tick()
    if course.reconciled:
        reconcile(bench.context, None if course.of_everything else ACCOUNT)
    bench.deliver(*(told[index] for index in course.afterwards))
    work(bench)
    return look(bench)


def in_order(steps: Sequence[Step]) -> Course:
    """Tell everything at once and in order, with the worker at work."""
    numbers = iter(range(sum(len(step.told) for step in steps)))
    arrivals = tuple(tuple(next(numbers) for _ in step.told) for step in steps)
    return Course(arrivals, frozenset(range(len(steps))))


def nothing(steps: Sequence[Step], *, of_everything: bool = False) -> Course:
    """Tell nothing at all."""
    return Course(tuple(() for _ in steps), frozenset(), of_everything=of_everything)


@st.composite
def courses(draw: st.DrawFn, steps: Sequence[Step]) -> Course:
    """Draw a way of telling: each event late by some steps, repeated or lost, all in any order."""
    emitted_in = [number for number, step in enumerate(steps) for _ in step.told]
    events = range(len(emitted_in))
    reconciled = draw(st.booleans())
    lost = draw(st.sets(st.sampled_from(events))) if reconciled else set()
    repeated = draw(st.lists(st.sampled_from(events), max_size=len(events)))
    order = draw(st.permutations([*(index for index in events if index not in lost), *repeated]))
    late_by = draw(st.lists(st.integers(0, len(steps) - 1), min_size=len(order), max_size=len(order)))
    arrivals: list[list[int]] = [[] for _ in steps]
    for index, late in zip(order, late_by, strict=True):
        arrivals[min(emitted_in[index] + late, len(steps) - 1)].append(index)
    worked = draw(st.sets(st.integers(0, len(steps) - 1)))
    afterwards = draw(st.lists(st.sampled_from(events), max_size=MOST_AFTERWARDS))
    of_all = draw(st.booleans())
    return Course(tuple(map(tuple, arrivals)), frozenset(worked), reconciled, of_all, tuple(afterwards))


@pytest.mark.parametrize("life", [*LIVES, *CLOCKED], ids=lambda life: life.__name__)
def test_any_order_any_repetition_any_loss(both: Bench, life: Life) -> None:
    """However a life is told, one reconcile leaves the same mirror and access, each occasion told once."""
    if life in CLOCKED:
        clock = both.post("/v1/test_helpers/test_clocks", frozen_time=int(both.clock.now.timestamp()))
        both.use_test_clock(clock["id"])
        both.register(ACCOUNT)
    both.customer()
    both.deliver(*both.webhooks())
    both.tick()
    assert both.explain().account.test_clock == both.context.test_clock
    beginning = take_down(both)
    steps = record(both, life)
    wanted = tell(both, beginning, steps, in_order(steps))
    still_true = tell(both, beginning, steps, nothing(steps)).occasions

    @settings(max_examples=settings().max_examples // DEARNESS, phases=UNSHRUNK)
    @given(course=courses(steps))
    def holds(course: Course) -> None:
        found = tell(both, beginning, steps, course)
        require_same(found, wanted, still_true, of_everything=course.of_everything)

    require_same(wanted, wanted, still_true)
    for of_everything in (False, True):
        untold = nothing(steps, of_everything=of_everything)
        found = tell(both, beginning, steps, untold)
        require_same(found, wanted, still_true, of_everything=of_everything)
    holds()
