"""Says what a purchase will charge, and when, in words: before the click."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton

from tiergate.figures import parsed_locale, written_amount
from tiergate.rules.catalog import Plan
from tiergate.rules.money import MinorUnits
from tiergate.rules.purchase_terms import Charge, PurchaseTerms, purchase_terms, trial_to_buy
from tiergate.rules.state import ENDED, AccountState
from tiergate.rules.trial_eligibility import Eligibility, refusal_words
from tiergate.services.account_time import account_now
from tiergate.services.context import Context
from tiergate.services.judge_trial import judge_trial
from tiergate.services.load_catalog import load_catalog
from tiergate.services.require_account import require_account
from tiergate.services.start_checkout import AlreadySubscribedError
from tiergate.store.account_rows import Account, load_state


@dataclass(frozen=True, slots=True)
class PurchasePreview:
    """What a purchase comes to, without tax; ``charged_at`` of ``None`` is at once.

    ``words`` say it to the customer; ``trial_refused`` why no trial comes with it, where one was on offer.
    """

    plan: str
    interval: str
    amount: MinorUnits
    currency: str
    charge: Charge
    charged_at: datetime | None
    days_left: int
    words: str
    trial_refused: str


def preview_purchase(
    context: Context, account_id: str, plan_key: str, interval: str = "month"
) -> PurchasePreview:
    """Say what buying a plan charges, and when. The purchase follows the same rule; Stripe is not asked.

    Raises ``AlreadySubscribedError`` where it is no purchase but a change of plan, ``UnknownPlanError`` and
    ``UnknownAccountError``.
    """
    with context.database.read() as tx:
        account = require_account(tx, account_id)
        state, catalog = load_state(tx, account), load_catalog(tx)
        at = account_now(context, tx, account)
        plan = catalog.plan(plan_key)
        price = plan.price(interval)
        why = judge_trial(tx, account, state, catalog, plan)
    trial = trial_to_buy(state)
    _refuse_change(state, is_in_trial=trial is not None)
    ends_at = at + timedelta(days=plan.trial.days) if plan.trial and why is Eligibility.ELIGIBLE else None
    terms = purchase_terms(trial, plan, ends_at, at)
    amount = price.unit_amount * (_seats(plan, account) if trial is None else _tried_seats(state))
    has_refusal = terms.charge is Charge.NOW and plan.trial is not None
    return PurchasePreview(
        plan.key,
        interval,
        amount,
        price.currency,
        terms.charge,
        terms.charged_at,
        terms.days_left,
        _words(terms, written_amount(amount, price.currency, account.locale), plan, account),
        refusal_words(why, plan) if has_refusal else "",
    )


def _refuse_change(state: AccountState, *, is_in_trial: bool) -> None:
    if not is_in_trial and any(one.status not in ENDED for one in state.subscriptions):
        raise AlreadySubscribedError(
            "This account has a subscription already.",
            "Preview a change of the plan instead of a second purchase.",
        )


def _seats(plan: Plan, account: Account) -> int:
    return max(plan.seats.minimum, account.members or 1) if plan.seats else 1


def _tried_seats(state: AccountState) -> int:
    trial = trial_to_buy(state)
    items = [item for item in trial.items if item.add_on_key is None] if trial else []
    return items[0].quantity if items else 1


def _words(terms: PurchaseTerms, amount: str, plan: Plan, account: Account) -> str:
    if terms.charge is Charge.NOW:
        return f"Your card is charged {amount} today."
    if terms.charge is Charge.NOW_ENDING_TRIAL:
        left = "day left of the trial ends" if terms.days_left == 1 else "days left of the trial end"
        return f"Your card is charged {amount} today; the {terms.days_left} {left}."
    day = _day(terms.charged_at, account)
    if terms.charge is Charge.AT_TRIAL_END:
        return f"Your card is charged {amount} on {day}, when the trial ends."
    if plan.trial is not None and not plan.trial.card_required:
        return f"Nothing is charged today. The trial ends on {day}; to keep {plan.name} then costs {amount}."
    return f"Nothing is charged today. Your card is charged {amount} on {day}, when the trial ends."


def _day(at: datetime | None, account: Account) -> str:
    """Write a day as the account's locale does, in its time zone: ``March 12``, ``12. März``."""
    if at is None:
        return "that day"
    local = at.astimezone(ZoneInfo(account.time_zone))
    return format_skeleton("MMMMd", local, locale=parsed_locale(account.locale))
