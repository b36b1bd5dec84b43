"""Lets a golden table that fails say what differs."""

import pytest

pytest.register_assert_rewrite("tests.rules.golden")
