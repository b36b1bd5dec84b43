"""Names in the metadata what is in force once a change is paid that waited for its payment.

Metadata cannot ride along with such a change, and named before the payment it would be wrong. So it is put
down what is to be named, and done once when the mirror shows that Stripe has made the change.
Source: https://docs.stripe.com/billing/subscriptions/pending-updates
"""

from tiergate.services.access.refresh_account import refresh_account
from tiergate.services.changes.unnamed_plans import ACTION, unnamed_plans
from tiergate.services.context import Context
from tiergate.services.mirror.save_reading import save_reading
from tiergate.services.run_operation import Asked, run_operation
from tiergate.store import Transaction
from tiergate.store.account_rows import Account, find_account, load_state
from tiergate.store.operation_rows import Operation, close_operation
from tiergate.stripe_api.gateway import Answer, StripeRefusedError

_CAUSE = "a change was paid"


def name_plans(context: Context, account_id: str) -> None:
    """Name what was paid for; a refusal is final. Raises ``StripeUnavailableError``."""
    with context.database.read() as tx:
        account = find_account(tx, account_id)
        unnamed = unnamed_plans(tx, load_state(tx, account)) if account else []
    for waiting in unnamed:
        wanted = {**waiting.parameters, "waiting": waiting.operation_id}
        _name(context, account_id, waiting.operation_id, wanted)


def finish_naming(context: Context, begun: Operation) -> None:
    """Finish naming what was paid for, where it is still to be named. Raises ``StripeUnavailableError``."""
    _name(context, begun.account_id, begun.parameters["waiting"], begun)


def _name(context: Context, account_id: str, waiting_id: str, asked: Asked) -> None:
    def settle(tx: Transaction, operation: Operation, answer: Answer) -> None:
        save_reading(context, tx, "subscription", answer, operation.created_at)
        close_operation(tx, operation.parameters["waiting"], "done", {}, context.now())
        refresh_account(context, tx, account_id, _CAUSE)

    def is_wanted(tx: Transaction, account: Account) -> bool:
        unnamed = unnamed_plans(tx, load_state(tx, account))
        return any(waiting.operation_id == waiting_id for waiting in unnamed)

    try:
        run_operation(
            context,
            account_id,
            ACTION,
            asked,
            lambda wanted, key: context.gateway.update_subscription(
                wanted["subscription"], {"metadata": wanted["metadata"]}, key
            ),
            lambda _operation: None,  # to say it once more changes nothing
            settle,
            is_wanted,
        )
    except StripeRefusedError as refusal:
        with context.database.write() as tx:
            close_operation(tx, waiting_id, "refused", {"error": refusal.message}, context.now())
