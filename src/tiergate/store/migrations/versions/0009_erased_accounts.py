"""Accounts whose personal data was erased."""

import sqlalchemy as sa
from alembic import op

from tiergate.store.column_types import Instant

revision = "0009"
down_revision = "0008"

_OLDEST_CODE_REVISION = 1


def upgrade() -> None:
    """Add a mark; code that does not know it could only bring data back that Stripe still has."""
    op.add_column("tiergate_accounts", sa.Column("erased_at", Instant(), nullable=True))
    op.create_index(
        "ix_tiergate_accounts_erased",
        "tiergate_accounts",
        ["stripe_customer_id"],
        sqlite_where=sa.text("erased_at IS NOT NULL"),
        postgresql_where=sa.text("erased_at IS NOT NULL"),
    )
    op.execute(
        sa.text(
            "INSERT INTO tiergate_schema (revision, oldest_code_revision) VALUES (9, :oldest)"
        ).bindparams(oldest=_OLDEST_CODE_REVISION)
    )
