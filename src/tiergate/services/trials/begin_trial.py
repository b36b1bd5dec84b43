"""Begins a trial at Stripe without a card: one, however often and by however many it is asked for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tiergate.rules.catalog import Plan
from tiergate.rules.state import ENDED, AccountState
from tiergate.rules.trial_eligibility import Eligibility
from tiergate.services.access.refresh_account import refresh_account
from tiergate.services.accounts.ensure_customer import ensure_customer, is_customer_gone
from tiergate.services.accounts.subscription_metadata import subscription_metadata
from tiergate.services.checkout.expire_checkout import expire_open_checkouts
from tiergate.services.context import Context
from tiergate.services.mirror.save_reading import save_reading
from tiergate.services.plans.load_catalog import load_catalog
from tiergate.services.run_operation import Asked, bears_mark, marked, run_operation
from tiergate.services.trials.judge_trial import judge_trial
from tiergate.services.trials.promise_reverse_trial import GRANT_ID, is_waiting
from tiergate.store import Transaction
from tiergate.store.account_rows import Account, load_state
from tiergate.store.checkout_rows import open_checkouts
from tiergate.store.operation_rows import Operation
from tiergate.stripe_api.gateway import Answer, StripeRefusedError

ACTION = "start_trial"

IsWanted = Callable[[Transaction, Account, AccountState], bool]
"""Whether the trial may begin as things are, asked in the transaction that opens the operation."""


@dataclass(frozen=True, slots=True)
class TrialOrder:
    """What is tried, by whom, and at which of Stripe's prices it would go on."""

    account: Account
    plan: Plan
    stripe_price_id: str
    catalog_version: int
    wish: Mapping[str, Any]
    client_key: str | None = None


def begin_trial(context: Context, order: TrialOrder, is_wanted: IsWanted) -> None:
    """Create the subscription with its trial at Stripe, and mirror it.

    Nothing happens where the account has come to a subscription meanwhile. A checkout that is open is
    expired first. Raises ``StripeUnavailableError`` (safe to repeat) and ``StripeRefusedError``.
    """
    account_id = order.account.account_id
    customer_id = ensure_customer(context, account_id)
    expire_open_checkouts(context, account_id)
    try:
        _create(context, account_id, _parameters(order, customer_id), is_wanted)
    except StripeRefusedError as refusal:
        # The customer may have been deleted at Stripe without a word: then the next round makes a new one.
        if refusal.stripe_code != "resource_missing" or not is_customer_gone(context, customer_id):
            raise


def finish_trial(context: Context, begun: Operation) -> None:
    """Finish a trial that was begun, unless something speaks against it by now.

    Raises ``StripeUnavailableError`` and ``StripeRefusedError``.
    """
    _create(context, begun.account_id, begun, _still_may_begin(context, begun))


def _still_may_begin(context: Context, begun: Operation) -> IsWanted:
    def is_wanted(tx: Transaction, account: Account, state: AccountState) -> bool:
        if begun.parameters["wish"]["trial"] == GRANT_ID:
            return is_waiting(context, tx, account, state)
        catalog = load_catalog(tx)
        plan = catalog.plans.get(begun.parameters["order"]["metadata"]["plan_key"])
        return plan is not None and judge_trial(tx, account, state, catalog, plan) is Eligibility.ELIGIBLE

    return is_wanted


def _create(
    context: Context,
    account_id: str,
    asked: Asked,
    is_wanted: IsWanted,
) -> None:
    def settle(tx: Transaction, operation: Operation, answer: Answer) -> None:
        save_reading(context, tx, "subscription", answer, operation.created_at)
        refresh_account(context, tx, account_id, ACTION, has_asked=True)

    def wanted(tx: Transaction, account: Account) -> bool:
        state = load_state(tx, account)
        is_free = all(subscription.status in ENDED for subscription in state.subscriptions)
        return is_free and not open_checkouts(tx, account_id) and is_wanted(tx, account, state)

    run_operation(
        context,
        account_id,
        ACTION,
        asked,
        lambda wanted, key: context.gateway.create_subscription(marked(wanted["order"], key), key),
        lambda operation: _look_up(context, operation),
        settle,
        wanted,
    )


def _look_up(context: Context, operation: Operation) -> Answer | None:
    found = context.gateway.list_subscriptions(operation.parameters["order"]["customer"])
    return next((answer for answer in found if bears_mark(answer, operation)), None)


def _parameters(order: TrialOrder, customer_id: str) -> dict[str, Any]:
    """Return the operation's parameters: the wish, and the subscription as Stripe wants it.

    Source: https://docs.stripe.com/billing/subscriptions/trials/free-trials
    """
    subscription = {
        "customer": customer_id,
        "items": [{"price": order.stripe_price_id, "quantity": _quantity(order.plan, order.account)}],
        "trial_period_days": order.plan.trial.days if order.plan.trial else None,
        "trial_settings": {"end_behavior": {"missing_payment_method": "cancel"}},
        "metadata": subscription_metadata(order.account, order.plan.key, order.catalog_version),
    }
    key = {"client_key": order.client_key} if order.client_key else {}
    return {"wish": dict(order.wish), "order": subscription, **key}


def _quantity(plan: Plan, account: Account) -> int:
    """Return how many seats are tried: one for each member, as far as the plan allows."""
    if plan.seats is None:
        return 1
    seats = max(plan.seats.minimum, account.members or 1)
    return min(seats, plan.seats.maximum or seats)
