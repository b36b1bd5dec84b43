"""The sentences of the pricing page, its API and its embed: verbs, terms, tiers, trust.

Figures come from ``Wording``; every sentence about an offer stands here and nowhere else.
"""

from dataclasses import dataclass

from tiergate.rules.catalog import Catalog, Plan, Seats, Trial, TrialModel
from tiergate.rules.money import MinorUnits
from tiergate.rules.next_step import NextStep, Verb
from tiergate.rules.price import Amount, Price, TaxBehavior
from tiergate.rules.tiered_price import Tier, TiersMode
from tiergate.web.wording import Wording, consequence

CARDS = ("Visa", "Mastercard", "American Express")
"""What every Stripe account takes without having to ask for it."""


@dataclass(frozen=True, slots=True)
class Assurance:
    """Something that lets people buy with an easy mind: a word or two, and the sentence behind it."""

    key: str
    title: str
    text: str


def verb_label(plan: Plan, step: NextStep) -> str:
    """Return what the button of an offer says."""
    if step.verb is Verb.START_TRIAL and step.trial:
        return f"Start {step.trial.days}-day trial"
    return _LABELS[step.verb].format(plan=plan.name)


def offer_terms(catalog: Catalog, plan: Plan, step: NextStep, cost: str, saving: str) -> str:
    """Say what follows from pressing the button; ``saving`` is what the year saves, empty for nothing."""
    if step.verb is Verb.START_TRIAL and step.trial:
        return trial_terms(catalog, plan, step.trial, cost)
    if step.verb is Verb.DOWNGRADE:
        return "Until then you keep what you have paid for."
    if step.verb is Verb.SWITCH_TO_YEARLY:
        return f"{cost}. That saves {saving} a year." if saving else f"{cost}."
    if step.verb is Verb.SWITCH_TO_MONTHLY:
        return f"{cost}, from the renewal on."
    if step.verb in (Verb.BUY, Verb.UPGRADE, Verb.CHANGE):
        return f"{cost}, until you cancel."
    return _TERMS.get(step.verb, "")


def trial_terms(catalog: Catalog, plan: Plan, trial: Trial, cost: str) -> str:
    """Say what a trial asks for, what it gives and how it ends, before anybody presses the button."""
    part = " It opens a part of the plan." if trial.features is not None else ""
    if trial.card_required:
        needs = "A card is needed to start."
        return f"Free for {trial.days} days, then {cost} until you cancel. {needs}{part}"
    afterwards = consequence(plan.policy.after_trial, catalog.free_plan)
    ending = f"After {trial.days} days the trial ends by itself and {afterwards}.{part}"
    if trial.model is TrialModel.REVERSE_TRIAL:
        return f"Begins when you sign up, without a card. {ending}"
    return f"No card needed. {ending}"


def trial_in_short(trial: Trial | None) -> str:
    """Say in a few words which trial a plan has; empty where it has none."""
    if trial is None:
        return ""
    return f"{trial.days} days, {'card needed' if trial.card_required else 'no card'}"


def seats_terms(seats: Seats | None) -> str:
    """Say how many seats can be bought; empty where seats are not counted, or any number will do."""
    if seats is None:
        return ""
    if seats.maximum is not None:
        return f"For {seats.minimum} to {seats.maximum} seats."
    return f"At least {seats.minimum} seats." if seats.minimum > 1 else ""


def period(plan: Plan) -> str:
    """Return what stands behind the amount of a month."""
    return "per seat / month" if plan.seats else "/ month"


def cost_in_words(wording: Wording, plan: Plan, price: Price, amount: Amount) -> str:
    """Say what an interval costs: ``$49 per month``, ``$12 per seat and month``, ``From $9 per month``."""
    figure = wording.price(first_unit(plan, amount), amount.currency)
    each = "per seat and" if plan.seats else "per"
    return f"{'From ' if amount.tiers else ''}{figure} {each} {price.interval}"


