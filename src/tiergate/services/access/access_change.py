"""A change of an account's access, as the host's own code is told of it."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from tiergate.rules.catalog import FeatureValue
from tiergate.store import Transaction


@dataclass(frozen=True, slots=True)
class Standing:
    """What an account has: a plan, how much of it, why, and the value of each feature that it may use."""

    plan: str | None
    access: str | None
    reason: str | None
    features: Mapping[str, FeatureValue]


@dataclass(frozen=True, slots=True)
class AccessChange:
    """That an account's access is different now.

    ``key`` names the change: the same one is told again with the same key when it is not certain that the
    first time succeeded. ``at`` is when it took effect, in the account's time; ``cause`` is the event or call
    that brought it. ``before`` is ``None`` where nothing was announced yet.
    """

    key: str
    account_id: str
    before: Standing | None
    after: Standing
    at: datetime
    cause: str
    connection: Transaction | None = field(default=None, compare=False, repr=False)
    """The transaction that notes the change as told, where the callback asked to be ``in_transaction``."""

    def as_json(self) -> dict[str, Any]:
        """Return the change as plain values; ``key`` and account are the message's."""
        return {
            "before": asdict(self.before) if self.before else None,
            "after": asdict(self.after),
            "at": self.at.isoformat(),
            "cause": self.cause,
        }


def change_from_json(
    key: str, account_id: str, told: Mapping[str, Any], connection: Transaction | None
) -> AccessChange:
    """Return the change that ``as_json`` made plain."""
    before = told["before"]
    return AccessChange(
        key=key,
        account_id=account_id,
        before=Standing(**before) if before else None,
        after=Standing(**told["after"]),
        at=datetime.fromisoformat(told["at"]),
        cause=told["cause"],
        connection=connection,
    )


Callback = Callable[[AccessChange], object]


@dataclass(slots=True)
class Listening:
    """The host's callback, once it is registered."""

    callback: Callback | None = None
    in_transaction: bool = False
    told: int = 0
    """How many changes it was told in this process."""
