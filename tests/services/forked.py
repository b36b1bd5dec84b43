"""``python -m tests.services.forked URL``: a process that forks, and checks on both sides of it.

It ends with 0 when each side has heard what the other one changed after the fork.
"""

import os
import sys

from tests.services.bench import KEY
from tiergate.billing import Billing
from tiergate.rules.state import Grant, GrantKind
from tiergate.settings import Settings
from tiergate.store.change_feed import account_topic, note_change
from tiergate.store.grant_rows import save_grant

FEATURE = "roles"


def give(billing: Billing, account_id: str) -> None:
    """Give an account the feature."""
    now = billing._context.now()
    with billing._context.database.write() as tx:
        save_grant(
            tx, account_id, Grant(account_id, GrantKind.OVERRIDE, now, features={FEATURE: True}), "", now
        )
        note_change(tx, account_topic(account_id))


def wait_for(billing: Billing, account_id: str) -> None:
    """Check until the feature is allowed, from memory."""
    while not billing.allowed(account_id, FEATURE):
        pass
    while billing._desk.remembered(account_id, FEATURE) is None:
        billing.allowed(account_id, FEATURE)


def main(url: str) -> int:
    """Fork, and let both sides hear of each other."""
    with Billing(Settings(url, KEY, ("whsec_1",))) as billing:
        accounts = ["theirs", "ours"]
        assert not any(billing.allowed(account_id, FEATURE) for account_id in accounts)
        child = os.fork()
        mine, other = accounts if child == 0 else reversed(accounts)
        assert billing._desk.remembered(other, FEATURE) is None or child
        give(billing, mine)
        wait_for(billing, other)
        if child:
            _, status = os.waitpid(child, 0)
            return os.waitstatus_to_exitcode(status)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
