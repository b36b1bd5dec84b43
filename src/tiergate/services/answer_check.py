"""Answers whether an account may use a feature, from the mirror alone."""

from tiergate.rules.decision import Decision, decide
from tiergate.rules.timeline import build_timeline
from tiergate.rules.usage import UNCOUNTED
from tiergate.services.account_time import account_now
from tiergate.services.context import Context
from tiergate.services.load_catalog import load_catalog
from tiergate.services.require_account import require_account
from tiergate.store.account_rows import load_state


def answer_check(context: Context, account_id: str, feature: str) -> Decision:
    """Decide now, on the account's time. Raises ``UnknownAccountError`` and ``UnknownFeatureError``."""
    with context.database.read() as tx:
        account = require_account(tx, account_id)
        timeline = build_timeline(load_state(tx, account), load_catalog(tx))
        return decide(timeline, feature, account_now(context, tx, account), UNCOUNTED)
