"""Loads what a change is decided by: account, catalogue, subscription, and the prices that are for sale."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tiergate.rules.catalog import Catalog
from tiergate.rules.held import Held, held_by
from tiergate.rules.state import AccountState, Schedule, Subscription
from tiergate.services.account_time import account_now
from tiergate.services.accounts.require_account import require_account
from tiergate.services.checkout.order import PriceNotAtStripeError
from tiergate.services.context import Context
from tiergate.services.mirror.sold_as import prices_in
from tiergate.services.plans.load_catalog import load_catalog
from tiergate.store import Transaction
from tiergate.store.account_rows import Account, load_state
from tiergate.store.catalog_rows import MappedPrice, find_prices, price_for_sale


@dataclass(frozen=True, slots=True)
class Facts:
    """An account at an instant of its own time, and the subscription that its changes are made to."""

    account: Account
    catalog: Catalog
    state: AccountState
    held: Held | None
    at: datetime
    intervals: Mapping[str, str]
    for_sale: Mapping[str, MappedPrice]
    """The prices at which the catalogue in force sells, by lookup key."""

    def price_id(self, lookup_key: str) -> str:
        """Return Stripe's id of a price. Raises ``PriceNotAtStripeError``."""
        if lookup_key not in self.for_sale:
            raise PriceNotAtStripeError(
                f"The price {lookup_key!r} of catalogue version {self.catalog.version} is not at Stripe yet.",
                "Run: tiergate plans push",
            )
        return self.for_sale[lookup_key].stripe_price_id


def load_facts(context: Context, tx: Transaction, account_id: str, at: datetime | None = None) -> Facts:
    """Load an account. Raises ``UnknownAccountError`` and ``NoPlansError``."""
    account = require_account(tx, account_id)
    catalog = load_catalog(tx)
    state = load_state(tx, account)
    intervals = intervals_of(tx, state)
    for_sale = {
        price.lookup_key: found
        for price in catalog.prices
        if (found := price_for_sale(tx, price.lookup_key, context.livemode)) is not None
    }
    return Facts(
        account,
        catalog,
        state,
        held_by(state, catalog, intervals),
        at or account_now(context, tx, account),
        intervals,
        for_sale,
    )


def intervals_of(tx: Transaction, state: AccountState) -> Mapping[str, str]:
    """Return how each price is paid for that an account has, or is to have, by Stripe's id."""
    selling: list[Subscription | Schedule] = [*state.subscriptions, *state.schedules]
    named = {price_id for each in selling for price_id in prices_in(each)}
    return {price_id: price.interval for price_id, price in find_prices(tx, named).items()}
