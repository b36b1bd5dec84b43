"""Begins at Stripe the trial that an account was promised at its sign-up, when Stripe answers."""

import logging

from tiergate.services.account_time import account_now
from tiergate.services.checkout.order import price_at_stripe
from tiergate.services.context import Context
from tiergate.services.plans.load_catalog import load_catalog
from tiergate.services.trials.begin_trial import TrialOrder, begin_trial
from tiergate.services.trials.promise_reverse_trial import GRANT_ID, NOT_BEGUN, is_waiting, waiting_promise
from tiergate.store import Transaction
from tiergate.store.account_rows import Account, find_account, load_state
from tiergate.store.journal_rows import Entry, append
from tiergate.stripe_api.gateway import StripeRefusedError

log = logging.getLogger("tiergate")


def begin_reverse_trial(context: Context, account_id: str) -> None:
    """Begin at Stripe the reverse trial that an account waits for, with all of its days.

    Does nothing where it has begun, or is over. What Stripe refuses is final, and journalled: the trial runs
    to its end without Stripe. Raises ``StripeUnavailableError``, after which it is still due.
    """
    with context.database.read() as tx:
        account = find_account(tx, account_id)
        order = _order(context, tx, account) if account else None
    if order is None:
        return
    try:
        begin_trial(context, order, lambda tx, account, state: is_waiting(context, tx, account, state))
    except StripeRefusedError as refusal:
        log.warning("subscription trial of account %s is not at Stripe: %s", account_id, refusal)
        with context.database.write() as tx:
            at = account_now(context, tx, order.account)
            data = {"plan": order.plan.key, "error": refusal.message}
            kind, now = "reverse_trial_not_begun", context.now()
            append(tx, Entry(account_id, kind, at, now, GRANT_ID, data, occasion_key=NOT_BEGUN))


def _order(context: Context, tx: Transaction, account: Account) -> TrialOrder | None:
    state = load_state(tx, account)
    grant = waiting_promise(tx, account, state, account_now(context, tx, account))
    if grant is None:
        return None
    catalog = load_catalog(tx)
    sold = catalog.as_sold(grant.catalog_version)
    plan = sold.plan(grant.plan_key or "")
    monthly = next((price for price in plan.prices if price.interval == "month"), plan.prices[0])
    price = price_at_stripe(context, tx, catalog, monthly)
    return TrialOrder(account, plan, price.stripe_price_id, sold.version, {"trial": GRANT_ID})
