"""The table of who has tried what, which outlives the accounts and subscriptions of those who tried."""

from sqlalchemy import Column, Table, Text

from tiergate.store.column_types import Instant
from tiergate.store.tables import metadata

tries = Table(
    "tiergate_tries",
    metadata,
    Column("mark", Text, primary_key=True),
    Column("trial_id", Text, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("plan_key", Text, nullable=False),
    Column("noted_at", Instant, nullable=False),
)
"""Who has tried what: each trial, by its subscription, under the marks of whoever had it."""
