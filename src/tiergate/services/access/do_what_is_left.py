"""Does at Stripe what a look at an account has found to be done there."""

from tiergate.services.access.left_to_do import LeftToDo
from tiergate.services.access.resolve_duplicates import resolve_duplicates
from tiergate.services.accounts.send_invoices import send_invoices
from tiergate.services.changes.name_plan import name_plans
from tiergate.services.checkout.finish_purchase import finish_purchase
from tiergate.services.context import Context
from tiergate.services.trials.begin_reverse_trial import begin_reverse_trial
from tiergate.store.checkout_rows import confirmed_purchases


def do_what_is_left(context: Context, account_id: str, left: LeftToDo) -> None:
    """Ask Stripe for it, and save what it answers; no transaction may be open.

    Raises ``StripeUnavailableError``: the account stays due, and it is tried again.
    """
    if LeftToDo.INVOICES in left:
        send_invoices(context, account_id)
    if LeftToDo.DUPLICATES in left:
        resolve_duplicates(context, account_id)
    if LeftToDo.NAMES in left:
        name_plans(context, account_id)
    if LeftToDo.PURCHASES in left:
        with context.database.read() as tx:
            purchases = confirmed_purchases(tx, account_id)
        for purchase in purchases:
            finish_purchase(context, purchase)
    if LeftToDo.TRIAL in left:
        begin_reverse_trial(context, account_id)
