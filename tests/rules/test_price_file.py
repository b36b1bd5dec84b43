"""Prices in the catalogue file: currencies, tiers, seats, and prices that exist at Stripe already."""

import pytest

from tiergate.rules.catalog import Catalog, Seats, TrialModel
from tiergate.rules.catalog_file import CatalogError, parse_catalog
from tiergate.rules.price import Amount, Price, TaxBehavior
from tiergate.rules.tiered_price import Tier, TiersMode

TIERS = "tiers = [{ up_to = 10, unit_amount = 500 }, { unit_amount = 300, flat_amount = 100 }]"


def catalog(price: str, more: str = "") -> Catalog:
    """Read a file with one price of one plan."""
    return parse_catalog(f'[product]\nname = "Acme"\n[plans.pro]\n{more}[[plans.pro.prices]]\n{price}\n')


def price(text: str) -> Price:
    """Read one price."""
    return catalog(text).plan("pro").prices[0]


def mistakes(text: str, more: str = "") -> list[str]:
    """Return what is wrong with one price."""
    with pytest.raises(CatalogError) as caught:
        catalog(text, more)
    return [mistake.message for mistake in caught.value.mistakes]


def test_one_price_in_several_currencies() -> None:
    """Currency options hold an amount for each other currency, and each can be asked for."""
    read = price('currency = "usd"\nunit_amount = 4900\ncurrency_options = { EUR = 4500, jpy = 7000 }')
    assert read.currencies == ("usd", "eur", "jpy")
    assert read.amount_in("usd") == Amount("usd", 4900)
    assert read.amount_in("eur") == Amount("eur", 4500)
    assert read.amount_in("gbp") is None


def test_a_price_by_tiers() -> None:
    """Tiers take the place of the amount; the first one tells what the first unit costs."""
    read = price(f'currency = "usd"\n{TIERS}')
    assert read.tiers == (Tier(10, 500), Tier(None, 300, 100))
    assert (read.unit_amount, read.tiers_mode) == (500, TiersMode.GRADUATED)
    assert price(f'currency = "usd"\ntiers_mode = "volume"\n{TIERS}').tiers_mode is TiersMode.VOLUME


def test_tiers_in_several_currencies() -> None:
    """Another currency has tiers too, in the same steps."""
    in_euro = "currency_options.eur = [{ up_to = 10, unit_amount = 450 }, { unit_amount = 270 }]"
    read = price(f'currency = "usd"\n{TIERS}\n{in_euro}')
    assert read.currency_options == {"eur": Amount("eur", 450, (Tier(10, 450), Tier(None, 270)))}
    other_steps = in_euro.replace("10", "11")
    assert mistakes(f'currency = "usd"\n{TIERS}\n{other_steps}') == [
        "The tiers in 'eur' have other steps than those of the price."
    ]
    assert mistakes(f'currency = "usd"\n{TIERS}\ncurrency_options = {{ eur = 450 }}') == ["'eur' is 450."]


@pytest.mark.parametrize("named", ["price_1Abc", "STRIPE_PRICE_PRO_MONTHLY"])
def test_a_price_that_exists_at_stripe(named: str) -> None:
    """It is named by its id, or by an environment variable that holds it."""
    assert price(f'currency = "usd"\nunit_amount = 100\nstripe_price = "{named}"').stripe_price == named


def test_tax_behavior_and_seats() -> None:
    """A price says whether it contains tax, and a plan how many seats can be bought."""
    read = catalog(
        'currency = "usd"\nunit_amount = 100\ntax_behavior = "inclusive"', "seats = { minimum = 3 }\n"
    ).plan("pro")
    assert read.prices[0].tax_behavior is TaxBehavior.INCLUSIVE
    assert read.seats == Seats(3, None)


