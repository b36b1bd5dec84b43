"""The tables of the admin: who may change the offer, who is signed in, what was done, and the draft."""

from sqlalchemy import Column, Integer, Table, Text

from tiergate.store.column_types import Instant, Json
from tiergate.store.tables import Serial, metadata

admins = Table(
    "tiergate_admins",
    metadata,
    Column("email", Text, primary_key=True),
    Column("password_hash", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant),
)
"""Who may open the admin pages; an address is kept in small letters."""

admin_sessions = Table(
    "tiergate_admin_sessions",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("email", Text, nullable=False, index=True),
    Column("csrf_token", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
)
"""Who is signed in; the token itself is in the admin's browser alone."""

sign_in_attempts = Table(
    "tiergate_sign_in_attempts",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("window_ends_at", Instant, nullable=False),
)
"""How often somebody has lately failed to sign in, by a hash of the e-mail or the network address."""

admin_journal = Table(
    "tiergate_admin_journal",
    metadata,
    Column("entry_id", Serial, primary_key=True, autoincrement=True),
    Column("email", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("data", Json, nullable=False),
)
"""What admins did, and who tried to be one. Only ever appended to."""

catalog_draft = Table(
    "tiergate_catalog_draft",
    metadata,
    Column("draft_id", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("based_on_version", Integer, nullable=False),
    Column("edited_by", Text, nullable=False),
    Column("updated_at", Instant, nullable=False),
)
"""The one edit of the catalogue that waits to be published."""
