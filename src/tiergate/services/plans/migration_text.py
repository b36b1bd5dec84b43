"""Renders a migration of accounts, or its preview, as text and as JSON."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tiergate.services.plans.diff_json import change_json
from tiergate.services.plans.diff_text import counted_accounts, feature_line, money

if TYPE_CHECKING:
    from tiergate.services.plans.migrate_accounts import Migration, MoveGroup


def migration_text(told: "Migration") -> str:
    """Return who moves, what that changes for them, and who stays and why."""
    lines = [line for group in told.groups for line in _group(told, group)]
    return "\n".join([_heading(told), *lines, *(f"refused: {who}: {why}" for who, why in told.refused)])


def _heading(told: "Migration") -> str:
    if not told.groups and not told.refused:
        return f"Everybody is in version {told.to_version}."
    if not told.is_preview:
        return f"{counted_accounts(told.moved)} moved to version {told.to_version}."
    when = "at once" if told.moving.when == "now" else "at the next renewal"
    return f"To version {told.to_version}, {when}: {counted_accounts(told.concerned)}. Nothing is done yet."


def _group(told: "Migration", group: "MoveGroup") -> Iterator[str]:
    name = group.change.name if group.change else group.plan_key or "no plan"
    on = f"on {name}" if group.is_subscribed else f"without a subscription, on {name}"
    some = ", ".join(group.examples) + (", …" if group.accounts > len(group.examples) else "")
    yield f"  {counted_accounts(group.accounts)} {on}, version {group.from_version} ({some})"
    if group.why_not:
        yield f"      stays: {group.why_not}"
        return
    if not group.is_subscribed and told.moving.when == "renewal":
        yield "      at once, for nothing renews"
    for feature in group.change.features if group.change else ():
        yield f"      {feature_line(feature)}"
    if group.before != group.after and group.before and group.after:
        before, after = (money(each, each.currency) for each in (group.before, group.after))
        yield f"      per {group.interval}: {before} → {after}"


def migration_json(told: "Migration") -> dict[str, Any]:
    """Return it for programs."""
    return {
        "to_version": told.to_version,
        "when": told.moving.when,
        "preview": told.is_preview,
        "moved": told.moved,
        "concerned": told.concerned,
        "refused": [{"account": who, "message": why} for who, why in told.refused],
        "groups": [
            {
                "plan": group.plan_key,
                "subscribed": group.is_subscribed,
                "from_version": group.from_version,
                "accounts": group.accounts,
                "examples": list(group.examples),
                "interval": group.interval or None,
                "currency": group.before.currency if group.before else None,
                "before": group.before.unit_amount if group.before else None,
                "after": group.after.unit_amount if group.after else None,
                "stays_because": group.why_not or None,
                "change": change_json(group.change) if group.change else None,
            }
            for group in told.groups
        ],
    }
