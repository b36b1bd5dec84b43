"""Which values a feature can have, in a plan, an add-on or a grant."""

from tiergate.rules.catalog import UNLIMITED, FeatureKind, FeatureValue


def fits(value: FeatureValue, kind: FeatureKind) -> bool:
    """Whether a value is possible for a kind of feature; ``false`` always is: it means without."""
    if kind is FeatureKind.SWITCH:
        return isinstance(value, bool)
    if kind is FeatureKind.SETTING:
        return value is not True
    if isinstance(value, bool):
        return value is False
    return value == UNLIMITED or (isinstance(value, int) and value >= 0)


def remedy_for(kind: FeatureKind) -> str:
    """Say what to write instead of a value that does not fit."""
    if kind is FeatureKind.SWITCH:
        return "It is a switch: write true or false."
    if kind is FeatureKind.SETTING:
        return "It is a setting: write a text or a number, or false where the plan lacks it."
    what = {FeatureKind.METERED: "metered", FeatureKind.PER_SEAT: "counted per seat"}.get(kind, "a limit")
    return f'It is {what}: write a number or "unlimited".'
