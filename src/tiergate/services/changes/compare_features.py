"""What a change does to the features of an account: each that differs, before and after."""

from collections.abc import Mapping

from tiergate.rules.catalog import FeatureValue
from tiergate.rules.change import Change, ChangeKind
from tiergate.rules.effective_features import effective_features
from tiergate.rules.held import Held
from tiergate.rules.sold import Part, sold_by, values_of
from tiergate.rules.state import SubscriptionItem
from tiergate.services.changes.change_facts import Facts

Compared = Mapping[str, tuple[FeatureValue, FeatureValue]]
"""The value of a feature before and after, by feature; one that is not there is ``False``."""


def features_of(change: Change, facts: Facts) -> Compared:
    """Return the features that differ, from the version that was sold to the one in force."""
    held = facts.held
    if change.add_on_key is not None and held is not None:
        return _features_of_add_on(change.add_on_key, change.quantity, facts, held)
    if change.plan is None:
        return {}
    before: Mapping[str, FeatureValue] = {}
    if held is not None and held.plan is not None:
        version = held.subscription.catalog_version
        before = values_of(Part("plan", held.plan.key, held.item.quantity, version), facts.catalog)
    stays = held is not None and change.kind in (ChangeKind.STAY, ChangeKind.MORE, ChangeKind.FEWER)
    after_version = held.subscription.catalog_version if held is not None and stays else None
    after_plan = change.plan
    free = facts.catalog.as_sold(facts.state.catalog_version).free_plan
    if change.kind is ChangeKind.CANCEL:
        after_plan, after_version = free or change.plan, facts.state.catalog_version
    after = values_of(Part("plan", after_plan.key, change.quantity, after_version), facts.catalog)
    return _compared(before, after)


def _features_of_add_on(key: str, quantity: int, facts: Facts, held: Held) -> Compared:
    """Return what more or less of an add-on does to the whole of what is held."""
    subscription = held.subscription
    others = [item for item in subscription.items if item.add_on_key != key]
    then = [*others, SubscriptionItem("", "", quantity, add_on_key=key)] if quantity else others
    plan_key, version = subscription.plan_key, subscription.catalog_version
    sold = [sold_by(items, plan_key, version, facts.catalog) for items in (subscription.items, then)]
    before, after = [effective_features(each.parts, (), facts.catalog) if each else {} for each in sold]
    return _compared(before, after)


def _compared(before: Mapping[str, FeatureValue], after: Mapping[str, FeatureValue]) -> Compared:
    keys = dict.fromkeys([*before, *after])
    pairs = {key: (before.get(key, False), after.get(key, False)) for key in keys}
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}
