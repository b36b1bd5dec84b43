"""Sends an account to Stripe's checkout for a plan, once, however often the button is pressed."""

from datetime import UTC, datetime

from tiergate.rules.catalog import Plan, Trial, TrialModel
from tiergate.rules.collection import purchase_marks
from tiergate.rules.errors import TiergateError
from tiergate.rules.price import Price
from tiergate.rules.state import ENDED, AccountState
from tiergate.rules.trial_eligibility import Eligibility
from tiergate.services.accounts.ensure_customer import ensure_customer, is_customer_gone
from tiergate.services.accounts.require_account import require_account
from tiergate.services.accounts.speak_to_customer import refusal_said, spoken_to
from tiergate.services.checkout.checkout_session import Offer, session_parameters
from tiergate.services.checkout.expire_checkout import expire_checkout
from tiergate.services.checkout.follow_checkout import follow_checkout
from tiergate.services.checkout.order import Order, cancel_url, ordered_add_ons, price_at_stripe
from tiergate.services.context import Context
from tiergate.services.plans.load_catalog import load_catalog
from tiergate.services.run_operation import Asked, Wanted, bears_mark, marked, never, run_operation
from tiergate.services.trials.judge_trial import judge_trial
from tiergate.store import Transaction
from tiergate.store.account_rows import Account, load_state
from tiergate.store.checkout_rows import Checkout, open_checkouts, save_checkout
from tiergate.store.operation_rows import Operation
from tiergate.stripe_api.gateway import Answer, StripeRefusedError

ACTION = "checkout"
_ROUNDS = 5


class AlreadySubscribedError(TiergateError):
    """The account has a subscription that is alive: a second one would be paid twice."""

    code = "already_subscribed"


class CheckoutBusyError(TiergateError):
    """Others are opening checkouts for the same account, for other plans, at this very moment."""

    code = "checkout_busy"


class CheckoutClosedError(TiergateError):
    """Customers do not buy by themselves: ``[checkout] hosted`` is off."""

    code = "checkout_closed"


class SeatsError(TiergateError):
    """So many seats of the plan cannot be bought."""

    code = "seats_invalid"


def start_checkout(context: Context, account_id: str, order: Order) -> str:
    """Return the address of the checkout page for a plan.

    The order's ``seats`` are for a plan that is sold per seat: without them there is one for each member of
    the account. Its ``currency`` counts where the account does not pay in one already; without it the price's
    own does.
    ``add_ons`` are bought with it, by key; ``return_to`` is the path of this site for whoever turns back;
    ``language`` is what the page is in.

    An open session for the same offer is used again; one for another offer is expired first, so that only
    one can ever be paid. Raises ``AlreadySubscribedError``, ``CheckoutClosedError``, ``SeatsError``,
    ``UnknownPlanError``, ``UnknownAddOnError``, ``UnknownAccountError``, ``InvalidOrderError``,
    ``PriceNotAtStripeError``, ``StripeUnavailableError`` and ``StripeRefusedError``.
    """
    for _ in range(_ROUNDS):
        offer = _offer(context, account_id, order)
        customer_id = ensure_customer(context, account_id)
        if _has_changed(context, offer):
            continue
        with context.database.read() as tx:
            ready = [c for c in open_checkouts(tx, account_id) if offer.is_sold_by(c)]
        if ready and ready[0].url:
            return ready[0].url
        _create(context, offer, customer_id)
    raise CheckoutBusyError("Another checkout of this account is being opened.", "Try again in a moment.")


def _offer(context: Context, account_id: str, order: Order) -> Offer:
    with context.database.read() as tx:
        account = require_account(tx, account_id)
        catalog = load_catalog(tx)
        state = load_state(tx, account)
        _refuse_second(state)
        if not catalog.checkout.hosted:
            raise CheckoutClosedError("Nothing can be bought here by oneself.", "Write to us instead.")
        plan = catalog.plan(order.plan)
        wished = order.currency.lower() if order.currency else None
        price, currency = price_to_sell(plan, order.interval, state.currency, wished)
        charged = _one_of_several(price, currency)
        add_ons = ordered_add_ons(context, tx, catalog, order, charged or price.currency)
        mapped = price_at_stripe(context, tx, catalog, price)
        trial = _trial(plan)
        may_try = judge_trial(tx, account, state, catalog, plan)
    return Offer(
        account,
        plan,
        mapped,
        trial.days if trial and may_try is Eligibility.ELIGIBLE else 0,
        catalog.version,
        catalog.checkout,
        quantity=seats_to_buy(plan, account, order.seats),
        currency=charged,
        add_ons=add_ons,
        cancel_url=cancel_url(context, order, catalog.checkout.cancel_url),
        marks=purchase_marks(catalog.billing),
        trial_refused=refusal_said(spoken_to(context, order.language), may_try, plan) if trial else "",
        language=order.language,
    )


