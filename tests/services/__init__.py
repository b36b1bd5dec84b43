"""Tests of the use cases, against a database and a sandbox in the same process."""
