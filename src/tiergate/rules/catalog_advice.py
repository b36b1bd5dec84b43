"""What is possible in a catalogue, but unwise: advice, which keeps nobody from publishing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from tiergate.rules.billing_settings import AfterLastRetry
from tiergate.rules.catalog import Catalog, Plan, TrialModel
from tiergate.rules.effective_features import generosity
from tiergate.rules.policy import Afterwards
from tiergate.rules.price import Price
from tiergate.rules.toml_positions import Path, Position, position_of

_MOST_PUBLIC_PLANS = 4
_MONTHS = 12
_LONG_TRIAL_DAYS = 60
_MOST_GRACE_DAYS = 14


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing that could be better; ``line`` and ``column`` count from 1."""

    line: int
    column: int
    message: str
    remedy: str

    def __str__(self) -> str:
        """Read as ``line 12, column 5: message remedy``."""
        return f"line {self.line}, column {self.column}: {self.message} {self.remedy}"


Told = tuple[Path, str, str]
"""Where, what, and what to do about it."""


def advise(catalog: Catalog, positions: Mapping[Path, Position] | None = None) -> tuple[Advice, ...]:
    """Return what could be better in a catalogue, in the order of its file."""
    told = [
        *_choice(catalog),
        *(each for plan in catalog for each in _plan(catalog, plan)),
        *_neighbours(catalog),
        *_trials(catalog),
        *_charging(catalog),
    ]
    found = [Advice(*position_of(path, positions or {}), message, remedy) for path, message, remedy in told]
    return tuple(sorted(found, key=lambda advice: (advice.line, advice.column)))


def _choice(catalog: Catalog) -> Iterator[Told]:
    public = [plan for plan in catalog if plan.is_public]
    if len(public) > _MOST_PUBLIC_PLANS:
        yield (
            ("plans", public[_MOST_PUBLIC_PLANS].key),
            f"There are {len(public)} public plans: the more there are to choose from, the fewer choose.",
            "Show three or four, and give the others public = false.",
        )
    if not public:
        yield (
            ("plans", next(iter(catalog.plans)), "public"),
            "No plan is public: the pricing page is empty.",
            "Delete public = false here, or elsewhere.",
        )
    highlighted = [plan for plan in public if plan.highlight]
    for plan in highlighted[1:]:
        yield (
            ("plans", plan.key, "highlight"),
            f"Plans {highlighted[0].key!r} and {plan.key!r} are both highlighted.",
            "Highlight the one that most should buy.",
        )
    if not any(plan.prices for plan in catalog):
        yield ("plans",), "Nothing is for sale.", "Add a price to a plan, under [[plans.PLAN.prices]]."


def _plan(catalog: Catalog, plan: Plan) -> Iterator[Told]:
    here: Path = ("plans", plan.key)
    if plan.prices and not any(price.interval == "year" for price in plan.prices):
        yield (
            here,
            f"Plan {plan.key!r} has no yearly price.",
            "Add one: who pays for a year stays for a year.",
        )
    for index, price in enumerate(plan.prices):
        yield from _dear_year(plan, index, price)
        missing = [each for each in catalog.currencies if not _sells_in(plan, price.interval, each)]
        if missing and index == _first_of(plan, price.interval):
            yield (
                (*here, "prices", index),
                f"Plan {plan.key!r} per {price.interval} is not sold in {', '.join(missing)}, as others are.",
                "Add it under currency_options, or its visitors from there see no price.",
            )
    if plan.trial and plan.trial.days > _LONG_TRIAL_DAYS:
        yield (
            (*here, "trial", "days"),
            f"A trial of {plan.trial.days} days is longer than anybody needs to decide.",
            "Most products take 7 to 30.",
        )
    if plan.prices and plan.policy.grace.days > _MOST_GRACE_DAYS:
        yield (
            (*here, "policy", "grace_days"),
            f"Plan {plan.key!r} stays open for {plan.policy.grace.days} days after a failed payment.",
            "Shorten grace_days: who sees nothing change updates no card.",
        )
    if not plan.features and catalog.features:
        yield (
            here,
            f"Plan {plan.key!r} includes nothing.",
            f"List what it gives under [plans.{plan.key}.features].",
        )


def _sells_in(plan: Plan, interval: str, currency: str) -> bool:
    return any(price.interval == interval and currency in price.currencies for price in plan.prices)


