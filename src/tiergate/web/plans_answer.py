"""The plans as JSON, for everybody: what ``GET /api/plans`` answers."""

from decimal import Decimal
from urllib.parse import urljoin

from pydantic import BaseModel, ConfigDict, Field

from tiergate.rules.catalog import Plan
from tiergate.rules.price import Amount, Interval
from tiergate.rules.tiered_price import Tier
from tiergate.web.offers import Offer, Sold, Storefront, saving_text, sold_prices
from tiergate.web.plans_example import EXAMPLE
from tiergate.web.pricing_page import PlanCard, plan_card
from tiergate.web.pricing_words import (
    assurances,
    cost_in_words,
    tax_sentence,
    tier_lines,
    trial_terms,
    words_around,
)
from tiergate.web.visit import Visit

MinorUnits = int | Decimal


class TierAnswer(BaseModel):
    """One step of a tiered price, in minor units."""

    up_to: int | None = Field(description="The last unit of this tier; null for the last one.")
    unit_amount: MinorUnits
    flat_amount: MinorUnits


class AmountAnswer(BaseModel):
    """What one interval costs in one currency, in minor units."""

    unit_amount: int = Field(description="What one unit costs; with tiers, the first one.")
    formatted: str
    tiers: list[TierAnswer]
    tiers_in_words: list[str]


class PriceAnswer(BaseModel):
    """A price, with all currencies that it is sold in."""

    interval: Interval
    lookup_key: str
    tiers_mode: str | None
    tax_behavior: str
    amounts: dict[str, AmountAnswer]


class OfferAnswer(BaseModel):
    """A plan at one interval, as this visitor is offered it."""

    interval: Interval | None = Field(description="null for what has no price.")
    currency: str | None = Field(description="The currency of the amount; a plan may not be sold in yours.")
    prefix: str = Field(description='"from" where more costs less, else empty.')
    amount: str = Field(description="What a month comes to.")
    per: str
    note: str
    verb: str = Field(
        description="start_free, start_trial, buy, current, included, upgrade, downgrade, switch_to_yearly, "
        "switch_to_monthly, change, contact or unavailable"
    )
    label: str = Field(description="What the button says.")
    terms: str = Field(description="What follows from pressing it.")
    url: str = Field(description="Where the button leads; empty for nothing to do.")
    is_order: bool = Field(description="Whether POST /api/billing/checkout takes it.")


class TrialAnswer(BaseModel):
    """A plan's trial, and its terms in words."""

    days: int
    card_required: bool
    model: str
    terms: str


class SeatsAnswer(BaseModel):
    """How many seats can be bought."""

    minimum: int
    maximum: int | None


class PlanFeatureAnswer(BaseModel):
    """What a plan gives of a feature."""

    key: str
    name: str
    kind: str
    value: bool | int | str
    text: str
    included: bool


class PlanAnswer(BaseModel):
    """One plan."""

    key: str
    name: str
    description: str
    highlight: bool
    is_free: bool
    is_current: bool
    seats: SeatsAnswer | None
    trial: TrialAnswer | None
    features: list[PlanFeatureAnswer]
    prices: list[PriceAnswer]
    offers: list[OfferAnswer]


class CurrencyAnswer(BaseModel):
    """Which currency is shown, why, and which others there are."""

    shown: str
    because: str = Field(description="account, choice, country, language or default")
    offered: list[str]


class QuestionAnswer(BaseModel):
    """A question that people ask."""

    question: str
    answer: str


class AssuranceAnswer(BaseModel):
    """Who processes cards, which are taken, how one gets out again."""

    key: str
    title: str
    text: str


