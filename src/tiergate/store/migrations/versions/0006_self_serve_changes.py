"""Changes that wait for their payment, and the keys by which clients name what they want."""

import sqlalchemy as sa
from alembic import op

from tiergate.store.column_types import Json

revision = "0006"
down_revision = "0005"

_OLDEST_CODE_REVISION = 1


def upgrade() -> None:
    """Add columns; the code of revision 1 works on with what it knows."""
    op.add_column("tiergate_subscriptions", sa.Column("pending_update", Json(), nullable=True))
    op.add_column("tiergate_operations", sa.Column("client_key", sa.Text(), nullable=True))
    op.create_index(
        "uq_tiergate_operations_client_key", "tiergate_operations", ["account_id", "client_key"], unique=True
    )
    op.execute(
        sa.text(
            "INSERT INTO tiergate_schema (revision, oldest_code_revision) VALUES (6, :oldest)"
        ).bindparams(oldest=_OLDEST_CODE_REVISION)
    )
