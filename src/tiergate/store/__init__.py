"""The store: tables, migrations and queries. Everything that speaks SQL lives here."""

from tiergate.store.engine import Database, Transaction

__all__ = ["Database", "Transaction"]
