"""Carries the calls of a change out at Stripe, one after the other, each under a key of its own.

What was begun and not finished is begun again from the start: calls that were made are answered from Stripe's
memory. Once they are minutes old, Stripe is asked first what has come of them, and only what is missing is
done. Source: https://docs.stripe.com/api/idempotent_requests
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tiergate.rules.payment_problem import PaymentProblem
from tiergate.rules.state import SubscriptionStatus
from tiergate.services.context import Context
from tiergate.store.mirror import Kind
from tiergate.stripe_api.gateway import Answer, StripeRefusedError, StripeUnavailableError

Json = dict[str, Any]
_Numbered = list[tuple[int, Json]]

IS_RECENT = timedelta(minutes=5)
"""Longer than a call and its repetitions take: what was asked before that is answered or lost."""

_RELEASED = frozenset(["released", "canceled", "completed"])


class LapsedError(Exception):
    """What was wanted minutes ago is given up, and may be wanted anew.

    Nothing was done of it, or only what leads up to a charge (``is_begun``): nobody is charged for a click
    that nobody waits for.
    """

    def __init__(self, *, is_begun: bool) -> None:
        super().__init__()
        self.is_begun = is_begun


@dataclass
class CarriedOut:
    """One run through the calls of an operation, and what was read at its end."""

    context: Context
    readings: list[tuple[Kind, Answer, datetime]] = field(default_factory=list)
    """What Stripe shows afterwards, each with when that reading began."""
    overtaken: bool = False
    """Whether events have told of something read while it was read."""
    problem: PaymentProblem | None = None
    """Why a payment that the change asked for was not made."""

    def call(self, parameters: Json, key: str) -> Answer:
        """Make the calls, and return the subscription as it is then. Raises ``LapsedError``."""
        steps, subscription_id = list(enumerate(parameters["steps"])), parameters["subscription"]
        asked_at = datetime.fromtimestamp(parameters["asked_at"], UTC)
        if self.context.now() - asked_at > IS_RECENT:
            steps, key = self._missing(steps, subscription_id, key), f"{key}:late"
        made: Json = {}
        for number, step in steps:
            if not (step.get("unless_pending") and _is_pending(made)):
                made[step["call"]] = _CALLS[step["call"]](self.context, step, f"{key}:{number}", made).body
        return self.read_back(subscription_id, parameters["steps"])

    def _missing(self, steps: _Numbered, subscription_id: str, key: str) -> _Numbered:
        found = _Found(self.context, subscription_id, key)
        undone = [(number, step) for number, step in steps if not found.is_done(step)]
        is_begun = len(undone) < len(steps)
        if not is_begun or any(_charges(step) for _, step in undone):
            raise LapsedError(is_begun=is_begun)
        return undone

    def read_back(self, subscription_id: str, steps: list[Json]) -> Answer:
        """Read what the calls have come to; returns the subscription."""
        began_at = self.context.now()
        answer = self.context.gateway.fetch_subscription(subscription_id)
        if answer is None:
            raise StripeUnavailableError(
                f"Stripe does not show the subscription {subscription_id} that was just changed.",
                "Try again in a moment.",
            )
        self.readings = [("subscription", answer, began_at)]
        schedules = {step["id"] for step in steps if step["call"] == "release_schedule"}
        schedules |= {str(answer.body["schedule"])} if answer.body.get("schedule") else set()
        for schedule_id in sorted(schedules):
            began_at = self.context.now()
            schedule = self.context.gateway.fetch_schedule(schedule_id)
            if schedule is not None:
                self.readings.append(("subscription_schedule", schedule, began_at))
        return answer


def _charges(step: Json) -> bool:
    """Whether a call charges the card at once."""
    is_invoiced = step.get("params", {}).get("proration_behavior") == "always_invoice"
    return bool(is_invoiced) or step["call"] == "resume_subscription"


def _is_pending(made: Mapping[str, Any]) -> bool:
    return bool(made.get("update_subscription", {}).get("pending_update"))


def _release_schedule(context: Context, step: Json, key: str, _made: Json) -> Answer:
    try:
        return context.gateway.release_schedule(step["id"], key)
    except StripeRefusedError:
        # It may be over by itself, or by somebody else's hand: then there is nothing to release.
        schedule = context.gateway.fetch_schedule(step["id"])
        if schedule is None or schedule.body["status"] not in _RELEASED:
            raise
        return schedule


def _update_subscription(context: Context, step: Json, key: str, _made: Json) -> Answer:
    return context.gateway.update_subscription(step["id"], step["params"], key)


def _create_schedule(context: Context, step: Json, key: str, _made: Json) -> Answer:
    return context.gateway.create_schedule({"from_subscription": step["id"]}, key)


def _plan_phases(context: Context, step: Json, key: str, made: Json) -> Answer:
    """Repeat the present phase and let the other items follow it; one day later the schedule lets go."""
    schedule = made.get("create_schedule") or _schedule_of(context, step["id"])
    first = schedule["phases"][0]
    present = {
        "items": [_phase_item(item) for item in first["items"]],
        "start_date": first["start_date"],
        "end_date": step["at"],
        "proration_behavior": "none",
        **({"trial_end": first["trial_end"]} if first.get("trial_end") else {}),
        **_carried_on(first),
    }
    then = {
        "items": step["items"],
        "duration": {"interval": "day", "interval_count": 1},
        "proration_behavior": "none",
        "metadata": step["metadata"],
        **_carried_on(first),
    }
    params = {
        "phases": [present, then],
        "end_behavior": "release",
        "metadata": {"operation_id": key.split(":", maxsplit=1)[0]},
    }
    try:
        return context.gateway.update_schedule(schedule["id"], params, key)
    except StripeRefusedError:
        # What was made for it must not stay behind.
        context.gateway.release_schedule(schedule["id"], f"{key}:undo")
        raise


def _cancel_subscription(context: Context, step: Json, _key: str, _made: Json) -> Answer:
    try:
        return context.gateway.cancel_subscription(step["id"], step["params"])
    except StripeRefusedError:
        # Stripe cancels once: after a lost answer it refuses, and what it holds is the answer.
        answer = context.gateway.fetch_subscription(step["id"])
        if answer is None or answer.body["status"] != SubscriptionStatus.CANCELED:
            raise
        return answer


def _resume_subscription(context: Context, step: Json, key: str, _made: Json) -> Answer:
    return context.gateway.resume_subscription(step["id"], step["params"], key)


def _void_invoice(context: Context, step: Json, key: str, _made: Json) -> Answer:
    return context.gateway.void_invoice(step["id"], key)


_CALLS: Mapping[str, Callable[[Context, Json, str, Json], Answer]] = {
    "release_schedule": _release_schedule,
    "update_subscription": _update_subscription,
    "create_schedule": _create_schedule,
    "plan_phases": _plan_phases,
    "cancel_subscription": _cancel_subscription,
    "resume_subscription": _resume_subscription,
    "void_invoice": _void_invoice,
}


def _schedule_of(context: Context, subscription_id: str) -> Json:
    subscription = context.gateway.fetch_subscription(subscription_id)
    schedule_id = subscription.body.get("schedule") if subscription else None
    schedule = context.gateway.fetch_schedule(str(schedule_id)) if schedule_id else None
    if schedule is None:
        raise StripeRefusedError(f"The subscription {subscription_id} has lost its schedule.", "Try again.")
    return schedule.body


def _phase_item(item: Json) -> Json:
    price = item["price"]
    return {"price": price["id"] if isinstance(price, dict) else price, "quantity": item["quantity"]}


def _carried_on(phase: Json) -> Json:
    """Return the currency, the discounts and the tax rates of a phase: none of them is inherited."""
    discounts = [
        {name: value for name, value in discount.items() if value}
        for discount in phase.get("discounts") or ()
    ]
    rates = [rate["id"] if isinstance(rate, dict) else rate for rate in phase.get("default_tax_rates") or ()]
    found = {"currency": phase.get("currency"), "discounts": discounts, "default_tax_rates": rates}
    return {name: value for name, value in found.items() if value}


class _Found:
    """What Stripe shows of an operation that was begun earlier."""

    def __init__(self, context: Context, subscription_id: str, key: str) -> None:
        self._context = context
        self._key = key
        answer = context.gateway.fetch_subscription(subscription_id)
        self._subscription: Json = answer.body if answer else {"status": SubscriptionStatus.CANCELED}

    def is_done(self, step: Json) -> bool:
        """Whether the outcome of a call is there."""
        call = step["call"]
        if step.get("unless_pending") and self._subscription.get("pending_update"):
            return True
        if call == "update_subscription":
            return all(self._shows(name, value) for name, value in step["params"].items())
        if call == "cancel_subscription":
            return bool(self._subscription["status"] == SubscriptionStatus.CANCELED)
        if call == "resume_subscription":
            return bool(self._subscription["status"] != SubscriptionStatus.PAUSED)
        if call == "create_schedule":
            return self._subscription.get("schedule") is not None
        if call == "void_invoice":
            return self._subscription.get("pending_update") is None
        return self._is_schedule_done(step)

    def _is_schedule_done(self, step: Json) -> bool:
        if step["call"] == "release_schedule":
            schedule = self._context.gateway.fetch_schedule(step["id"])
            return schedule is None or schedule.body["status"] in _RELEASED
        schedule_id = self._subscription.get("schedule")
        schedule = self._context.gateway.fetch_schedule(str(schedule_id)) if schedule_id else None
        return schedule is not None and schedule.body["metadata"].get("operation_id") == self._key

    def _shows(self, name: str, wanted: Any) -> bool:
        shown = self._subscription.get(name)
        if name == "items":
            return all(self._shows_item(item) for item in wanted)
        if name == "metadata":
            return all((shown or {}).get(key) == value for key, value in wanted.items())
        if name == "pause_collection":
            return bool(shown) is bool(wanted)
        if name == "trial_end":
            return bool(self._subscription["status"] != SubscriptionStatus.TRIALING)
        return name not in ("cancel_at", "cancel_at_period_end") or bool(shown) is bool(wanted)

    def _shows_item(self, wanted: Json) -> bool:
        """Whether an item is as wanted, or will be once it is paid for."""
        pending = self._subscription.get("pending_update") or {}
        shown = [*self._subscription["items"]["data"], *(pending.get("subscription_items") or [])]
        if wanted.get("deleted"):
            return all(item["id"] != wanted["id"] for item in shown)
        return any(
            item["quantity"] == wanted["quantity"]
            and wanted.get("id", item["id"]) == item["id"]
            and wanted.get("price", item["price"]["id"]) == item["price"]["id"]
            for item in shown
        )
