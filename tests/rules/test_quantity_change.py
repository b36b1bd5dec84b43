"""Seats and add-ons: more at once, and what may not become fewer."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.builders import TRIAL_END, Cards
from tests.rules.changing import NOW, PERIOD_END, WAIT_FOR_SEATS, having, holding, line, planned, shop, trying
from tiergate.rules.catalog import Catalog
from tiergate.rules.change import Change, ChangeKind, Holds, Needs, Refusal
from tiergate.rules.errors import UnknownAddOnError
from tiergate.rules.held import Held
from tiergate.rules.quantity_change import add_on_change, seat_change
from tiergate.rules.state import PendingUpdate


def crew(seats: int = 5, offer: Catalog | None = None) -> Held | None:
    """An account with some seats of Crew."""
    return holding(having(line("crew", quantity=seats)), offer=offer)


@pytest.mark.parametrize(
    ("wanted", "members", "kind", "refusal"),
    [
        pytest.param(7, 5, "more", None, id="more"),
        pytest.param(5, 5, "nothing", None, id="as many"),
        pytest.param(4, 4, "fewer", None, id="fewer, for everybody"),
        pytest.param(4, None, "fewer", None, id="fewer, for nobody knows how many"),
        pytest.param(3, 4, "fewer", Refusal.FEWER_SEATS_THAN_MEMBERS, id="fewer than people"),
        pytest.param(1, 1, "fewer", Refusal.SEATS_OUT_OF_RANGE, id="fewer than are sold"),
        pytest.param(21, 4, "more", Refusal.SEATS_OUT_OF_RANGE, id="more than are sold"),
    ],
)
def test_seats(wanted: int, members: int | None, kind: str, refusal: Refusal | None) -> None:
    """What fits holds at once and is prorated; nobody loses a seat that is in use."""
    change = seat_change(crew(), wanted, members, NOW)
    assert (change.kind, change.holds, change.refusal, change.quantity) == (kind, Holds.NOW, refusal, wanted)


def test_fewer_seats_than_people_may_wait() -> None:
    """The policy lets them wait for the renewal, once; who leaves then has nothing to wait for."""
    offer = shop(WAIT_FOR_SEATS)
    change = seat_change(crew(offer=offer), 3, 4, NOW)
    assert (change.kind, change.holds, change.effective_at) == ("fewer", "at_renewal", PERIOD_END)
    assert change.is_made
    has = having(line("crew", quantity=5))
    scheduled = holding(has, schedules=[planned(line("crew", quantity=3))], offer=offer)
    assert seat_change(scheduled, 3, 4, NOW).kind is ChangeKind.NOTHING
    assert seat_change(scheduled, 2, 4, NOW).releases == "sched_1"
    leaving = holding(replace(has, cancel_at_period_end=True), offer=offer)
    assert seat_change(leaving, 3, 4, NOW).refusal is Refusal.FEWER_SEATS_THAN_MEMBERS


def test_seats_of_what_has_none() -> None:
    """Without a subscription it is bought, without seats there are none, and a debt is settled first."""
    assert seat_change(None, 3, 1, NOW).needs is Needs.CHECKOUT
    assert seat_change(holding(having(line("team"))), 3, 1, NOW).refusal is Refusal.NOT_PER_SEAT
    late = holding(having(line("crew", quantity=3), status="past_due"))
    assert seat_change(late, 5, 1, NOW).refusal is Refusal.PAYMENT_OUTSTANDING


def test_seats_in_a_trial() -> None:
    """They are free until it ends, with a card and without."""
    held = holding(trying("crew"), cards=Cards.NONE)
    change = seat_change(held, 5, 1, NOW)
    assert (change.is_made, change.trial_end) == (True, TRIAL_END)


def test_seats_that_wait_for_their_payment() -> None:
    """The same wish again is no second charge."""
    pending = PendingUpdate(NOW, (line("crew", quantity=9),))
    held = holding(having(line("crew", quantity=5), pending_update=pending))
    assert seat_change(held, 9, 1, NOW).waits_for_payment
    assert not seat_change(held, 8, 1, NOW).waits_for_payment


STORAGE = line(None, quantity=2, add_on="storage")


def add_on(held: Held | None, quantity: int, key: str = "storage") -> Change:
    """What the wish for an add-on comes to."""
    return add_on_change(held, shop(), key, quantity, NOW)


def test_add_ons() -> None:
    """More holds at once; less, and none, when it is renewed: it is paid for until then."""
    held = holding(having(line("team"), STORAGE))
    found = [add_on(held, quantity) for quantity in (3, 2, 1, 0)]
    assert [(change.kind, change.holds) for change in found] == [
        ("more", "now"),
        ("nothing", "now"),
        ("fewer", "at_renewal"),
        ("fewer", "at_renewal"),
    ]
    assert add_on(holding(having(line("team"))), 1).kind is ChangeKind.MORE
    assert add_on(None, 1).needs is Needs.CHECKOUT
    assert add_on(holding(trying()), 1).holds is Holds.NOW


def test_less_of_an_add_on_is_planned_once() -> None:
    """The same wish again needs nothing, and what ends has nothing left to plan."""
    has = having(line("team"), STORAGE)
    assert add_on(holding(has, schedules=[planned(line("team"))]), 0).kind is ChangeKind.NOTHING
    assert add_on(holding(has, schedules=[planned(line("team"))]), 1).releases == "sched_1"
    leaving = holding(replace(has, cancel_at_period_end=True))
    assert add_on(leaving, 0).kind is ChangeKind.NOTHING
    assert add_on(leaving, 0).effective_at == PERIOD_END


def test_add_ons_that_cannot_be_had() -> None:
    """An unknown add-on, or one that is not sold by the interval, is a mistake; a debt is settled first."""
    with pytest.raises(UnknownAddOnError, match="no add-on"):
        add_on(holding(having(line("team"))), 1, "gold")
    with pytest.raises(UnknownAddOnError, match="not sold per year"):
        add_on(holding(having(line("team", "year"))), 1)
    late = holding(having(line("team"), STORAGE, status="past_due"))
    assert add_on(late, 5).refusal is Refusal.PAYMENT_OUTSTANDING


def test_what_is_not_sold_any_more_can_be_given_up() -> None:
    """More of it cannot be had, less of it waits for the renewal like any other."""
    held = holding(having(line("team"), line(None, quantity=2, add_on="gold")))
    assert (add_on(held, 0, "gold").kind, add_on(held, 0, "gold").holds) == (
        ChangeKind.FEWER,
        Holds.AT_RENEWAL,
    )
    with pytest.raises(UnknownAddOnError, match="no add-on"):
        add_on(held, 3, "gold")


@given(st.integers(1, 30), st.integers(1, 30), st.none() | st.integers(0, 40))
def test_nobody_is_left_without_a_seat(has: int, wanted: int, members: int | None) -> None:
    """Whatever is made leaves a seat for everybody who had one, or waits for the renewal."""
    change = seat_change(crew(has), wanted, members, NOW)
    if change.is_made and change.holds is Holds.NOW:
        assert wanted >= min(has, members or 0)
        assert 2 <= wanted <= 20
