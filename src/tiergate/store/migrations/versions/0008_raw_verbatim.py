"""What Stripe said is kept as text: PostgreSQL took it apart and put it together again, for nobody."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_OLDEST_CODE_REVISION = 1
_MIRRORED = ("customers", "subscriptions", "invoices", "payment_methods", "subscription_schedules")


def upgrade() -> None:
    """Change the type of ``raw``; older code works on, for what it writes turns into text by itself.

    The tables are written anew, which takes about a second for a hundred thousand subscriptions.
    """
    if op.get_bind().dialect.name == "postgresql":
        for name in _MIRRORED:
            _keep_as_text(f"tiergate_{name}")
    op.execute(
        sa.text(
            "INSERT INTO tiergate_schema (revision, oldest_code_revision) VALUES (8, :oldest)"
        ).bindparams(oldest=_OLDEST_CODE_REVISION)
    )


def _keep_as_text(table: str) -> None:
    # A column that changes its type loses its way of compression.
    op.execute(
        f"""
        DO $$
        DECLARE
            quick text := CASE WHEN EXISTS (
                SELECT FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)
            ) THEN 'COMPRESSION lz4' ELSE 'STORAGE EXTERNAL' END;
        BEGIN
            EXECUTE 'ALTER TABLE {table} ALTER COLUMN raw TYPE json USING raw::json, '
                || 'ALTER COLUMN raw SET ' || quick;
        END $$
        """
    )
