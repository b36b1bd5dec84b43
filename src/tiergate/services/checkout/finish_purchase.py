"""Carries out what a checkout in ``setup`` mode was for, once its card is saved: once."""

import logging
from contextlib import suppress
from datetime import datetime
from typing import Any

from tiergate.rules.catalog import Catalog
from tiergate.rules.instants import to_unix_seconds
from tiergate.rules.state import AccountState, Subscription, SubscriptionStatus
from tiergate.rules.upgrade_in_trial import trial_end_after_purchase
from tiergate.services.access.refresh_account import refresh_account
from tiergate.services.account_time import account_now
from tiergate.services.accounts.subscription_metadata import subscription_metadata
from tiergate.services.changes.unnamed_plans import name_when_paid
from tiergate.services.context import Context
from tiergate.services.mirror.read_from_stripe import read_account, reading_lease
from tiergate.services.mirror.save_reading import save_reading
from tiergate.services.plans.load_catalog import load_catalog
from tiergate.services.run_operation import run_operation
from tiergate.store import Transaction
from tiergate.store.account_rows import Account, find_account, load_state
from tiergate.store.catalog_rows import find_price
from tiergate.store.checkout_rows import Checkout, find_checkout, set_checkout_status, touch_checkout
from tiergate.store.journal_rows import Entry, append
from tiergate.store.operation_rows import Operation, find_open, lapse_operation
from tiergate.stripe_api.gateway import Answer, StripeRefusedError, StripeUnavailableError

log = logging.getLogger("tiergate")

ACTION = "purchase "
"""What the action of the operation begins with; the session's id follows."""
_CAUSE = "bought in trial"


def finish_purchase(context: Context, checkout: Checkout) -> str:
    """Ask Stripe about the session, and carry out what it was for where it is complete.

    The card becomes the customer's default; then the trial ends and is charged, or keeps its days, as the
    policy of the plan that is bought says. A charge that is declined, or that the bank wants confirmed,
    leaves the trial as it is, with an invoice to pay. Returns the session's status; ``confirmed`` while
    somebody else is at it. Raises ``StripeUnavailableError``, after which it is safe to repeat.
    """
    session_id = checkout.checkout_session_id
    with reading_lease(context, f"purchase {session_id}") as held:
        if not held:
            return "confirmed"
        with context.database.read() as tx:
            known = find_checkout(tx, session_id)
        if known is None or known.status not in ("open", "confirmed"):
            return known.status if known else "expired"
        answer = context.gateway.fetch_checkout_session(session_id)
        status = str(answer.body["status"]) if answer else "expired"
        if status == "complete" and answer is not None:
            _buy(context, checkout, str(answer.body["setup_intent"]))
        else:
            with context.database.write() as tx:
                if status == "open":
                    touch_checkout(tx, session_id, context.now())
                else:
                    set_checkout_status(tx, session_id, status, context.now())
        return status


def finish_begun_purchase(context: Context, begun: Operation) -> None:
    """Finish a purchase that was left open. Raises ``StripeUnavailableError``."""
    with context.database.read() as tx:
        checkout = find_checkout(tx, begun.action.removeprefix(ACTION))
    if checkout is not None and finish_purchase(context, checkout) == "confirmed":
        return
    with context.database.write() as tx:  # where it is closed by now, nothing is left to lapse
        lapse_operation(tx, begun.operation_id, context.now())


def _buy(context: Context, checkout: Checkout, setup_intent_id: str) -> None:
    setup = context.gateway.fetch_setup_intent(setup_intent_id)
    card = setup.body.get("payment_method") if setup else None
    with context.database.read() as tx:
        account = find_account(tx, checkout.account_id)
        begun = find_open(tx, checkout.account_id, f"{ACTION}{checkout.checkout_session_id}")
        order = begun.parameters if begun else _order(context, tx, account, checkout, card)
    if account is None or order is None:
        _close(context, checkout, "purchase_lapsed", {"plan": checkout.plan_key})
        return
    try:
        _run(context, checkout, order)
    except StripeRefusedError as refusal:
        log.warning("subscription purchase of account %s failed: %s", account.account_id, refusal)
        _close(context, checkout, "purchase_refused", {"plan": checkout.plan_key, "error": refusal.message})
    with suppress(StripeUnavailableError):  # done is done: the charge's invoice may come by webhook
        read_account(context, account.account_id, _CAUSE)


def _order(
    context: Context, tx: Transaction, account: Account | None, checkout: Checkout, card: str | None
) -> dict[str, Any] | None:
    """Return the calls that the purchase takes; ``None`` where the trial is over: nothing is charged then."""
    if account is None or card is None:
        return None
    state, catalog = load_state(tx, account), load_catalog(tx)
    trial = _trial(state, checkout.stripe_subscription_id)
    if trial is None:
        return None
    items, is_other = _items(tx, trial, checkout)
    at = account_now(context, tx, account)
    change, metadata = _change(trial, catalog, checkout, account, at, items if is_other else [])
    return {
        "customer": trial.customer_id,
        "card": card,
        "subscription": trial.id,
        "change": change,
        "metadata": metadata,
        "plan": checkout.plan_key,
    }


def _trial(state: AccountState, subscription_id: str | None) -> Subscription | None:
    found = next((one for one in state.subscriptions if one.id == subscription_id), None)
    return found if found and found.status is SubscriptionStatus.TRIALING else None


