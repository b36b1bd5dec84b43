"""Who is looking at the plans, from the request at hand: what the account has, and the currency it sees."""

from dataclasses import dataclass

from fastapi import Request

from tiergate.rules.choose_currency import ChosenCurrency
from tiergate.rules.next_step import NOBODY
from tiergate.web.offer_in_language import catalog_in
from tiergate.web.offers import Storefront
from tiergate.web.page_frame import account_frame, billing_of, frame_of
from tiergate.web.visitor_currency import visitor_currency
from tiergate.web.wording import main_currency


@dataclass(frozen=True, slots=True)
class Visit:
    """The plans as one visitor sees them."""

    store: Storefront
    chosen: ChosenCurrency
    is_settled: bool
    """Whether the account pays in a currency already, so that there is nothing to choose."""


def visit_of(request: Request, account_id: str | None) -> Visit:
    """Find out who is looking. Raises ``NoPlansError`` and ``UnknownAccountError``."""
    billing = billing_of(request)
    catalog = billing.catalog()
    frame, position, currency = frame_of(request, catalog.product), NOBODY, None
    members = None
    if account_id is not None:
        view = billing.describe(account_id)
        frame, position = account_frame(request, view), view.position
        currency, members = view.told.state.currency, view.told.account.members
    chosen = visitor_currency(request, catalog.currencies, main_currency(catalog), currency)
    is_settled = currency is not None and currency in catalog.currencies
    shown = catalog_in(frame.translation, catalog)
    return Visit(Storefront(frame, shown, chosen.currency, position, members), chosen, is_settled)
