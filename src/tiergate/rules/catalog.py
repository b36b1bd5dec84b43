"""The catalogue: what the product offers, as plans, features and prices."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tiergate.rules.billing_settings import BillingSettings
from tiergate.rules.checkout_settings import CheckoutSettings
from tiergate.rules.errors import UnknownFeatureError, UnknownPlanError
from tiergate.rules.policy import Policy
from tiergate.rules.price import Price
from tiergate.rules.prompt_settings import PromptSettings
from tiergate.rules.trial_settings import TrialSettings

UNLIMITED = "unlimited"
"""The value of a limit or of metered usage that nothing caps."""

FeatureValue = bool | int | str


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


class TrialModel(StrEnum):
    """How a trial of a plan begins. Freemium needs no trial: its free plan is the offer."""

    FREE_TRIAL = "free_trial"
    """The customer asks for it."""
    REVERSE_TRIAL = "reverse_trial"
    """It begins by itself at sign-up, without a card; the free plan follows."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial of a plan."""

    days: int
    card_required: bool = False
    features: Mapping[str, FeatureValue] | None = None
    """What the trial gives where that differs from the plan, feature by feature; ``None`` is all of it."""
    model: TrialModel = TrialModel.FREE_TRIAL


@dataclass(frozen=True, slots=True)
class Seats:
    """How many seats of a plan that is charged per seat can be bought."""

    minimum: int = 1
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """One offer. What is sold neither here nor by agreement is the free plan: the floor of all accounts."""

    key: str
    name: str
    rank: int
    description: str = ""
    highlight: bool = False
    features: Mapping[str, FeatureValue] = field(default_factory=dict)
    prices: tuple[Price, ...] = ()
    trial: Trial | None = None
    policy: Policy = field(default_factory=Policy)
    seats: Seats | None = None
    """Set where the price is per seat."""
    contact_url: str = ""
    """Where to write to about a plan that is agreed upon rather than bought."""
    is_public: bool = True
    """Whether the pricing page shows it. One that is hidden is still sold to whoever is led to it."""

    @property
    def is_free(self) -> bool:
        """Whether the plan costs nothing."""
        return not self.prices and not self.contact_url

    def price(self, interval: str, currency: str | None = None) -> Price:
        """Return the price for an interval, the one that is sold in ``currency`` where that is given.

        Raises ``UnknownPlanError`` when the plan is not sold that way.
        """
        for price in self.prices:
            if price.interval == interval and (currency is None or currency in price.currencies):
                return price
        sold = ", ".join(f"{price.interval} in {'/'.join(price.currencies)}" for price in self.prices)
        otherwise = "by agreement alone" if self.contact_url else "nothing: it is free"
        raise UnknownPlanError(
            f"Plan {self.key!r} has no price per {interval}.", f"It is sold per: {sold or otherwise}."
        )


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
    currency: str = ""
    """What prices are shown in to somebody of whom nothing is known; empty for the first price's own."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question that the pricing page answers."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Catalog:
    """One version of the offer: all plans by rank, all features in the order of the file."""

    product: Product
    features: Mapping[str, Feature]
    plans: Mapping[str, Plan]
    add_ons: Mapping[str, AddOn] = field(default_factory=dict)
    checkout: CheckoutSettings = field(default_factory=CheckoutSettings)
    billing: BillingSettings = field(default_factory=BillingSettings)
    prompts: PromptSettings = field(default_factory=PromptSettings)
    trials: TrialSettings = field(default_factory=TrialSettings)
    faq: tuple[Question, ...] = ()
    tax_note: str = ""
    """What the pricing page says of tax; empty for what follows from the prices."""
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
    def prices(self) -> Iterator[Price]:
        """All prices of plans and add-ons."""
        for plan in self:
            yield from plan.prices
        for add_on in self.add_ons.values():
            yield from add_on.prices

    @property
    def currencies(self) -> tuple[str, ...]:
        """All currencies that something is sold in, the default one first; empty where nothing is sold."""
        sold = dict.fromkeys(currency for price in self.prices for currency in price.currencies)
        preferred = [self.product.currency] if self.product.currency in sold else []
        return tuple(dict.fromkeys([*preferred, *sold]))

    @property
    def reverse_trial_plan(self) -> Plan | None:
        """The plan that every account tries from its sign-up on, if the product has one."""
        return next((p for p in self if p.trial and p.trial.model is TrialModel.REVERSE_TRIAL), None)

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
