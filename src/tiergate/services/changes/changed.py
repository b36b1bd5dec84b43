"""What came of a change, as the host and the pages are told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from tiergate.rules.instants import isoformat
from tiergate.rules.payment_problem import PaymentProblem

Outcome = Literal["done", "scheduled", "payment_pending", "nothing"]


@dataclass(frozen=True, slots=True)
class Changed:
    """What came of a change.

    ``done``: it holds. ``scheduled``: it holds from ``effective_at`` on. ``payment_pending``: the old plan
    stays in force until the payment is made or confirmed at ``pay_url``, until ``pay_by`` at the latest;
    ``problem`` says why it was not made, in words for the customer.
    ``nothing``: it was so already. ``undone`` names what was taken back on the way: ``cancellation``,
    ``schedule``, ``pending_update``.
    """

    outcome: Outcome
    kind: str
    plan: str | None = None
    interval: str | None = None
    quantity: int | None = None
    effective_at: datetime | None = None
    pay_url: str | None = None
    pay_by: datetime | None = None
    undone: tuple[str, ...] = ()
    subscription_id: str | None = None
    problem: PaymentProblem | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "outcome": self.outcome,
            "kind": self.kind,
            "plan": self.plan,
            "interval": self.interval,
            "quantity": self.quantity,
            "effective_at": self.effective_at and isoformat(self.effective_at),
            "pay_url": self.pay_url,
            "pay_by": self.pay_by and isoformat(self.pay_by),
            "undone": list(self.undone),
            "subscription_id": self.subscription_id,
            "problem": self.problem and self.problem.as_json(),
        }


def changed_from(told: Mapping[str, Any]) -> Changed:
    """Read what ``as_json`` returned; further members are left out."""
    values: dict[str, Any] = {name: told.get(name) for name in Changed.__dataclass_fields__}
    for name in ("effective_at", "pay_by"):
        values[name] = datetime.fromisoformat(told[name]) if told.get(name) else None
    values["problem"] = PaymentProblem(**told["problem"]) if told.get("problem") else None
    values["undone"] = tuple(told.get("undone") or ())
    return Changed(**values)
