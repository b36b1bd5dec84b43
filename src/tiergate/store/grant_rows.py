"""Grants: access given by hand. A grant that is revoked stays, with when that was, and held until then."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, update

from tiergate.rules.state import Grant, GrantKind
from tiergate.store.engine import Transaction
from tiergate.store.tables import grants


def save_grant(tx: Transaction, account_id: str, grant: Grant, granted_by: str, now: datetime) -> None:
    """Save a new grant and who gave it."""
    tx.execute(
        insert(grants).values(
            account_id=account_id,
            grant_id=grant.id,
            kind=str(grant.kind),
            starts_at=grant.starts_at,
            ends_at=grant.ends_at,
            plan_key=grant.plan_key,
            features=dict(grant.features),
            stripe_subscription_id=grant.subscription_id,
            catalog_version=grant.catalog_version,
            note=grant.note,
            granted_by=granted_by,
            created_at=now,
        )
    )


def close_grant(tx: Transaction, account_id: str, grant_id: str, at: datetime) -> bool:
    """Revoke a grant at an instant of its account's time; false where there is none that could be revoked."""
    revoked = tx.execute(
        update(grants)
        .where(
            grants.c.account_id == account_id, grants.c.grant_id == grant_id, grants.c.revoked_at.is_(None)
        )
        .values(revoked_at=at)
    )
    return revoked.rowcount == 1


def grant_of(row: Row[Any]) -> Grant:
    """Read a grant: one that was revoked ended at that instant, at the latest."""
    return Grant(
        id=row.grant_id,
        kind=GrantKind(row.kind),
        starts_at=row.starts_at,
        ends_at=min((at for at in (row.ends_at, row.revoked_at) if at), default=None),
        plan_key=row.plan_key,
        features=row.features,
        subscription_id=row.stripe_subscription_id,
        catalog_version=row.catalog_version,
        note=row.note,
    )
