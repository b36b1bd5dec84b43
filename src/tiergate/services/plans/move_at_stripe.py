"""Moves one subscription to another version: in its metadata, and by price where that differs."""

from collections.abc import Mapping
from typing import Any

from tiergate.services.access.refresh_account import refresh_account
from tiergate.services.account_time import account_now
from tiergate.services.changes.all_for_sale import all_for_sale
from tiergate.services.context import Context
from tiergate.services.mirror.save_reading import save_reading
from tiergate.services.run_operation import Asked, Wanted, bears_mark, marked, run_operation
from tiergate.store import Transaction
from tiergate.store.account_rows import find_account
from tiergate.store.journal_rows import Entry, append
from tiergate.store.operation_rows import Operation
from tiergate.store.version_rows import move_account
from tiergate.stripe_api.gateway import Answer, StripeRefusedError

ACTION = "migrate "
"""What the action of the operation begins with; the subscription's id follows."""

Json = Mapping[str, Any]


def move_at_stripe(
    context: Context,
    account_id: str,
    subscription_id: str,
    asked: Asked,
    wanted: Wanted,
) -> None:
    """Move a subscription; one whose move was begun already is moved as it was begun.

    The parameters have ``when``, ``plan_key``, ``from_version``, ``catalog_version``, ``prices`` (from id to
    id) and ``proration_behavior``. Raises ``StripeUnavailableError`` and ``StripeRefusedError``.
    """
    run_operation(
        context,
        account_id,
        f"{ACTION}{subscription_id}",
        asked,
        lambda told, key: _move(context, told, key),
        lambda operation: _moved(context, operation),
        lambda tx, operation, answer: _settle(context, tx, operation, answer),
        wanted,
    )


def finish_move(context: Context, begun: Operation) -> None:
    """Finish a move as it was begun. Raises ``StripeUnavailableError`` and ``StripeRefusedError``."""
    subscription_id = begun.action.removeprefix(ACTION)
    move_at_stripe(context, begun.account_id, subscription_id, begun, lambda *_: True)


def _move(context: Context, told: Json, key: str) -> Answer:
    subscription = _subscription(context, told)
    if told["when"] == "now":
        params: dict[str, Any] = {"metadata": _metadata(told)}
        if items := _replaced(subscription, told["prices"]):
            params |= {"items": items, "proration_behavior": told["proration_behavior"]}
        return context.gateway.update_subscription(told["subscription"], params, key)
    schedule = _bare_schedule(context, subscription, key)
    params = marked({"end_behavior": "release", "phases": _phases(schedule, told)}, key)
    try:
        with all_for_sale(context, subscription):
            return context.gateway.update_schedule(schedule["id"], params, f"{key}:phases")
    except StripeRefusedError:
        context.gateway.release_schedule(schedule["id"], f"{key}:release")
        raise


def _subscription(context: Context, told: Json) -> Json:
    answer = context.gateway.fetch_subscription(told["subscription"])
    if answer is None:
        raise StripeRefusedError(f"Stripe has no subscription {told['subscription']}.")
    return answer.body


def _metadata(told: Json) -> dict[str, str]:
    return {"plan_key": told["plan_key"], "catalog_version": str(told["catalog_version"])}


def _replaced(subscription: Json, prices: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the items whose price changes; the quantity is said again, since Stripe would take one."""
    return [
        {"id": item["id"], "price": prices[item["price"]["id"]], "quantity": item.get("quantity") or 1}
        for item in subscription["items"]["data"]
        if item["price"]["id"] in prices
    ]


def _bare_schedule(context: Context, subscription: Json, key: str) -> Json:
    """Return a schedule that repeats the subscription as it is, creating it where there is none.

    Stripe wants two calls. Source: https://docs.stripe.com/billing/subscriptions/subscription-schedules
    """
    attached = subscription.get("schedule")
    if not attached:
        return context.gateway.create_schedule({"from_subscription": subscription["id"]}, key).body
    found = context.gateway.fetch_schedule(attached if isinstance(attached, str) else attached["id"])
    if found is None or len(found.body["phases"]) > 1 or found.body.get("metadata"):
        raise StripeRefusedError(f"A change of {subscription['id']} is scheduled at Stripe already.")
    return found.body


def _phases(schedule: Json, told: Json) -> list[dict[str, Any]]:
    """Return the phases: as it is until the renewal, then as it will be; a day later the schedule lets go."""
    current = schedule["phases"][0]
    items = [_phase_item(item) for item in current["items"]]
    prices = told["prices"]
    following = [{**item, "price": prices.get(item["price"], item["price"])} for item in items]
    repeated = {
        name: current[name]
        for name in ("start_date", "end_date", "trial_end", "currency")
        if current.get(name) is not None
    }
    currency = {"currency": current["currency"]} if current.get("currency") else {}
    return [
        {**repeated, "items": items, "proration_behavior": "none"},
        {
            **currency,
            "items": following,
            "proration_behavior": "none",
            "metadata": _metadata(told),
            "duration": {"interval": "day", "interval_count": 1},
        },
    ]


def _phase_item(item: Json) -> dict[str, Any]:
    price = item["price"]
    wanted: dict[str, Any] = {"price": price if isinstance(price, str) else price["id"]}
    return {**wanted, "quantity": item["quantity"]} if item.get("quantity") is not None else wanted


def _moved(context: Context, operation: Operation) -> Answer | None:
    """Find at Stripe what a move has brought about already."""
    told = operation.parameters
    answer = context.gateway.fetch_subscription(told["subscription"])
    if answer is None or told["when"] == "now":
        wanted = _metadata(told).items()
        return answer if answer and wanted <= (answer.body.get("metadata") or {}).items() else None
    attached = answer.body.get("schedule")
    found = context.gateway.fetch_schedule(attached) if attached else None
    return found if found and bears_mark(found, operation) else None


def _settle(context: Context, tx: Transaction, operation: Operation, answer: Answer) -> None:
    told, account_id, now = operation.parameters, operation.account_id, context.now()
    is_now = told["when"] == "now"
    save_reading(
        context, tx, "subscription" if is_now else "subscription_schedule", answer, operation.created_at
    )
    if is_now:
        move_account(tx, account_id, told["catalog_version"], now)
    account = find_account(tx, account_id)
    if account is not None:
        at, key = account_now(context, tx, account), f"migrated:{operation.operation_id}"
        append(tx, Entry(account_id, "migrated", at, now, "migrate", dict(told), occasion_key=key))
    refresh_account(context, tx, account_id, cause="migrate")
