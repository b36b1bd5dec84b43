"""Does now what changed access asks for: look at accounts, announce what is different, tell the host."""

from tiergate.services.access.deliver_changes import deliver_changes
from tiergate.services.accounts.require_account import require_account
from tiergate.services.context import Context
from tiergate.services.run_due import run_account, run_due


def enforce(context: Context, account_id: str | None = None) -> int:
    """Look at one account, or at all whose time has come, and tell the callback what it has not been told.

    Returns how many changes it was told meanwhile. Raises ``UnknownAccountError``, and of one account also
    whatever asking Stripe raises, after what is certain was told.
    """
    before = context.listening.told
    try:
        if account_id is None:
            run_due(context)
        else:
            with context.database.read() as tx:
                require_account(tx, account_id)
            run_account(context, account_id)
    finally:
        deliver_changes(context, account_id)
    return context.listening.told - before
