"""Tiered prices: graduated and volume, to the boundary and to the cent."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiergate.rules.price import Amount, Price
from tiergate.rules.tiered_price import Tier, TiersMode, tiered_total

SEATS = (Tier(5, 700), Tier(10, 650), Tier(None, 600))
CALLS = (Tier(1000, flat_amount=1000), Tier(10_000, Decimal("0.25")), Tier(None, Decimal("0.1"), 500))
FINE = (Tier(3, Decimal("0.5")), Tier(None, Decimal("0.25")))


@pytest.mark.parametrize(
    ("tiers", "quantity", "graduated", "volume"),
    [
        (SEATS, 0, 0, 0),
        (SEATS, 1, 700, 700),
        (SEATS, 5, 3500, 3500),
        (SEATS, 6, 4150, 3900),
        (SEATS, 10, 6750, 6500),
        (SEATS, 11, 7350, 6600),
        (SEATS, 20, 12_750, 12_000),
        (CALLS, 0, 1000, 1000),
        (CALLS, 1, 1000, 1000),
        (CALLS, 1000, 1000, 1000),
        (CALLS, 1001, 1000, 250),
        (CALLS, 1002, 1001, 251),
        (CALLS, 1003, 1001, 251),
        (CALLS, 10_000, 3250, 2500),
        (CALLS, 10_001, 3750, 1500),
        (CALLS, 10_005, 3751, 1501),
        (CALLS, 1_000_000, 102_750, 100_500),
        (FINE, 1, 1, 1),
        (FINE, 2, 1, 1),
        (FINE, 3, 2, 2),
        (FINE, 4, 2, 1),
        (FINE, 5, 2, 1),
        (FINE, 6, 2, 2),
        ((Tier(None, 4900, 1000),), 3, 15_700, 15_700),
        ((Tier(1), Tier(None, 500)), 1, 0, 0),
        ((Tier(1), Tier(None, 500)), 2, 500, 1000),
    ],
)
def test_what_a_quantity_costs(tiers: Sequence[Tier], quantity: int, graduated: int, volume: int) -> None:
    """The last unit of a tier still belongs to it, the next one begins another; flat amounts come once."""
    assert tiered_total(tiers, TiersMode.GRADUATED, quantity) == graduated
    assert tiered_total(tiers, TiersMode.VOLUME, quantity) == volume


amounts = st.integers(0, 10_000) | st.decimals(0, 100, places=4)


@st.composite
def tiered(draw: st.DrawFn) -> tuple[Tier, ...]:
    """Tiers that rise, the last one without an end."""
    ends = sorted(draw(st.sets(st.integers(1, 30), max_size=4)))
    return tuple(Tier(end, draw(amounts), draw(amounts)) for end in [*ends, None])


def unit_by_unit(tiers: Sequence[Tier], mode: TiersMode, quantity: int) -> int:
    """The same sum, counted as a person would: for each unit, look up the tier that it falls into."""

    def tier_of(unit: int) -> Tier:
        return next(tier for tier in tiers if tier.up_to is None or unit <= tier.up_to)

    units = range(1, quantity + 1)
    falls_into = [tier_of(quantity if mode is TiersMode.VOLUME else unit) for unit in units] or [tiers[0]]
    begun = [tier for tier in tiers if tier in falls_into]
    exact = sum((Decimal(tier.unit_amount) for tier in falls_into[:quantity]), Decimal(0))
    exact += sum((Decimal(tier.flat_amount) for tier in begun), Decimal(0))
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@given(tiered(), st.sampled_from(TiersMode), st.integers(0, 40))
def test_units_may_be_counted_one_by_one(tiers: tuple[Tier, ...], mode: TiersMode, quantity: int) -> None:
    """The total is that of looking up each unit, rounded once at the end."""
    assert tiered_total(tiers, mode, quantity) == unit_by_unit(tiers, mode, quantity)


@given(tiered(), st.integers(0, 40))
def test_one_more_unit_never_makes_a_graduated_price_cheaper(tiers: tuple[Tier, ...], quantity: int) -> None:
    """Graduated totals only grow."""
    assert tiered_total(tiers, TiersMode.GRADUATED, quantity) <= tiered_total(
        tiers, TiersMode.GRADUATED, quantity + 1
    )


def test_what_a_price_comes_to() -> None:
    """By the unit, by tiers, and in the currency that is paid in, or its own where it is not sold so."""
    euro = Amount("eur", 600, (Tier(5, 600), Tier(None, 500)))
    seats = Price("seats", "month", "usd", 700, {"eur": euro}, SEATS, TiersMode.GRADUATED)
    assert [seats.total(6, each) for each in ("usd", "eur", "gbp")] == [4150, 3500, 4150]
    assert Price("plain", "month", "usd", 700).total(6, "usd") == 4200
