"""Does at Stripe what a look at an account has found to be done there."""

from tiergate.services.context import Context
from tiergate.services.left_to_do import LeftToDo
from tiergate.services.resolve_duplicates import resolve_duplicates
from tiergate.services.send_invoices import send_invoices


def do_what_is_left(context: Context, account_id: str, left: LeftToDo) -> None:
    """Ask Stripe for it, and save what it answers; no transaction may be open."""
    if LeftToDo.INVOICES in left:
        send_invoices(context, account_id)
    if LeftToDo.DUPLICATES in left:
        resolve_duplicates(context, account_id)
