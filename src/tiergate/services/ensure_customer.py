"""Gives an account its one Stripe customer."""

from typing import Any

from tiergate.rules.errors import UnknownAccountError
from tiergate.services.context import Context
from tiergate.services.run_operation import run_operation
from tiergate.services.save_reading import save_reading
from tiergate.store import Transaction
from tiergate.store.account_rows import Account, find_account, link_customer
from tiergate.store.operation_rows import Operation
from tiergate.stripe_api.gateway import Answer


def ensure_customer(context: Context, account_id: str) -> str:
    """Return the account's Stripe customer, creating it where there is none yet.

    However many callers do this at once, they get the same customer. Raises ``UnknownAccountError``.
    """
    with context.database.read() as tx:
        account = find_account(tx, account_id)
    if account is None:
        raise UnknownAccountError(
            f"There is no account {account_id!r}.",
            "Make it known first: billing.register(account_id, email=…)",
        )
    if account.stripe_customer_id:
        return account.stripe_customer_id

    def settle(tx: Transaction, operation: Operation, answer: Answer) -> None:
        link_customer(tx, account_id, answer.body["id"], answer.body.get("test_clock"), context.now())
        save_reading(context, tx, "customer", answer, operation.created_at)

    run_operation(
        context,
        account_id,
        "create_customer",
        _parameters(account),
        context.gateway.create_customer,
        settle,
        wanted=lambda _tx, account: account.stripe_customer_id is None,
    )
    return ensure_customer(context, account_id)


def _parameters(account: Account) -> dict[str, Any]:
    wanted = {
        "email": account.email,
        "name": account.name,
        "metadata": {"account_id": account.account_id},
        "test_clock": account.test_clock,
    }
    return {key: value for key, value in wanted.items() if value}
