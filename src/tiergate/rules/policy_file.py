"""The ``[policy]`` tables of ``billing.toml``: one for all plans, and one in a plan that differs."""

from datetime import timedelta

from tiergate.rules.document_reader import Reader
from tiergate.rules.policy import Afterwards, FirstCharge, OnCancelNow, OnUnknown, Policy


def read_policy(reader: Reader, base: Policy) -> Policy:
    """Read a policy table; what it does not say stays as in ``base``."""
    afterwards = [str(word) for word in Afterwards]
    return Policy(
        after_trial=Afterwards(reader.choice("after_trial", afterwards, base.after_trial)),
        after_grace=Afterwards(reader.choice("after_grace", afterwards, base.after_grace)),
        after_cancel=Afterwards(reader.choice("after_cancel", afterwards, base.after_cancel)),
        grace=_days(reader, "grace_days", base.grace),
        first_charge=FirstCharge(reader.choice("first_charge", list(FirstCharge), base.first_charge)),
        first_charge_grace=_days(reader, "first_charge_grace_days", base.first_charge_grace),
        max_unconfirmed=_days(reader, "max_unconfirmed_days", base.max_unconfirmed),
        on_unknown=OnUnknown(reader.choice("on_unknown", list(OnUnknown), base.on_unknown)),
        on_cancel_now=OnCancelNow(reader.choice("on_cancel_now", list(OnCancelNow), base.on_cancel_now)),
    )


def _days(reader: Reader, key: str, default: timedelta) -> timedelta:
    days = reader.integer(key, default.days)
    if 0 <= days <= 365:
        return timedelta(days=days)
    reader.complain(key, f"{days} days are not possible.", "Write 0 to 365.")
    return default
