"""Who has tried what, under marks that outlive the rows they were taken from.

A trial is noted under the account, the mailbox and the cards of whoever had it. What is noted stays when a
mirrored row is lost or an account is erased: of a mailbox only a digest is kept.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import bindparam, select

from tiergate.rules.normal_email import normal_email
from tiergate.rules.state import AccountState, GrantKind
from tiergate.rules.trial_eligibility import Tries
from tiergate.store.account_rows import Account
from tiergate.store.engine import Transaction
from tiergate.store.insert_into import insert_into
from tiergate.store.tries_table import tries

_NOTED = select(tries.c.mark, tries.c.account_id, tries.c.plan_key).where(
    tries.c.mark.in_(bindparam("marks", expanding=True))
)


def note_tries(tx: Transaction, account: Account, state: AccountState, now: datetime) -> None:
    """Note the trials that an account has had, and was promised; what is noted already stays as it is."""
    tried = [(each.id, each.plan_key) for each in state.subscriptions if each.trial_start]
    promised = [grant for grant in state.grants if grant.kind is GrantKind.REVERSE_TRIAL]
    tried += [(f"{grant.id}:{account.account_id}", grant.plan_key) for grant in promised]
    if not tried:
        return
    marks = [_of_account(account.account_id), *_of_mail(account), *_of_cards(state)]
    rows = [
        {
            "mark": mark,
            "trial_id": trial_id,
            "account_id": account.account_id,
            "plan_key": plan_key or "",
            "noted_at": now,
        }
        for trial_id, plan_key in tried
        for mark in marks
    ]
    tx.execute(insert_into(tx, tries).values(rows).on_conflict_do_nothing())


def tried_before(tx: Transaction, account: Account, state: AccountState) -> Tries:
    """Return what was tried before by an account, and by others with its mailbox or one of its cards."""
    own, mails, cards = _of_account(account.account_id), set(_of_mail(account)), set(_of_cards(state))
    noted = tx.execute(_NOTED, {"marks": sorted({own, *mails, *cards})}).all()
    others = [row for row in noted if row.account_id != account.account_id]
    return Tries(
        by_account=frozenset(row.plan_key for row in noted if row.mark == own),
        by_mail=frozenset(row.plan_key for row in others if row.mark in mails),
        by_card=frozenset(row.plan_key for row in others if row.mark in cards),
    )


def _of_account(account_id: str) -> str:
    return f"account:{account_id}"


def _of_mail(account: Account) -> Iterable[str]:
    mail = normal_email(account.email)
    return [f"mail:{hashlib.sha256(mail.encode()).hexdigest()}"] if mail else []


def _of_cards(state: AccountState) -> Iterable[str]:
    return sorted({f"card:{one.fingerprint}" for one in state.payment_methods if one.fingerprint})
