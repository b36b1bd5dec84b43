"""Tells what the mirror's changes mean for an account, after they were committed."""

import logging
from collections.abc import Mapping, Sequence

from tiergate.services.access.do_what_is_left import do_what_is_left
from tiergate.services.access.refresh_account import refresh_account
from tiergate.services.context import Context

log = logging.getLogger("tiergate")


def tell_account(context: Context, account_id: str, cause: str) -> None:
    """Journal what became different for an account, and set when it must be looked at next.

    What fails here is no fault of the event's, which is applied: the account stays due, and ``run_due``
    tells it.
    """
    try:
        with context.database.write() as tx:
            left = refresh_account(context, tx, account_id, cause)
        do_what_is_left(context, account_id, left)
    except Exception:
        log.exception("account %s could not be told what follows from %s, and stays due", account_id, cause)


def tell_accounts(context: Context, causes: Mapping[str, Sequence[str]]) -> None:
    """Do so for accounts that several events may have changed: the newest is named as the cause.

    Webhooks that are arriving at the moment come first.
    """
    for account_id, of_account in causes.items():
        context.deliveries.give_way()
        tell_account(context, account_id, of_account[-1])
