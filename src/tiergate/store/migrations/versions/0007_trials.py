"""Who has tried what, and checkouts that only save a card."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from tiergate.store.column_types import Instant

revision = "0007"
down_revision = "0006"

_OLDEST_CODE_REVISION = 1
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)

_ACCOUNTS = sa.table(
    "tiergate_accounts",
    sa.column("account_id", sa.Text),
    sa.column("next_due_at", Instant),
)
_SUBSCRIPTIONS = sa.table(
    "tiergate_subscriptions", sa.column("account_id", sa.Text), sa.column("trial_start", Instant)
)


def upgrade() -> None:
    """Add a table and columns; the code of revision 1 works on with what it knows."""
    op.create_table(
        "tiergate_tries",
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("trial_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("plan_key", sa.Text(), nullable=False),
        sa.Column("noted_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("mark", "trial_id", name=op.f("pk_tiergate_tries")),
    )
    op.add_column(
        "tiergate_checkouts",
        sa.Column("mode", sa.Text(), server_default="subscription", nullable=False),
    )
    op.add_column("tiergate_checkouts", sa.Column("stripe_subscription_id", sa.Text(), nullable=True))
    # Whoever has tried is looked at once more, so that the trials of the past are noted.
    tried = sa.select(_SUBSCRIPTIONS.c.account_id).where(_SUBSCRIPTIONS.c.trial_start.is_not(None))
    op.execute(sa.update(_ACCOUNTS).where(_ACCOUNTS.c.account_id.in_(tried)).values(next_due_at=_LONG_AGO))
    op.execute(
        sa.text(
            "INSERT INTO tiergate_schema (revision, oldest_code_revision) VALUES (7, :oldest)"
        ).bindparams(oldest=_OLDEST_CODE_REVISION)
    )
