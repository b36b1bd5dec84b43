"""The table of the checkout sessions that we created."""

from sqlalchemy import Column, Index, Integer, Table, Text

from tiergate.store.column_types import Instant, Json
from tiergate.store.tables import metadata

checkouts = Table(
    "tiergate_checkouts",
    metadata,
    Column("checkout_session_id", Text, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("plan_key", Text, nullable=False),
    Column("stripe_price_id", Text, nullable=False),
    Column("mode", Text, nullable=False, server_default="subscription"),
    Column("stripe_subscription_id", Text),
    Column("status", Text, nullable=False),
    Column("url", Text),
    Column("expires_at", Instant, nullable=False),
    Column("quantity", Integer, nullable=False, server_default="1"),
    Column("currency", Text),
    Column("add_ons", Json),
    Column("cancel_url", Text),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Index("ix_tiergate_checkouts_account", "account_id", "status"),
)
