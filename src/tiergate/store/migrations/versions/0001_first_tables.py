"""The first tables, and the views by which the seed's SQL knows them."""

import sqlalchemy as sa
from alembic import op

from tiergate.store.column_types import Instant, Json

revision = "0001"
down_revision = None

_OLDEST_CODE_REVISION = 1

_VIEWS = {
    "subscriptions": """
        SELECT account_id, stripe_customer_id, stripe_subscription_id, stripe_price_id, plan_key, status,
               trial_end, current_period_end, cancel_at_period_end, last_event_id, created_at, updated_at
        FROM tiergate_subscriptions
    """,
    "stripe_events": """
        SELECT event_id, event_type, processed_at FROM tiergate_events WHERE processed_at IS NOT NULL
    """,
}


def upgrade() -> None:
    """Make all tables, and the views whose names the host has not taken."""
    _create_tables()
    op.execute(
        sa.text(
            "INSERT INTO tiergate_schema (revision, oldest_code_revision) VALUES (1, :oldest)"
        ).bindparams(oldest=_OLDEST_CODE_REVISION)
    )
    inspector = sa.inspect(op.get_bind())
    for name, query in _VIEWS.items():
        if not inspector.has_table(name):
            op.execute(f"CREATE VIEW {name} AS {query}")


def _create_tables() -> None:
    op.create_table(
        "tiergate_accounts",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("locale", sa.Text(), server_default="en", nullable=False),
        sa.Column("time_zone", sa.Text(), server_default="UTC", nullable=False),
        sa.Column("members", sa.Integer(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("signed_up_at", Instant(), nullable=False),
        sa.Column("stripe_customer_id", sa.Text(), nullable=True),
        sa.Column("test_clock", sa.Text(), nullable=True),
        sa.Column("next_due_at", Instant(), nullable=True),
        sa.Column("plan_key", sa.Text(), nullable=True),
        sa.Column("access", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_tiergate_accounts")),
        sa.UniqueConstraint("stripe_customer_id", name=op.f("uq_tiergate_accounts_stripe_customer_id")),
    )
    op.create_index(
        op.f("ix_tiergate_accounts_next_due_at"), "tiergate_accounts", ["next_due_at"], unique=False
    )
    op.create_table(
        "tiergate_catalog_versions",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("published_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_tiergate_catalog_versions")),
    )
    op.create_table(
        "tiergate_checkouts",
        sa.Column("checkout_session_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("plan_key", sa.Text(), nullable=False),
        sa.Column("stripe_price_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("checkout_session_id", name=op.f("pk_tiergate_checkouts")),
    )
    op.create_index(
        "ix_tiergate_checkouts_account", "tiergate_checkouts", ["account_id", "status"], unique=False
    )
    op.create_table(
        "tiergate_customers",
        sa.Column("stripe_customer_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("default_payment_method", sa.Text(), nullable=True),
        sa.Column("deleted", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("metadata", Json(), nullable=False),
        sa.Column("livemode", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("test_clock", sa.Text(), nullable=True),
        sa.Column("as_of", Instant(), nullable=False),
        sa.Column("fetched_at", Instant(), nullable=True),
        sa.Column("last_event_id", sa.Text(), nullable=True),
        sa.Column("raw", Json(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("stripe_customer_id", name=op.f("pk_tiergate_customers")),
    )
    op.create_index(
        op.f("ix_tiergate_customers_account_id"), "tiergate_customers", ["account_id"], unique=False
    )
    op.create_table(
        "tiergate_events",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("object_id", sa.Text(), nullable=True),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("api_version", sa.Text(), nullable=True),
        sa.Column("event_created_at", Instant(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", Instant(), nullable=True),
        sa.Column("processed_at", Instant(), nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_tiergate_events")),
    )
    op.create_index(
        "ix_tiergate_events_account", "tiergate_events", ["account_id", "received_at"], unique=False
    )
    op.create_index(
        "ix_tiergate_events_waiting",
        "tiergate_events",
        ["next_attempt_at"],
        unique=False,
        sqlite_where=sa.text("state = 'received'"),
        postgresql_where=sa.text("state = 'received'"),
    )
    op.create_table(
        "tiergate_invoices",
        sa.Column("stripe_invoice_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("stripe_customer_id", sa.Text(), nullable=False),
        sa.Column("stripe_subscription_id", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("billing_reason", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("amount_paid", sa.BigInteger(), nullable=False),
        sa.Column("amount_due", sa.BigInteger(), nullable=False),
        sa.Column("attempted", sa.Boolean(), nullable=False),
        sa.Column("attempt_count", sa.Integer(), nullable=False),
        sa.Column("finalized_at", Instant(), nullable=True),
        sa.Column("due_date", Instant(), nullable=True),
        sa.Column("paid_at", Instant(), nullable=True),
        sa.Column("next_payment_attempt", Instant(), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("hosted_invoice_url", sa.Text(), nullable=True),
        sa.Column("invoice_pdf", sa.Text(), nullable=True),
        sa.Column("metadata", Json(), nullable=False),
        sa.Column("livemode", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("test_clock", sa.Text(), nullable=True),
        sa.Column("as_of", Instant(), nullable=False),
        sa.Column("fetched_at", Instant(), nullable=True),
        sa.Column("last_event_id", sa.Text(), nullable=True),
        sa.Column("raw", Json(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("stripe_invoice_id", name=op.f("pk_tiergate_invoices")),
    )
    op.create_index(
        op.f("ix_tiergate_invoices_account_id"), "tiergate_invoices", ["account_id"], unique=False
    )
    op.create_index(
        op.f("ix_tiergate_invoices_stripe_subscription_id"),
        "tiergate_invoices",
        ["stripe_subscription_id"],
        unique=False,
    )
    op.create_table(
        "tiergate_journal",
        sa.Column(
            "entry_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("occasion_key", sa.Text(), nullable=True),
        sa.Column("happened_at", Instant(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("data", Json(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_tiergate_journal")),
        sa.UniqueConstraint(
            "account_id", "occasion_key", name=op.f("uq_tiergate_journal_account_id_occasion_key")
        ),
    )
    op.create_index(
        "ix_tiergate_journal_account", "tiergate_journal", ["account_id", "entry_id"], unique=False
    )
    op.create_table(
        "tiergate_operations",
        sa.Column("operation_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("parameters", Json(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("result", Json(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("operation_id", name=op.f("pk_tiergate_operations")),
    )
    op.create_index(
        "uq_tiergate_operations_open",
        "tiergate_operations",
        ["account_id", "action"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "tiergate_prices",
        sa.Column("stripe_price_id", sa.Text(), nullable=False),
        sa.Column("stripe_product_id", sa.Text(), nullable=False),
        sa.Column("lookup_key", sa.Text(), nullable=False),
        sa.Column("plan_key", sa.Text(), nullable=False),
        sa.Column("interval", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("unit_amount", sa.BigInteger(), nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("catalog_version", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("stripe_price_id", name=op.f("pk_tiergate_prices")),
    )
    op.create_index(
        "ix_tiergate_prices_plan", "tiergate_prices", ["plan_key", "interval", "currency"], unique=False
    )
    op.create_table(
        "tiergate_schema",
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("oldest_code_revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("revision", name=op.f("pk_tiergate_schema")),
    )
    op.create_table(
        "tiergate_subscriptions",
        sa.Column("stripe_subscription_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("stripe_customer_id", sa.Text(), nullable=False),
        sa.Column("stripe_price_id", sa.Text(), nullable=True),
        sa.Column("plan_key", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("start_date", Instant(), nullable=True),
        sa.Column("trial_start", Instant(), nullable=True),
        sa.Column("trial_end", Instant(), nullable=True),
        sa.Column("current_period_start", Instant(), nullable=True),
        sa.Column("current_period_end", Instant(), nullable=True),
        sa.Column("cancel_at", Instant(), nullable=True),
        sa.Column("cancel_at_period_end", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("canceled_at", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("default_payment_method", sa.Text(), nullable=True),
        sa.Column("collection_method", sa.Text(), nullable=False),
        sa.Column("latest_invoice_id", sa.Text(), nullable=True),
        sa.Column("items", Json(), nullable=False),
        sa.Column("metadata", Json(), nullable=False),
        sa.Column("livemode", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("test_clock", sa.Text(), nullable=True),
        sa.Column("as_of", Instant(), nullable=False),
        sa.Column("fetched_at", Instant(), nullable=True),
        sa.Column("last_event_id", sa.Text(), nullable=True),
        sa.Column("raw", Json(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("stripe_subscription_id", name=op.f("pk_tiergate_subscriptions")),
    )
    op.create_index(
        op.f("ix_tiergate_subscriptions_account_id"), "tiergate_subscriptions", ["account_id"], unique=False
    )
    op.create_index(
        op.f("ix_tiergate_subscriptions_stripe_customer_id"),
        "tiergate_subscriptions",
        ["stripe_customer_id"],
        unique=False,
    )
    op.create_table(
        "tiergate_test_clocks",
        sa.Column("test_clock_id", sa.Text(), nullable=False),
        sa.Column("now_at", Instant(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("deleted", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("test_clock_id", name=op.f("pk_tiergate_test_clocks")),
    )
