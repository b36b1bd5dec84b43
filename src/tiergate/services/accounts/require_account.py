"""Finds an account that has to be known already."""

from tiergate.rules.errors import TiergateError, UnknownAccountError
from tiergate.store import Transaction
from tiergate.store.account_rows import Account, find_account


class AccountErasedError(TiergateError):
    """The personal data of the account was erased, and it is over."""

    code = "account_erased"


def require_account(tx: Transaction, account_id: str, *, lock: bool = False) -> Account:
    """Return an account, locked if wanted; raises ``UnknownAccountError`` for one nobody registered."""
    account = find_account(tx, account_id, lock=lock)
    if account is None:
        raise UnknownAccountError(
            f"There is no account {account_id!r}.",
            "Make it known first: billing.register(account_id, email=…)",
        )
    return account


def require_unerased(tx: Transaction, account_id: str, *, lock: bool = False) -> Account:
    """Return an account that was not erased. Raises ``UnknownAccountError`` and ``AccountErasedError``."""
    account = require_account(tx, account_id, lock=lock)
    refuse_erased(account)
    return account


def refuse_erased(account: Account | None) -> None:
    """Raise ``AccountErasedError`` for an account that was erased."""
    if account is not None and account.erased_at is not None:
        raise AccountErasedError(
            f"Account {account.account_id!r} was erased.", "Make the customer known under another account id."
        )
