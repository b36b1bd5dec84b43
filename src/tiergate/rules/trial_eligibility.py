"""May this account try this plan? Once, and not under another name."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tiergate.rules.catalog import Plan, TrialModel
from tiergate.rules.normal_email import normal_email
from tiergate.rules.state import ENDED, Subscription
from tiergate.rules.throwaway_mail import is_throwaway
from tiergate.rules.trial_settings import OncePer, TrialSettings


class Eligibility(StrEnum):
    """Whether an account may try a plan, and why not. The codes are stable."""

    ELIGIBLE = "eligible"
    NO_TRIAL = "no_trial"
    """Nobody can try the plan."""
    ALREADY_SUBSCRIBED = "already_subscribed"
    TRIED_BEFORE = "tried_before"
    THROWAWAY_MAIL = "throwaway_mail"
    MAIL_KNOWN = "mail_known"
    """Another account with the same mailbox has tried."""
    CARD_KNOWN = "card_known"
    """Another account with the same card has tried."""


@dataclass(frozen=True, slots=True)
class Tries:
    """Which plans were tried before, by key: by the account itself, with its mailbox, with its cards."""

    by_account: Collection[str] = ()
    by_mail: Collection[str] = ()
    by_card: Collection[str] = ()


def may_try(
    plan: Plan,
    settings: TrialSettings,
    subscriptions: Collection[Subscription],
    email: str | None,
    tries: Tries,
) -> Eligibility:
    """Answer whether an account may try a plan: the first reason against it, or ``ELIGIBLE``.

    Of an account whose address is not known, only its own tries and its cards can be judged.
    """
    if plan.trial is None:
        return Eligibility.NO_TRIAL
    if any(subscription.status not in ENDED for subscription in subscriptions):
        return Eligibility.ALREADY_SUBSCRIBED
    own = {subscription.plan_key or "" for subscription in subscriptions if subscription.trial_start}
    if _counts(own.union(tries.by_account), plan, settings):
        return Eligibility.TRIED_BEFORE
    if settings.refuse_throwaway_mail and is_throwaway(normal_email(email)):
        return Eligibility.THROWAWAY_MAIL
    if settings.refuse_known_mail and _counts(tries.by_mail, plan, settings):
        return Eligibility.MAIL_KNOWN
    if settings.refuse_known_cards and _counts(tries.by_card, plan, settings):
        return Eligibility.CARD_KNOWN
    return Eligibility.ELIGIBLE


def _counts(tried: Collection[str], plan: Plan, settings: TrialSettings) -> bool:
    return plan.key in tried if settings.once_per is OncePer.PLAN else bool(tried)


def plan_to_try(plans: Collection[Plan]) -> Plan | None:
    """Return the plan that is tried where none is named: that of the reverse trial, or else the first one
    that asks for no card, or else the first that can be tried at all.
    """
    tried = [(plan, plan.trial) for plan in plans if plan.trial is not None]
    tried.sort(key=lambda each: (each[1].model is not TrialModel.REVERSE_TRIAL, each[1].card_required))
    return tried[0][0] if tried else None


def refusal_words(why: Eligibility, plan: Plan) -> str:
    """Say in a sentence why an account may not try a plan; empty where it may."""
    return _WORDS[why].format(plan=plan.name)


_WORDS: Mapping[Eligibility, str] = {
    Eligibility.ELIGIBLE: "",
    Eligibility.NO_TRIAL: "There is no trial of {plan}.",
    Eligibility.ALREADY_SUBSCRIBED: "There is a subscription already, so there is nothing to try.",
    Eligibility.TRIED_BEFORE: "The trial was used before.",
    Eligibility.THROWAWAY_MAIL: "A trial needs an e-mail address that lasts.",
    Eligibility.MAIL_KNOWN: "The trial was used before with this e-mail address.",
    Eligibility.CARD_KNOWN: "The trial was used before with this card.",
}
