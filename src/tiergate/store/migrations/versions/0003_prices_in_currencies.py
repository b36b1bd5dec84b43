"""Prices in several currencies and by tiers, and those that were at Stripe before tiergate."""

import sqlalchemy as sa
from alembic import op

from tiergate.store.column_types import Json

revision = "0003"
down_revision = "0002"

_OLDEST_CODE_REVISION = 1


def upgrade() -> None:
    """Add columns; older code works on, and writes prices of one currency as before."""
    op.add_column("tiergate_prices", sa.Column("currency_options", Json(), nullable=True))
    op.add_column("tiergate_prices", sa.Column("tiers", Json(), nullable=True))
    op.add_column("tiergate_prices", sa.Column("tiers_mode", sa.Text(), nullable=True))
    op.add_column(
        "tiergate_prices",
        sa.Column("is_given", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.execute(
        sa.text(
            "INSERT INTO tiergate_schema (revision, oldest_code_revision) VALUES (3, :oldest)"
        ).bindparams(oldest=_OLDEST_CODE_REVISION)
    )
