"""``tiergate webhooks``: the endpoint is made before there is a secret, and examined afterwards."""

import pytest
import stripe

from tests.cli.running import KEY, Tiergate, configured
from tiergate.stripe_api.needed_events import NEEDED_EVENTS

HOST = "https://app.example"
URL = f"{HOST}/webhooks/stripe"


def endpoints(sandbox_url: str) -> list[stripe.WebhookEndpoint]:
    """The endpoints that Stripe knows."""
    client = stripe.StripeClient(KEY, base_addresses={"api": sandbox_url})
    return client.v1.webhook_endpoints.list().data


def test_the_secret_is_told_once_with_its_place(tiergate: Tiergate, sandbox_url: str) -> None:
    """The key is all it takes; the second time there is the same endpoint, and no secret."""
    alone = {"STRIPE_SECRET_KEY": KEY, "STRIPE_API_BASE": sandbox_url}
    code, out, err = tiergate("webhooks", "create", HOST, **alone)
    (endpoint,) = endpoints(sandbox_url)
    assert (code, err, endpoint.url) == (0, "", URL)
    told = out.splitlines()
    assert told[0] == f"{URL} is registered as {endpoint.id}."
    assert told[-1].startswith("STRIPE_WEBHOOK_SECRET=whsec_")
    assert sorted(endpoint.enabled_events) == sorted(NEEDED_EVENTS)
    code, out, err = tiergate("webhooks", "create", URL, **alone)
    assert (code, err, len(endpoints(sandbox_url))) == (0, "", 1)
    assert "is registered already" in out
    assert "whsec_" not in out


def test_a_missing_key_is_named(tiergate: Tiergate) -> None:
    """With where to get it."""
    code, out, err = tiergate("webhooks", "create", URL)
    assert (code, out) == (1, "")
    assert err.startswith("tiergate: STRIPE_SECRET_KEY is missing")


@pytest.mark.parametrize("address", ["app.example/webhooks/stripe", "ftp://app.example/webhooks/stripe"])
def test_an_address_that_stripe_refuses_is_told(tiergate: Tiergate, sandbox_url: str, address: str) -> None:
    """One line, with Stripe's reason."""
    alone = {"STRIPE_SECRET_KEY": KEY, "STRIPE_API_BASE": sandbox_url}
    code, out, err = tiergate("webhooks", "create", address, **alone)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "URL" in err


def test_check_tells_what_is_wrong_and_what_to_do(tiergate: Tiergate, sandbox_url: str) -> None:
    """Status 1 while there is a problem, 0 when it is repaired as told."""
    here = configured(STRIPE_API_BASE=sandbox_url, TIERGATE_PUBLIC_URL=HOST)
    code, out, _ = tiergate("webhooks", "check", **here)
    assert code == 1
    assert f"tiergate webhooks create {URL}" in out
    tiergate("webhooks", "create", URL, **here)
    code, out, err = tiergate("webhooks", "check", **here)
    assert (code, err) == (0, "")
    assert f"{URL} gets what is needed." in out
