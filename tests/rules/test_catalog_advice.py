"""What is possible in a catalogue and unwise: each piece of advice, where it is shown, and what ends it."""

from dataclasses import dataclass

import pytest

from tests.rules.builders import PLAIN_NORTHWIND
from tiergate.rules.catalog_advice import advise
from tiergate.rules.catalog_file import parse_catalog
from tiergate.rules.toml_positions import positions_of

TEAM = "[plans.team]\n"
TRIAL = 'trial = { days = 14, card = "not_required" }'
BILLING = "[billing]\n"
CHECKOUT = "[checkout]\n"
STARTER_YEAR = '[[plans.starter.prices]]\ninterval = "year"\ncurrency = "usd"\nunit_amount = 18000\n'


@dataclass(frozen=True)
class Unwise:
    """What was written instead of something in Northwind's file, or after it, and what is said of it."""

    name: str
    old: str
    new: str
    shown: str
    """How the line begins at which it is shown."""
    message: str

    def __str__(self) -> str:
        """Name the test case."""
        return self.name


def added(name: str, text: str, shown: str, message: str) -> Unwise:
    """Something that was written at the end of the file."""
    return Unwise(name, "", text, shown, message)


CASES = [
    added(
        "five public plans",
        '[plans.more]\nfeatures = { projects = "unlimited" }\ncontact_url = "/talk"\n',
        "[plans.more]",
        "There are 5 public plans",
    ),
    Unwise("no public plan", "[plans.", "[plans.", "public = false", "No plan is public"),
    Unwise(
        "two highlights",
        'name = "Scale"\n',
        'name = "Scale"\nhighlight = true\n',
        "highlight = true",
        "Plans 'team' and 'scale' are both highlighted.",
    ),
    Unwise("no yearly price", STARTER_YEAR, "", "[plans.starter]", "Plan 'starter' has no yearly price."),
    Unwise(
        "dear year",
        "unit_amount = 18000",
        "unit_amount = 22801",
        "[[plans.starter.prices]]",
        "A year of plan 'starter' costs more in usd than twelve months of it.",
    ),
    Unwise(
        "a currency that others have",
        "unit_amount = 4900\n",
        "unit_amount = 4900\ncurrency_options = { eur = 4500 }\n",
        "[[plans.starter.prices]]",
        "Plan 'starter' per month is not sold in eur, as others are.",
    ),
    Unwise(
        "endless trial",
        TRIAL,
        "trial = { days = 61 }",
        "days = 61",
        "A trial of 61 days is longer than anybody needs",
    ),
    Unwise(
        "long grace",
        "grace_days = 3",
        "grace_days = 15",
        "[plans.starter]",
        "Plan 'starter' stays open for 15 days after a failed payment.",
    ),
    Unwise(
        "an empty plan",
        'features = { projects = 1, api_calls = 1000, seats = 2, support = "Community" }',
        "",
        "[plans.free]",
        "Plan 'free' includes nothing.",
    ),
    Unwise(
        "less for more",
        "seats = 50\n",
        "seats = 9\n",
        "[plans.scale.features]",
        "Plan 'scale' gives less than the smaller 'team' of: seats.",
    ),
    Unwise(
        "more for less",
        "unit_amount = 14900",
        "unit_amount = 4800",
        "[plans.scale]",
        "Plan 'scale' costs less per month than the smaller 'team'.",
    ),
    Unwise(
        "reverse trial into nothing",
        TRIAL,
        'trial = { days = 14, model = "reverse_trial" }',
        "model =",
        "A reverse trial ends in the free plan, and there is none.",
    ),
    Unwise(
        "reverse trial into a wall",
        'after_trial = "free"',
        'after_trial = "blocked"',
        "model =",
        "After its reverse trial an account is blocked, not on the free plan.",
    ),
    added(
        "cards that are never charged",
        f"{BILLING}auto_charge = false\n",
        'card = "required"',
        "The trial of plan 'scale' asks for a card that will never be charged.",
    ),
    added(
        "trials that nobody can begin",
        f"{CHECKOUT}hosted = false\n",
        "trial =",
        "Nobody can begin the trial of plan 'starter'",
    ),
    added(
        "no dunning",
        f"{BILLING}dunning = false\n",
        "dunning = false",
        "Customers are not told of failed payments",
    ),
    added(
        "no retry",
        f"{BILLING}retry_after_days = []\n",
        "retry_after_days = []",
        "A failed payment is never tried again.",
    ),
    added(
        "past due for ever",
        f'{BILLING}after_last_retry = "past_due"\n',
        "after_last_retry",
        "A subscription that is never paid stays past due for ever.",
    ),
    added(
        "codes for nothing",
        f"{CHECKOUT}hosted = false\npromotion_codes = true\n",
        "promotion_codes = true",
        "Promotion codes are accepted in a checkout that is switched off.",
    ),
]


def changed(case: Unwise) -> str:
    """The file with what was written."""
    text = PLAIN_NORTHWIND.replace(case.old, case.new, 1) if case.old else f"{PLAIN_NORTHWIND}\n{case.new}"
    if case.name == "no public plan":
        for key in ("free", "starter", "team", "scale"):
            text = text.replace(f"[plans.{key}]\n", f"[plans.{key}]\npublic = false\n")
    if case.name == "reverse trial into nothing":
        text = text.replace("[plans.free]\n", '[plans.free]\ncontact_url = "/talk"\n')
    if case.name == "reverse trial into a wall":
        text = text.replace(TRIAL, 'trial = { days = 14, model = "reverse_trial" }', 1)
    return text


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_piece_of_advice_is_given_where_it_belongs(case: Unwise) -> None:
    """It is found in the unwise file, at its line, with a remedy, and not in Northwind's own."""
    text = changed(case)
    found = [each for each in advise(parse_catalog(text), positions_of(text)) if case.message in each.message]
    assert found, [each.message for each in advise(parse_catalog(text))]
    assert text.split("\n")[found[0].line - 1][found[0].column - 1 :].startswith(case.shown)
    assert found[0].remedy
    assert str(found[0]).startswith(f"line {found[0].line}, column {found[0].column}: {case.message}")


def test_northwind_needs_no_advice() -> None:
    """The demo's file, with prices by the month and the year, is as it should be."""
    assert advise(parse_catalog(PLAIN_NORTHWIND), positions_of(PLAIN_NORTHWIND)) == ()


def test_an_offer_that_sells_nothing() -> None:
    """A file with a free plan alone is told that nothing is for sale, wherever it comes from."""
    (advice,) = advise(parse_catalog('[product]\nname = "A"\n[plans.free]\n'))
    assert (advice.line, advice.message) == (1, "Nothing is for sale.")


def test_tiers_are_compared_with_nothing() -> None:
    """What a year or a bigger plan costs by tiers depends on the quantity: no advice is given on it."""
    tiers = "tiers = [{ unit_amount = 1 }]"
    text = PLAIN_NORTHWIND.replace("unit_amount = 14900", tiers).replace("unit_amount = 18000", tiers)
    assert advise(parse_catalog(text)) == ()


def test_a_year_without_a_month_is_no_dearer() -> None:
    """A plan that is sold by the year alone, or by the month in another currency, has nothing to compare."""
    text = PLAIN_NORTHWIND.replace(
        'interval = "month"\ncurrency = "usd"\nunit_amount = 1900',
        'interval = "month"\ncurrency = "eur"\nunit_amount = 1',
    )
    assert not [each for each in advise(parse_catalog(text)) if "twelve months" in each.message]
