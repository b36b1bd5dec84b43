"""Tests on the source itself: what no linter at hand can say."""
