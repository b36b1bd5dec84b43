"""Leads an account to the page on which it buys: a trial without a card is bought, anything else begins."""

from collections.abc import Mapping

from tiergate.services.begin_reverse_trial import begin_reverse_trial
from tiergate.services.buy_in_trial import buy_in_trial, is_bought_in_trial
from tiergate.services.context import Context
from tiergate.services.order import Order
from tiergate.services.start_checkout import start_checkout


def lead_to_checkout(
    context: Context,
    account_id: str,
    plan_key: str,
    interval: str = "month",
    *,
    seats: int | None = None,
    currency: str | None = None,
    add_ons: Mapping[str, int] | None = None,
    return_to: str | None = None,
) -> str:
    """Return the address of the page; see ``start_checkout`` and ``buy_in_trial`` for what they raise.

    A trial that is bought keeps its currency.

    A reverse trial that Stripe has not got yet begins first, so that what is left of it counts.
    """
    begin_reverse_trial(context, account_id)
    if is_bought_in_trial(context, account_id):
        order = Order(plan_key, interval, seats, add_ons=add_ons or {}, return_to=return_to)
        return buy_in_trial(context, account_id, order)
    return start_checkout(
        context,
        account_id,
        plan_key,
        interval,
        seats=seats,
        currency=currency,
        add_ons=add_ons,
        return_to=return_to,
    )
