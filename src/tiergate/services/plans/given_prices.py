"""The prices that the file names by ``stripe_price``: they are at Stripe already, and are only used."""

from collections.abc import Iterator, Mapping

from tiergate.rules.catalog import Catalog
from tiergate.rules.errors import TiergateError
from tiergate.rules.offer_at_stripe import OfferAtStripe, differences
from tiergate.rules.price import Price

_ID = "price_"


class StripePriceError(TiergateError):
    """Prices that the file names by ``stripe_price`` are not at Stripe, or are others than it says.

    ``problems`` lists all of them.
    """

    code = "stripe_price_invalid"

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems), "Nothing was written.")
        self.problems = problems


def given_prices(catalog: Catalog, stripe_prices: Mapping[str, str]) -> dict[str, str]:
    """Return the ids that ``stripe_price`` stands for, by lookup key.

    ``stripe_prices`` has the values of environment variables. Raises ``StripePriceError`` for one that is
    not set.
    """
    named = {price.lookup_key: price.stripe_price for price in catalog.prices if price.stripe_price}
    unset = tuple(
        f"{name}, which the price {key!r} names, is not set: set it to the price's id (price_…)."
        for key, name in named.items()
        if not name.startswith(_ID) and name not in stripe_prices
    )
    if unset:
        raise StripePriceError(unset)
    return {key: name if name.startswith(_ID) else stripe_prices[name] for key, name in named.items()}


def known_given_prices(catalog: Catalog, stripe_prices: Mapping[str, str]) -> dict[str, str]:
    """Return the ids as ``given_prices`` does, without those of variables that are not set."""
    return {
        price.lookup_key: price_id
        for price in catalog.prices
        if (name := price.stripe_price)
        and (price_id := name if name.startswith(_ID) else stripe_prices.get(name))
    }


def check_given_prices(catalog: Catalog, given: Mapping[str, str], at_stripe: OfferAtStripe) -> None:
    """Make sure that each is at Stripe, can be sold, and is what the file says.

    Raises ``StripePriceError``.
    """
    problems = tuple(
        f"{given[price.lookup_key]}, which the price {price.lookup_key!r} names, {wrong}"
        for price in catalog.prices
        if price.lookup_key in given
        for wrong in _problems(price, given[price.lookup_key], at_stripe)
    )
    if problems:
        raise StripePriceError(problems)


def _problems(price: Price, price_id: str, at_stripe: OfferAtStripe) -> Iterator[str]:
    found = at_stripe.prices.get(price_id)
    if found is None:
        yield "is not at Stripe: copy the id of a price of this mode from Stripe's dashboard."
        return
    if not found.active:
        yield "is archived at Stripe: name one that is for sale."
    if told := "; ".join(differences(price, found)):
        yield f"is another price: {told}. Correct the file, or name another price."
