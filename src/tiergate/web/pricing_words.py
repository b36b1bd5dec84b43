"""The sentences of the pricing page, its API and its embed: verbs, terms, tiers, trust.

Figures come from ``Wording``; every sentence about an offer stands here and nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tiergate.rules.catalog import Catalog, Plan, Seats, Trial, TrialModel
from tiergate.rules.money import MinorUnits
from tiergate.rules.next_step import NextStep, Verb
from tiergate.rules.price import Amount, Price, TaxBehavior
from tiergate.rules.tiered_price import Tier, TiersMode
from tiergate.translation import Sentence
from tiergate.web.plan_prices import per
from tiergate.web.what_follows import When, what_follows
from tiergate.web.wording import Wording

CARDS = ("Visa", "Mastercard", "American Express")
"""What every Stripe account takes without having to ask for it."""


@dataclass(frozen=True, slots=True)
class Assurance:
    """Something that lets people buy with an easy mind: a word or two, and the sentence behind it."""

    key: str
    title: str
    text: str


def verb_label(wording: Wording, plan: Plan, step: NextStep) -> str:
    """Return what the button of an offer says."""
    if step.verb is Verb.START_TRIAL and step.trial:
        return wording.count("Start {count}-day trial", "Start {count}-day trial", step.trial.days)
    return wording.say(_LABELS[step.verb], plan=plan.name)


def offer_terms(
    wording: Wording, catalog: Catalog, plan: Plan, step: NextStep, cost: str, saving: str
) -> str:
    """Say what follows from pressing the button; ``saving`` is what the year saves, empty for nothing."""
    if step.verb is Verb.START_TRIAL and step.trial:
        return trial_terms(wording, catalog, plan, step.trial, cost)
    if step.verb is Verb.DOWNGRADE:
        return wording.say("Until then you keep what you have paid for.")
    begins = cost[:1].upper() + cost[1:]
    if step.verb is Verb.SWITCH_TO_YEARLY:
        saves = wording.say("That saves {amount} a year.", amount=saving) if saving else ""
        return f"{begins}. {saves}".strip()
    if step.verb is Verb.SWITCH_TO_MONTHLY:
        return wording.say("{cost}, from the renewal on.", cost=begins)
    if step.verb in (Verb.BUY, Verb.UPGRADE, Verb.CHANGE):
        return wording.say("{cost}, until you cancel.", cost=begins)
    return wording.say(_TERMS[step.verb]) if step.verb in _TERMS else ""


def trial_terms(wording: Wording, catalog: Catalog, plan: Plan, trial: Trial, cost: str) -> str:
    """Say what a trial asks for, what it gives and how it ends, before anybody presses the button."""
    part = wording.say("It opens a part of the plan.") if trial.features is not None else ""
    days = wording.number(trial.days)
    if trial.card_required:
        price = wording.say("Free for {days} days, then {cost} until you cancel.", days=days, cost=cost)
        return " ".join(filter(None, [price, wording.say("A card is needed to start."), part]))
    ending = what_follows(wording, When.TRIAL_DAYS, plan.policy.after_trial, catalog.free_plan, days=days)
    begins = wording.say("No card needed.")
    if trial.model is TrialModel.REVERSE_TRIAL:
        begins = wording.say("Begins when you sign up, without a card.")
    return " ".join(filter(None, [begins, ending, part]))


def trial_in_short(wording: Wording, trial: Trial | None) -> str:
    """Say in a few words which trial a plan has; empty where it has none."""
    if trial is None:
        return ""
    if trial.card_required:
        return wording.count("1 day, card needed", "{count} days, card needed", trial.days)
    return wording.count("1 day, no card", "{count} days, no card", trial.days)


def seats_terms(wording: Wording, seats: Seats | None) -> str:
    """Say how many seats can be bought; empty where seats are not counted, or any number will do."""
    if seats is None:
        return ""
    least = wording.number(seats.minimum)
    if seats.maximum is not None:
        most = wording.number(seats.maximum)
        return wording.say("For {least} to {most} seats.", least=least, most=most)
    return wording.say("At least {least} seats.", least=least) if seats.minimum > 1 else ""


def period(wording: Wording, plan: Plan) -> str:
    """Return what stands behind the amount of a month."""
    return per(wording, "month", per_seat=plan.seats is not None)


def cost_in_words(wording: Wording, plan: Plan, price: Price, amount: Amount) -> str:
    """Say what an interval costs: ``$49 per month``, ``$12 per seat and month``, ``from $9 per month``."""
    figure = wording.price(first_unit(plan, amount), amount.currency)
    return wording.say(_COSTS[price.interval, plan.seats is not None, bool(amount.tiers)], amount=figure)


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
    least = wording.number(first)
    if tier.up_to is None:
        return wording.say("From {least} on", least=least) if first > 1 else wording.say("Any number")
    if tier.up_to == first:
        return wording.say("The first") if first == 1 else least
    return wording.say("{least} to {most}", least=least, most=wording.number(tier.up_to))


def _tier_cost(wording: Wording, price: Price, currency: str, tier: Tier) -> str:
    each = wording.price(tier.unit_amount, currency)
    flat = wording.price(tier.flat_amount, currency)
    if tier.flat_amount and not tier.unit_amount:
        return wording.say("{flat} flat", flat=flat)
    each = wording.say(
        "{amount} each for all" if price.tiers_mode is TiersMode.VOLUME else "{amount} each", amount=each
    )
    return wording.say("{each} plus {flat} flat", each=each, flat=flat) if tier.flat_amount else each


def tax_sentence(wording: Wording, catalog: Catalog) -> str:
    """Say what comes on top: the file's own note, else what follows from the prices."""
    if catalog.tax_note:
        return catalog.tax_note
    behaviors = {price.tax_behavior for plan in catalog if plan.is_public for price in plan.prices}
    if behaviors == {TaxBehavior.INCLUSIVE}:
        return wording.say("Prices include tax.")
    if behaviors == {TaxBehavior.EXCLUSIVE} and catalog.checkout.automatic_tax:
        return wording.say("Prices exclude tax, which is worked out at checkout from where you are.")
    return wording.say("Tax may be added at checkout, depending on where you are.") if behaviors else ""


