"""Tests of the pure rules: golden tables that read like a specification, and properties."""
