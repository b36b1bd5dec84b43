"""What a subscription or a grant consists of: plans and add-ons, each as often as it was bought."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from tiergate.rules.catalog import Catalog, FeatureKind, FeatureValue, Plan
from tiergate.rules.state import SubscriptionItem

COUNTED = frozenset([FeatureKind.LIMIT, FeatureKind.PER_SEAT, FeatureKind.METERED])
"""The kinds whose numbers can be added up."""
_SEATED = frozenset([FeatureKind.PER_SEAT])


class Part(NamedTuple):
    """A plan, the trial of a plan, or an add-on, under the catalogue version that it was sold under."""

    kind: Literal["plan", "trial", "add_on"]
    key: str
    quantity: int = 1
    catalog_version: int | None = None


@dataclass(frozen=True, slots=True)
class Sold:
    """What was sold together."""

    plan: Plan | None
    """The biggest of its plans: the one whose policy counts. ``None`` for add-ons alone."""
    parts: tuple[Part, ...]

    @property
    def in_trial(self) -> "Sold":
        """What it gives while it is tried; a plan whose trial is not partial gives all of itself."""
        if self.plan is None:
            return self
        return Sold(
            self.plan,
            tuple(part._replace(kind="trial") if part.kind == "plan" else part for part in self.parts),
        )


def sold_by(
    items: Iterable[SubscriptionItem], plan_key: str | None, version: int | None, catalog: Catalog
) -> Sold | None:
    """Return what items sell; ``None`` where that is no plan or add-on of the catalogue's version.

    ``plan_key`` counts where no item says which plan it belongs to. An add-on that is newer than the version
    gives what it does in the catalogue in force.
    """
    offer = catalog.as_sold(version)
    items = tuple(items)
    bought = [(item.plan_key, item.quantity) for item in items if item.plan_key]
    if not bought and plan_key:
        bought = [(plan_key, next((item.quantity for item in items if not item.add_on_key), 1))]
    plans = [(offer.plans[key], quantity) for key, quantity in bought if key in offer.plans]
    plans.sort(key=lambda each: each[0].rank, reverse=True)
    parts = [Part("plan", plan.key, quantity, version) for plan, quantity in plans]
    parts += [
        Part("add_on", item.add_on_key, item.quantity, version if item.add_on_key in offer.add_ons else None)
        for item in items
        if item.add_on_key and (item.add_on_key in offer.add_ons or item.add_on_key in catalog.add_ons)
    ]
    if not parts or (bought and not plans):
        return None
    return Sold(plans[0][0] if plans else None, tuple(parts))


def sold_plan(plan: Plan, version: int | None) -> Sold:
    """Return a plan on its own, bought once."""
    return Sold(plan, (Part("plan", plan.key, 1, version),))


def values_of(part: Part, catalog: Catalog) -> Mapping[str, FeatureValue]:
    """Return what a part says of each feature: a plan's seats, and all that an add-on counts, multiplied."""
    offer = catalog.as_sold(part.catalog_version)
    if part.kind == "add_on":
        return _multiplied(offer.add_ons[part.key].features, part.quantity, COUNTED, catalog)
    plan = offer.plans[part.key]
    values = dict(plan.features)
    if part.kind == "trial" and plan.trial is not None:
        values.update(plan.trial.features or {})
    return _multiplied(values, part.quantity, _SEATED, catalog)


def is_of(key: str, kinds: frozenset[FeatureKind], catalog: Catalog) -> bool:
    """Whether a feature is of one of these kinds; one that nobody knows any more is of none."""
    feature = catalog.find_feature(key)
    return feature is not None and feature.kind in kinds


def _multiplied(
    values: Mapping[str, FeatureValue], quantity: int, kinds: frozenset[FeatureKind], catalog: Catalog
) -> Mapping[str, FeatureValue]:
    return {
        key: value * quantity if type(value) is int and is_of(key, kinds, catalog) else value
        for key, value in values.items()
    }