def assurances(wording: Wording, catalog: Catalog, *, is_encrypted: bool) -> tuple[Assurance, ...]:
    """Say who processes cards, which are taken, and how one gets out again; nothing where nothing is sold."""
    if not catalog.checkout.hosted or not any(plan.prices for plan in catalog):
        return ()
    shown = _ASSURANCES if is_encrypted else _ASSURANCES[:-1]
    return tuple(
        Assurance(key, wording.say(title), wording.say(text, cards=", ".join(CARDS)))
        for key, title, text in shown
    )


def words_around(wording: Wording) -> dict[str, str]:
    """Return what stands around the offers where a script shows them."""
    return {key: wording.say(text) for key, text in _WORDS.items()}


_ASSURANCES: tuple[tuple[str, Sentence, Sentence], ...] = (
    (
        "processor",
        Sentence("Payments by Stripe"),
        Sentence("You pay on Stripe’s own page. Your card number never reaches us."),
    ),
    ("cards", Sentence("Major cards accepted"), Sentence("{cards}, and what else Stripe offers you.")),
    (
        "cancel",
        Sentence("Cancel any time"),
        Sentence("What you have paid for stays yours until its period ends."),
    ),
    ("secure", Sentence("Encrypted"), Sentence("Pages and payments travel over encrypted connections.")),
)
_WORDS: Mapping[str, Sentence] = {
    "plans": Sentence("Plans"),
    "interval": Sentence("Billing interval"),
    "month": Sentence("Monthly"),
    "year": Sentence("Yearly"),
    "recommended": Sentence("Recommended"),
    "current": Sentence("Your plan"),
    "not_included": Sentence("Not included"),
    "all_plans": Sentence("Compare all plans"),
}
_LABELS: Mapping[Verb, Sentence] = {
    Verb.START_FREE: Sentence("Start free"),
    Verb.BUY: Sentence("Buy {plan}"),
    Verb.CURRENT: Sentence("Your plan"),
    Verb.INCLUDED: Sentence("Included in your plan"),
    Verb.UPGRADE: Sentence("Upgrade to {plan}"),
    Verb.DOWNGRADE: Sentence("Downgrade at renewal"),
    Verb.SWITCH_TO_YEARLY: Sentence("Switch to yearly"),
    Verb.SWITCH_TO_MONTHLY: Sentence("Switch to monthly at renewal"),
    Verb.CHANGE: Sentence("Change to {plan}"),
    Verb.CONTACT: Sentence("Contact us"),
    Verb.UNAVAILABLE: Sentence("Not on sale"),
}
_TERMS: Mapping[Verb, Sentence] = {
    Verb.START_FREE: Sentence("No card needed."),
    Verb.CONTACT: Sentence("We make you an offer."),
}
_COSTS: Mapping[tuple[str, bool, bool], Sentence] = {
    ("month", False, False): Sentence("{amount} per month"),
    ("year", False, False): Sentence("{amount} per year"),
    ("month", True, False): Sentence("{amount} per seat and month"),
    ("year", True, False): Sentence("{amount} per seat and year"),
    ("month", False, True): Sentence("from {amount} per month"),
    ("year", False, True): Sentence("from {amount} per year"),
    ("month", True, True): Sentence("from {amount} per seat and month"),
    ("year", True, True): Sentence("from {amount} per seat and year"),
}
"""By the interval, whether seats are counted, and whether more cost less."""
