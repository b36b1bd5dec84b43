"""Says what a purchase will charge, and when, in words: before the click."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton

from tiergate.figures import parsed_locale, written_amount
from tiergate.rules.catalog import Plan
from tiergate.rules.choose_language import locale_of_page
from tiergate.rules.price import Price
from tiergate.rules.purchase_terms import Charge, PurchaseTerms, purchase_terms, trial_to_buy, tried_seats
from tiergate.rules.quantity_change import add_on_of, price_of_add_on
from tiergate.rules.reverse_trial import waiting_trial
from tiergate.rules.state import ENDED, AccountState, Subscription, SubscriptionStatus
from tiergate.rules.trial_eligibility import Eligibility
from tiergate.services.account_time import account_now
from tiergate.services.accounts.require_account import require_account
from tiergate.services.accounts.speak_to_customer import refusal_said, spoken_to
from tiergate.services.checkout.order import Order
from tiergate.services.checkout.start_checkout import AlreadySubscribedError, price_to_sell, seats_to_buy
from tiergate.services.context import Context
from tiergate.services.plans.load_catalog import load_catalog
from tiergate.services.trials.judge_trial import judge_trial
from tiergate.services.trials.tried_add_ons import cost_of_kept_add_ons, with_tried_add_ons
from tiergate.store.account_rows import Account, load_state
from tiergate.translation import Translation


@dataclass(frozen=True, slots=True)
class PurchasePreview:
    """What a purchase comes to, without tax; ``charged_at`` of ``None`` is at once.

    ``words`` say it to the customer; ``trial_refused`` why no trial comes with it, where one was on offer.
    """

    plan: str
    interval: str
    seats: int
    """1 where the plan is not sold per seat."""
    amount: int
    currency: str
    charge: Charge
    charged_at: datetime | None
    days_left: int
    words: str
    trial_refused: str


def preview_purchase(context: Context, account_id: str, order: Order) -> PurchasePreview:
    """Say what buying a plan charges, and when. The purchase follows the same rule; Stripe is not asked.

    Raises ``AlreadySubscribedError`` where it is no purchase but a change of plan, ``SeatsError``,
    ``UnknownPlanError``, ``UnknownAddOnError``, ``AddOnNotSoldSoError`` and ``UnknownAccountError``.
    """
    with context.database.read() as tx:
        account = require_account(tx, account_id)
        state, catalog = load_state(tx, account), load_catalog(tx)
        at = account_now(context, tx, account)
        plan = catalog.plan(order.plan)
        why = judge_trial(tx, account, state, catalog, plan)
        trial = trial_to_buy(state) or _promised(state, at)
        _refuse_change(state, is_in_trial=trial is not None)
        price, currency = _price(plan, state, order, is_in_trial=trial is not None)
        order = with_tried_add_ons(tx, trial, catalog, order, currency)
        kept = cost_of_kept_add_ons(tx, trial, order, currency)
    seats = seats_to_buy(plan, account, order.seats, tried_seats(trial, plan) if trial else 1)
    added = [
        price_of_add_on(add_on_of(catalog, key), order.interval, currency).total(quantity, currency)
        for key, quantity in order.add_ons.items()
    ]
    amount = sum([price.total(seats, currency), *kept, *added])
    ends_at = at + timedelta(days=plan.trial.days) if plan.trial and why is Eligibility.ELIGIBLE else None
    terms = purchase_terms(trial, plan, ends_at, at)
    reader = _reader(context, account, order.language)
    has_refusal = terms.charge is Charge.NOW and plan.trial is not None
    return PurchasePreview(
        plan.key,
        order.interval,
        seats,
        amount,
        currency,
        terms.charge,
        terms.charged_at,
        terms.days_left,
        _words(terms, written_amount(amount, currency, reader.locale), plan, account, reader),
        refusal_said(reader.translation, why, plan) if has_refusal else "",
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """Whom the words are for."""

    translation: Translation
    locale: str


def _reader(context: Context, account: Account, language: str | None) -> _Reader:
    translation = spoken_to(context, language)
    if language is None:
        return _Reader(translation, account.locale)
    return _Reader(translation, locale_of_page(translation.language, [language, account.locale]))


def _promised(state: AccountState, at: datetime) -> Subscription | None:
    """Return the trial that Stripe has not got yet as it will be there: it begins before it is bought."""
    grant = waiting_trial(state, at)
    if grant is None:
        return None
    status = SubscriptionStatus.TRIALING
    return Subscription("", "", status, grant.starts_at, grant.plan_key, trial_end=grant.ends_at)


def _refuse_change(state: AccountState, *, is_in_trial: bool) -> None:
    if not is_in_trial and any(one.status not in ENDED for one in state.subscriptions):
        raise AlreadySubscribedError(
            "This account has a subscription already.",
            "Preview a change of the plan instead of a second purchase.",
        )


def _price(plan: Plan, state: AccountState, order: Order, *, is_in_trial: bool) -> tuple[Price, str]:
    """Return the price that is charged, and in which currency; a trial that is bought keeps its own."""
    if is_in_trial and state.currency is not None:
        return plan.price(order.interval, state.currency), state.currency
    wished = order.currency.lower() if order.currency and not is_in_trial else None
    price, currency = price_to_sell(plan, order.interval, state.currency, wished)
    return price, currency or price.currency


def _words(terms: PurchaseTerms, amount: str, plan: Plan, account: Account, reader: _Reader) -> str:
    say = reader.translation.say
    if terms.charge is Charge.NOW:
        return say("Your card is charged {cost} today.", cost=amount)
    if terms.charge is Charge.NOW_ENDING_TRIAL:
        return reader.translation.count(
            "Your card is charged {cost} today; the {count} day left of the trial ends.",
            "Your card is charged {cost} today; the {count} days left of the trial end.",
            terms.days_left,
            cost=amount,
        )
    if terms.charged_at is None:
        return ""
    day = _day(terms.charged_at, account, reader.locale)
    if terms.charge is Charge.AT_TRIAL_END:
        return say("Your card is charged {cost} on {date}, when the trial ends.", cost=amount, date=day)
    if plan.trial is not None and not plan.trial.card_required:
        return say(
            "Nothing is charged today. The trial ends on {date}; to keep {plan} then costs {cost}.",
            date=day,
            plan=reader.translation.named(plan.name),
            cost=amount,
        )
    return say(
        "Nothing is charged today. Your card is charged {cost} on {date}, when the trial ends.",
        cost=amount,
        date=day,
    )


def _day(at: datetime, account: Account, locale: str) -> str:
    """Write a day as a locale does, in the account's time zone: ``March 12``, ``12. März``."""
    local = at.astimezone(ZoneInfo(account.time_zone))
    return format_skeleton("MMMMd", local, locale=parsed_locale(locale))
