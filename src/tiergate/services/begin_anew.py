"""Empties the database of a demo, and of nobody else."""

from tiergate.rules.errors import TiergateError
from tiergate.services.context import Context
from tiergate.store.empty_tables import empty_tables, other_accounts


class NotADemoError(TiergateError):
    """The database belongs to somebody: a demo must not empty it."""

    code = "not_a_demo"


def begin_anew(context: Context, account_id: str) -> None:
    """Empty the database of a demo whose only account is this one.

    Raises ``NotADemoError`` where there are other accounts, and leaves everything as it is.
    """
    with context.database.write() as tx:
        others = other_accounts(tx, account_id)
        if others:
            counted = "1 other account" if others == 1 else f"{others} other accounts"
            raise NotADemoError(
                f"The database holds {counted}: it is not a demo's.",
                "Point DATABASE_URL at an empty database.",
            )
        empty_tables(tx)
