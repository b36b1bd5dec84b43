"""Pages of lists, read in bulk."""

import json
from datetime import UTC, datetime

import pytest

from tests.stripe_api.answering import Reply, StripeDouble
from tiergate.stripe_api.gateway import API_VERSION, Gateway, StripeRefusedError, StripeUnavailableError

KEY = "sk_test_pages"


def listing(*ids: str, has_more: bool = False) -> Reply:
    """Return a page with these entries."""
    return Reply(200, {"object": "list", "has_more": has_more, "data": [{"id": one} for one in ids]})


def test_a_page_tells_where_the_next_one_begins(double: StripeDouble) -> None:
    """A page is asked for with a hundred entries, our API version, and the cursor of the one before."""
    double.replies[:] = [listing("sub_1", "sub_2", has_more=True), listing("sub_3")]
    gateway = Gateway(KEY, double.base_url)
    first = gateway.page(
        "subscription", "/v1/subscriptions", {"status": "all", "expand[0]": "data.latest_invoice"}
    )
    last = gateway.page("subscription", "/v1/subscriptions", {"status": "all"}, first.next_after)
    assert ([entry.body["id"] for entry in first.entries], first.next_after) == (["sub_1", "sub_2"], "sub_2")
    assert ([entry.body["id"] for entry in last.entries], last.next_after) == (["sub_3"], None)
    assert first.answered_at == datetime(2026, 3, 1, 12, 0, 7, tzinfo=UTC)
    one, two = double.asked
    assert one.parameters == {"status": "all", "expand[0]": "data.latest_invoice", "limit": "100"}
    assert two.parameters == {"status": "all", "limit": "100", "starting_after": "sub_2"}
    assert one.headers["Stripe-Version"] == API_VERSION
    assert one.headers["Authorization"] == f"Bearer {KEY}"


def test_a_refusal_is_one(double: StripeDouble) -> None:
    """What Stripe refuses is raised with its code, as for every other call."""
    error = {"error": {"type": "invalid_request_error", "code": "parameter_unknown", "message": "No."}}
    double.replies[:] = [Reply(400, error)]
    with pytest.raises(StripeRefusedError) as refused:
        Gateway(KEY, double.base_url, network_retries=0).page("invoice", "/v1/invoices", {})
    assert refused.value.stripe_code == "parameter_unknown"


@pytest.mark.parametrize("status", [429, 500])
def test_a_hurried_or_broken_stripe_is_unavailable(double: StripeDouble, status: int) -> None:
    """Too many requests and errors of the server say nothing of the list: to be tried again."""
    double.replies[:] = [Reply(status, json.dumps({"error": {"type": "api_error", "message": "x"}}))]
    with pytest.raises(StripeUnavailableError):
        Gateway(KEY, double.base_url, network_retries=0).page("invoice", "/v1/invoices", {})


def test_a_stripe_that_is_not_there_is_unavailable() -> None:
    """Where nobody listens Stripe is unavailable."""
    with pytest.raises(StripeUnavailableError):
        Gateway(KEY, "http://127.0.0.1:9", network_retries=0).page("invoice", "/v1/invoices", {})
