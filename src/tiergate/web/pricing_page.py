"""The pricing page: plans as cards, with a price for each interval and one thing to do in each."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from tiergate.rules.catalog import Catalog, Feature, FeatureValue, Plan, Trial
from tiergate.rules.money import monthly_share, saving_percent
from tiergate.rules.price import Interval, Price
from tiergate.web.render import Frame, render
from tiergate.web.wording import Wording, consequence, main_currency


@dataclass(frozen=True, slots=True)
class PricingPage:
    """What the pricing page is made from."""

    frame: Frame
    catalog: Catalog
    current_plan_key: str | None = None
    """The plan that the visitor's account has, if there is one."""
    interval: Interval = "month"
    """The interval that is shown first."""
    currency: str | None = None
    """What prices are shown in; ``None`` for the catalogue's first currency."""
    is_subscribed: bool = False
    """Whether a subscription runs: then nothing else is for sale here."""
    trial_available: bool = True
    """False once the account has had its trial: it is then offered the plain purchase."""

    @property
    def shown_currency(self) -> str:
        """The currency that prices are shown in wherever a plan is sold in it."""
        return self.currency or main_currency(self.catalog)


class Standing(StrEnum):
    """How an offer relates to what the account has."""

    OFFERED = "offered"
    CURRENT = "current"
    SUBSCRIBED = "subscribed"
    """Another paid plan, while a subscription runs: a second one would be paid twice."""
    INCLUDED = "included"
    """The free plan, for an account that has more than it already."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A plan at one interval; one that is the plan's only offer is shown whatever the switch says."""

    interval: Interval
    is_only: bool
    amount: str
    per: str
    note: str
    verb: str
    terms: str


@dataclass(frozen=True, slots=True)
class FeatureLine:
    """One line of a card: what the plan gives, or does not give, of a feature."""

    text: str
    included: bool


@dataclass(frozen=True, slots=True)
class PlanCard:
    """A plan, ready to be shown."""

    key: str
    name: str
    description: str
    highlight: bool
    standing: Standing
    offers: tuple[Offer, ...]
    features: tuple[FeatureLine, ...]


@dataclass(frozen=True, slots=True)
class PricingView:
    """The whole page, ready to be shown."""

    cards: tuple[PlanCard, ...]
    interval: Interval
    has_switch: bool
    saving: str
    footnote: str


def render_pricing(page: PricingPage) -> str:
    """Return the pricing page as HTML."""
    return render("pricing.html", page.frame, view=pricing_view(page))


def pricing_view(page: PricingPage) -> PricingView:
    """Build what the pricing page shows from the catalogue."""
    prices = [price for plan in page.catalog for price in sold_prices(plan, page.shown_currency)]
    return PricingView(
        cards=tuple(_card(page, plan) for plan in page.catalog),
        interval=page.interval,
        has_switch={price.interval for price in prices} == {"month", "year"},
        saving=saving_text(page.catalog, page.shown_currency, page.frame.wording),
        footnote=_footnote(prices),
    )


def sold_prices(plan: Plan, currency: str) -> tuple[Price, ...]:
    """Return the plan's prices in this currency, or in its first one where it is not sold in this one."""
    wanted = tuple(price for price in plan.prices if price.currency == currency)
    return wanted or tuple(price for price in plan.prices if price.currency == plan.prices[0].currency)


def yearly_saving_percent(plan: Plan, currency: str) -> int:
    """Return how much cheaper a year is than twelve months, in whole percent rounded down; 0 if it is not."""
    by_interval = {price.interval: price.unit_amount for price in sold_prices(plan, currency)}
    if not by_interval.keys() >= {"month", "year"}:
        return 0
    return saving_percent(by_interval["month"], by_interval["year"])


def saving_text(catalog: Catalog, currency: str, wording: Wording) -> str:
    """Say what the yearly switch saves: what holds for every plan, else the best case, else nothing."""
    savings = [yearly_saving_percent(plan, currency) for plan in catalog if not plan.is_free]
    if not any(savings):
        return ""
    if min(savings):
        return f"Save {wording.percent(min(savings))}"
    return f"Save up to {wording.percent(max(savings))}"


def _card(page: PricingPage, plan: Plan) -> PlanCard:
    wording = page.frame.wording
    standing = _standing(page, plan)
    return PlanCard(
        key=plan.key,
        name=plan.name,
        description=plan.description,
        highlight=plan.highlight,
        standing=standing,
        offers=_free_offer(page) if plan.is_free else _paid_offers(page, plan),
        features=tuple(
            _feature_line(wording, feature, plan.features.get(key))
            for key, feature in page.catalog.features.items()
        ),
    )


def _standing(page: PricingPage, plan: Plan) -> Standing:
    if plan.key == page.current_plan_key:
        return Standing.CURRENT
    if page.is_subscribed and not plan.is_free:
        return Standing.SUBSCRIBED
    return Standing.INCLUDED if plan.is_free and page.current_plan_key is not None else Standing.OFFERED


def _free_offer(page: PricingPage) -> tuple[Offer, ...]:
    nothing = page.frame.wording.price(0, page.shown_currency)
    return (
        Offer(
            interval="month",
            is_only=True,
            amount=nothing,
            per="/ month",
            note="Free forever",
            verb="Start free",
            terms="No card needed.",
        ),
    )


def _paid_offers(page: PricingPage, plan: Plan) -> tuple[Offer, ...]:
    prices = sold_prices(plan, page.shown_currency)
    return tuple(_paid_offer(page, plan, price, is_only=len(prices) == 1) for price in prices)


def _paid_offer(page: PricingPage, plan: Plan, price: Price, *, is_only: bool) -> Offer:
    wording = page.frame.wording
    trial = plan.trial if page.trial_available else None
    total = wording.price(price.unit_amount, price.currency)
    cost = f"{total} per {price.interval}"
    return Offer(
        interval=price.interval,
        is_only=is_only,
        amount=wording.price(_per_month(price), price.currency),
        per="/ month",
        note=f"Billed yearly · {total}" if price.interval == "year" else "Billed monthly",
        verb=f"Start {trial.days}-day trial" if trial else f"Buy {plan.name}",
        terms=_trial_terms(page, plan, trial, cost) if trial else f"{cost}, until you cancel.",
    )


def _per_month(price: Price) -> int:
    if price.interval == "month":
        return price.unit_amount
    return monthly_share(price.unit_amount, price.currency)


def _trial_terms(page: PricingPage, plan: Plan, trial: Trial, cost: str) -> str:
    if trial.card_required:
        return f"Free for {trial.days} days, then {cost} until you cancel. A card is needed to start."
    afterwards = consequence(plan.policy.after_trial, page.catalog.free_plan)
    return f"No card needed. After {trial.days} days the trial ends by itself and {afterwards}."


def _feature_line(wording: Wording, feature: Feature, value: FeatureValue | None) -> FeatureLine:
    included = value is not None and value is not False and value != 0
    return FeatureLine(wording.feature(feature, value), included)


def _footnote(prices: Iterable[Price]) -> str:
    currencies = sorted({price.currency.upper() for price in prices})
    if not currencies:
        return ""
    return f"Prices in {' and '.join(currencies)}. Tax may be added at checkout, depending on where you are."
