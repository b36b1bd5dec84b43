"""Renders a comparison of two offers as JSON."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tiergate.rules.catalog_diff import OfferChange
from tiergate.rules.price import Amount

if TYPE_CHECKING:
    from tiergate.services.plans.diff_plans import PlansDiff


def diff_json(diff: "PlansDiff") -> dict[str, Any]:
    """Return all of it; amounts are integers in the smallest unit."""
    return {
        "version_now": diff.version_now,
        "version_next": diff.version_next,
        "published": diff.is_published,
        "offers": [change_json(change) for change in diff.changes.offers],
        "settings": [asdict(change) for change in diff.changes.settings],
        "keeps": [
            {
                "holding": each.holding,
                "plan": each.plan_key,
                "plan_name": each.plan_name,
                "version": each.version,
                "accounts": each.accounts,
                "if_moved": change_json(each.change) if each.change else None,
            }
            for each in diff.keeps
        ],
        "steps": [
            {"action": str(step.action), "name": step.name, "why": step.why, "object": step.object_id or None}
            for step in diff.steps
        ],
        "problems": list(diff.problems),
        "drift": [asdict(each) for each in diff.drift],
        "advice": [asdict(each) for each in diff.advice],
    }


def change_json(change: OfferChange) -> dict[str, Any]:
    """Return what differs in one plan or add-on."""
    return {
        "kind": change.kind,
        "key": change.key,
        "name": change.name,
        "new": change.is_new,
        "gone": change.is_gone,
        "features": [{**asdict(each), "effect": str(each.effect)} for each in change.features],
        "prices": [
            {
                "interval": each.interval,
                "currency": each.currency,
                "before": _amount(each.before),
                "after": _amount(each.after),
            }
            for each in change.prices
        ],
        "others": [asdict(each) for each in change.others],
    }


def _amount(amount: Amount | None) -> dict[str, Any] | None:
    if amount is None:
        return None
    return {"unit_amount": amount.unit_amount, "tiers": [asdict(tier) for tier in amount.tiers]}
