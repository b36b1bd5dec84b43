"""How many seats a checkout sells, and in which currency."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_OLDEST_CODE_REVISION = 1


def upgrade() -> None:
    """Add columns; older code works on with what it knows."""
    op.add_column(
        "tiergate_checkouts", sa.Column("quantity", sa.Integer(), server_default="1", nullable=False)
    )
    op.add_column("tiergate_checkouts", sa.Column("currency", sa.Text(), nullable=True))
    op.execute(
        sa.text(
            "INSERT INTO tiergate_schema (revision, oldest_code_revision) VALUES (4, :oldest)"
        ).bindparams(oldest=_OLDEST_CODE_REVISION)
    )
