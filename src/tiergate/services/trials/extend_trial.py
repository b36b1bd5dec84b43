"""Makes a trial last longer, and ends one early."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from tiergate.rules.errors import TiergateError
from tiergate.rules.instants import isoformat, to_unix_seconds
from tiergate.rules.state import AccountState, Subscription, SubscriptionStatus
from tiergate.services.access.refresh_account import refresh_account
from tiergate.services.account_time import account_now
from tiergate.services.accounts.require_account import require_account
from tiergate.services.context import Context
from tiergate.services.keyed_wish import done_before
from tiergate.services.mirror.save_reading import save_reading
from tiergate.services.run_operation import never, run_operation
from tiergate.services.trials.begin_reverse_trial import begin_reverse_trial
from tiergate.services.trials.extend_by_hand import NoTrialError, extend_by_hand
from tiergate.store import Transaction
from tiergate.store.account_rows import Account, load_state
from tiergate.store.journal_rows import Entry, append
from tiergate.store.operation_rows import Operation, find_result
from tiergate.stripe_api.gateway import Answer, Gateway, StripeRefusedError

EXTEND, END = "extend_trial", "end_trial"
_ROUNDS = 20
_LONGEST = timedelta(days=730)
"""Stripe's own limit. Source: https://docs.stripe.com/api/subscriptions/update#update_subscription-trial_end"""


class ExtensionError(TiergateError):
    """A trial cannot be extended like that."""

    code = "extension_invalid"


class ExtensionBusyError(TiergateError):
    """Others are extending the same trial at this very moment."""

    code = "extension_busy"


def extend_trial(
    context: Context, account_id: str, days: int, *, by: str = "", note: str = "", key: str | None = None
) -> datetime:
    """Let an account try for so many days more, and return until when that is. Extensions add up.

    A trial that runs at Stripe is extended there, so that neither a card is charged nor the trial cancelled
    at its old end. One that Stripe has ended is continued here by a grant, for Stripe opens no ended
    subscription again: from now on, or from the end of the extension that runs. ``key`` names the wish: with
    it a repeated call extends once. Raises ``NoTrialError``, ``ExtensionError``, ``KeyReusedError``,
    ``UnknownAccountError``, ``StripeUnavailableError`` and ``StripeRefusedError``.
    """
    if not 1 <= days <= _LONGEST.days:
        raise ExtensionError(f"A trial cannot last {days} days more.", "Choose 1 to 730 days.")
    begin_reverse_trial(context, account_id)
    wish = {"extend": days}
    name = key or f"extension_{uuid.uuid4().hex}"
    for _ in range(_ROUNDS):
        with context.database.read() as tx:
            account = require_account(tx, account_id)
            state = load_state(tx, account)
            at = account_now(context, tx, account)
            done = done_before(tx, account_id, name, wish)
        if done is not None:
            return datetime.fromisoformat(done.operation.parameters["until"])
        running = _running(state, at)
        if running is None:
            return extend_by_hand(context, account_id, timedelta(days=days), name, by, note)
        parameters = _parameters(running, days, at, wish, name) | {"by": by, "note": note}
        _change(context, account_id, EXTEND, parameters)
    raise ExtensionBusyError("This trial is being extended by others.", "Try again in a moment.")


def end_trial(context: Context, account_id: str, *, by: str = "") -> None:
    """End the trial that runs, now: with a card the first period begins, without one it is over.

    Where the charge fails, the account is past due like any other. An extension by hand is to be revoked
    instead. Raises ``NoTrialError``, ``UnknownAccountError``, ``StripeUnavailableError`` and
    ``StripeRefusedError``.
    """
    begin_reverse_trial(context, account_id)
    with context.database.read() as tx:
        account = require_account(tx, account_id)
        state = load_state(tx, account)
        running = _running(state, account_now(context, tx, account))
    if running is None:
        raise NoTrialError(
            f"No trial of account {account_id!r} runs at Stripe.",
            f"See what it has: tiergate explain {account_id}",
        )
    parameters = {
        "subscription": running.id,
        "from": _end(running),
        "by": by,
        "has_card": bool(state.has_card(running)),
    }
    _change(context, account_id, END, parameters)


