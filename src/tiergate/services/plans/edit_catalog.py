"""Edits the text of a catalogue: text in, text out, and the rest of the file stays as somebody wrote it.

What is edited is the file's own form, tables and values as ``billing.toml`` has them, so that a draft which
still has mistakes can be edited too. What it means is for ``rules/catalog_file.py`` to say.
"""

import copy
from collections.abc import Callable, Mapping
from typing import Any

from tiergate.rules.catalog_file import parse_document
from tiergate.rules.errors import TiergateError
from tiergate.services.plans.rewrite_toml import rewrite

Table = dict[str, Any]

_HOLDERS = ("plans", "addons")


class EditError(TiergateError):
    """What was to be edited is not there, or is there already."""

    code = "edit_refused"


def read_tables(text: str, group: str) -> dict[str, Table]:
    """Return the named tables of a group (``plans``, ``features``), in the order of the file.

    What is no table is left out: that is a mistake, and told as one. Raises ``CatalogError``.
    """
    return _tables(parse_document(text), group)


def read_table(text: str, name: str) -> Table:
    """Return a table (``checkout``), or an empty one. Raises ``CatalogError``."""
    found = parse_document(text).get(name)
    return found if isinstance(found, dict) else {}


def plans_by_rank(text: str) -> dict[str, Table]:
    """Return the plans as the catalogue orders them: by rank, or by their place in the file."""
    plans = read_tables(text, "plans")
    return dict(sorted(plans.items(), key=lambda entry: _ranks(plans)[entry[0]]))


def set_plan(text: str, key: str, plan: Mapping[str, Any], *, new: bool = False) -> str:
    """Let a plan be as given. Raises ``EditError`` where a ``new`` one is there, or another is not."""
    return _set(text, "plans", key, plan, new=new)


def remove_plan(text: str, key: str) -> str:
    """Remove a plan; the others keep their order. Raises ``EditError``."""

    def remove(document: Table) -> None:
        order = [name for name in _ordered(_require(document, "plans", key)) if name != key]
        del document["plans"][key]
        if not document["plans"]:
            del document["plans"]
        _keep_order(document, order)

    return _edited(text, remove)


def move_plan(text: str, key: str, by: int) -> str:
    """Move a plan in the order of upgrades: ``-1`` is one place down, towards the free plan.

    Raises ``EditError``.
    """

    def move(document: Table) -> None:
        order = _ordered(_require(document, "plans", key))
        place = order.index(key)
        order.insert(max(0, place + by), order.pop(place))
        _keep_order(document, order)

    return _edited(text, move)


def set_feature(text: str, key: str, feature: Mapping[str, Any], *, new: bool = False) -> str:
    """Let a feature be as given. Raises ``EditError`` as ``set_plan`` does."""
    return _set(text, "features", key, feature, new=new)


def remove_feature(text: str, key: str) -> str:
    """Remove a feature, and its values from all plans, trials, add-ons and policies. Raises ``EditError``."""

    def remove(document: Table) -> None:
        _require(document, "features", key)
        del document["features"][key]
        if not document["features"]:
            del document["features"]
        _forget_feature(document.get("policy"), key)
        for group in _HOLDERS:
            for holder in _tables(document, group).values():
                _forget_feature(holder, key)
                _forget_feature(holder.get("trial"), key)
                _forget_feature(holder.get("policy"), key)

    return _edited(text, remove)


def set_settings(text: str, name: str, settings: Mapping[str, Any]) -> str:
    """Let a table of settings (``checkout``, ``billing``) be as given; an empty one is removed."""

    def change(document: Table) -> None:
        document.pop(name, None)
        if settings:
            document[name] = dict(settings)

    return _edited(text, change)


def _set(text: str, group: str, key: str, table: Mapping[str, Any], *, new: bool) -> str:
    def change(document: Table) -> None:
        there = _tables(document, group)
        if new and key in there:
            raise EditError(f"There is {key!r} already.", "Choose another key.")
        if not new:
            _require(document, group, key)
        document.setdefault(group, {})[key] = dict(table)

    return _edited(text, change)


def _edited(text: str, change: Callable[[Table], None]) -> str:
    document = parse_document(text)
    changed = copy.deepcopy(document)
    change(changed)
    return rewrite(text, changed)


def _require(document: Table, group: str, key: str) -> dict[str, Table]:
    there = _tables(document, group)
    if key not in there:
        raise EditError(f"There is no {key!r} any more.", "Somebody has removed it: open the page anew.")
    return there


def _tables(document: Table, group: str) -> dict[str, Table]:
    found = document.get(group)
    if not isinstance(found, dict):
        return {}
    return {key: table for key, table in found.items() if isinstance(table, dict)}


def _ranks(plans: dict[str, Table]) -> dict[str, int]:
    """Return the rank of each plan: what it says, or its place in the file."""
    told = {key: plan.get("rank") for key, plan in plans.items()}
    return {key: rank if isinstance(rank, int) else place for place, (key, rank) in enumerate(told.items())}


def _ordered(plans: dict[str, Table]) -> list[str]:
    ranks = _ranks(plans)
    return sorted(plans, key=lambda key: ranks[key])


def _keep_order(document: Table, order: list[str]) -> None:
    """Let the ranks say this order; where they do already, none is touched."""
    plans = _tables(document, "plans")
    ranks = _ranks(plans)
    if _ordered(plans) == order and len(set(ranks.values())) == len(ranks):
        return
    places = {key: place for place, key in enumerate(plans)}
    for rank, key in enumerate(order):
        if places[key] == rank:
            plans[key].pop("rank", None)
        else:
            plans[key]["rank"] = rank


def _forget_feature(holder: Any, key: str) -> None:
    """Take a feature's value out of a table; one that is empty then goes, too."""
    features = holder.get("features") if isinstance(holder, dict) else None
    if isinstance(features, dict) and key in features:
        del features[key]
        if not features:
            del holder["features"]
