"""What the tests of the commands run them with."""

from collections.abc import Callable
from importlib.resources import files

KEY = "sk_test_of_the_cli_tests"
SECRET = "whsec_of_the_cli_tests"
NORTHWIND = (files("tiergate.demo") / "northwind.toml").read_text(encoding="utf-8")

Tiergate = Callable[..., "tuple[int, str, str]"]
"""Runs a command, and returns its exit code and what it said on both channels."""


def configured(sandbox_url: str = "http://127.0.0.1:9", **more: str) -> dict[str, str]:
    """An environment that has all it needs."""
    return {
        "STRIPE_SECRET_KEY": KEY,
        "STRIPE_WEBHOOK_SECRET": SECRET,
        "STRIPE_API_BASE": sandbox_url,
        **more,
    }
