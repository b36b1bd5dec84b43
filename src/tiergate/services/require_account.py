"""Finds an account that has to be known already."""

from tiergate.rules.errors import UnknownAccountError
from tiergate.store import Transaction
from tiergate.store.account_rows import Account, find_account


def require_account(tx: Transaction, account_id: str, *, lock: bool = False) -> Account:
    """Return an account, locked if wanted; raises ``UnknownAccountError`` for one nobody registered."""
    account = find_account(tx, account_id, lock=lock)
    if account is None:
        raise UnknownAccountError(
            f"There is no account {account_id!r}.",
            "Make it known first: billing.register(account_id, email=…)",
        )
    return account