def _change(
    trial: Subscription,
    catalog: Catalog,
    checkout: Checkout,
    account: Account,
    at: datetime,
    items: list[dict[str, Any]],
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what changes at the subscription, and its metadata, which cannot ride along with a charge."""
    change: dict[str, Any] = {}
    if trial.cancel_at_period_end:
        change["cancel_at_period_end"] = False
    elif trial.cancel_at is not None:
        change["cancel_at"] = ""
    if items:
        change |= {"items": items, "proration_behavior": "none"}
    trial_end = trial_end_after_purchase(trial, catalog.plan(checkout.plan_key), at)
    if trial_end == "now":
        change["trial_end"] = "now"
    elif trial_end is not None and items:
        # Another interval would begin a period of its own.
        change["trial_end"] = to_unix_seconds(trial_end)
    metadata = subscription_metadata(account, checkout.plan_key, catalog.version) if items else {}
    return change, metadata


def _items(tx: Transaction, trial: Subscription, checkout: Checkout) -> tuple[list[dict[str, Any]], bool]:
    """Return the items that are bought, and whether any of them is not tried just so already.

    An add-on takes the place of the one that is tried, be it at another price.
    """
    item = next((one for one in trial.items if one.add_on_key is None), trial.items[0])
    items = [{"id": item.id, "price": checkout.stripe_price_id, "quantity": checkout.quantity}]
    tried = {one.add_on_key: one for one in trial.items if one.add_on_key is not None}
    for price_id, quantity in (checkout.add_ons or {}).items():
        price = find_price(tx, price_id)
        there = tried.get(price.add_on_key or "") if price else None
        known = {"id": there.id} if there else {}
        items.append({**known, "price": price_id, "quantity": quantity})
    there_is = {(one.price_id, one.quantity) for one in trial.items}
    return items, any((one["price"], one["quantity"]) not in there_is for one in items)


def _run(context: Context, checkout: Checkout, order: dict[str, Any]) -> None:
    customers: list[Answer] = []

    def call(wanted: dict[str, Any], key: str) -> Answer:
        default = {"invoice_settings": {"default_payment_method": wanted["card"]}}
        customers.append(context.gateway.update_customer(wanted["customer"], default, f"{key}:card"))
        return _change_at_stripe(context, wanted, key)

    def settle(tx: Transaction, operation: Operation, answer: Answer) -> None:
        for customer in customers:
            save_reading(context, tx, "customer", customer, operation.created_at)
        save_reading(context, tx, "subscription", answer, operation.created_at)
        set_checkout_status(tx, checkout.checkout_session_id, "complete", context.now())
        _name_later(context, tx, operation, answer)
        _journal(context, tx, checkout, _outcome(answer), {"plan": operation.parameters["plan"]})
        refresh_account(context, tx, checkout.account_id, _CAUSE, has_asked=True)

    run_operation(
        context,
        checkout.account_id,
        f"{ACTION}{checkout.checkout_session_id}",
        order,
        call,
        # Nothing is charged twice by doing it once more: ending a trial that has ended changes nothing.
        lambda _operation: None,
        settle,
        lambda _tx, _account: True,
    )


def _name_later(context: Context, tx: Transaction, operation: Operation, answer: Answer) -> None:
    wanted = operation.parameters
    if answer.body.get("pending_update") and wanted["metadata"]:
        items = wanted["change"]["items"]
        account_id, subscription_id = operation.account_id, wanted["subscription"]
        name_when_paid(context, tx, account_id, subscription_id, items, wanted["metadata"])


def _change_at_stripe(context: Context, wanted: dict[str, Any], key: str) -> Answer:
    """Make the change; what is charged at once waits for its payment, and takes effect with it.

    Source: https://docs.stripe.com/billing/subscriptions/pending-updates
    """
    gateway, subscription_id = context.gateway, wanted["subscription"]
    change, metadata = dict(wanted["change"]), wanted["metadata"]
    is_charged = change.get("trial_end") == "now"
    stays = {name: change.pop(name) for name in ("cancel_at_period_end", "cancel_at") if name in change}
    if is_charged:
        pending = {**change, "payment_behavior": "pending_if_incomplete", "expand": ["latest_invoice"]}
        if "items" not in pending:
            pending.pop("proration_behavior", None)
        answer = gateway.update_subscription(subscription_id, pending, f"{key}:charge")
        if answer.body.get("pending_update"):
            return answer
        change = {}
    rest = {**change, **stays, **({"metadata": metadata} if metadata else {})}
    if rest or not is_charged:
        return gateway.update_subscription(
            subscription_id, {**rest, "expand": ["latest_invoice"]}, f"{key}:rest"
        )
    return answer


def _outcome(answer: Answer) -> str:
    if answer.body.get("pending_update"):
        return "purchase_pending"
    return "bought_in_trial"


def _close(context: Context, checkout: Checkout, kind: str, data: dict[str, Any]) -> None:
    with context.database.write() as tx:
        find_account(tx, checkout.account_id, lock=True)
        set_checkout_status(tx, checkout.checkout_session_id, "complete", context.now())
        _journal(context, tx, checkout, kind, data)


def _journal(context: Context, tx: Transaction, checkout: Checkout, kind: str, data: dict[str, Any]) -> None:
    account = find_account(tx, checkout.account_id)
    if account is not None:
        at, key = account_now(context, tx, account), f"{checkout.checkout_session_id}:purchase"
        data = {**data, "session": checkout.checkout_session_id}
        append(tx, Entry(account.account_id, kind, at, context.now(), _CAUSE, data, occasion_key=key))
