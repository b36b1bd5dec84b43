"""The rest of the mirror, grants, usage, journalled phases, and what carries changes and messages about."""

import sqlalchemy as sa
from alembic import op

from tiergate.store.column_types import Instant, Json

revision = "0002"
down_revision = "0001"

_OLDEST_CODE_REVISION = 1
_Serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add tables and columns; the code of revision 1 works on with what it knows."""
    _mirror()
    _access()
    _telling()
    _columns()
    if op.get_bind().dialect.name == "postgresql":
        _compress_payloads()
    op.execute(
        sa.text(
            "INSERT INTO tiergate_schema (revision, oldest_code_revision) VALUES (2, :oldest)"
        ).bindparams(oldest=_OLDEST_CODE_REVISION)
    )


def _mirror() -> None:
    op.create_table(
        "tiergate_payment_methods",
        sa.Column("stripe_payment_method_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("stripe_customer_id", sa.Text(), nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("brand", sa.Text(), nullable=True),
        sa.Column("last4", sa.Text(), nullable=True),
        sa.Column("exp_month", sa.Integer(), nullable=True),
        sa.Column("exp_year", sa.Integer(), nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=True),
        sa.Column("livemode", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("test_clock", sa.Text(), nullable=True),
        sa.Column("as_of", Instant(), nullable=False),
        sa.Column("fetched_at", Instant(), nullable=True),
        sa.Column("event_seen_at", Instant(), nullable=True),
        sa.Column("last_event_id", sa.Text(), nullable=True),
        sa.Column("raw", Json(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("stripe_payment_method_id", name=op.f("pk_tiergate_payment_methods")),
    )
    op.create_index(
        op.f("ix_tiergate_payment_methods_account_id"),
        "tiergate_payment_methods",
        ["account_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_tiergate_payment_methods_stripe_customer_id"),
        "tiergate_payment_methods",
        ["stripe_customer_id"],
        unique=False,
    )
    op.create_table(
        "tiergate_subscription_schedules",
        sa.Column("stripe_schedule_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("stripe_customer_id", sa.Text(), nullable=False),
        sa.Column("stripe_subscription_id", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("end_behavior", sa.Text(), nullable=False),
        sa.Column("phases", Json(), nullable=False),
        sa.Column("metadata", Json(), nullable=False),
        sa.Column("livemode", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("test_clock", sa.Text(), nullable=True),
        sa.Column("as_of", Instant(), nullable=False),
        sa.Column("fetched_at", Instant(), nullable=True),
        sa.Column("event_seen_at", Instant(), nullable=True),
        sa.Column("last_event_id", sa.Text(), nullable=True),
        sa.Column("raw", Json(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("stripe_schedule_id", name=op.f("pk_tiergate_subscription_schedules")),
    )
    op.create_index(
        op.f("ix_tiergate_subscription_schedules_account_id"),
        "tiergate_subscription_schedules",
        ["account_id"],
        unique=False,
    )


def _access() -> None:
    op.create_table(
        "tiergate_grants",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("grant_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=True),
        sa.Column("plan_key", sa.Text(), nullable=True),
        sa.Column("features", Json(), nullable=False),
        sa.Column("stripe_subscription_id", sa.Text(), nullable=True),
        sa.Column("catalog_version", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "grant_id", name=op.f("pk_tiergate_grants")),
    )
    op.create_table(
        "tiergate_phases",
        sa.Column("phase_id", _Serial, autoincrement=True, nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("known_at", Instant(), nullable=False),
        sa.Column("account_at", Instant(), nullable=False),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=True),
        sa.Column("plan_key", sa.Text(), nullable=True),
        sa.Column("access", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("features", Json(), nullable=False),
        sa.PrimaryKeyConstraint("phase_id", name=op.f("pk_tiergate_phases")),
    )
    op.create_index("ix_tiergate_phases_account", "tiergate_phases", ["account_id", "phase_id"], unique=False)
    op.create_table(
        "tiergate_usage",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("feature", sa.Text(), nullable=False),
        sa.Column("window_starts_at", Instant(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "feature", "window_starts_at", name=op.f("pk_tiergate_usage")),
    )
    op.create_table(
        "tiergate_usage_keys",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("feature", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("window_starts_at", Instant(), nullable=False),
        sa.Column("used_after", sa.BigInteger(), nullable=False),
        sa.Column("consumed_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "key", name=op.f("pk_tiergate_usage_keys")),
    )
    op.create_index(
        op.f("ix_tiergate_usage_keys_consumed_at"), "tiergate_usage_keys", ["consumed_at"], unique=False
    )


def _telling() -> None:
    op.create_table(
        "tiergate_changes",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("changed_in", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("topic", name=op.f("pk_tiergate_changes")),
    )
    op.create_index(op.f("ix_tiergate_changes_changed_in"), "tiergate_changes", ["changed_in"], unique=False)
    op.create_table(
        "tiergate_jobs",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("progress", Json(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_tiergate_jobs")),
    )
    op.create_table(
        "tiergate_leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tiergate_leases")),
    )
    op.create_table(
        "tiergate_outbox",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("message_key", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", Json(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "message_key", name=op.f("pk_tiergate_outbox")),
    )
    op.create_index(
        "ix_tiergate_outbox_waiting",
        "tiergate_outbox",
        ["next_attempt_at"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )


def _columns() -> None:
    for mirrored in ("customers", "subscriptions", "invoices"):
        op.add_column(f"tiergate_{mirrored}", sa.Column("event_seen_at", Instant(), nullable=True))
    op.add_column("tiergate_accounts", sa.Column("catalog_version", sa.Integer(), nullable=True))
    op.add_column("tiergate_customers", sa.Column("cards_read_at", Instant(), nullable=True))
    op.add_column("tiergate_prices", sa.Column("add_on_key", sa.Text(), nullable=True))
    op.add_column("tiergate_subscriptions", sa.Column("catalog_version", sa.Integer(), nullable=True))
    op.add_column("tiergate_subscriptions", sa.Column("pause_collection", Json(), nullable=True))
    op.add_column("tiergate_subscriptions", sa.Column("schedule_id", sa.Text(), nullable=True))
    with op.batch_alter_table("tiergate_prices") as prices:
        prices.alter_column("plan_key", existing_type=sa.Text(), nullable=True)


def _compress_payloads() -> None:
    # The default compression of what Stripe said costs more than all the rest of its transaction.
    op.execute(
        """
        DO $$
        DECLARE
            quick text := CASE WHEN EXISTS (
                SELECT FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)
            ) THEN 'COMPRESSION lz4' ELSE 'STORAGE EXTERNAL' END;
        BEGIN
            EXECUTE 'ALTER TABLE tiergate_events ALTER COLUMN payload SET ' || quick;
            EXECUTE 'ALTER TABLE tiergate_customers ALTER COLUMN raw SET ' || quick;
            EXECUTE 'ALTER TABLE tiergate_subscriptions ALTER COLUMN raw SET ' || quick;
            EXECUTE 'ALTER TABLE tiergate_invoices ALTER COLUMN raw SET ' || quick;
        END $$
        """
    )
