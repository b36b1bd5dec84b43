"""Answers whether an account may use a feature, from the mirror alone."""

from tiergate.rules.decision import Decision
from tiergate.rules.errors import TiergateError
from tiergate.services.access.outlines import Outlines
from tiergate.services.access.prepare_answers import Answers, read_accounts
from tiergate.services.accounts.require_account import require_account
from tiergate.services.context import Context
from tiergate.store import Transaction


class FeatureRefusedError(TiergateError):
    """An account may not use a feature; ``decision`` says why, and which plan would let it."""

    code = "feature_refused"

    def __init__(self, decision: Decision) -> None:
        """Refuse with the grounds."""
        remedy = f"{decision.offer.name} includes it." if decision.offer else ""
        super().__init__(f"The account may not use {decision.feature!r}: {decision.reason}.", remedy)
        self.decision = decision


def answer_check(context: Context, account_id: str, feature: str) -> Decision:
    """Decide now, on the account's time. Raises ``UnknownAccountError`` and ``UnknownFeatureError``."""
    with context.database.read() as tx:
        return read_answers(context, tx, account_id, Outlines()).decision(feature)


def read_answers(context: Context, tx: Transaction, account_id: str, outlines: Outlines) -> Answers:
    """Read all answers about an account. Raises ``UnknownAccountError`` and ``NoPlansError``."""
    account = require_account(tx, account_id)
    return read_accounts(context, tx, [account])[account_id].prepare(context, outlines)
