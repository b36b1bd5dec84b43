"""What differs between two versions of the offer, and what that means for whoever has one of its plans."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Literal

from tiergate.rules.catalog import AddOn, Catalog, FeatureValue, Plan
from tiergate.rules.effective_features import generosity
from tiergate.rules.price import Amount, Price


class Effect(StrEnum):
    """What a change of a feature means for whoever has it."""

    GAINED = "gained"
    LOST = "lost"
    RAISED = "raised"
    LOWERED = "lowered"
    CHANGED = "changed"
    """Neither more nor less: another text, for instance."""


@dataclass(frozen=True, slots=True)
class FeatureChange:
    """What a plan says of a feature, before and after; ``False`` is that it lacks it."""

    key: str
    name: str
    effect: Effect
    before: FeatureValue
    after: FeatureValue


@dataclass(frozen=True, slots=True)
class PriceChange:
    """What an interval costs in a currency, before and after; ``None`` is that it is not sold so."""

    interval: str
    currency: str
    before: Amount | None
    after: Amount | None


@dataclass(frozen=True, slots=True)
class FieldChange:
    """Anything else that differs: a name, the days of a trial, a line of the policy, a setting."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class OfferChange:
    """What differs in one plan or add-on. For whoever has it, that is what a move would change."""

    kind: Literal["plan", "add_on"]
    key: str
    name: str
    is_new: bool
    is_gone: bool
    features: tuple[FeatureChange, ...] = ()
    prices: tuple[PriceChange, ...] = ()
    others: tuple[FieldChange, ...] = ()

    @property
    def changes_nothing(self) -> bool:
        """Whether nothing differs at all."""
        return not (self.is_new or self.is_gone or self.features or self.prices or self.others)

    def with_effect(self, *effects: Effect) -> tuple[FeatureChange, ...]:
        """Return the features to which one of these happens."""
        return tuple(change for change in self.features if change.effect in effects)

    @property
    def takes_away(self) -> tuple[FeatureChange, ...]:
        """The features of which there would be less, or none."""
        return self.with_effect(Effect.LOST, Effect.LOWERED)


@dataclass(frozen=True, slots=True)
class CatalogDiff:
    """All that differs between two versions of the offer."""

    offers: tuple[OfferChange, ...]
    """Plans, then add-ons, each by its order after, those that are gone last; only those that differ."""
    settings: tuple[FieldChange, ...]
    """What differs beside the plans: product, checkout, billing, pricing page."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs but the text, such as comments."""
        return not (self.offers or self.settings)


def compare_catalogs(before: Catalog | None, after: Catalog) -> CatalogDiff:
    """Return what differs; before the first version there was nothing."""
    return CatalogDiff(
        tuple(change for change in _offers(before, after) if not change.changes_nothing),
        tuple(_settings(before, after)) if before else (),
    )


def compare_plan(key: str, before: Catalog, after: Catalog) -> OfferChange:
    """Return what a move from one version to another changes for whoever has a plan.

    Whose plan is gone could be moved nowhere. A plan that neither version has changes nothing.
    """
    return _offer("plan", key, before.plans.get(key), after.plans.get(key), before, after)


def compare_floor(before: Catalog, after: Catalog) -> OfferChange | None:
    """Return what a move changes for whoever has bought nothing; ``None`` where neither has a free plan."""
    old, new = before.free_plan, after.free_plan
    named = new or old
    return _offer("plan", named.key, old, new, before, after) if named else None


def _offers(before: Catalog | None, after: Catalog) -> Iterator[OfferChange]:
    plans = before.plans if before else {}
    add_ons = before.add_ons if before else {}
    for key in _keys(plans, after.plans):
        yield _offer("plan", key, plans.get(key), after.plans.get(key), before, after)
    for key in _keys(add_ons, after.add_ons):
        yield _offer("add_on", key, add_ons.get(key), after.add_ons.get(key), before, after)


def _keys(before: Iterable[str], after: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([*after, *before]))


