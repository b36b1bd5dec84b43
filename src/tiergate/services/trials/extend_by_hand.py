"""Continues by hand a trial that Stripe has ended: Stripe opens no ended subscription again."""

from datetime import datetime, timedelta

from tiergate.rules.errors import TiergateError
from tiergate.rules.grant_spans import goes_on_until
from tiergate.rules.state import NEVER_BEGAN
from tiergate.services.access.grant_access import GrantDetails, give
from tiergate.services.account_time import account_now
from tiergate.services.accounts.require_account import require_account
from tiergate.services.context import Context
from tiergate.store.account_rows import load_state


class NoTrialError(TiergateError):
    """The account has no trial that this could be done to."""

    code = "no_trial"


def extend_by_hand(
    context: Context, account_id: str, length: timedelta, grant_id: str, by: str, note: str
) -> datetime:
    """Let the trial that ended last go on for so long: from now, or from the end of the extension that runs.

    The same ``grant_id`` extends once. Returns until when it goes on. Raises ``NoTrialError`` and
    ``UnknownAccountError``.
    """
    with context.database.write() as tx:
        account = require_account(tx, account_id, lock=True)
        state = load_state(tx, account)
        at = account_now(context, tx, account)
        given = next((grant for grant in state.grants if grant.id == grant_id), None)
        if given is not None and given.ends_at is not None:
            return given.ends_at
        tried = [one for one in state.subscriptions if one.trial_end and one.status not in NEVER_BEGAN]
        if not tried:
            raise NoTrialError(
                f"Account {account_id!r} has never tried anything.",
                f"Start a trial first: tiergate trial start {account_id}",
            )
        last = max(tried, key=lambda one: (one.trial_end or at, one.id))
        starts_at = goes_on_until(state, last, at)
        details = GrantDetails(
            "extension", starts_at=starts_at, ends_at=starts_at + length, note=note, granted_by=by
        )
        give(context, tx, account, details, grant_id)
    return starts_at + length
