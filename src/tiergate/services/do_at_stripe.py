"""Does at Stripe what an account needs done there, after the transaction in which that was found out."""

from tiergate.services.begin_reverse_trial import begin_reverse_trial
from tiergate.services.context import Context
from tiergate.services.finish_purchase import finish_purchase
from tiergate.services.load_catalog import load_catalog
from tiergate.services.note_duplicates import duplicates_to_cancel
from tiergate.services.promise_reverse_trial import is_waiting
from tiergate.services.resolve_duplicates import resolve_duplicates
from tiergate.store.account_rows import find_account, load_state
from tiergate.store.checkout_rows import confirmed_purchases


def do_at_stripe(context: Context, account_id: str) -> None:
    """Cancel what an account has twice, begin the trial that it waits for, carry out what it has bought.

    Raises ``StripeUnavailableError``: the account stays due, and it is tried again.
    """
    with context.database.read() as tx:
        account = find_account(tx, account_id)
        if account is None:
            return
        state = load_state(tx, account)
        has_duplicates = bool(duplicates_to_cancel(tx, state, load_catalog(tx)))
        waits = is_waiting(context, tx, account, state)
        purchases = confirmed_purchases(tx, account_id)
    if has_duplicates:
        resolve_duplicates(context, account_id)
    for purchase in purchases:
        finish_purchase(context, purchase)
    if waits:
        begin_reverse_trial(context, account_id)