def _offer(
    kind: Literal["plan", "add_on"],
    key: str,
    old: Plan | AddOn | None,
    new: Plan | AddOn | None,
    before: Catalog | None,
    after: Catalog,
) -> OfferChange:
    named = new or old
    name = named.name if named else key
    if old is None or new is None:
        there_was, there_is = old is not None, new is not None
        return OfferChange(kind, key, name, is_new=there_is, is_gone=there_was)
    return OfferChange(
        kind,
        key,
        name,
        is_new=False,
        is_gone=False,
        features=tuple(_features(old.features, new.features, before, after)),
        prices=tuple(_prices(old.prices, new.prices)),
        others=tuple(_described(old, new)),
    )


def _features(
    old: Mapping[str, FeatureValue],
    new: Mapping[str, FeatureValue],
    before: Catalog | None,
    after: Catalog,
) -> Iterator[FeatureChange]:
    for key in _keys(old, new):
        was, will_be = old.get(key, False), new.get(key, False)
        effect = _effect(was, will_be)
        if effect is not None:
            feature = after.features.get(key) or (before.features.get(key) if before else None)
            yield FeatureChange(key, feature.name if feature else key, effect, was, will_be)


def _effect(was: FeatureValue, will_be: FeatureValue) -> Effect | None:
    if was is False or will_be is False:
        if was is will_be:
            return None
        return Effect.GAINED if was is False else Effect.LOST
    if was == will_be and type(was) is type(will_be):
        return None
    if generosity(was) == generosity(will_be):
        return Effect.CHANGED
    return Effect.RAISED if generosity(was) < generosity(will_be) else Effect.LOWERED


def _prices(old: tuple[Price, ...], new: tuple[Price, ...]) -> Iterator[PriceChange]:
    was, will_be = _amounts(old), _amounts(new)
    for interval, currency in dict.fromkeys([*will_be, *was]):
        sold = (was.get((interval, currency)), will_be.get((interval, currency)))
        if sold[0] != sold[1]:
            yield PriceChange(interval, currency, *(each[0] if each else None for each in sold))


def _amounts(prices: tuple[Price, ...]) -> dict[tuple[str, str], tuple[Amount, object]]:
    return {
        (price.interval, currency): (amount, price.tiers_mode)
        for price in prices
        for currency in price.currencies
        if (amount := price.amount_in(currency)) is not None
    }


_PLAN_FIELDS = ("name", "rank", "description", "highlight", "is_public", "contact_url", "trial", "seats")


def _described(old: Plan | AddOn, new: Plan | AddOn) -> Iterator[FieldChange]:
    if isinstance(old, Plan) and isinstance(new, Plan):
        for name in _PLAN_FIELDS:
            yield from _field(name, getattr(old, name), getattr(new, name))
        yield from _field("policy", old.policy, new.policy)
    else:
        for name in ("name", "description"):
            yield from _field(name, getattr(old, name), getattr(new, name))


def _settings(before: Catalog, after: Catalog) -> Iterator[FieldChange]:
    for name in ("product", "checkout", "billing", "tax_note"):
        yield from _field(name, getattr(before, name), getattr(after, name))
    if before.faq != after.faq:
        yield FieldChange("faq", _counted(before.faq), _counted(after.faq))


def _counted(faq: tuple[object, ...]) -> str:
    return "1 question" if len(faq) == 1 else f"{len(faq)} questions"


def _field(name: str, before: object, after: object) -> Iterator[FieldChange]:
    """Go into tables of the same kind field by field; everything else is shown as it is written."""
    if before == after:
        return
    if is_dataclass(before) and is_dataclass(after) and not isinstance(before, type):
        for each in fields(before):
            yield from _field(f"{name}.{each.name}", getattr(before, each.name), getattr(after, each.name))
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in _keys(before, after):
            yield from _field(f"{name}.{key}", before.get(key), after.get(key))
    else:
        yield FieldChange(name, _shown(before), _shown(after))


def _shown(value: Any) -> str:
    if value is None or value == "" or value == ():
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, timedelta):
        hours = value // timedelta(hours=1)
        count, unit = (hours, "hour") if hours % 24 else (hours // 24, "day")
        return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    if isinstance(value, tuple):
        return ", ".join(_shown(each) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        parts = [f"{each.name} {_shown(getattr(value, each.name))}" for each in fields(value)]
        return ", ".join(parts)
    return str(value)