class PlansAnswer(BaseModel):
    """Everything that the pricing page shows."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    product: str
    headline: str
    tagline: str
    language: str = Field(description="The language of the words, as a tag such as de.")
    locale: str = Field(description="How figures are written, such as de_AT.")
    signed_in: bool = Field(description="Whether the verbs are those of an account; never across origins.")
    currency: CurrencyAnswer
    first_interval: Interval
    saving: str = Field(description='What the year saves, such as "Save 20%"; empty for nothing.')
    plans: list[PlanAnswer]
    questions: list[QuestionAnswer]
    assurances: list[AssuranceAnswer]
    tax_note: str
    words: dict[str, str] = Field(description="What a page that shows all this says around it.")
    pricing_url: str


def plans_answer(visit: Visit) -> PlansAnswer:
    """Put the plans into JSON, as one visitor is offered them."""
    store, catalog = visit.store, visit.store.catalog
    is_encrypted = store.frame.public_url.startswith("https:")
    return PlansAnswer(
        product=catalog.product.name,
        headline=catalog.product.headline,
        tagline=catalog.product.tagline,
        language=store.frame.language,
        locale=store.wording.locale,
        signed_in=store.frame.signed_in,
        currency=CurrencyAnswer(
            shown=store.currency, because=visit.chosen.because, offered=list(catalog.currencies)
        ),
        first_interval=catalog.checkout.first_interval,
        saving=saving_text(store.plans, store.currency, store.wording),
        plans=[_plan(store, plan) for plan in store.plans],
        questions=[QuestionAnswer(question=each.question, answer=each.answer) for each in catalog.faq],
        assurances=[
            AssuranceAnswer(key=each.key, title=each.title, text=each.text)
            for each in assurances(store.wording, catalog, is_encrypted=is_encrypted)
        ],
        tax_note=tax_sentence(store.wording, catalog),
        words=words_around(store.wording),
        pricing_url=f"{store.frame.public_url}/pricing",
    )


def _plan(store: Storefront, plan: Plan) -> PlanAnswer:
    card = plan_card(store, plan)
    return PlanAnswer(
        key=plan.key,
        name=plan.name,
        description=plan.description,
        highlight=card.highlight,
        is_free=plan.is_free,
        is_current=card.is_current,
        seats=SeatsAnswer(minimum=plan.seats.minimum, maximum=plan.seats.maximum) if plan.seats else None,
        trial=_trial(store, plan),
        features=_features(store, card, plan),
        prices=[
            PriceAnswer(
                interval=price.interval,
                lookup_key=price.lookup_key,
                tiers_mode=price.tiers_mode,
                tax_behavior=price.tax_behavior,
                amounts={
                    currency: _amount(store, Sold(price, amount))
                    for currency in price.currencies
                    if (amount := price.amount_in(currency))
                },
            )
            for price in plan.prices
        ],
        offers=[_offer(store, plan, offer) for offer in card.offers],
    )


def _trial(store: Storefront, plan: Plan) -> TrialAnswer | None:
    if plan.trial is None:
        return None
    first = sold_prices(plan, store.currency)[0]
    cost = cost_in_words(store.wording, plan, first.price, first.amount)
    return TrialAnswer(
        days=plan.trial.days,
        card_required=plan.trial.card_required,
        model=plan.trial.model,
        terms=trial_terms(store.wording, store.catalog, plan, plan.trial, cost),
    )


def _features(store: Storefront, card: PlanCard, plan: Plan) -> list[PlanFeatureAnswer]:
    return [
        PlanFeatureAnswer(
            key=feature.key,
            name=feature.name,
            kind=feature.kind,
            value=plan.features.get(feature.key, False),
            text=line.text,
            included=line.included,
        )
        for feature, line in zip(store.catalog.features.values(), card.features, strict=True)
    ]


def _amount(store: Storefront, sold: Sold) -> AmountAnswer:
    amount: Amount = sold.amount
    return AmountAnswer(
        unit_amount=amount.unit_amount,
        formatted=store.wording.price(amount.unit_amount, amount.currency),
        tiers=[_tier(tier) for tier in amount.tiers],
        tiers_in_words=list(tier_lines(store.wording, sold.price, amount)),
    )


def _tier(tier: Tier) -> TierAnswer:
    return TierAnswer(up_to=tier.up_to, unit_amount=tier.unit_amount, flat_amount=tier.flat_amount)


def _offer(store: Storefront, plan: Plan, offer: Offer) -> OfferAnswer:
    return OfferAnswer(
        interval=offer.interval,
        currency=offer.sold.currency if offer.sold else None,
        prefix=offer.prefix,
        amount=offer.amount,
        per=offer.per,
        note=offer.note,
        verb=offer.step.verb,
        label=offer.label,
        terms=offer.terms,
        url=_absolute_url(store, plan, offer),
        is_order=offer.is_order,
    )


def _absolute_url(store: Storefront, plan: Plan, offer: Offer) -> str:
    """Return where a button on another page leads: an order begins on the pricing page, at the plan."""
    frame = store.frame
    if offer.is_order:
        wish = f"interval={offer.interval}&currency={store.currency}" if offer.interval else ""
        return f"{frame.public_url}/pricing?{wish}#plan-{plan.key}"
    if offer.url.startswith(f"{frame.base_path}/billing"):
        return f"{frame.public_url}{offer.url.removeprefix(frame.base_path)}"
    return urljoin(frame.public_url, offer.url) if offer.url else ""
