"""Compares what is mirrored of an object with what Stripe says of it now, field by field."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Literal

from tiergate.rules.instants import isoformat
from tiergate.store.mirror import Kind
from tiergate.store.mirror_many import Mirrored

_BOOKKEEPING = frozenset(["observed_at"])
NOTHING = "nothing"
"""How it is told that a field has no value."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of one object, with both values as text. ``field`` is ``""`` for an object as a whole.

    A test clock belongs to no account: several may live on it.
    """

    kind: Kind | Literal["test_clock"]
    object_id: str
    account_id: str | None
    field: str
    ours: str
    stripes: str

    def __str__(self) -> str:
        """Read as ``subscription sub_1 (acme): status is active here, past_due at Stripe``."""
        whose = self.account_id or "a stranger's"
        owner = "" if self.kind == "test_clock" else f" ({whose})"
        name = f"{self.field} is " if self.field else ""
        return f"{self.kind} {self.object_id}{owner}: {name}{self.ours} here, {self.stripes} at Stripe"


def differences_of(
    kind: Kind, ours: Mirrored | None, stripes: Mirrored, account_id: str | None
) -> Iterator[Difference]:
    """Yield what differs; nothing where both say the same."""
    if ours is None:
        yield Difference(kind, stripes.id, account_id, "", "missing", "present")
        return
    if ours == stripes:
        return
    for field in fields(stripes):
        before, now = getattr(ours, field.name), getattr(stripes, field.name)
        if before != now and field.name not in _BOOKKEEPING:
            yield Difference(kind, stripes.id, account_id, field.name, _told(before), _told(now))


def clock_differences(
    test_clock: str, ours: datetime | None, stripes: datetime | None
) -> Iterator[Difference]:
    """Yield what differs of a test clock: the instants it is known to have reached, and shows at Stripe.

    One that Stripe shows earlier than an event from it was told of is on its way there.
    """
    if stripes is None:
        yield Difference("test_clock", test_clock, None, "", "present", "missing")
    elif ours is None or ours < stripes:
        yield Difference("test_clock", test_clock, None, "frozen_time", _told(ours), _told(stripes))


def _told(value: object) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, datetime):
        return str(isoformat(value))
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, tuple):
        return ", ".join(map(_told, value)) or NOTHING
    if is_dataclass(value):
        told = ((field.name, getattr(value, field.name)) for field in fields(value))
        return "{" + ", ".join(f"{name}: {_told(part)}" for name, part in told if part is not None) + "}"
    return str(value)
