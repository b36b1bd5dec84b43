"""Tests of the examples: what they show works."""
