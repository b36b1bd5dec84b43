"""Does at Stripe what an account needs done there, after the transaction in which that was found out."""

from tiergate.services.begin_reverse_trial import begin_reverse_trial
from tiergate.services.context import Context
from tiergate.services.load_catalog import load_catalog
from tiergate.services.note_duplicates import duplicates_to_cancel
from tiergate.services.promise_reverse_trial import is_waiting
from tiergate.services.resolve_duplicates import resolve_duplicates
from tiergate.store.account_rows import find_account, load_state


def do_at_stripe(context: Context, account_id: str) -> None:
    """Cancel what an account has twice, and begin the trial that it waits for.

    Raises ``StripeUnavailableError``: the account stays due, and it is tried again.
    """
    with context.database.read() as tx:
        account = find_account(tx, account_id)
        if account is None:
            return
        state = load_state(tx, account)
        has_duplicates = bool(duplicates_to_cancel(tx, state, load_catalog(tx)))
        waits = is_waiting(context, tx, account, state)
    if has_duplicates:
        resolve_duplicates(context, account_id)
    if waits:
        begin_reverse_trial(context, account_id)
