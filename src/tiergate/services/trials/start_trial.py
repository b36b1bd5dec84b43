"""Starts the trial of a plan directly at Stripe, without a card, for an account that asks for it."""

from dataclasses import dataclass, replace
from datetime import datetime

from tiergate.figures import written_price
from tiergate.rules.catalog import Catalog, Plan
from tiergate.rules.errors import TiergateError, UnknownPlanError
from tiergate.rules.state import AccountState, Subscription, SubscriptionStatus
from tiergate.rules.trial_eligibility import Eligibility, plan_to_try, refusal_words
from tiergate.services.accounts.require_account import require_account
from tiergate.services.checkout.order import price_at_stripe
from tiergate.services.context import Context
from tiergate.services.keyed_wish import done_before
from tiergate.services.plans.load_catalog import load_catalog
from tiergate.services.trials.begin_reverse_trial import begin_reverse_trial
from tiergate.services.trials.begin_trial import IsWanted, TrialOrder, begin_trial
from tiergate.services.trials.judge_trial import judge_trial
from tiergate.services.trials.promise_reverse_trial import is_waiting
from tiergate.store import Transaction
from tiergate.store.account_rows import Account, load_state

_ROUNDS = 5


class TrialRefusedError(TiergateError):
    """The account may not try the plan; ``why`` is the rule's reason, and the remedy names the price."""

    code = "trial_refused"

    def __init__(self, why: Eligibility, plan: Plan, remedy: str) -> None:
        super().__init__(refusal_words(why, plan), remedy)
        self.why = why
        self.plan = plan.key


class TrialNeedsCardError(TiergateError):
    """The plan is tried with a card, which only Stripe's checkout asks for."""

    code = "trial_needs_card"

    def __init__(self, plan: Plan) -> None:
        super().__init__(
            f"A trial of {plan.name} needs a card.", "Start it through checkout, which asks for one."
        )
        self.plan = plan.key


class TrialBusyError(TiergateError):
    """Others are buying or trying something for the same account at this very moment."""

    code = "trial_busy"


@dataclass(frozen=True, slots=True)
class TrialStarted:
    """A trial that runs: of which plan, as which subscription of Stripe's, and until when."""

    plan: str
    subscription_id: str
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class TrialOffer:
    """Whether an account may try a plan: for how long, whether with a card, and otherwise why not."""

    plan: str
    days: int
    needs_card: bool
    why: Eligibility
    words: str


def start_trial(
    context: Context,
    account_id: str,
    plan_key: str | None = None,
    interval: str = "month",
    key: str | None = None,
) -> TrialStarted:
    """Start the trial of a plan; of the one that is tried first where none is named.

    Who asks again gets the trial that runs. ``key`` is the client's own: with it the same result is given
    also when the trial is long over. Raises ``TrialRefusedError``, ``TrialNeedsCardError``,
    ``UnknownAccountError``, ``UnknownPlanError``, ``PriceNotAtStripeError``, ``KeyReusedError``,
    ``StripeUnavailableError`` (safe to repeat) and ``StripeRefusedError``.
    """
    wish = {"trial": plan_key, "interval": interval}
    for _ in range(_ROUNDS):
        with context.database.read() as tx:
            account = require_account(tx, account_id)
            state = load_state(tx, account)
            done = done_before(tx, account_id, key, wish)
            plan = _plan(load_catalog(tx), plan_key)
            running = _by_id(state, done.result["id"]) if done else running_trial(state, plan.key)
            waits = running is None and is_waiting(context, tx, account, state)
            order = None if running or waits else _order(context, tx, account, state, plan, interval)
        if running:
            return TrialStarted(running.plan_key or plan.key, running.id, running.trial_end)
        if order is None:
            begin_reverse_trial(context, account_id)
        else:
            begin_trial(context, replace(order, wish=wish, client_key=key), _is_eligible(plan))
    raise TrialBusyError("Something else is being bought or tried by this account.", "Try again in a moment.")


def offer_trial(context: Context, account_id: str, plan_key: str | None = None) -> TrialOffer:
    """Say whether an account may try a plan, and why not; asks nobody else.

    Raises ``UnknownAccountError`` and ``UnknownPlanError``.
    """
    with context.database.read() as tx:
        account = require_account(tx, account_id)
        catalog = load_catalog(tx)
        plan = _plan(catalog, plan_key)
        why = judge_trial(tx, account, load_state(tx, account), catalog, plan)
    days = plan.trial.days if plan.trial and why is Eligibility.ELIGIBLE else 0
    needs_card = plan.trial is not None and plan.trial.card_required
    return TrialOffer(plan.key, days, needs_card, why, refusal_words(why, plan))


def running_trial(state: AccountState, plan_key: str | None = None) -> Subscription | None:
    """Return the trial that an account has at Stripe, of one plan or of any."""
    for subscription in state.subscriptions:
        is_trial = subscription.status is SubscriptionStatus.TRIALING
        if is_trial and plan_key in (None, subscription.plan_key):
            return subscription
    return None


def _plan(catalog: Catalog, plan_key: str | None) -> Plan:
    if plan_key is not None:
        return catalog.plan(plan_key)
    plan = plan_to_try(tuple(catalog))
    if plan is None:
        raise UnknownPlanError("No plan can be tried.", "Give one a trial in billing.toml, and push it.")
    return plan


def _by_id(state: AccountState, subscription_id: str) -> Subscription | None:
    return next((one for one in state.subscriptions if one.id == subscription_id), None)


def _order(
    context: Context, tx: Transaction, account: Account, state: AccountState, plan: Plan, interval: str
) -> TrialOrder:
    """Return what is to be begun. Raises what speaks against it."""
    catalog = load_catalog(tx)
    why = judge_trial(tx, account, state, catalog, plan)
    if why is not Eligibility.ELIGIBLE:
        raise TrialRefusedError(why, plan, _normal_price(plan, interval, account.locale))
    if plan.trial is not None and plan.trial.card_required:
        raise TrialNeedsCardError(plan)
    price = price_at_stripe(context, tx, catalog, plan.price(interval))
    return TrialOrder(account, plan, price.stripe_price_id, catalog.version, {})


def _is_eligible(plan: Plan) -> IsWanted:
    def is_wanted(tx: Transaction, account: Account, state: AccountState) -> bool:
        return judge_trial(tx, account, state, load_catalog(tx), plan) is Eligibility.ELIGIBLE

    return is_wanted


def _normal_price(plan: Plan, interval: str, locale: str) -> str:
    """Say what a plan costs to who may not try it."""
    if not plan.prices:
        return "Choose a plan that is sold."
    price = plan.price(interval)
    return f"{plan.name} costs {written_price(price.unit_amount, price.currency, locale)} per {interval}."
