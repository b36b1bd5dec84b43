"""The tables. Each bears the prefix ``tiergate_``, since the host may have its own.

What is copied from Stripe carries three stamps. ``as_of`` is the latest instant at which Stripe is known
to have said so, in the object's own time (its test clock's, where it lives on one). ``fetched_at`` is the
real time at which the last fetch of it began. ``last_event_id`` is the last event applied to it.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from tiergate.store.column_types import Instant, Json, Verbatim

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)

Serial = BigInteger().with_variant(Integer, "sqlite")
"""A key that the database counts: SQLite does so only where it is declared INTEGER."""


def _stamps() -> list[Column[object]]:
    return [
        Column("livemode", Boolean, nullable=False, server_default=false()),
        Column("test_clock", Text),
        Column("as_of", Instant, nullable=False),
        Column("fetched_at", Instant),
        Column("event_seen_at", Instant),
        Column("last_event_id", Text),
        Column("raw", Verbatim, nullable=False),
        Column("created_at", Instant, nullable=False),
        Column("updated_at", Instant, nullable=False),
    ]


accounts = Table(
    "tiergate_accounts",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("email", Text),
    Column("name", Text),
    Column("locale", Text, nullable=False, server_default="en"),
    Column("time_zone", Text, nullable=False, server_default="UTC"),
    Column("members", Integer),
    Column("channel", Text),
    Column("signed_up_at", Instant, nullable=False),
    Column("stripe_customer_id", Text, unique=True),
    Column("test_clock", Text),
    Column("next_due_at", Instant, index=True),
    Column("catalog_version", Integer),
    Column("plan_key", Text),
    Column("access", Text),
    Column("reason", Text),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("erased_at", Instant),
    Index("ix_tiergate_accounts_erased", "stripe_customer_id", sqlite_where=text("erased_at IS NOT NULL"),
          postgresql_where=text("erased_at IS NOT NULL")),
)  # fmt: skip

customers = Table(
    "tiergate_customers",
    metadata,
    Column("stripe_customer_id", Text, primary_key=True),
    Column("account_id", Text, index=True),
    Column("email", Text),
    Column("default_payment_method", Text),
    Column("cards_read_at", Instant),
    Column("deleted", Boolean, nullable=False, server_default=false()),
    Column("metadata", Json, nullable=False),
    *_stamps(),
)

subscriptions = Table(
    "tiergate_subscriptions",
    metadata,
    Column("stripe_subscription_id", Text, primary_key=True),
    Column("account_id", Text, index=True),
    Column("stripe_customer_id", Text, nullable=False, index=True),
    Column("stripe_price_id", Text),
    Column("plan_key", Text),
    Column("catalog_version", Integer),
    Column("status", Text, nullable=False),
    Column("start_date", Instant),
    Column("trial_start", Instant),
    Column("trial_end", Instant),
    Column("current_period_start", Instant),
    Column("current_period_end", Instant),
    Column("cancel_at", Instant),
    Column("cancel_at_period_end", Boolean, nullable=False, server_default=false()),
    Column("canceled_at", Instant),
    Column("ended_at", Instant),
    Column("default_payment_method", Text),
    Column("collection_method", Text, nullable=False),
    Column("latest_invoice_id", Text),
    Column("pause_collection", Json),
    Column("schedule_id", Text),
    Column("items", Json, nullable=False),
    Column("metadata", Json, nullable=False),
    *_stamps(),
    Column("pending_update", Json),
)

invoices = Table(
    "tiergate_invoices",
    metadata,
    Column("stripe_invoice_id", Text, primary_key=True),
    Column("account_id", Text, index=True),
    Column("stripe_customer_id", Text, nullable=False),
    Column("stripe_subscription_id", Text, index=True),
    Column("status", Text, nullable=False),
    Column("billing_reason", Text),
    Column("currency", Text, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("amount_paid", BigInteger, nullable=False),
    Column("amount_due", BigInteger, nullable=False),
    Column("attempted", Boolean, nullable=False),
    Column("attempt_count", Integer, nullable=False),
    Column("finalized_at", Instant),
    Column("due_date", Instant),
    Column("paid_at", Instant),
    Column("next_payment_attempt", Instant),
    Column("number", Text),
    Column("hosted_invoice_url", Text),
    Column("invoice_pdf", Text),
    Column("metadata", Json, nullable=False),
    *_stamps(),
)

payment_methods = Table(
    "tiergate_payment_methods",
    metadata,
    Column("stripe_payment_method_id", Text, primary_key=True),
    Column("account_id", Text, index=True),
    Column("stripe_customer_id", Text, index=True),
    Column("type", Text, nullable=False),
    Column("brand", Text),
    Column("last4", Text),
    Column("exp_month", Integer),
    Column("exp_year", Integer),
    Column("fingerprint", Text),
    *_stamps(),
)

subscription_schedules = Table(
    "tiergate_subscription_schedules",
    metadata,
    Column("stripe_schedule_id", Text, primary_key=True),
    Column("account_id", Text, index=True),
    Column("stripe_customer_id", Text, nullable=False),
    Column("stripe_subscription_id", Text),
    Column("status", Text, nullable=False),
    Column("end_behavior", Text, nullable=False),
    Column("phases", Json, nullable=False),
    Column("metadata", Json, nullable=False),
    *_stamps(),
)

grants = Table(
    "tiergate_grants",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("grant_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant),
    Column("plan_key", Text),
    Column("features", Json, nullable=False),
    Column("stripe_subscription_id", Text),
    Column("catalog_version", Integer),
    Column("note", Text, nullable=False),
    Column("granted_by", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
)

usage = Table(
    "tiergate_usage",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("feature", Text, primary_key=True),
    Column("window_starts_at", Instant, primary_key=True),
    Column("used", BigInteger, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

usage_keys = Table(
    "tiergate_usage_keys",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("feature", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("window_starts_at", Instant, nullable=False),
    Column("used_after", BigInteger, nullable=False),
    Column("consumed_at", Instant, nullable=False, index=True),
)

test_clocks = Table(
    "tiergate_test_clocks",
    metadata,
    Column("test_clock_id", Text, primary_key=True),
    Column("now_at", Instant, nullable=False),
    Column("status", Text, nullable=False),
    Column("deleted", Boolean, nullable=False, server_default=false()),
    Column("updated_at", Instant, nullable=False),
)

events = Table(
    "tiergate_events",
    metadata,
    Column("event_id", Text, primary_key=True),
    Column("event_type", Text, nullable=False),
    Column("account_id", Text),
    Column("object_id", Text),
    Column("livemode", Boolean, nullable=False),
    Column("api_version", Text),
    Column("event_created_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("state", Text, nullable=False),
    Column("note", Text),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_attempt_at", Instant),
    Column("processed_at", Instant),
    Column("payload", Text, nullable=False),
    Index("ix_tiergate_events_waiting", "next_attempt_at", sqlite_where=text("state = 'received'"),
          postgresql_where=text("state = 'received'")),
    Index("ix_tiergate_events_account", "account_id", "received_at"),
)  # fmt: skip

operations = Table(
    "tiergate_operations",
    metadata,
    Column("operation_id", Text, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("parameters", Json, nullable=False),
    Column("state", Text, nullable=False),
    Column("result", Json),
    Column("created_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("client_key", Text),
    Index("uq_tiergate_operations_open", "account_id", "action", unique=True,
          sqlite_where=text("state = 'open'"), postgresql_where=text("state = 'open'")),
    Index("uq_tiergate_operations_client_key", "account_id", "client_key", unique=True),
)  # fmt: skip

journal = Table(
    "tiergate_journal",
    metadata,
    Column("entry_id", Serial, primary_key=True, autoincrement=True),
    Column("account_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("occasion_key", Text),
    Column("happened_at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("cause", Text, nullable=False),
    Column("data", Json, nullable=False),
    UniqueConstraint("account_id", "occasion_key"),
    Index("ix_tiergate_journal_account", "account_id", "entry_id"),
)

phases = Table(
    "tiergate_phases",
    metadata,
    Column("phase_id", Serial, primary_key=True, autoincrement=True),
    Column("account_id", Text, nullable=False),
    Column("known_at", Instant, nullable=False),
    Column("account_at", Instant, nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant),
    Column("plan_key", Text),
    Column("access", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("because", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("features", Json, nullable=False),
    Index("ix_tiergate_phases_account", "account_id", "phase_id"),
)
"""What was known of an account: each phase with when it held, in the account's time, and when that became
known, in real time and (``account_at``) in the account's; after it those foreseen. Only ever appended to."""

