"""What publishing a draft would change, in the words of the review page."""

from collections.abc import Iterator
from dataclasses import dataclass

from tiergate.rules.catalog_advice import Advice
from tiergate.rules.catalog_diff import FieldChange, OfferChange
from tiergate.rules.push_steps import Step
from tiergate.services.plans.diff_plans import Keeping, PlansDiff
from tiergate.services.plans.diff_text import details
from tiergate.web.wording import Wording


@dataclass(frozen=True, slots=True)
class ChangedOffer:
    """A plan or an add-on that is new, gone, or different."""

    name: str
    what: str
    tone: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """Accounts that keep what they have, and what a move to the new version would change for them."""

    plan: str
    how: str
    version: int
    accounts: str
    if_moved: str


@dataclass(frozen=True, slots=True)
class Review:
    """Everything that the review page shows of a difference."""

    version_now: int
    version_next: int
    offers: tuple[ChangedOffer, ...]
    settings: tuple[FieldChange, ...]
    kept: tuple[Kept, ...]
    steps: tuple[Step, ...]
    problems: tuple[str, ...]
    drift: tuple[str, ...]
    advice: tuple[Advice, ...]

    @property
    def changes_nothing(self) -> bool:
        """Whether the text alone differs."""
        return not (self.offers or self.settings)


def review_of(diff: PlansDiff, wording: Wording) -> Review:
    """Return what the page shows."""
    return Review(
        version_now=diff.version_now or 0,
        version_next=diff.version_next,
        offers=tuple(_changed(change) for change in diff.changes.offers),
        settings=diff.changes.settings,
        kept=tuple(_kept(diff, wording)),
        steps=diff.steps,
        problems=diff.problems,
        drift=tuple(map(str, diff.drift)),
        advice=diff.advice,
    )


def _changed(change: OfferChange) -> ChangedOffer:
    kind = "plan" if change.kind == "plan" else "add-on"
    if change.is_new:
        return ChangedOffer(change.name, f"New {kind}", "success", ())
    if change.is_gone:
        return ChangedOffer(change.name, f"{kind.capitalize()} removed", "danger", ())
    return ChangedOffer(change.name, "Changed", "info", tuple(details(change)))


def _kept(diff: PlansDiff, wording: Wording) -> Iterator[Kept]:
    ways = {"subscribed": "subscribed", "granted": "given by hand", "free": "without a subscription"}
    for each in diff.keeps:
        yield Kept(
            plan=each.plan_name,
            how=ways[each.holding],
            version=each.version,
            accounts=wording.number(each.accounts),
            if_moved=_if_moved(each),
        )


def _if_moved(keeping: Keeping) -> str:
    change = keeping.change
    if change is None or change.changes_nothing:
        return "Nothing would change."
    if change.is_gone:
        return "The plan is gone: they cannot be moved."
    return f"They would get {change.name}." if change.is_new else "; ".join(details(change))
