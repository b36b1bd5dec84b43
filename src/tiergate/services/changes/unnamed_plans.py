"""Puts down what is to be named in the metadata once it is paid, and finds what has been paid since."""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from tiergate.rules.state import ENDED, AccountState, Subscription
from tiergate.services.context import Context
from tiergate.store import Transaction
from tiergate.store.operation_rows import (
    Operation,
    close_operation,
    save_waiting,
    waiting_operations,
)

ACTION = "name_plan"

_CHANGED = "subscription_update"
"""Why Stripe made the invoice of a change. Source: https://docs.stripe.com/api/invoices/object"""


def name_when_paid(
    context: Context,
    tx: Transaction,
    account_id: str,
    subscription_id: str,
    items: Iterable[Mapping[str, Any]],
    metadata: Mapping[str, str],
) -> None:
    """Put down what metadata is to say as soon as these items, as Stripe was asked for them, are in force."""
    prices = [item["price"] for item in items if "price" in item]
    wanted = {"subscription": subscription_id, "prices": prices, "metadata": dict(metadata)}
    save_waiting(tx, Operation(f"op_{uuid.uuid4().hex}", account_id, ACTION, wanted, context.now()))


def forget_names(context: Context, tx: Transaction, account_id: str, subscription_id: str) -> None:
    """Give up what waits to be named of a subscription: another change has taken its place."""
    for waiting in waiting_operations(tx, account_id, ACTION):
        if waiting.parameters["subscription"] == subscription_id:
            close_operation(tx, waiting.operation_id, "lapsed", {}, context.now())


def unnamed_plans(tx: Transaction, state: AccountState) -> list[Operation]:
    """Return what is in force by now and still has to be named."""
    if not any(invoice.billing_reason == _CHANGED for invoice in state.invoices):
        return []
    running = {each.id: each for each in state.subscriptions if each.status not in ENDED}
    return [
        waiting
        for waiting in waiting_operations(tx, state.account_id, ACTION)
        if _is_in_force(running.get(waiting.parameters["subscription"]), waiting.parameters["prices"])
    ]


def _is_in_force(subscription: Subscription | None, prices: list[str]) -> bool:
    if subscription is None or subscription.pending_update is not None:
        return False
    return {item.price_id for item in subscription.items} >= set(prices)
