"""Leads an account to the page on which it buys: a trial without a card is bought, anything else begins."""

from dataclasses import replace

from tiergate.services.checkout.order import Order
from tiergate.services.checkout.start_checkout import start_checkout
from tiergate.services.context import Context
from tiergate.services.trials.begin_reverse_trial import begin_reverse_trial
from tiergate.services.trials.buy_in_trial import buy_in_trial, is_bought_in_trial


def lead_to_checkout(context: Context, account_id: str, order: Order) -> str:
    """Return the address of the page; see ``start_checkout`` and ``buy_in_trial`` for what they raise.

    A trial that is bought keeps its currency.

    A reverse trial that Stripe has not got yet begins first, so that what is left of it counts.
    """
    begin_reverse_trial(context, account_id)
    if is_bought_in_trial(context, account_id):
        return buy_in_trial(context, account_id, replace(order, currency=None))
    return start_checkout(context, account_id, order)
