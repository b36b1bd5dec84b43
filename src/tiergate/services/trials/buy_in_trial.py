"""Buys a trial that runs without a card, by a checkout that saves one.

A checkout of Stripe's cannot change a subscription: it runs in ``setup`` mode, and what was wanted is carried
out when it is complete (``finish_purchase``).
Source: https://docs.stripe.com/payments/checkout/subscriptions/update-payment-details
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tiergate.rules.catalog import Plan
from tiergate.rules.instants import to_unix_seconds
from tiergate.rules.purchase_terms import trial_to_buy, tried_seats
from tiergate.rules.state import Subscription
from tiergate.services.account_time import account_now
from tiergate.services.accounts.require_account import require_account
from tiergate.services.accounts.stripe_locale import stripe_locale
from tiergate.services.accounts.subscription_metadata import subscription_metadata
from tiergate.services.checkout.expire_checkout import expire_checkout
from tiergate.services.checkout.follow_checkout import follow_checkout
from tiergate.services.checkout.order import Order, cancel_url, ordered_add_ons, price_at_stripe
from tiergate.services.checkout.preview_purchase import preview_purchase
from tiergate.services.checkout.start_checkout import AlreadySubscribedError, CheckoutBusyError, seats_to_buy
from tiergate.services.context import Context
from tiergate.services.plans.load_catalog import load_catalog
from tiergate.services.run_operation import Asked, Wanted, bears_mark, marked, never, run_operation
from tiergate.services.trials.tried_add_ons import with_tried_add_ons
from tiergate.store import Transaction
from tiergate.store.account_rows import Account, find_account, load_state
from tiergate.store.catalog_rows import MappedPrice
from tiergate.store.checkout_rows import Checkout, open_checkouts, save_checkout
from tiergate.store.operation_rows import Operation
from tiergate.stripe_api.gateway import Answer

ACTION = "buy_in_trial"
_ROUNDS = 5
_SHORTEST = timedelta(minutes=31)
_LONGEST = timedelta(hours=23)
"""Stripe allows 30 minutes to 24 hours; our clock and its need not agree."""


@dataclass(frozen=True, slots=True)
class _Offer:
    """What is to be bought, by whom, and the trial that it ends or keeps."""

    account: Account
    trial: Subscription
    plan: Plan
    price: MappedPrice
    catalog_version: int
    open_for: timedelta
    quantity: int
    add_ons: Mapping[str, int]
    """How much of each add-on is bought with it; what else is tried stays as it is."""
    cancel_url: str
    language: str | None


def is_bought_in_trial(context: Context, account_id: str) -> bool:
    """Whether a purchase of this account turns its trial into a paid subscription."""
    with context.database.read() as tx:
        account = find_account(tx, account_id)
        return account is not None and trial_to_buy(load_state(tx, account)) is not None


def buy_in_trial(context: Context, account_id: str, order: Order) -> str:
    """Return the address of the page that asks for a card, be it for another plan than is tried.

    An open page for the same offer is used again; any other is expired first. Raises
    ``AlreadySubscribedError`` where the trial has been bought meanwhile, and otherwise as ``start_checkout``.
    """
    for _ in range(_ROUNDS):
        offer = _offer(context, account_id, order)
        if _has_changed(context, offer):
            continue
        with context.database.read() as tx:
            ready = [each for each in open_checkouts(tx, account_id) if _is_for(each, offer)]
        if ready and ready[0].url:
            return ready[0].url
        words = preview_purchase(context, account_id, order).words
        _create(context, account_id, _parameters(context, offer, words), _is_wanted)
    raise CheckoutBusyError("Another checkout of this account is being opened.", "Try again in a moment.")


def _offer(context: Context, account_id: str, order: Order) -> _Offer:
    with context.database.read() as tx:
        account = require_account(tx, account_id)
        state = load_state(tx, account)
        trial, currency = trial_to_buy(state), state.currency
        if trial is None or trial.trial_end is None:
            raise AlreadySubscribedError(
                "This account has no trial that could be bought any more.",
                "Change the plan on the billing page instead of buying a second one.",
            )
        catalog = load_catalog(tx)
        plan = catalog.plan(order.plan)
        price = price_at_stripe(context, tx, catalog, plan.price(order.interval, currency))
        with_tried = with_tried_add_ons(tx, trial, catalog, order, currency)
        add_ons = ordered_add_ons(context, tx, catalog, with_tried, currency)
        left = trial.trial_end - account_now(context, tx, account)
    return _Offer(
        account,
        trial,
        plan,
        price,
        catalog.version,
        open_for=min(max(left, _SHORTEST), _LONGEST),
        quantity=seats_to_buy(plan, account, order.seats, tried_seats(trial, plan)),
        add_ons=add_ons,
        cancel_url=cancel_url(context, order, f"{context.public_url}/billing"),
        language=order.language,
    )


def _is_for(checkout: Checkout, offer: _Offer) -> bool:
    sold = (checkout.stripe_price_id, checkout.quantity, checkout.stripe_subscription_id)
    is_same = sold == (offer.price.stripe_price_id, offer.quantity, offer.trial.id)
    return is_same and (checkout.add_ons or {}, checkout.cancel_url) == (offer.add_ons, offer.cancel_url)


def _has_changed(context: Context, offer: _Offer) -> bool:
    """Make sure that no other page is open; tell whether one was found to be completed or over."""
    with context.database.read() as tx:
        opened = open_checkouts(tx, offer.account.account_id)
    for checkout in opened:
        if follow_checkout(context, checkout.checkout_session_id) != "open":
            return True
        if not _is_for(checkout, offer):
            expire_checkout(context, checkout)
    return False


def finish_page(context: Context, begun: Operation) -> None:
    """Note the page that was opened for somebody who did not wait; one that was not is not opened any more.

    Raises ``StripeUnavailableError``.
    """
    _create(context, begun.account_id, begun, never)


def _create(context: Context, account_id: str, asked: Asked, wanted: Wanted) -> None:
    def settle(tx: Transaction, operation: Operation, answer: Answer) -> None:
        wanted = operation.parameters["wish"]
        checkout = Checkout(
            checkout_session_id=answer.body["id"],
            account_id=operation.account_id,
            plan_key=wanted["plan"],
            stripe_price_id=wanted["price"],
            status=answer.body["status"],
            url=answer.body["url"],
            expires_at=datetime.fromtimestamp(answer.body["expires_at"], UTC),
            quantity=wanted["quantity"],
            mode="setup",
            stripe_subscription_id=wanted["subscription"],
            add_ons=wanted.get("add_ons"),
            cancel_url=operation.parameters["session"]["cancel_url"],
        )
        save_checkout(tx, checkout, context.now())

    run_operation(
        context,
        account_id,
        ACTION,
        asked,
        lambda wanted, key: context.gateway.create_checkout_session(marked(wanted["session"], key), key),
        lambda operation: _look_up(context, operation),
        settle,
        wanted,
    )


def _is_wanted(tx: Transaction, account: Account) -> bool:
    return trial_to_buy(load_state(tx, account)) is not None and not open_checkouts(tx, account.account_id)


def _look_up(context: Context, operation: Operation) -> Answer | None:
    found = context.gateway.list_checkout_sessions(operation.parameters["session"]["customer"])
    return next((answer for answer in found if bears_mark(answer, operation)), None)


def _parameters(context: Context, offer: _Offer, words: str) -> dict[str, Any]:
    """Return the operation's parameters: what is bought, and the session as Stripe wants it.

    Stripe's page itself speaks of a card that is saved: the words say what it is charged with, and when.

    The page closes with the trial, as far as Stripe's shortest time allows: then nothing is left to buy.
    """
    metadata = subscription_metadata(offer.account, offer.plan.key, offer.catalog_version)
    session = {
        "mode": "setup",
        "currency": offer.price.currency,
        "customer": offer.trial.customer_id,
        "client_reference_id": offer.account.account_id,
        "metadata": {**metadata, "subscription_id": offer.trial.id},
        "expires_at": to_unix_seconds(context.now() + offer.open_for),
        "success_url": f"{context.public_url}/billing/return?session_id={{CHECKOUT_SESSION_ID}}",
        "cancel_url": offer.cancel_url,
        "locale": stripe_locale(offer.language),
        "custom_text": {"submit": {"message": words}},
    }
    wish = {
        "plan": offer.plan.key,
        "price": offer.price.stripe_price_id,
        "quantity": offer.quantity,
        "add_ons": dict(offer.add_ons),
        "subscription": offer.trial.id,
    }
    return {"wish": wish, "session": session}
