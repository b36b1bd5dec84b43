"""Gives an account access by hand, and takes it back: comps, extensions, add-ons, what sales agreed."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tiergate.rules.catalog import Catalog, FeatureValue
from tiergate.rules.document_reader import LARGEST
from tiergate.rules.errors import TiergateError
from tiergate.rules.feature_values import fits, remedy_for
from tiergate.rules.instants import isoformat, require_aware
from tiergate.rules.state import Grant, GrantKind
from tiergate.services.access.refresh_account import refresh_account
from tiergate.services.account_time import account_now
from tiergate.services.accounts.require_account import require_account, require_unerased
from tiergate.services.context import Context
from tiergate.services.plans.load_catalog import load_catalog
from tiergate.store import Transaction
from tiergate.store.account_rows import Account
from tiergate.store.change_feed import account_topic, note_change
from tiergate.store.grant_rows import close_grant, save_grant
from tiergate.store.journal_rows import Entry, append


class GrantError(TiergateError):
    """What was to be granted makes no sense."""

    code = "grant_invalid"


class UnknownGrantError(TiergateError):
    """The account has no such grant, or it was revoked before."""

    code = "unknown_grant"


@dataclass(frozen=True, slots=True)
class GrantDetails:
    """What is to be granted, and by whom; ``starts_at`` and ``ends_at`` are the account's time.

    Without ``starts_at`` it starts now, without ``ends_at`` it lasts until it is revoked.
    """

    kind: str
    plan_key: str | None = None
    features: Mapping[str, FeatureValue] = field(default_factory=dict)
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    note: str = ""
    granted_by: str = ""


def grant_access(context: Context, account_id: str, details: GrantDetails) -> str:
    """Grant something to an account, and return the grant's id.

    Raises ``GrantError``, ``UnknownAccountError``, ``AccountErasedError``, ``UnknownPlanError`` and
    ``UnknownFeatureError``.
    """
    with context.database.write() as tx:
        account = require_unerased(tx, account_id, lock=True)
        return give(context, tx, account, details, f"grant_{uuid.uuid4().hex}")


def give(context: Context, tx: Transaction, account: Account, details: GrantDetails, grant_id: str) -> str:
    """Grant something within a transaction that holds the account, under an id; see ``grant_access``."""
    at = account_now(context, tx, account)
    grant = _grant(details, load_catalog(tx), at, grant_id)
    save_grant(tx, account.account_id, grant, details.granted_by, context.now())
    data = {
        "grant": grant.id,
        "kind": str(grant.kind),
        "plan": grant.plan_key,
        "features": dict(grant.features),
        "from": isoformat(grant.starts_at),
        "until": grant.ends_at and isoformat(grant.ends_at),
        "by": details.granted_by,
        "note": grant.note,
    }
    _journal(context, tx, account, "granted", data)
    return grant.id


def revoke_grant(context: Context, account_id: str, grant_id: str, revoked_by: str = "") -> None:
    """Take a grant back from now on; that it held until now stays true.

    Raises ``UnknownGrantError`` and ``UnknownAccountError``.
    """
    with context.database.write() as tx:
        account = require_account(tx, account_id, lock=True)
        if not close_grant(tx, account_id, grant_id, account_now(context, tx, account)):
            raise UnknownGrantError(
                f"Account {account_id!r} has no grant {grant_id!r} that could be revoked.",
                f"See its grants: tiergate explain {account_id}",
            )
        _journal(context, tx, account, "grant_revoked", {"grant": grant_id, "by": revoked_by})


def _journal(context: Context, tx: Transaction, account: Account, kind: str, data: dict[str, Any]) -> None:
    at = account_now(context, tx, account)
    cause = f"{kind} by {data['by']}" if data["by"] else kind
    append(tx, Entry(account.account_id, kind, at, context.now(), cause, data))
    note_change(tx, account_topic(account.account_id))
    refresh_account(context, tx, account.account_id, cause=f"grant {data['grant']}")


def _grant(details: GrantDetails, catalog: Catalog, at: datetime, grant_id: str) -> Grant:
    kind = _kind(details.kind)
    starts_at, ends_at = _interval(details, at)
    _check_contents(kind, details, catalog)
    if kind is GrantKind.EXTENSION and ends_at is None:
        raise GrantError("An extension has no end.", "Pass ends_at: until when the trial is to last.")
    return Grant(
        id=grant_id,
        kind=kind,
        starts_at=starts_at,
        ends_at=ends_at,
        plan_key=details.plan_key,
        features=dict(details.features),
        catalog_version=catalog.version,
        note=details.note,
    )


def _kind(told: str) -> GrantKind:
    by_hand = [kind for kind in GrantKind if kind is not GrantKind.REVERSE_TRIAL]
    if told in by_hand:
        return GrantKind(told)
    raise GrantError(f"There is no kind of grant {told!r}.", f"The kinds are: {', '.join(by_hand)}.")


def _interval(details: GrantDetails, at: datetime) -> tuple[datetime, datetime | None]:
    try:
        starts_at = require_aware(details.starts_at or at)
        ends_at = details.ends_at and require_aware(details.ends_at)
    except ValueError as error:
        raise GrantError(f"An instant has no time zone: {error}", "Pass a UTC-aware datetime.") from error
    if ends_at is not None and ends_at <= starts_at:
        raise GrantError("The grant ends before it starts.", "Pass an ends_at that is after starts_at.")
    return starts_at, ends_at


def _check_contents(kind: GrantKind, details: GrantDetails, catalog: Catalog) -> None:
    gives_plan = kind is GrantKind.COMP
    gives_features = kind in (GrantKind.ADD_ON, GrantKind.OVERRIDE)
    if gives_plan is not (details.plan_key is not None):
        told = "needs a plan" if gives_plan else "names no plan"
        raise GrantError(f"A grant of the kind {kind} {told}.", "Only a comp gives one.")
    if gives_features is not bool(details.features):
        told = "needs features" if gives_features else "names no features"
        raise GrantError(f"A grant of the kind {kind} {told}.", "Only an add_on or an override does.")
    if details.plan_key is not None:
        catalog.plan(details.plan_key)
    for key, value in details.features.items():
        feature = catalog.feature(key)
        if not fits(value, feature.kind):
            raise GrantError(f"Feature {key!r} cannot be {value!r}.", remedy_for(feature.kind))
        if isinstance(value, int) and value > LARGEST:
            raise GrantError(f"{key!r} is too large to be counted.", f"Write {LARGEST} at most.")