def first_unit(plan: Plan, amount: Amount) -> MinorUnits:
    """Return what the first unit costs; a tier's flat amount counts where no seats are spoken of."""
    if amount.tiers and plan.seats is None:
        return amount.unit_amount + amount.tiers[0].flat_amount
    return amount.unit_amount


def tier_lines(wording: Wording, price: Price, amount: Amount) -> tuple[str, ...]:
    """Say what the tiers of a price cost, one line for each; none where it has no tiers."""
    lines, first = [], 1
    for tier in amount.tiers:
        lines.append(f"{_span(wording, first, tier)}: {_tier_cost(wording, price, amount.currency, tier)}")
        first = (tier.up_to or 0) + 1
    return tuple(lines)


def _span(wording: Wording, first: int, tier: Tier) -> str:
    if tier.up_to is None:
        return f"From {wording.number(first)} on" if first > 1 else "Any number"
    if tier.up_to == first:
        return "The first" if first == 1 else wording.number(first)
    return f"{wording.number(first)} to {wording.number(tier.up_to)}"


def _tier_cost(wording: Wording, price: Price, currency: str, tier: Tier) -> str:
    parts = []
    if tier.unit_amount or not tier.flat_amount:
        of_all = " for all" if price.tiers_mode is TiersMode.VOLUME else ""
        parts.append(f"{wording.price(tier.unit_amount, currency)} each{of_all}")
    if tier.flat_amount:
        parts.append(f"{wording.price(tier.flat_amount, currency)} flat")
    return " plus ".join(parts)


def tax_sentence(catalog: Catalog) -> str:
    """Say what comes on top: the file's own note, else what follows from the prices."""
    if catalog.tax_note:
        return catalog.tax_note
    behaviors = {price.tax_behavior for plan in catalog if plan.is_public for price in plan.prices}
    if behaviors == {TaxBehavior.INCLUSIVE}:
        return "Prices include tax."
    if behaviors == {TaxBehavior.EXCLUSIVE} and catalog.checkout.automatic_tax:
        return "Prices exclude tax, which is worked out at checkout from where you are."
    return "Tax may be added at checkout, depending on where you are." if behaviors else ""


def assurances(catalog: Catalog, *, is_encrypted: bool) -> tuple[Assurance, ...]:
    """Say who processes cards, which are taken, and how one gets out again; nothing where nothing is sold."""
    if not catalog.checkout.hosted or not any(plan.prices for plan in catalog):
        return ()
    cards = f"{', '.join(CARDS)}, and what else Stripe offers you."
    told = (
        Assurance(
            "processor",
            "Payments by Stripe",
            "You pay on Stripe’s own page. Your card number never reaches us.",
        ),
        Assurance("cards", "Major cards accepted", cards),
        Assurance("cancel", "Cancel any time", "What you have paid for stays yours until its period ends."),
    )
    if not is_encrypted:
        return told
    return (*told, Assurance("secure", "Encrypted", "Pages and payments travel over encrypted connections."))


WORDS = {
    "plans": "Plans",
    "interval": "Billing interval",
    "month": "Monthly",
    "year": "Yearly",
    "recommended": "Recommended",
    "current": "Your plan",
    "not_included": "Not included",
    "all_plans": "Compare all plans",
}
"""What stands around the offers where a script shows them."""
_LABELS = {
    Verb.START_FREE: "Start free",
    Verb.BUY: "Buy {plan}",
    Verb.CURRENT: "Your plan",
    Verb.INCLUDED: "Included in your plan",
    Verb.UPGRADE: "Upgrade to {plan}",
    Verb.DOWNGRADE: "Downgrade at renewal",
    Verb.SWITCH_TO_YEARLY: "Switch to yearly",
    Verb.SWITCH_TO_MONTHLY: "Switch to monthly at renewal",
    Verb.CHANGE: "Change to {plan}",
    Verb.CONTACT: "Contact us",
    Verb.UNAVAILABLE: "Not on sale",
}
_TERMS = {Verb.START_FREE: "No card needed.", Verb.CONTACT: "We make you an offer."}
