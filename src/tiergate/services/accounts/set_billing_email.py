"""Sets the address that invoices and receipts go to: at Stripe, and here."""

import re
from collections.abc import Mapping
from typing import Any

from tiergate.rules.errors import TiergateError
from tiergate.services.account_time import account_now
from tiergate.services.accounts.require_account import require_unerased
from tiergate.services.changes.change_errors import ChangeBusyError
from tiergate.services.context import Context
from tiergate.services.mirror.save_reading import save_reading
from tiergate.services.run_operation import Asked, run_operation
from tiergate.store import Transaction
from tiergate.store.account_rows import Account, find_account, load_state, register
from tiergate.store.change_feed import account_topic, note_change
from tiergate.store.journal_rows import Entry, append
from tiergate.store.operation_rows import Operation
from tiergate.stripe_api.gateway import Answer

ACTION = "billing_email"
_ROUNDS = 3
LONGEST = 254
ADDRESS = re.compile(r"[!#-'*+\-.\/0-9=?A-Z^-~]+@[A-Za-z0-9\-]+(\.[A-Za-z0-9\-]+)+")
"""What no letter could ever reach is refused, and letters beyond ASCII, which many a mail server does not
take; whether somebody reads it, only a letter tells."""


class InvalidEmailError(TiergateError):
    """It cannot be an e-mail address."""

    code = "email_invalid"


def set_billing_email(context: Context, account_id: str, email: str, actor: str = "") -> str:
    """Let invoices and receipts go to an address, and return it.

    An account that has never bought anything keeps it for then. Raises ``InvalidEmailError``,
    ``UnknownAccountError``, ``AccountErasedError``, ``ChangeBusyError``, ``StripeUnavailableError`` (safe to
    repeat) and ``StripeRefusedError``.
    """
    email = email.strip()
    if len(email) > LONGEST or not ADDRESS.fullmatch(email):
        raise InvalidEmailError("This is not an e-mail address.", "Write one such as billing@example.com.")
    for _ in range(_ROUNDS):
        with context.database.read() as tx:
            account = require_unerased(tx, account_id)
            customer_id, known = _customer(tx, account)
        if known == account.email == email:
            return email
        if customer_id is None:
            with context.database.write() as tx:
                _save(context, tx, require_unerased(tx, account_id, lock=True), email, actor)
            return email
        _set_at_stripe(context, account_id, {"customer": customer_id, "email": email, "actor": actor})
    raise ChangeBusyError("The address is being changed by others.", "Try again in a moment.")


def finish_billing_email(context: Context, begun: Operation) -> None:
    """Finish setting an address. Raises ``StripeUnavailableError`` and ``StripeRefusedError``."""
    _set_at_stripe(context, begun.account_id, begun)


def _customer(tx: Transaction, account: Account) -> tuple[str | None, str | None]:
    """Return the customer that can be changed, and the address that it has."""
    customer = load_state(tx, account).customer
    if customer is not None and customer.deleted:
        return None, account.email
    if account.stripe_customer_id is None:
        return None, account.email
    return account.stripe_customer_id, customer.email if customer else None


def _set_at_stripe(context: Context, account_id: str, asked: Asked) -> None:
    def look_up(operation: Operation) -> Answer | None:
        found = context.gateway.fetch_customer(operation.parameters["customer"])
        is_there = found is not None and found.body.get("email") == operation.parameters["email"]
        return found if is_there else None

    def settle(tx: Transaction, operation: Operation, answer: Answer) -> Mapping[str, Any]:
        save_reading(context, tx, "customer", answer, operation.created_at)
        now = find_account(tx, account_id)
        if now is not None and now.erased_at is None:  # it may have been erased while Stripe was asked
            _save(context, tx, now, operation.parameters["email"], operation.parameters["actor"])
        return {}

    run_operation(
        context,
        account_id,
        ACTION,
        asked,
        lambda asked, key: context.gateway.update_customer(asked["customer"], {"email": asked["email"]}, key),
        look_up,
        settle,
        lambda tx, now: _customer(tx, now)[0] is not None,
    )


def _save(context: Context, tx: Transaction, account: Account, email: str, actor: str) -> None:
    register(tx, account.account_id, {"email": email}, context.now())
    note_change(tx, account_topic(account.account_id))
    cause = f"set_billing_email by {actor or 'the host'}"
    happened_at = account_now(context, tx, account)
    append(tx, Entry(account.account_id, "billing_email_changed", happened_at, context.now(), cause))
