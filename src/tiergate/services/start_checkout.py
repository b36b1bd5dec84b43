"""Sends an account to Stripe's checkout for a plan, once, however often the button is pressed."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tiergate.rules.catalog import Catalog, Plan
from tiergate.rules.errors import TiergateError
from tiergate.rules.price import Price
from tiergate.rules.state import ENDED, AccountState
from tiergate.rules.trial_eligibility import Eligibility, refusal_words
from tiergate.services.context import Context
from tiergate.services.ensure_customer import ensure_customer, is_customer_gone
from tiergate.services.expire_checkout import expire_checkout
from tiergate.services.follow_checkout import follow_checkout
from tiergate.services.judge_trial import judge_trial
from tiergate.services.load_catalog import load_catalog
from tiergate.services.require_account import require_account
from tiergate.services.run_operation import bears_mark, marked, run_operation
from tiergate.services.subscription_metadata import subscription_metadata
from tiergate.store import Transaction
from tiergate.store.account_rows import Account, load_state
from tiergate.store.catalog_rows import MappedPrice, price_for_sale
from tiergate.store.checkout_rows import Checkout, open_checkouts, save_checkout
from tiergate.store.operation_rows import Operation
from tiergate.stripe_api.gateway import Answer, StripeRefusedError

ACTION = "checkout"
_ROUNDS = 5


class AlreadySubscribedError(TiergateError):
    """The account has a subscription that is alive: a second one would be paid twice."""

    code = "already_subscribed"


class PriceNotAtStripeError(TiergateError):
    """The price is in the catalogue but was never created at Stripe."""

    code = "price_not_at_stripe"


class CheckoutBusyError(TiergateError):
    """Others are opening checkouts for the same account, for other plans, at this very moment."""

    code = "checkout_busy"


@dataclass(frozen=True, slots=True)
class _Offer:
    """What is to be bought, and by whom."""

    account: Account
    plan: Plan
    price: MappedPrice
    trial_days: int
    trial_refused: str
    """Why there is no trial of a plan that can be tried; empty where there is one."""
    catalog_version: int


def start_checkout(context: Context, account_id: str, plan_key: str, interval: str = "month") -> str:
    """Return the address of the checkout page for a plan.

    An open session for the same offer is used again; one for another offer is expired first, so that only
    one can ever be paid. Raises ``AlreadySubscribedError``, ``UnknownPlanError``, ``UnknownAccountError``,
    ``PriceNotAtStripeError``, ``StripeUnavailableError`` and ``StripeRefusedError``.
    """
    for _ in range(_ROUNDS):
        offer = _offer(context, account_id, plan_key, interval)
        customer_id = ensure_customer(context, account_id)
        if _has_changed(context, offer):
            continue
        with context.database.read() as tx:
            ready = [
                c for c in open_checkouts(tx, account_id) if c.stripe_price_id == offer.price.stripe_price_id
            ]
        if ready and ready[0].url:
            return ready[0].url
        _create(context, offer, customer_id)
    raise CheckoutBusyError("Another checkout of this account is being opened.", "Try again in a moment.")


def _offer(context: Context, account_id: str, plan_key: str, interval: str) -> _Offer:
    with context.database.read() as tx:
        account = require_account(tx, account_id)
        catalog = load_catalog(tx)
        state = load_state(tx, account)
        _refuse_second(state)
        plan = catalog.plan(plan_key)
        price = price_at_stripe(context, tx, catalog, plan.price(interval))
        may_try = judge_trial(tx, account, state, catalog, plan)
    days = plan.trial.days if plan.trial and may_try is Eligibility.ELIGIBLE else 0
    refused = refusal_words(may_try, plan) if plan.trial else ""
    return _Offer(account, plan, price, days, refused, catalog.version)


def _refuse_second(state: AccountState) -> None:
    for subscription in state.subscriptions:
        if subscription.status not in ENDED:
            raise AlreadySubscribedError(
                f"This account has a subscription already: {subscription.plan_key}, {subscription.status}.",
                "Change the plan on the billing page instead of buying a second one.",
            )


def price_at_stripe(context: Context, tx: Transaction, catalog: Catalog, price: Price) -> MappedPrice:
    """Return the price that is sold at Stripe; raises ``PriceNotAtStripeError``."""
    mapped = price_for_sale(tx, price.lookup_key, context.livemode)
    if mapped is None:
        raise PriceNotAtStripeError(
            f"The price {price.lookup_key!r} of catalogue version {catalog.version} is not at Stripe yet.",
            "Run: tiergate plans push",
        )
    return mapped


def _has_changed(context: Context, offer: _Offer) -> bool:
    """Make sure that no open session is in the way; tell whether one was found to be paid or over."""
    with context.database.read() as tx:
        opened = open_checkouts(tx, offer.account.account_id)
    for checkout in opened:
        if follow_checkout(context, checkout.checkout_session_id) != "open":
            return True
        if checkout.stripe_price_id != offer.price.stripe_price_id:
            expire_checkout(context, checkout)
    return False


def _create(context: Context, offer: _Offer, customer_id: str) -> None:
    def settle(tx: Transaction, operation: Operation, answer: Answer) -> None:
        wanted = operation.parameters
        checkout = Checkout(
            checkout_session_id=answer.body["id"],
            account_id=operation.account_id,
            plan_key=wanted["metadata"]["plan_key"],
            stripe_price_id=wanted["line_items"][0]["price"],
            status=answer.body["status"],
            url=answer.body["url"],
            expires_at=datetime.fromtimestamp(answer.body["expires_at"], UTC),
        )
        save_checkout(tx, checkout, context.now())

    try:
        run_operation(
            context,
            offer.account.account_id,
            ACTION,
            _parameters(context, offer, customer_id),
            lambda wanted, key: context.gateway.create_checkout_session(marked(wanted, key), key),
            lambda operation: _look_up(context, operation),
            settle,
            _is_free_to_buy,
        )
    except StripeRefusedError as refusal:
        # The customer may have been deleted at Stripe without a word: then the next round makes a new one.
        if refusal.stripe_code != "resource_missing" or not is_customer_gone(context, customer_id):
            raise


def _look_up(context: Context, operation: Operation) -> Answer | None:
    found = context.gateway.list_checkout_sessions(operation.parameters["customer"])
    return next((answer for answer in found if bears_mark(answer, operation)), None)


def _is_free_to_buy(tx: Transaction, account: Account) -> bool:
    _refuse_second(load_state(tx, account))
    return not open_checkouts(tx, account.account_id)


def _parameters(context: Context, offer: _Offer, customer_id: str) -> dict[str, Any]:
    """Return the session as Stripe wants it.

    The metadata goes on the subscription too: what stands on the session alone is lost with it.
    Source: https://docs.stripe.com/payments/checkout/free-trials
    """
    metadata = subscription_metadata(offer.account, offer.plan.key, offer.catalog_version)
    subscription: dict[str, Any] = {"metadata": metadata}
    card_free = False
    if offer.trial_days:
        card_free = offer.plan.trial is not None and not offer.plan.trial.card_required
        subscription["trial_period_days"] = offer.trial_days
        subscription["trial_settings"] = {"end_behavior": {"missing_payment_method": "cancel"}}
    told = {"custom_text": {"submit": {"message": offer.trial_refused}}} if offer.trial_refused else {}
    return {
        "mode": "subscription",
        "customer": customer_id,
        "client_reference_id": offer.account.account_id,
        "line_items": [{"price": offer.price.stripe_price_id, "quantity": 1}],
        "payment_method_collection": "if_required" if card_free else "always",
        "subscription_data": subscription,
        "metadata": metadata,
        "success_url": f"{context.public_url}/billing/return?session_id={{CHECKOUT_SESSION_ID}}",
        "cancel_url": f"{context.public_url}/pricing",
        **told,
    }
