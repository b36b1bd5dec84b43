"""The list of plans: each in one line, whatever state the draft is in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tiergate.rules.catalog import TrialModel
from tiergate.web.admin.price_form import described
from tiergate.web.wording import Wording


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A plan in the list."""

    key: str
    name: str
    description: str
    prices: tuple[str, ...]
    trial: str
    accounts: int
    badges: tuple[str, ...]
    is_first: bool
    is_last: bool


def plan_lines(
    plans: Mapping[str, dict[str, Any]], accounts: Mapping[str, int], wording: Wording
) -> list[PlanLine]:
    """Return the lines, the smallest plan first."""
    return [
        PlanLine(
            key=key,
            name=str(plan.get("name", key.replace("_", " ").capitalize())),
            description=str(plan.get("description", "")),
            prices=_prices(plan, wording),
            trial=_trial(plan.get("trial")),
            accounts=accounts.get(key, 0),
            badges=tuple(_badges(plan)),
            is_first=place == 0,
            is_last=place == len(plans) - 1,
        )
        for place, (key, plan) in enumerate(plans.items())
    ]


def _prices(plan: Mapping[str, Any], wording: Wording) -> tuple[str, ...]:
    prices = plan.get("prices")
    if isinstance(prices, list) and prices:
        return tuple(
            line for price in prices if isinstance(price, dict) for line in described(price, wording)
        )
    return ("By agreement",) if plan.get("contact_url") else ("Free",)


def _trial(trial: Any) -> str:
    if not isinstance(trial, dict):
        return "None"
    days = trial.get("days", "?")
    if trial.get("model") == TrialModel.REVERSE_TRIAL:
        return f"{days} days from sign-up"
    return f"{days} days, {'card first' if trial.get('card') == 'required' else 'no card'}"


def _badges(plan: Mapping[str, Any]) -> list[str]:
    told = {"Highlighted": plan.get("highlight") is True, "Hidden": plan.get("public") is False,
            "Per seat": "seats" in plan}  # fmt: skip
    return [name for name, holds in told.items() if holds]
