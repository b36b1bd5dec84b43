"""A plan as fields of a form, and back to the table that the file has."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tiergate.rules.catalog import UNLIMITED, FeatureKind, TrialModel
from tiergate.web.admin.form_fields import SEEN_FIELD, Fields, is_whole, mark_of, put
from tiergate.web.admin.price_form import PriceRow, read_prices, sent_prices, shown_prices

Table = dict[str, Any]
Mistakes = dict[str, str]

KEY = r"[a-z][a-z0-9_-]{0,39}"
RESERVED = frozenset(["new", "review", "publish", "discard", "keep", "text"])
"""Keys that are addresses of pages; the file may use them, the form does not."""
_TEXTS = ("name", "description", "contact_url")


@dataclass(frozen=True, slots=True)
class FeatureField:
    """A feature in a plan's form: a box to tick, or a value to write."""

    key: str
    name: str
    kind: str
    unit: str
    shown: str
    """The value as text; for a switch ``yes`` or nothing."""

    @property
    def field(self) -> str:
        """The name of the field."""
        return f"feature-{self.key}"

    @property
    def is_switch(self) -> bool:
        """Whether it is a box to tick."""
        return self.kind == FeatureKind.SWITCH


@dataclass(frozen=True, slots=True)
class PlanForm:
    """Everything that a plan's form shows."""

    key: str
    is_new: bool
    shown: Mapping[str, str]
    features: list[FeatureField]
    prices: list[PriceRow]
    seen: str = ""
    """The mark of the plan that it was filled with; nothing for a new one."""
    mistakes: Mistakes = field(default_factory=dict)


def plan_form(key: str, plan: Mapping[str, Any], features: Mapping[str, Table], *, is_new: bool) -> PlanForm:
    """Return the form of a plan as it is."""
    trial, seats = _table(plan, "trial"), _table(plan, "seats")
    shown = {name: str(plan.get(name, "")) for name in _TEXTS}
    shown |= {
        "key": key,
        "name": str(plan.get("name", key.replace("_", " ").capitalize())),
        "highlight": _yes(plan.get("highlight", False)),
        "public": _yes(plan.get("public", True)),
        "trial": str(trial.get("model", TrialModel.FREE_TRIAL)) if "trial" in plan else "none",
        "trial_days": str(trial.get("days", "")),
        "trial_card": _yes(trial.get("card") == "required"),
        "seats": _yes("seats" in plan),
        "seats_minimum": str(seats.get("minimum", "")),
        "seats_maximum": str(seats.get("maximum", "")),
    }
    values = _table(plan, "features")
    return PlanForm(
        key,
        is_new,
        shown,
        [_feature_field(name, table, _shown_value(values.get(name))) for name, table in features.items()],
        shown_prices(plan),
        seen="" if is_new else mark_of(plan),
    )


def sent_form(
    key: str,
    fields: Fields,
    plan: Mapping[str, Any],
    features: Mapping[str, Table],
    mistakes: Mistakes,
    *,
    is_new: bool,
) -> PlanForm:
    """Return the form as it was sent, to be shown again with what is wrong."""
    names = ("key", *_TEXTS, "trial", "trial_days", "seats_minimum", "seats_maximum")
    shown = {name: fields.lines(name).strip() for name in names}
    shown |= {name: _yes(fields.flag(name)) for name in ("highlight", "public", "trial_card", "seats")}
    sent = [_feature_field(name, table, fields.text(f"feature-{name}")) for name, table in features.items()]
    return PlanForm(key, is_new, shown, sent, sent_prices(fields, plan), fields.text(SEEN_FIELD), mistakes)


def read_plan(
    fields: Fields, plan: Mapping[str, Any], features: Mapping[str, Table], key: str
) -> tuple[Table, Mistakes]:
    """Return the plan that a form asks for, and what cannot be read of it, by the field.

    What the form does not show (the policy, the rank, what a trial gives) stays as it is in ``plan``.
    """
    mistakes: Mistakes = {}
    wanted = {**plan}
    derived = {"name": key.replace("_", " ").capitalize()}
    for name in _TEXTS:
        put(wanted, name, fields.lines(name).strip(), derived.get(name, ""))
    if not fields.text("name"):
        mistakes["name"] = "Give the plan a name: customers see it."
    put(wanted, "highlight", fields.flag("highlight"), False)
    put(wanted, "public", fields.flag("public"), True)
    _put_table(wanted, "trial", _read_trial(fields, _table(plan, "trial"), mistakes))
    _put_table(wanted, "seats", _read_seats(fields, _table(plan, "seats"), mistakes))
    values = _read_values(fields, _table(plan, "features"), features, mistakes)
    _put_table(wanted, "features", values or None)
    prices = read_prices(fields, plan, mistakes)
    _put_table(wanted, "prices", prices or None)
    return wanted, mistakes


def _read_trial(fields: Fields, before: Table, mistakes: Mistakes) -> Table | None:
    model = fields.text("trial")
    if model not in list(TrialModel):
        return None
    trial = {**before}
    days = _whole(fields, "trial_days", mistakes)
    if days is None:
        mistakes["trial_days"] = "Write how many days the trial lasts."
    else:
        trial["days"] = days
    put(trial, "card", "required" if fields.flag("trial_card") else "not_required", "not_required")
    put(trial, "model", model, str(TrialModel.FREE_TRIAL))
    return trial


def _read_seats(fields: Fields, before: Table, mistakes: Mistakes) -> Table | None:
    if not fields.flag("seats"):
        return None
    seats = {**before}
    minimum, maximum = (_whole(fields, f"seats_{name}", mistakes) for name in ("minimum", "maximum"))
    put(seats, "minimum", 1 if minimum is None else minimum, 1)
    seats.pop("maximum", None)
    if maximum is not None:
        seats["maximum"] = maximum
    return seats


def _read_values(fields: Fields, before: Table, features: Mapping[str, Table], mistakes: Mistakes) -> Table:
    values = {**before}
    for key, feature in features.items():
        sent = fields.text(f"feature-{key}")
        if sent == _shown_value(before.get(key)):
            continue
        values.pop(key, None)
        if not sent:
            continue
        kind = feature.get("kind", FeatureKind.SWITCH)
        if kind == FeatureKind.SWITCH:
            values[key] = True
        elif is_whole(sent):
            values[key] = int(sent)
        elif kind == FeatureKind.SETTING or sent.lower() == UNLIMITED:
            values[key] = sent if kind == FeatureKind.SETTING else UNLIMITED
        else:
            mistakes[f"feature-{key}"] = "Write a whole number, or unlimited; leave it empty for without."
    return values


def _whole(fields: Fields, name: str, mistakes: Mistakes) -> int | None:
    told = fields.text(name)
    if told and not is_whole(told):
        mistakes[name] = "Write a whole number."
        return None
    return int(told) if told else None


def _feature_field(key: str, table: Table, shown: str) -> FeatureField:
    name = str(table.get("name", key.replace("_", " ").capitalize()))
    return FeatureField(key, name, str(table.get("kind", "switch")), str(table.get("unit", "")), shown)


def _shown_value(value: Any) -> str:
    return "" if value is None or value is False else "yes" if value is True else str(value)


def _yes(flag: Any) -> str:
    return "yes" if flag is True else ""


def _table(plan: Mapping[str, Any], key: str) -> Table:
    found = plan.get(key)
    return found if isinstance(found, dict) else {}


def _put_table(plan: Table, key: str, value: Any) -> None:
    if value is None:
        plan.pop(key, None)
    else:
        plan[key] = value
