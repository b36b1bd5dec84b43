"""One contract for the store, held on SQLite and on PostgreSQL."""
