"""Which add-ons a checkout sells, and where it leads whoever turns back."""

import sqlalchemy as sa
from alembic import op

from tiergate.store.column_types import Json

revision = "0010"
down_revision = "0009"

_OLDEST_CODE_REVISION = 1


def upgrade() -> None:
    """Add columns; older code works on with what it knows."""
    op.add_column("tiergate_checkouts", sa.Column("add_ons", Json(), nullable=True))
    op.add_column("tiergate_checkouts", sa.Column("cancel_url", sa.Text(), nullable=True))
    op.execute(
        sa.text(
            "INSERT INTO tiergate_schema (revision, oldest_code_revision) VALUES (10, :oldest)"
        ).bindparams(oldest=_OLDEST_CODE_REVISION)
    )