def _trial(plan: Plan) -> Trial | None:
    """Return the trial that begins with a checkout; a reverse trial begins by itself."""
    return plan.trial if plan.trial and plan.trial.model is TrialModel.FREE_TRIAL else None


def seats_to_buy(plan: Plan, account: Account, seats: int | None, tried: int = 1) -> int:
    """Return how many units to buy: the seats of a plan that is sold per seat, else one.

    Where nobody says how many, there is one for each member, and not fewer than are ``tried`` already. Raises
    ``SeatsError``.
    """
    if plan.seats is None:
        if seats not in (None, 1):
            raise SeatsError(f"{plan.name} is not sold per seat.", "Leave the number of seats out.")
        return 1
    least, most = plan.seats.minimum, plan.seats.maximum
    wanted = max(least, account.members or 1, tried) if seats is None else seats
    if least <= wanted and (most is None or wanted <= most):
        return wanted
    allowed = f"Choose {least} or more." if most is None else f"Choose {least} to {most}."
    raise SeatsError(f"{plan.name} cannot be bought with {wanted} seats.", allowed)


def price_to_sell(plan: Plan, interval: str, own: str | None, wished: str | None) -> tuple[Price, str | None]:
    """Return the price to sell, and its currency: the account's own where the plan is sold in that."""
    for price in plan.prices:
        if own is not None and price.interval == interval and own in price.currencies:
            return price, own
    return plan.price(interval, wished), wished


def _one_of_several(price: Price, currency: str | None) -> str | None:
    """Return the currency to ask Stripe for. Left out, it would go by where the visitor seems to be.

    Source: https://docs.stripe.com/payments/checkout/localize-prices/manual-currency-prices
    """
    if not price.currency_options:
        return None
    return currency if currency in price.currencies else price.currency


def _refuse_second(state: AccountState) -> None:
    for subscription in state.subscriptions:
        if subscription.status not in ENDED:
            raise AlreadySubscribedError(
                f"This account has a subscription already: {subscription.plan_key}, {subscription.status}.",
                "Change the plan on the billing page instead of buying a second one.",
            )


def _has_changed(context: Context, offer: Offer) -> bool:
    """Make sure that no open session is in the way; tell whether one was found to be paid or over."""
    with context.database.read() as tx:
        opened = open_checkouts(tx, offer.account.account_id)
    for checkout in opened:
        if follow_checkout(context, checkout.checkout_session_id) != "open":
            return True
        if not offer.is_sold_by(checkout):
            expire_checkout(context, checkout)
    return False


def finish_checkout(context: Context, begun: Operation) -> None:
    """Note the page that was opened for somebody who did not wait; one that was not is not opened any more.

    Raises ``StripeUnavailableError``.
    """
    _run(context, begun.account_id, begun, never)


def _create(context: Context, offer: Offer, customer_id: str) -> None:
    parameters = session_parameters(context, offer, customer_id)
    try:
        _run(context, offer.account.account_id, parameters, _is_free_to_buy)
    except StripeRefusedError as refusal:
        # The customer may have been deleted at Stripe without a word: then the next round makes a new one.
        if refusal.stripe_code != "resource_missing" or not is_customer_gone(context, customer_id):
            raise


def _run(
    context: Context,
    account_id: str,
    asked: Asked,
    wanted: Wanted,
) -> None:
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
            quantity=wanted["line_items"][0]["quantity"],
            currency=wanted.get("currency"),
            add_ons={line["price"]: line["quantity"] for line in wanted["line_items"][1:]},
            cancel_url=wanted["cancel_url"],
        )
        save_checkout(tx, checkout, context.now())

    run_operation(
        context,
        account_id,
        ACTION,
        asked,
        lambda wanted, key: context.gateway.create_checkout_session(marked(wanted, key), key),
        lambda operation: _look_up(context, operation),
        settle,
        wanted,
    )


def _look_up(context: Context, operation: Operation) -> Answer | None:
    found = context.gateway.list_checkout_sessions(operation.parameters["customer"])
    return next((answer for answer in found if bears_mark(answer, operation)), None)


def _is_free_to_buy(tx: Transaction, account: Account) -> bool:
    _refuse_second(load_state(tx, account))
    return not open_checkouts(tx, account.account_id)
