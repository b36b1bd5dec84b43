"""Renders a comparison of two offers as text that a founder understands."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tiergate.rules.catalog import FeatureValue
from tiergate.rules.catalog_diff import Effect, FeatureChange, OfferChange, PriceChange
from tiergate.rules.money import to_decimal
from tiergate.rules.price import Amount

if TYPE_CHECKING:
    from tiergate.services.plans.diff_plans import Keeping, PlansDiff


def diff_text(diff: "PlansDiff") -> str:
    """Return the whole comparison, section by section; what is empty is left out."""
    sections = [
        ("", list(_heading(diff))),
        ("The offer", [line for change in diff.changes.offers for line in change_lines(change)]),
        ("Settings", [f"  {each.name}: {each.before} → {each.after}" for each in diff.changes.settings]),
        ("Who keeps what (publishing moves nobody)", list(_kept(diff))),
        ("A push would, at Stripe", [f"  {step}" for step in diff.steps]),
        ("A push would be refused", [f"  {problem}" for problem in diff.problems]),
        ("Stripe differs from the version in force", [f"  {drift}" for drift in diff.drift]),
        ("Advice", [f"  {advice}" for advice in diff.advice]),
    ]
    shown = ["\n".join([title + ":", *lines] if title else lines) for title, lines in sections if lines]
    return "\n\n".join(shown)


def _heading(diff: "PlansDiff") -> Iterator[str]:
    if diff.version_now is None:
        yield "Nothing is published yet; this would be version 1."
    elif diff.is_published:
        yield f"This is version {diff.version_now}, which is in force."
    elif diff.changes.is_empty:
        yield f"Only the text differs from version {diff.version_now}; it would become {diff.version_next}."
    else:
        yield f"Published, this becomes version {diff.version_next}; in force is {diff.version_now}."
    if not diff.steps:
        yield "Stripe sells all of it already."


def change_lines(change: OfferChange) -> Iterator[str]:
    """Yield what differs in a plan or an add-on, line by line."""
    what = "plan" if change.kind == "plan" else "add-on"
    if change.is_new:
        yield f"  + {what} {change.name} is new"
    elif change.is_gone:
        yield f"  - {what} {change.name} is gone"
    else:
        yield f"  ~ {what} {change.name}"
        yield from (f"      {line}" for line in details(change))


def details(change: OfferChange) -> Iterator[str]:
    """Yield the differences themselves: features, prices, everything else."""
    yield from (feature_line(feature) for feature in change.features)
    yield from (price_line(price) for price in change.prices)
    yield from (f"{each.name}: {each.before} → {each.after}" for each in change.others)


def feature_line(change: FeatureChange) -> str:
    """Read as ``Projects: 5 → 10`` or ``SSO is lost``."""
    if change.effect is Effect.LOST:
        return f"{change.name} is lost"
    if change.effect is Effect.GAINED:
        added = "" if change.after is True else f": {_value(change.after)}"
        return f"{change.name} is added{added}"
    return f"{change.name}: {_value(change.before)} → {_value(change.after)}"


def _value(value: FeatureValue) -> str:
    return "yes" if value is True else str(value)


def price_line(change: PriceChange) -> str:
    """Read as ``per month: 49.00 USD → 59.00 USD``."""
    return f"per {change.interval}: {money(change.before, change.currency)} → " + money(
        change.after, change.currency
    )


def money(amount: Amount | None, currency: str) -> str:
    """Read as ``49.00 USD``; tiers as what their first unit costs."""
    if amount is None:
        return f"not in {currency.upper()}"
    told = f"{to_decimal(amount.unit_amount, currency)} {currency.upper()}"
    return f"tiers from {told}" if amount.tiers else told


def _kept(diff: "PlansDiff") -> Iterator[str]:
    """Sum up by version: ``37 accounts keep version 3; moved, 2 would lose SSO``; then plan by plan."""
    if diff.is_published:
        return
    for version in sorted({each.version for each in diff.keeps}, reverse=True):
        mine = [each for each in diff.keeps if each.version == version]
        total = sum(each.accounts for each in mine if each.holding != "granted")
        keep = "keeps" if total == 1 else "keep"
        yield f"  {counted_accounts(total)} {keep} version {version}{_losses(mine)}."
        for each in mine:
            yield f"    {counted_accounts(each.accounts)} {_having(each)}{_if_moved(each)}"


def _losses(keeps: list["Keeping"]) -> str:
    counted: Counter[str] = Counter()
    for each in keeps:
        if each.change and each.change.is_gone:
            counted[f"have a plan that is gone ({each.plan_name})"] += each.accounts
        for feature in each.change.takes_away if each.change else ():
            lost = "lose" if feature.effect is Effect.LOST else "have less of"
            counted[f"would {lost} {feature.name}"] += each.accounts
    return (
        f"; if they were moved, {', '.join(f'{n} {what}' for what, n in counted.items())}" if counted else ""
    )


def counted_accounts(count: int) -> str:
    """Read as ``1 account`` or ``1,200 accounts``."""
    return "1 account" if count == 1 else f"{count:,} accounts"


def _having(keeping: "Keeping") -> str:
    how = {"subscribed": "on", "granted": "given", "free": "without a subscription, on"}[keeping.holding]
    return f"{how} {keeping.plan_name}"


def _if_moved(keeping: "Keeping") -> str:
    change = keeping.change
    if change is None or change.changes_nothing:
        return ""
    if change.is_gone:
        return ": the plan is gone, so they cannot be moved"
    if change.is_new:
        return f": moved, they would get {change.name}"
    return f": moved, {'; '.join(details(change))}"
