"""The catalogue: what the product offers, as plans, features and prices."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from tiergate.rules.errors import UnknownFeatureError, UnknownPlanError
from tiergate.rules.policy import Policy

UNLIMITED = "unlimited"
"""The value of a limit or of metered usage that nothing caps."""

FeatureValue = bool | int | str
Interval = Literal["month", "year"]


class FeatureKind(StrEnum):
    """How a feature is granted, and so what its value in a plan means."""

    SWITCH = "switch"
    """On or off: ``true`` or ``false``."""
    LIMIT = "limit"
    """How many there may be at once (projects, seats): a number or ``"unlimited"``."""
    PER_SEAT = "per_seat"
    """How many there may be at once for each seat that is paid for: a number, times the quantity."""
    METERED = "metered"
    """How much may be used in each period (API calls): a number or ``"unlimited"``."""
    SETTING = "setting"
    """A value the product reads (days of history): any text or number; ``false`` means absent."""


@dataclass(frozen=True, slots=True)
class Feature:
    """Something a plan may include, under the key that the product's code asks for."""

    key: str
    name: str
    kind: FeatureKind
    description: str = ""
    unit: str = ""
    """Shown after a number, for instance ``GB`` or ``days``."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a plan costs per interval. ``unit_amount`` is in Stripe's minor units."""

    lookup_key: str
    """The name under which Stripe knows the price, for instance ``team_monthly``."""
    interval: Interval
    currency: str
    unit_amount: int


@dataclass(frozen=True, slots=True)
class Trial:
    """A free trial of a plan."""

    days: int
    card_required: bool = False
    features: Mapping[str, FeatureValue] | None = None
    """What the trial gives where that differs from the plan, feature by feature; ``None`` is all of it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One offer. A plan without prices is the free plan, the floor on which accounts land."""

    key: str
    name: str
    rank: int
    description: str = ""
    highlight: bool = False
    features: Mapping[str, FeatureValue] = field(default_factory=dict)
    prices: tuple[Price, ...] = ()
    trial: Trial | None = None
    policy: Policy = field(default_factory=Policy)

    @property
    def is_free(self) -> bool:
        """Whether the plan costs nothing."""
        return not self.prices

    def price(self, interval: str, currency: str | None = None) -> Price:
        """Return the price for an interval, in ``currency`` where several exist.

        Raises ``UnknownPlanError`` when the plan is not sold that way.
        """
        for price in self.prices:
            if price.interval == interval and currency in (None, price.currency):
                return price
        sold = (
            ", ".join(f"{price.interval} in {price.currency}" for price in self.prices)
            or "nothing: it is free"
        )
        raise UnknownPlanError(f"Plan {self.key!r} has no price per {interval}.", f"It is sold per: {sold}.")


@dataclass(frozen=True, slots=True)
class AddOn:
    """Something bought on top of a plan. What it gives adds to the plan, as often as it was bought."""

    key: str
    name: str
    description: str = ""
    features: Mapping[str, FeatureValue] = field(default_factory=dict)
    prices: tuple[Price, ...] = ()


@dataclass(frozen=True, slots=True)
class Product:
    """What is sold, as the pages name it."""

    name: str
    headline: str = "Pricing that grows with you"
    tagline: str = ""
    support_email: str = ""


@dataclass(frozen=True, slots=True)
class Catalog:
    """One version of the offer: all plans by rank, all features in the order of the file."""

    product: Product
    features: Mapping[str, Feature]
    plans: Mapping[str, Plan]
    add_ons: Mapping[str, AddOn] = field(default_factory=dict)
    version: int = 0
    older: Mapping[int, "Catalog"] = field(default_factory=dict, compare=False, repr=False)
    """Earlier versions, for those who bought under them."""
    merged: dict[Hashable, Mapping[str, FeatureValue]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )
    """What combinations of plans and add-ons come to, worked out once for all accounts that have them."""
    every_feature: Mapping[str, Feature] = field(init=False, compare=False, repr=False)
    """The features, then those that only earlier versions have, each as the latest of these has it."""

    def __post_init__(self) -> None:
        """Gather the features of all versions."""
        versions = (self.older[version].features for version in sorted(self.older))
        every = {key: feature for features in versions for key, feature in features.items()}
        object.__setattr__(self, "every_feature", {**self.features, **every, **self.features})

    def as_sold(self, version: int | None) -> "Catalog":
        """Return the version that something was sold under; this one where that is not known (any more)."""
        return self.older.get(version, self) if version is not None else self

    def __iter__(self) -> Iterator[Plan]:
        """Go through the plans by rank, the smallest first."""
        return iter(self.plans.values())

    @property
    def free_plan(self) -> Plan | None:
        """The plan that every account has without buying anything, if the product has one."""
        return next((plan for plan in self if plan.is_free), None)

    def plan(self, key: str) -> Plan:
        """Return a plan by key; raises ``UnknownPlanError``."""
        if key not in self.plans:
            raise UnknownPlanError(f"There is no plan {key!r}.", f"The plans are: {', '.join(self.plans)}.")
        return self.plans[key]

    def feature(self, key: str) -> Feature:
        """Return a feature by key, be it one that only an earlier version has.

        Raises ``UnknownFeatureError``.
        """
        found = self.find_feature(key)
        if found is None:
            raise UnknownFeatureError(
                f"There is no feature {key!r}.",
                f"The features are: {', '.join(self.features) or 'none yet; add one to billing.toml'}.",
            )
        return found

    def find_feature(self, key: str) -> Feature | None:
        """Return a feature by key, of the latest version that has it, or ``None``."""
        return self.every_feature.get(key)
