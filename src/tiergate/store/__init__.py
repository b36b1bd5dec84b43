"""The store: tables, migrations and queries. Everything that speaks SQL lives here."""

from tiergate.store import admin_tables as admin_tables  # so that all tables are known to their metadata
from tiergate.store import checkout_table as checkout_table
from tiergate.store import tries_table as tries_table
from tiergate.store.engine import Database, Transaction

__all__ = ["Database", "Transaction"]
