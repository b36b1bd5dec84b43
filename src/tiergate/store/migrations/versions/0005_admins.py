"""Admins, their sessions and what they did, and the draft of the catalogue that they edit."""

import sqlalchemy as sa
from alembic import op

from tiergate.store.column_types import Instant, Json

revision = "0005"
down_revision = "0004"

_OLDEST_CODE_REVISION = 1
_Serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add tables; older code works on without them."""
    op.create_table(
        "tiergate_admins",
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("disabled_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("email", name=op.f("pk_tiergate_admins")),
    )
    op.create_table(
        "tiergate_admin_sessions",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("csrf_token", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("last_seen_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_tiergate_admin_sessions")),
    )
    op.create_index(
        op.f("ix_tiergate_admin_sessions_email"), "tiergate_admin_sessions", ["email"], unique=False
    )
    op.create_table(
        "tiergate_sign_in_attempts",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("window_ends_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_tiergate_sign_in_attempts")),
    )
    op.create_table(
        "tiergate_admin_journal",
        sa.Column("entry_id", _Serial, autoincrement=True, nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("data", Json(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_tiergate_admin_journal")),
    )
    op.create_table(
        "tiergate_catalog_draft",
        sa.Column("draft_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("based_on_version", sa.Integer(), nullable=False),
        sa.Column("edited_by", sa.Text(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("draft_id", name=op.f("pk_tiergate_catalog_draft")),
    )
    op.execute(
        sa.text(
            "INSERT INTO tiergate_schema (revision, oldest_code_revision) VALUES (5, :oldest)"
        ).bindparams(oldest=_OLDEST_CODE_REVISION)
    )
