"""Tells what publishing a text would change: in the offer, at Stripe, and for whom."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tiergate.rules.catalog import Catalog
from tiergate.rules.catalog_advice import Advice, advise
from tiergate.rules.catalog_diff import (
    CatalogDiff,
    OfferChange,
    compare_catalogs,
    compare_floor,
    compare_plan,
)
from tiergate.rules.catalog_file import parse_catalog
from tiergate.rules.push_steps import Step, offers_of, plan_push
from tiergate.rules.stripe_drift import Drift, drift_of
from tiergate.rules.toml_positions import positions_of
from tiergate.services.context import Context
from tiergate.services.plans.diff_json import diff_json
from tiergate.services.plans.diff_text import diff_text
from tiergate.services.plans.given_prices import (
    StripePriceError,
    check_given_prices,
    given_prices,
    known_given_prices,
)
from tiergate.services.plans.load_catalog import NoPlansError, load_catalog
from tiergate.services.plans.push_plans import next_version
from tiergate.services.plans.read_offer import OfferReading, read_offer
from tiergate.store.plan_counts import Holding, PlanCount, count_by_plan


@dataclass(frozen=True, slots=True)
class Keeping:
    """Accounts that keep a plan in the version they have it in, since publishing moves nobody."""

    holding: Holding
    """``subscribed``, ``granted``, or ``free`` for those who have bought nothing."""
    plan_key: str | None
    plan_name: str
    version: int
    accounts: int
    change: OfferChange | None
    """What a move to the new version would change for them; ``None`` where they have no plan at all."""


@dataclass(frozen=True, slots=True)
class PlansDiff:
    """What publishing a text would change."""

    version_now: int | None
    """The version in force; ``None`` before the first."""
    version_next: int
    """The version that the text would become; the one in force where it is the same text."""
    changes: CatalogDiff
    keeps: tuple[Keeping, ...]
    """Everybody who has a plan, by version and plan."""
    steps: tuple[Step, ...]
    """What a push would do at Stripe, in order."""
    problems: tuple[str, ...]
    """What would keep a push from being done, in the prices that ``stripe_price`` names."""
    drift: tuple[Drift, ...]
    """In what Stripe differs from the version in force already."""
    advice: tuple[Advice, ...]

    @property
    def is_published(self) -> bool:
        """Whether the text is the version in force, letter by letter."""
        return self.version_now == self.version_next

    def __str__(self) -> str:
        """Read as a founder would want to."""
        return diff_text(self)

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return diff_json(self)


def diff_plans(context: Context, text: str, file_name: str = "billing.toml") -> PlansDiff:
    """Compare a text with the version in force, and both with Stripe. Writes nothing.

    Raises ``CatalogError`` and ``StripeUnavailableError``.
    """
    parse_catalog(text, file_name)
    after = parse_catalog(text, file_name, next_version(context, text))
    now = _in_force(context)
    with context.database.read() as tx:
        counts = count_by_plan(tx, context.livemode, context.now())
    given = known_given_prices(after, context.stripe_prices)
    reading = read_offer(context, [after, *([now] if now else [])], given.values())
    steps = plan_push(after, reading.at_stripe, reading.known, given)
    return PlansDiff(
        version_now=now.version if now else None,
        version_next=after.version,
        changes=compare_catalogs(now, after),
        keeps=tuple(_keeps(now, after, counts)),
        steps=steps.all,
        problems=_problems(context, after, reading),
        drift=_drift(now, reading) if now else (),
        advice=advise(after, positions_of(text)),
    )


def find_drift(context: Context) -> tuple[Drift, ...]:
    """Compare the version in force with Stripe. Raises ``NoPlansError`` and ``StripeUnavailableError``."""
    with context.database.read() as tx:
        now = load_catalog(tx)
    return _drift(now, read_offer(context, [now]))


def _drift(now: Catalog, reading: OfferReading) -> tuple[Drift, ...]:
    return drift_of(offers_of(now, reading.at_stripe, reading.known), reading.at_stripe, reading.for_sale)


def _in_force(context: Context) -> Catalog | None:
    with context.database.read() as tx:
        try:
            return load_catalog(tx)
        except NoPlansError:
            return None


def _problems(context: Context, after: Catalog, reading: OfferReading) -> tuple[str, ...]:
    try:
        check_given_prices(after, given_prices(after, context.stripe_prices), reading.at_stripe)
    except StripePriceError as error:
        return error.problems
    return ()


def _keeps(now: Catalog | None, after: Catalog, counts: Iterable[PlanCount]) -> list[Keeping]:
    if now is None:
        return []
    found: dict[tuple[Holding, str | None, int], int] = {}
    for count in counts:
        sold_in = now.as_sold(count.catalog_version)
        plan_key = count.plan_key
        if count.holding == "free" and sold_in.free_plan:
            plan_key = sold_in.free_plan.key
        key = (count.holding, plan_key, sold_in.version)
        found[key] = found.get(key, 0) + count.accounts
    keeps = [_keeping(now, after, *key, accounts) for key, accounts in found.items()]
    return sorted(keeps, key=lambda each: (-each.version, each.holding, each.plan_key or ""))


def _keeping(
    now: Catalog, after: Catalog, holding: Holding, plan_key: str | None, version: int, accounts: int
) -> Keeping:
    sold_in = now.as_sold(version)
    plan = sold_in.plans.get(plan_key or "")
    if holding == "free":
        change = compare_floor(sold_in, after)
    else:
        change = compare_plan(plan_key, sold_in, after) if plan_key and plan else None
    return Keeping(holding, plan_key, plan.name if plan else "no plan", version, accounts, change)
