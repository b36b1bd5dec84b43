"""Fixtures that start what a test needs: a PostgreSQL server, a browser, free ports."""
