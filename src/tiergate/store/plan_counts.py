"""How many accounts have which plan, in which version of the catalogue: counted by the database."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Text, and_, cast, func, literal, null, or_, select, union_all
from sqlalchemy.sql.elements import ColumnElement

from tiergate.rules.state import ENDED
from tiergate.store.column_types import Instant
from tiergate.store.engine import Transaction
from tiergate.store.tables import accounts, grants, subscriptions

Holding = Literal["subscribed", "granted", "free"]


@dataclass(frozen=True, slots=True)
class PlanCount:
    """Accounts that have a plan by a subscription, have been given it, or have bought nothing.

    ``plan_key`` is ``None`` for the last, and for subscriptions whose price sells no plan.
    """

    holding: Holding
    plan_key: str | None
    catalog_version: int | None
    accounts: int


def count_by_plan(tx: Transaction, livemode: bool, at: datetime) -> list[PlanCount]:
    """Count accounts by plan and version, in one query. ``at`` is when grants have to be in force."""
    live = is_live(livemode)
    sold = (subscriptions.c.plan_key, subscriptions.c.catalog_version)
    given = (grants.c.plan_key, grants.c.catalog_version)
    now = literal(at, Instant)
    in_force = and_(
        grants.c.kind == "comp",
        grants.c.revoked_at.is_(None),
        grants.c.starts_at <= now,
        or_(grants.c.ends_at.is_(None), grants.c.ends_at > now),
    )
    is_subscribed = select(1).where(subscriptions.c.account_id == accounts.c.account_id, live).exists()
    query = union_all(
        select(literal("subscribed"), *sold, func.count(subscriptions.c.account_id.distinct()))
        .where(subscriptions.c.account_id.is_not(None), live)
        .group_by(*sold),
        select(literal("granted"), *given, func.count(grants.c.account_id.distinct()))
        .where(in_force)
        .group_by(*given),
        select(literal("free"), cast(null(), Text), accounts.c.catalog_version, func.count())
        .where(~is_subscribed)
        .group_by(accounts.c.catalog_version),
    )
    return [PlanCount(*row) for row in tx.execute(query)]


def is_live(livemode: bool) -> ColumnElement[bool]:
    """Return the condition under which a mirrored subscription is not over."""
    ended = [str(status) for status in ENDED]
    return and_(subscriptions.c.status.not_in(ended), subscriptions.c.livemode.is_(livemode))