def test_a_reverse_trial() -> None:
    """The plan that accounts try from sign-up on is found by its trial's model."""
    read = catalog('currency = "usd"\nunit_amount = 100', 'trial = { days = 14, model = "reverse_trial" }\n')
    assert read.reverse_trial_plan is read.plan("pro")
    trial = read.plan("pro").trial
    assert trial is not None
    assert trial.model is TrialModel.REVERSE_TRIAL


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("unit_amount = 5", "[[plans.pro.prices]] number 1 has no 'currency'."),
        ('currency = "usd"\nunit_amount = 0', "A price must be more than nothing."),
        ('currency = "usd"\nunit_amount = 1000000000000', "Stripe charges at most 999999999999 minor units."),
        (
            'currency = "usd"\nunit_amount = 5\ncurrency_options = { usd = 5 }',
            "The price is in 'usd' already.",
        ),
        ('currency = "usd"\nunit_amount = 5\ncurrency_options = { xyz = 5 }', "'xyz' is not a currency."),
        (
            'currency = "usd"\nunit_amount = 5\ncurrency_options = { eur = 0 }',
            "A price must be more than nothing.",
        ),
        (f'currency = "usd"\nunit_amount = 5\n{TIERS}', "A price with tiers has no amount of its own."),
        ('currency = "usd"\nunit_amount = 5\ntiers_mode = "volume"', "There are no tiers."),
        (
            'currency = "usd"\ntiers = [{ up_to = 5, unit_amount = 1 }]',
            "The tiers do not cover every quantity once.",
        ),
        (
            'currency = "usd"\ntiers = [{ up_to = 5, unit_amount = 1 }, { up_to = 5, unit_amount = 1 }, '
            "{ unit_amount = 1 }]",
            "The tiers do not cover every quantity once.",
        ),
        ('currency = "usd"\ntiers = [{ up_to = 5 }, { flat_amount = 1 }]', "A tier says what it costs."),
        ('currency = "usd"\ntiers = [{ unit_amount = -1 }]', "An amount cannot be less than nothing."),
        ('currency = "usd"\nunit_amount = 5\nstripe_price = "pro"', "'pro' is no price of Stripe's."),
    ],
)
def test_what_can_be_wrong_with_a_price(text: str, message: str) -> None:
    """Each mistake is told once, in words."""
    assert mistakes(text) == [message]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("seats = { minimum = 0 }\n", "0 seats cannot be bought."),
        ("seats = { minimum = 3, maximum = 2 }\n", "2 seats are fewer than the minimum of 3."),
        (
            'trial = { days = 7, card = "required", model = "reverse_trial" }\n',
            "A reverse trial begins by itself, before anybody could ask for a card.",
        ),
        ('contact_url = "javascript:alert(1)"\n', "'javascript:alert(1)' is no address to lead to."),
    ],
)
def test_what_can_be_wrong_with_a_plan(more: str, message: str) -> None:
    """Each mistake is told once, in words."""
    assert mistakes('currency = "usd"\nunit_amount = 5', more) == [message]


def test_what_is_not_sold_has_neither_trial_nor_seats() -> None:
    """A free plan cannot be tried, and its seats cannot be bought."""
    with pytest.raises(CatalogError) as caught:
        parse_catalog('[product]\nname = "A"\n[plans.free]\ntrial = { days = 3 }\nseats = {}\n')
    assert [mistake.message for mistake in caught.value.mistakes] == [
        "Plan 'free' is not sold, so it has no trial.",
        "Plan 'free' is not sold, so it has no seats.",
    ]


def test_two_reverse_trials() -> None:
    """Only one plan can begin by itself."""
    trial = (
        'trial = { days = 3, model = "reverse_trial" }\nprices = [{ currency = "usd", unit_amount = 1 }]\n'
    )
    with pytest.raises(CatalogError, match="Plans 'a' and 'b' would both begin at sign-up"):
        parse_catalog(f'[product]\nname = "A"\n[plans.a]\n{trial}[plans.b]\n{trial}')


def test_the_currency_of_the_product_is_one_it_is_sold_in() -> None:
    """A default currency without any price is a mistake, with the remedy."""
    with pytest.raises(CatalogError, match=r"Nothing is sold in 'eur'. Write one of: usd\."):
        parse_catalog(
            '[product]\nname = "A"\ncurrency = "eur"\n'
            '[plans.a]\nprices = [{ currency = "usd", unit_amount = 1 }]\n'
        )
    with pytest.raises(CatalogError, match=r"Nothing is sold in 'eur'. Delete it, or add prices\."):
        parse_catalog('[product]\nname = "A"\ncurrency = "eur"\n[plans.a]\n')
