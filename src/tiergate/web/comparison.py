"""The comparison of all plans: one row for each feature, and before them price, trial and seats."""

from dataclasses import dataclass

from tiergate.rules.catalog import UNLIMITED, Feature, FeatureKind, FeatureValue, Plan
from tiergate.rules.price import Interval
from tiergate.web.offers import Offer, Storefront, offers_of
from tiergate.web.pricing_words import tier_lines, trial_in_short
from tiergate.web.wording import Wording


@dataclass(frozen=True, slots=True)
class Cell:
    """What a plan gives in one row. ``lines`` is empty for a mere yes or no."""

    included: bool
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One row. One that holds for an interval alone is shown with that interval."""

    title: str
    cells: tuple[Cell, ...]
    hint: str = ""
    interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The table: plan names, and rows with a cell for each of them."""

    plans: tuple[Plan, ...]
    rows: tuple[Row, ...]


def comparison(store: Storefront) -> Comparison:
    """Compare the plans that are shown; without features, or with one plan, there is nothing to compare."""
    plans = store.plans
    features = [feature for feature in store.catalog.features.values() if _is_in_any(feature, plans)]
    if not features or len(plans) <= 1:
        return Comparison(plans, ())
    rows = [*_price_rows(store), *_trial_row(store.wording, plans), *_seats_row(store.wording, plans)]
    return Comparison(plans, (*rows, *(_feature_row(store.wording, feature, plans) for feature in features)))


def _is_in_any(feature: Feature, plans: tuple[Plan, ...]) -> bool:
    return any(plan.features.get(feature.key) for plan in plans)


def _price_rows(store: Storefront) -> list[Row]:
    """Return a row of prices for each interval that something is sold for."""
    offers = [offers_of(store, plan) for plan in store.plans]
    intervals: list[Interval] = ["month", "year"]
    shown = [each for each in intervals if any(o.interval == each for plan in offers for o in plan)]
    has_switch = len(shown) > 1
    return [
        Row(
            store.wording.say("Price"),
            tuple(_price_cell(store.wording, _shown(plan, interval)) for plan in offers),
            interval=interval if has_switch else None,
        )
        for interval in shown
    ]


def _shown(offers: tuple[Offer, ...], interval: Interval) -> Offer:
    return next((offer for offer in offers if offer.interval == interval), offers[0])


def _price_cell(wording: Wording, offer: Offer) -> Cell:
    tiers = tier_lines(wording, offer.sold.price, offer.sold.amount) if offer.sold else ()
    text = " ".join(filter(None, [offer.prefix[:1].upper() + offer.prefix[1:], offer.amount, offer.per]))
    if not tiers:
        return Cell(True, (text,))
    behind = wording.say("per year") if offer.interval == "year" else wording.say("per month")
    return Cell(True, (*tiers, behind))


def _trial_row(wording: Wording, plans: tuple[Plan, ...]) -> list[Row]:
    if not any(plan.trial for plan in plans):
        return []
    cells = tuple(_texts(trial_in_short(wording, plan.trial)) for plan in plans)
    return [Row(wording.say("Trial"), cells)]


def _seats_row(wording: Wording, plans: tuple[Plan, ...]) -> list[Row]:
    if not any(plan.seats for plan in plans):
        return []
    return [Row(wording.say("Seats you can buy"), tuple(_seats_cell(wording, plan) for plan in plans))]


def _seats_cell(wording: Wording, plan: Plan) -> Cell:
    if plan.seats is None:
        return Cell(False)
    least, most = wording.number(plan.seats.minimum), plan.seats.maximum
    if most is None:
        return _texts(wording.say("{least} or more", least=least))
    return _texts(wording.say("{least} to {most}", least=least, most=wording.number(most)))


def _texts(text: str) -> Cell:
    return Cell(bool(text), (text,) if text else ())


def _feature_row(wording: Wording, feature: Feature, plans: tuple[Plan, ...]) -> Row:
    cells = tuple(_feature_cell(wording, feature, plan.features.get(feature.key)) for plan in plans)
    return Row(feature.name, cells, feature.description)


def _feature_cell(wording: Wording, feature: Feature, value: FeatureValue | None) -> Cell:
    if not value or isinstance(value, bool):
        return Cell(bool(value))
    text = wording.quantity(feature, value)
    if value == UNLIMITED:
        return Cell(True, (text,))
    if feature.kind is FeatureKind.METERED:
        text = wording.say("{quantity} / month", quantity=text)
    elif feature.kind is FeatureKind.PER_SEAT:
        text = wording.say("{quantity} per seat", quantity=text)
    return Cell(True, (text,))