def finish_trial_change(context: Context, begun: Operation) -> None:
    """Finish extending a trial, where it still ends when it did; note that one was ended.

    Where it was not, nobody is charged for what nobody waits for. Raises ``StripeUnavailableError`` and
    ``StripeRefusedError``.
    """
    _change(context, begun.account_id, begun.action, begun.parameters, begun)


def _running(state: AccountState, at: datetime) -> Subscription | None:
    """Return the trial that runs at Stripe and ends last."""
    found = [
        (one.trial_end, one.id, one)
        for one in state.subscriptions
        if one.status is SubscriptionStatus.TRIALING and one.trial_end is not None and one.trial_end > at
    ]
    return max(found, key=lambda each: each[:2])[2] if found else None


def _end(trial: Subscription) -> str | None:
    return isoformat(trial.trial_end) if trial.trial_end else None


def _parameters(
    running: Subscription, days: int, at: datetime, wish: dict[str, Any], name: str
) -> dict[str, Any]:
    until = (running.trial_end or at) + timedelta(days=days)
    if until > at + _LONGEST:
        raise ExtensionError("A trial lasts two years at most.", "Choose fewer days.")
    return {
        "wish": wish,
        "client_key": name,
        "subscription": running.id,
        "from": _end(running),
        "until": isoformat(until),
    }


def _change(
    context: Context,
    account_id: str,
    action: str,
    parameters: dict[str, Any],
    begun: Operation | None = None,
) -> None:
    """Run an operation on the trial; one that somebody else has begun is finished instead."""

    def call(wanted: dict[str, Any], key: str) -> Answer:
        return _at_stripe(context, wanted, key)

    def settle(tx: Transaction, operation: Operation, answer: Answer) -> None:
        if find_result(tx, operation.operation_id) is not None:
            return  # Others finished the same: what came after is newer.
        save_reading(context, tx, "subscription", answer, operation.created_at)
        at, now = account_now(context, tx, require_account(tx, account_id)), context.now()
        shown = {"subscription", "until", "by", "note"}
        told = {name: value for name, value in operation.parameters.items() if name in shown}
        append(
            tx, Entry(account_id, operation.action, at, now, operation.action, told, operation.operation_id)
        )
        refresh_account(context, tx, account_id, operation.action, has_asked=True)

    run_operation(
        context,
        account_id,
        action,
        begun or parameters,
        call,
        lambda operation: _look_up(context, operation),
        settle,
        never
        if begun and action == END
        else lambda tx, account: _is_as_it_was(context, tx, account, parameters),
    )


def _is_as_it_was(context: Context, tx: Transaction, account: Account, parameters: dict[str, Any]) -> bool:
    """Whether the trial still ends when it did as this was worked out: otherwise it is worked out anew."""
    running = _running(load_state(tx, account), account_now(context, tx, account))
    if running is None or running.trial_end is None or running.id != parameters["subscription"]:
        return False
    return bool(_end(running) == parameters["from"])


def _at_stripe(context: Context, wanted: dict[str, Any], key: str) -> Answer:
    gateway, subscription_id = context.gateway, wanted["subscription"]
    if "until" not in wanted:
        if not wanted["has_card"]:
            return _cancel(gateway, subscription_id)
        params: dict[str, Any] = {"trial_end": "now"}
    else:
        until = to_unix_seconds(datetime.fromisoformat(wanted["until"]))
        params = {"trial_end": until, "proration_behavior": "none"}
    return gateway.update_subscription(subscription_id, {**params, "expand": ["latest_invoice"]}, key)


def _cancel(gateway: Gateway, subscription_id: str) -> Answer:
    try:
        return gateway.cancel_subscription(subscription_id)
    except StripeRefusedError:
        # Stripe cancels once: after a lost answer it refuses, and what it holds is the answer.
        answer = gateway.fetch_subscription(subscription_id)
        if answer is None or answer.body["status"] != SubscriptionStatus.CANCELED:
            raise
        return answer


def _look_up(context: Context, operation: Operation) -> Answer | None:
    """Find out whether it was done already: the trial has its new end, or none any more."""
    answer = context.gateway.fetch_subscription(operation.parameters["subscription"])
    if answer is None:
        return None
    if "until" not in operation.parameters:
        return None if answer.body["status"] == SubscriptionStatus.TRIALING else answer
    until = to_unix_seconds(datetime.fromisoformat(operation.parameters["until"]))
    return answer if (answer.body.get("trial_end") or 0) >= until else None