outbox = Table(
    "tiergate_outbox",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("message_key", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("payload", Json, nullable=False),
    Column("expires_at", Instant),
    Column("state", Text, nullable=False),
    Column("note", Text),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_attempt_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Index("ix_tiergate_outbox_waiting", "next_attempt_at", sqlite_where=text("state = 'waiting'"),
          postgresql_where=text("state = 'waiting'")),
)  # fmt: skip
"""What must still be told, entered once with the change that caused it."""

changes = Table(
    "tiergate_changes",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("changed_in", BigInteger, nullable=False, index=True),
)
"""The newest transaction that changed an account (``account:acme``), a clock (``clock:clock_1``) or the
catalogue (``catalog``): the feed by which other processes learn of it."""

leases = Table(
    "tiergate_leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("expires_at", Instant, nullable=False),
)

jobs = Table(
    "tiergate_jobs",
    metadata,
    Column("job", Text, primary_key=True),
    Column("progress", Json, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("finished_at", Instant),
)
"""Long work that can be interrupted, and where it goes on."""

catalog_versions = Table(
    "tiergate_catalog_versions",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("published_at", Instant, nullable=False),
)

prices = Table(
    "tiergate_prices",
    metadata,
    Column("stripe_price_id", Text, primary_key=True),
    Column("stripe_product_id", Text, nullable=False),
    Column("lookup_key", Text, nullable=False),
    Column("plan_key", Text),
    Column("add_on_key", Text),
    Column("interval", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("unit_amount", BigInteger, nullable=False),
    Column("livemode", Boolean, nullable=False),
    Column("catalog_version", Integer, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("currency_options", Json),
    Column("tiers", Json),
    Column("tiers_mode", Text),
    Column("is_given", Boolean, nullable=False, server_default=false()),
    Index("ix_tiergate_prices_plan", "plan_key", "interval", "currency"),
)

schema = Table(
    "tiergate_schema",
    metadata,
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("oldest_code_revision", Integer, nullable=False),
)
