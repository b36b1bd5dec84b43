"""The gateway, pointed at a server that a test can tell what to answer."""

from collections.abc import Iterator

import pytest
import stripe

from tests.stripe_api.answering import StripeDouble, answering
from tiergate.stripe_api.gateway import Gateway

KEY = "sk_test_a_key_that_nobody_may_see"


@pytest.fixture
def double() -> Iterator[StripeDouble]:
    """A stand-in for Stripe."""
    with answering() as server:
        yield server


@pytest.fixture
def gateway(double: StripeDouble, monkeypatch: pytest.MonkeyPatch) -> Gateway:
    """The gateway that calls it, without the pauses between retries and past any proxy."""
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0)
    monkeypatch.setattr(stripe.HTTPClient, "MAX_DELAY", 0)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return Gateway(KEY, f"{double.base_url}/")