def _first_of(plan: Plan, interval: str) -> int:
    return next(index for index, price in enumerate(plan.prices) if price.interval == interval)


def _dear_year(plan: Plan, index: int, price: Price) -> Iterator[Told]:
    if price.interval != "year":
        return
    for monthly in plan.prices:
        for currency in price.currencies:
            year, month = price.amount_in(currency), monthly.amount_in(currency)
            if monthly.interval != "month" or year is None or month is None or year.tiers or month.tiers:
                continue
            if year.unit_amount > _MONTHS * month.unit_amount:
                yield (
                    ("plans", plan.key, "prices", index),
                    f"A year of plan {plan.key!r} costs more in {currency} than twelve months of it.",
                    f"Write at most {_MONTHS * month.unit_amount}; ten times a month is usual.",
                )


def _neighbours(catalog: Catalog) -> Iterator[Told]:
    """Compare each plan with the one below it: who pays more expects to get more, and no less."""
    for lower, higher in pairwise(plan for plan in catalog if not plan.contact_url):
        here: Path = ("plans", higher.key)
        fewer = [
            key
            for key in catalog.features
            if generosity(higher.features.get(key, False)) < generosity(lower.features.get(key, False))
        ]
        if fewer:
            yield (
                (*here, "features"),
                f"Plan {higher.key!r} gives less than the smaller {lower.key!r} of: {', '.join(fewer)}.",
                "Give it at least as much, or change the order of the plans (rank).",
            )
        cheaper = [
            price
            for price in higher.prices
            for other in lower.prices
            if price.interval == other.interval
            and price.currency == other.currency
            and price.unit_amount < other.unit_amount
            and not (price.tiers or other.tiers)
        ]
        if cheaper:
            yield (
                here,
                f"Plan {higher.key!r} costs less per {cheaper[0].interval} than the smaller {lower.key!r}.",
                "Plans are ordered from small to big: move it up in the file, or change its rank.",
            )


def _trials(catalog: Catalog) -> Iterator[Told]:
    for plan in catalog:
        if plan.trial is None:
            continue
        here: Path = ("plans", plan.key, "trial")
        is_reverse = plan.trial.model is TrialModel.REVERSE_TRIAL
        if is_reverse and catalog.free_plan is None:
            yield (
                (*here, "model"),
                "A reverse trial ends in the free plan, and there is none.",
                'Add a plan without prices, or use model = "free_trial".',
            )
        if is_reverse and plan.policy.after_trial is not Afterwards.FREE:
            yield (
                (*here, "model"),
                f"After its reverse trial an account is {plan.policy.after_trial}, not on the free plan.",
                'Write after_trial = "free" under [policy].',
            )
        if plan.trial.card_required and not catalog.billing.auto_charge:
            yield (
                (*here, "card"),
                f"The trial of plan {plan.key!r} asks for a card that will never be charged.",
                'Set auto_charge = true under [billing], or card = "not_required".',
            )
        if not is_reverse and not catalog.checkout.hosted:
            yield (
                here,
                f"Nobody can begin the trial of plan {plan.key!r}: nothing can be bought by oneself.",
                "Set hosted = true under [checkout].",
            )


def _charging(catalog: Catalog) -> Iterator[Told]:
    billing = catalog.billing
    if not billing.dunning and billing.auto_charge:
        yield (
            ("billing", "dunning"),
            "Customers are not told of failed payments: most of them would only have to renew a card.",
            "Set dunning = true.",
        )
    if not billing.retry_after_days and billing.auto_charge:
        yield (
            ("billing", "retry_after_days"),
            "A failed payment is never tried again.",
            "Write for instance [3, 5, 7], as Stripe does.",
        )
    if billing.after_last_retry is AfterLastRetry.PAST_DUE:
        yield (
            ("billing", "after_last_retry"),
            "A subscription that is never paid stays past due for ever.",
            'Write "cancel" or "unpaid", and choose the same in Stripe\'s dashboard.',
        )
    if catalog.checkout.promotion_codes and not catalog.checkout.hosted:
        yield (
            ("checkout", "promotion_codes"),
            "Promotion codes are accepted in a checkout that is switched off.",
            "Set hosted = true, or delete promotion_codes.",
        )
