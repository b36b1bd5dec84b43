"""The demo product."""
