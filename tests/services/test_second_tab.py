"""Two tabs of one account: what both press at once happens once, and both are told what came of it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from tests.services.bench import ACCOUNT, Bench, northwind
from tests.services.changing import PER_SEAT, at_stripe, desk, hear, held, noted, paid, prices, sell, states
from tests.services.test_stripe_down import PAUSE, Action, add_storage, cancel, downgrade, pause, resume, undo
from tiergate.services.changes.change_plan import AmountMovedError
from tiergate.services.changes.changed import Changed
from tiergate.services.plans.push_plans import push_plans

CATALOG = northwind().replace("[policy]\n", PAUSE) + PER_SEAT


def more_seats(bench: Bench) -> Changed:
    """Five seats."""
    return desk(bench).set_seats(ACCOUNT, 5)


ACTIONS = [
    (Action("seats", more_seats), "crew", "done"),
    (Action("add-on", add_storage), "team", "done"),
    (Action("downgrade", downgrade), "team", "scheduled"),
    (Action("cancel", cancel), "team", "scheduled"),
    (Action("pause", pause), "team", "done"),
    (Action("resume", resume, cancel), "team", "done"),
    (Action("go on", resume, pause), "team", "done"),
    (Action("undo", undo, downgrade), "team", "done"),
]


@pytest.mark.parametrize(("action", "plan", "outcome"), ACTIONS, ids=str)
def test_two_tabs_press_at_once(both: Bench, action: Action, plan: str, outcome: str) -> None:
    """One of the two does it, or both are told the same; it is noted and charged once."""
    push_plans(both.context, CATALOG)
    subscription_id = sell(both, plan)
    action.before(both)
    both.tick()
    hear(both)
    before, charged = len(noted(both)), len(paid(both))
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda _: action.do(both), range(2)))
    outcomes = {each.outcome for each in found if isinstance(each, Changed)}
    assert outcome in outcomes
    assert outcomes <= {outcome, "nothing"}
    assert len(noted(both)) == before + 1
    assert len(paid(both)) <= charged + 1
    assert "open" not in states(both)
    shown, mirrored = at_stripe(both, subscription_id), held(both).subscription
    assert (mirrored.pause_collection is not None) is (shown["pause_collection"] is not None)
    assert held(both).is_ending is (shown["cancel_at"] is not None)
    both.tick()
    hear(both)
    assert replace(held(both).subscription, observed_at=mirrored.observed_at) == mirrored


def change(bench: Bench, token: str) -> Changed:
    """Confirm the bigger plan."""
    return desk(bench).change_plan(ACCOUNT, "scale", token=token)


def seats(bench: Bench, token: str) -> Changed:
    """Confirm five seats."""
    return desk(bench).set_seats(ACCOUNT, 5, token=token)


def add_on(bench: Bench, token: str) -> Changed:
    """Confirm two of the add-on."""
    return desk(bench).set_add_on(ACCOUNT, "storage", 2, token=token)


def by_the_year(plan: str) -> Callable[[Bench], object]:
    """In the other tab the interval is changed."""
    return lambda bench: desk(bench).change_plan(ACCOUNT, plan, "year")


def one_already(bench: Bench) -> object:
    """In the other tab one of the add-on is bought."""
    return desk(bench).set_add_on(ACCOUNT, "storage", 1)


def hours(bench: Bench) -> object:
    """The page has been open for too long."""
    bench.clock.advance(hours=2)
    return None


STALE = [
    ("team", {"plan": "scale"}, change, by_the_year("team")),
    ("team", {"plan": "scale"}, change, hours),
    ("crew", {"seats": 5}, seats, by_the_year("crew")),
    ("crew", {"seats": 5}, seats, hours),
    ("team", {"add_on": "storage", "quantity": 2}, add_on, one_already),
    ("team", {"add_on": "storage", "quantity": 2}, add_on, hours),
]


@pytest.mark.parametrize(("plan", "wish", "confirm", "meanwhile"), STALE)
def test_a_stale_preview_is_asked_about_again(
    bench: Bench,
    plan: str,
    wish: dict[str, Any],
    confirm: Callable[[Bench, str], Changed],
    meanwhile: Callable[[Bench], object],
) -> None:
    """What was shown is not what it would cost by now: nothing is charged, and the new amount is shown."""
    push_plans(bench.context, CATALOG)
    subscription_id = sell(bench, plan)
    shown = desk(bench).preview_change(ACCOUNT, **wish)
    bench.tick()
    meanwhile(bench)
    bench.tick()
    sold, charged = prices(bench, subscription_id), paid(bench)
    with pytest.raises(AmountMovedError) as moved:
        confirm(bench, shown.token)
    assert (prices(bench, subscription_id), paid(bench)) == (sold, charged)
    fresh = moved.value.preview
    assert fresh.token != shown.token
    assert moved.value.details["preview"] == fresh.as_json()
    assert confirm(bench, fresh.token).outcome == "done"
    assert paid(bench) == [*charged, fresh.due_now]
