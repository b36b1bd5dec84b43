"""What everything that an account has comes to, feature by feature."""

from collections.abc import Iterable, Mapping, Sequence

from tiergate.rules.catalog import UNLIMITED, Catalog, FeatureValue
from tiergate.rules.sold import COUNTED, Part, is_of, values_of
from tiergate.rules.state import Grant, GrantKind

_MOST_MERGED = 10_000
"""How many combinations are kept; accounts share them, save where each has its own number of seats."""


def effective_features(
    parts: tuple[Part, ...], grants: Sequence[Grant], catalog: Catalog
) -> Mapping[str, FeatureValue]:
    """Return the value of every feature of the catalogue, and of those that only older versions have.

    Plans merge to the best of each feature, of equals the first; add-ons and ``add_on`` grants add to
    that; an ``override`` replaces it, the one that began last where there are several. ``grants`` are
    those in force, the oldest first. A feature that nothing speaks of is ``False``.
    """
    merged = catalog.merged.get(parts)
    if merged is None:
        merged = _merge(parts, catalog)
        if len(catalog.merged) >= _MOST_MERGED:
            catalog.merged.clear()
        catalog.merged[parts] = merged
    if not grants:
        return merged
    values = dict(merged)
    for grant in grants:
        if grant.kind is GrantKind.ADD_ON:
            _add(values, grant.features, catalog)
    for grant in grants:
        if grant.kind is GrantKind.OVERRIDE:
            values.update(grant.features)
    return values


def _merge(parts: Iterable[Part], catalog: Catalog) -> Mapping[str, FeatureValue]:
    values: dict[str, FeatureValue] = dict.fromkeys(catalog.features, False)
    by_kind = sorted(parts, key=lambda part: part.kind == "add_on")
    for part in by_kind:
        if part.kind == "add_on":
            _add(values, values_of(part, catalog), catalog)
        else:
            for key, value in values_of(part, catalog).items():
                values[key] = max(values.get(key, False), value, key=generosity)
    return values


def _add(values: dict[str, FeatureValue], added: Mapping[str, FeatureValue], catalog: Catalog) -> None:
    """Add to what there is; of what cannot be added up the more generous counts, of equals the added."""
    for key, value in added.items():
        before = values.get(key, False)
        if is_of(key, COUNTED, catalog) and type(value) is int and isinstance(before, int):
            values[key] = before + value
        else:
            values[key] = max(value, before, key=generosity)


def generosity(value: FeatureValue) -> tuple[int, int]:
    """Order the values of a feature: absent, numbers by size, any setting or ``true``, unlimited."""
    if value is False:
        return (0, 0)
    if value == UNLIMITED:
        return (3, 0)
    if value is True or isinstance(value, str):
        return (2, 0)
    return (1, value)
