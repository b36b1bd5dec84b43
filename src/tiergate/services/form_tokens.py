"""Tokens of customers' forms: no other website can know one, for only we can make it.

Each is bound to who acts for which account in which role, and to the day. Yesterday's is still taken, so
that a page that was open at midnight works.
"""

import hmac
from datetime import timedelta

import msgspec

from tiergate.services.accounts.acting import Acting
from tiergate.services.context import Context
from tiergate.services.signed_text import sign

_USE = "tgf1"


def form_token(context: Context, acting: Acting | None) -> str:
    """Return the token for the forms of a page that is shown now."""
    return _token(context.form_keys[0], acting, context.now().date().isoformat())


def is_form_token(context: Context, acting: Acting | None, token: str) -> bool:
    """Whether a form that was sent now bears a token of ours, for whoever sends it."""
    today = context.now().date()
    days = [today.isoformat(), (today - timedelta(days=1)).isoformat()]
    good = (_token(key, acting, day) for key in context.form_keys for day in days)
    sent = token.encode(errors="replace")
    return any(hmac.compare_digest(each.encode(), sent) for each in good)


def _token(key: str, acting: Acting | None, day: str) -> str:
    whom = [acting.account_id, acting.role, acting.person] if acting else []
    signed = sign([key], _USE, msgspec.json.encode([day, *whom]))
    return signed.rpartition(".")[2]
