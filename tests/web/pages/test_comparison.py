"""The comparison of plans."""

from dataclasses import replace

from tests.web.pages.northwind import CREW, ENTERPRISE, FEATURES, FREE, NORTHWIND, TEAM, TIERS, store
from tiergate.rules.catalog import Catalog, Feature, FeatureKind
from tiergate.rules.price import Amount, Price
from tiergate.rules.tiered_price import Tier, TiersMode
from tiergate.web.comparison import Cell, comparison
from tiergate.web.pricing_words import tier_lines
from tiergate.web.wording import Wording

YES, NO = Cell(True), Cell(False)


def _rows(catalog: Catalog) -> dict[str, tuple[Cell, ...]]:
    rows = comparison(store(catalog)).rows
    return {f"{row.title} {row.interval or ''}".strip(): row.cells for row in rows}


def _texts(*lines: str) -> tuple[Cell, ...]:
    return tuple(Cell(bool(line), (line,) if line else ()) for line in lines)


def test_every_feature_has_a_row_with_a_cell_for_each_plan() -> None:
    """Amounts with their unit and period, words as they are, and yes or no where there is no more to say."""
    rows = _rows(NORTHWIND)
    assert rows["Price month"] == _texts("$0 / month", "$19 / month", "$49 / month", "$149 / month")
    assert rows["Price year"] == _texts("$0 / month", "$15 / month", "$39 / month", "$119 / month")
    assert rows["Trial"] == _texts("", "14 days, no card", "14 days, no card", "14 days, card needed")
    assert rows["Projects"] == _texts("1", "5", "Unlimited", "Unlimited")
    assert rows["API calls"] == _texts("1,000 / month", "20,000 / month", "100,000 / month", "1M / month")
    assert rows["Support"] == _texts("Community", "Email", "Priority", "Priority")
    assert rows["Custom domain"] == (NO, YES, YES, YES)
    assert rows["Audit log"] == (NO, NO, *_texts("90 days", "1 year"))
    assert len(rows) == 3 + len(FEATURES)


def test_seats_and_tiers_are_told_in_words() -> None:
    """Tiers line by line with the interval, seats as a range, and what is for each seat as such."""
    per_seat = Feature("exports", "Exports", FeatureKind.PER_SEAT)
    crew = replace(CREW, features={"exports": 5}, prices=CREW.prices[:1])
    plans = {plan.key: plan for plan in (FREE, crew, ENTERPRISE)}
    rows = _rows(replace(NORTHWIND, plans=plans, features={"exports": per_seat}))
    tiers = Cell(True, ("1 to 10: $9 each", "11 to 50: $7 each", "From 51 on: $5 each", "per month"))
    assert rows["Price"] == (*_texts("$0 / month"), tiers, *_texts("Let’s talk"))
    assert rows["Seats you can buy"] == (NO, *_texts("3 to 200"), NO)
    assert rows["Exports"] == (NO, *_texts("5 per seat"), NO)


def test_the_words_of_tiers() -> None:
    """Graduated and by volume, with flat amounts and without, one unit and any number."""
    english, price = Wording(), Price("p", "month", "usd", 900, tiers=TIERS, tiers_mode=TiersMode.VOLUME)
    assert tier_lines(english, price, price.amount)[1] == "11 to 50: $7 each for all"
    flat = Amount("eur", 0, (Tier(1, 0, 2000), Tier(2, 900), Tier(5, 1000, 500), Tier(None, 0)))
    assert tier_lines(english, Price("p", "month", "eur", 0), flat) == (
        "The first: €20 flat",
        "2: €9 each",
        "3 to 5: €10 each plus €5 flat",
        "From 6 on: €0 each",
    )
    assert tier_lines(english, price, Amount("usd", 5, (Tier(None, 5),))) == (
        "Any number: $0.05 each for all",
    )
    assert tier_lines(english, price, Amount("usd", 5)) == ()


def test_what_cannot_be_compared_is_not() -> None:
    """One plan alone, or plans without features, have no table."""
    assert comparison(store(replace(NORTHWIND, plans={"team": TEAM}))).rows == ()
    assert comparison(store(replace(NORTHWIND, features={}))).rows == ()


def test_a_feature_that_no_shown_plan_has_is_left_out() -> None:
    """A row of nothing but dashes tells nobody anything."""
    plans = {plan.key: plan for plan in (FREE, CREW)}
    assert "SAML single sign-on" not in _rows(replace(NORTHWIND, plans=plans))
