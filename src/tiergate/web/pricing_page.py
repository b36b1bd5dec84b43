"""The pricing page: plans as cards with one thing to do in each, their comparison, and what people ask."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tiergate.rules.catalog import Feature, FeatureValue, Plan, Question
from tiergate.rules.next_step import Verb
from tiergate.rules.price import Interval
from tiergate.web.comparison import Comparison, comparison
from tiergate.web.offers import Offer, Storefront, offers_of, saving_text
from tiergate.web.order_form import NOTHING, Choice, OrderForm, order_form
from tiergate.web.pricing_words import Assurance, assurances, tax_sentence
from tiergate.web.render import LANGUAGE_PARAMETER, Frame, LanguageLink, render
from tiergate.web.wording import Wording

MOST_COLUMNS = 4
"""How many cards stand side by side in comfort."""


@dataclass(frozen=True, slots=True)
class PricingPage:
    """What the pricing page is made from."""

    store: Storefront
    interval: Interval = "month"
    """The interval that is shown first."""
    currencies: tuple[str, ...] = ()
    """What else prices can be shown in; nothing to choose where the account pays in one already."""
    choice: Choice = NOTHING
    """What the visitor has chosen before."""
    language_is_named: bool = False
    """Whether the address names the language, and so is the page's own in that language."""


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
    is_current: bool
    is_band: bool
    """Whether it is shown below the others, across the page: what is agreed upon, where four are enough."""
    offers: tuple[Offer, ...]
    features: tuple[FeatureLine, ...]
    forms: Mapping[str | None, OrderForm] = field(default_factory=dict)
    """What each offer that can be ordered asks for, by interval."""

    @property
    def is_upgrade(self) -> bool:
        """Whether its button leads to more than the account has."""
        return any(offer.step.verb is Verb.UPGRADE for offer in self.offers)


@dataclass(frozen=True, slots=True)
class CurrencyLink:
    """A currency that prices can be shown in: its three letters, its name, and the page that does so."""

    code: str
    name: str
    url: str
    is_shown: bool


@dataclass(frozen=True, slots=True)
class PricingView:
    """The whole page, ready to be shown."""

    cards: tuple[PlanCard, ...]
    columns: int
    """How many cards there are, not counting the one below the others."""
    primary_key: str | None
    """The plan whose button stands out: the recommended one, else the next bigger one."""
    interval: Interval
    has_switch: bool
    saving: str
    links: dict[str, str]
    """The page for each interval, for browsers whose switch needs one."""
    currencies: tuple[CurrencyLink, ...]
    comparison: Comparison
    assurances: tuple[Assurance, ...]
    questions: tuple[Question, ...]
    description: str
    canonical_url: str
    alternates: tuple[LanguageLink, ...]
    """The page in each language, for search engines."""
    footnote: str


def render_pricing(page: PricingPage) -> str:
    """Return the pricing page as HTML."""
    return render("pricing.html", page.store.frame, view=pricing_view(page))


def pricing_view(page: PricingPage) -> PricingView:
    """Build what the pricing page shows from the catalogue."""
    store, product = page.store, page.store.catalog.product
    cards = tuple(plan_card(store, plan, page.choice) for plan in store.plans)
    intervals = {offer.interval for card in cards for offer in card.offers if offer.interval}
    standing_out = [card for card in cards if card.highlight] or [card for card in cards if card.is_upgrade]
    return PricingView(
        cards=cards,
        columns=sum(not card.is_band for card in cards),
        primary_key=standing_out[0].key if standing_out else None,
        interval=page.interval,
        has_switch=len(intervals) > 1,
        saving=saving_text(store.plans, store.currency, store.wording),
        links={interval: _link(page, interval=interval) for interval in ("month", "year")},
        currencies=_currency_links(page),
        comparison=comparison(store),
        assurances=assurances(
            store.wording, store.catalog, is_encrypted=store.frame.public_url.startswith("https:")
        ),
        questions=store.catalog.faq,
        description=product.tagline or product.headline,
        canonical_url=_canonical(page),
        alternates=_alternates(store.frame),
        footnote=_footnote(store, cards),
    )


def plan_card(store: Storefront, plan: Plan, choice: Choice = NOTHING) -> PlanCard:
    """Put a plan together: its offers and what it gives of each feature."""
    offers = offers_of(store, plan)
    own = store.position.subscribed_key if store.position.is_subscribed else store.position.plan_key
    is_current = plan.key == own and any(offer.step.verb is Verb.CURRENT for offer in offers)
    is_less = any(offer.step.verb is Verb.DOWNGRADE for offer in offers)
    return PlanCard(
        key=plan.key,
        name=plan.name,
        description=plan.description,
        highlight=plan.highlight and not is_current and not is_less,
        is_current=is_current,
        is_band=len(store.plans) > MOST_COLUMNS and bool(plan.contact_url) and not plan.prices,
        offers=offers,
        features=tuple(
            _feature_line(store.wording, feature, plan.features.get(key))
            for key, feature in store.catalog.features.items()
        ),
        forms={offer.interval: _form(store, plan, offer, choice) for offer in offers if offer.is_order},
    )


def _form(store: Storefront, plan: Plan, offer: Offer, choice: Choice) -> OrderForm:
    if offer.sold is None:
        return OrderForm()
    interval, currency = offer.sold.price.interval, offer.sold.currency
    return order_form(store.catalog, store.wording, plan, interval, currency, store.members, choice)


def _feature_line(wording: Wording, feature: Feature, value: FeatureValue | None) -> FeatureLine:
    included = value is not None and value is not False and value != 0
    return FeatureLine(wording.feature(feature, value), included)


def _link(page: PricingPage, *, interval: str | None = None, currency: str | None = None) -> str:
    wish = f"interval={interval or page.interval}" + (f"&currency={currency}" if currency else "")
    return f"{page.store.frame.pricing_url}?{wish}"


def _canonical(page: PricingPage) -> str:
    frame = page.store.frame
    named = f"?{LANGUAGE_PARAMETER}={frame.language}" if page.language_is_named else ""
    return f"{frame.public_url}/pricing{named}"


def _alternates(frame: Frame) -> tuple[LanguageLink, ...]:
    """Return the page's address in each language; who speaks none of them goes where it is negotiated.

    Source: https://developers.google.com/search/docs/specialty/international/localized-versions
    """
    if not frame.languages:
        return ()
    plain = f"{frame.public_url}/pricing"
    found = [replace(each, url=f"{plain}?{LANGUAGE_PARAMETER}={each.language}") for each in frame.languages]
    return (*found, LanguageLink("x-default", "", plain))


def _currency_links(page: PricingPage) -> tuple[CurrencyLink, ...]:
    if len(page.currencies) <= 1:
        return ()
    wording, shown = page.store.wording, page.store.currency
    return tuple(
        CurrencyLink(code.upper(), wording.currency(code), _link(page, currency=code), code == shown)
        for code in page.currencies
    )


def _footnote(store: Storefront, cards: tuple[PlanCard, ...]) -> str:
    sold = (offer.sold for card in cards for offer in card.offers)
    currencies = sorted({each.currency.upper() for each in sold if each is not None})
    if not currencies:
        return ""
    wording = store.wording
    told = wording.say("Prices in {currencies}.", currencies=wording.list(currencies))
    return f"{told} {tax_sentence(wording, store.catalog)}".strip()
