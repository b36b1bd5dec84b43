"""The ``[policy]`` tables of ``billing.toml``: one for all plans, and one in a plan that differs."""

from collections.abc import Collection
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

from tiergate.rules.document_reader import Reader
from tiergate.rules.policy import FeaturePolicy, OnPauseCollection, OnUnknown, Policy

_Word = TypeVar("_Word", bound=StrEnum)
_MOST_DAYS = 365


def read_policy(reader: Reader, base: Policy, features: Collection[str]) -> Policy:
    """Read a policy table; what it does not say stays as in ``base``. ``features`` are those that exist."""
    policy = Policy(
        after_trial=_word(reader, "after_trial", base.after_trial),
        after_grace=_word(reader, "after_grace", base.after_grace),
        after_cancel=_word(reader, "after_cancel", base.after_cancel),
        grace=_days(reader, "grace_days", base.grace),
        grace_read_only=_days(reader, "grace_read_only_days", base.grace_read_only),
        first_charge=_word(reader, "first_charge", base.first_charge),
        first_charge_grace=_days(reader, "first_charge_grace_days", base.first_charge_grace),
        max_unconfirmed=_days(reader, "max_unconfirmed_days", base.max_unconfirmed),
        on_unknown=_word(reader, "on_unknown", base.on_unknown),
        last_known_for=_hours(reader, "last_known_hours", base.last_known_for),
        on_cancel_now=_word(reader, "on_cancel_now", base.on_cancel_now),
        on_pause=_word(reader, "on_pause", base.on_pause),
        on_pause_collection=_word(reader, "on_pause_collection", base.on_pause_collection),
        on_duplicate=_word(reader, "on_duplicate", base.on_duplicate),
        upgrade_in_trial=_word(reader, "upgrade_in_trial", base.upgrade_in_trial),
        cancel=_word(reader, "cancel", base.cancel),
        fewer_seats_than_members=_word(reader, "fewer_seats_than_members", base.fewer_seats_than_members),
        pause=_days(reader, "pause_days", base.pause),
        features=_of_features(reader.table("features"), base, features),
    )
    if policy.pause and policy.on_pause_collection is OnPauseCollection.KEEP:
        told = "Whoever pauses would keep everything, and pay nothing."
        for key in ("pause_days", "on_pause_collection"):
            if reader.has(key):
                reader.complain(key, told, 'Write on_pause_collection = "pause" beside pause_days.')
    return policy


def _of_features(reader: Reader, base: Policy, features: Collection[str]) -> dict[str, FeaturePolicy]:
    found = dict(base.features)
    for key in reader:
        if key in features:
            found[key] = _of_feature(reader.table(key), base.features.get(key, FeaturePolicy()))
        else:
            reader.complain_unknown(key, "feature", features, f"declare it under [features.{key}]")
            reader.skip(key)
    return found


def _of_feature(reader: Reader, base: FeaturePolicy) -> FeaturePolicy:
    on_unknown = _word(reader, "on_unknown", OnUnknown.DENY)
    return FeaturePolicy(
        grace=_days(reader, "grace_days", base.grace),
        grace_read_only=_days(reader, "grace_read_only_days", base.grace_read_only),
        on_unknown=on_unknown if reader.has("on_unknown") else base.on_unknown,
        last_known_for=_hours(reader, "last_known_hours", base.last_known_for),
    )


def _word(reader: Reader, key: str, default: _Word) -> _Word:
    kind = type(default)
    return kind(reader.choice(key, [str(word) for word in kind], default))


_Length = TypeVar("_Length", timedelta, timedelta | None)


def _days(reader: Reader, key: str, default: _Length) -> _Length:
    return _length(reader, key, default, timedelta(days=1), "days")


def _hours(reader: Reader, key: str, default: _Length) -> _Length:
    return _length(reader, key, default, timedelta(hours=1), "hours")


def _length(reader: Reader, key: str, default: _Length, unit: timedelta, units: str) -> _Length:
    count = reader.integer(key)
    if not reader.has(key):
        return default
    most = timedelta(days=_MOST_DAYS) // unit
    if 0 <= count <= most:
        return count * unit
    reader.complain(key, f"{count} {units} are not possible.", f"Write 0 to {most}.")
    return default
