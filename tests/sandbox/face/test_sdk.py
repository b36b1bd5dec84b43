"""The real SDK against a served sandbox: what every client of Stripe relies on."""

import json
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe

from tests.sandbox.face.conftest import Tool, sdk
from tiergate_sandbox.testing import ServedSandbox


def test_customer_round_trip(client: stripe.StripeClient) -> None:
    """A customer is created, read, changed, listed and deleted."""
    created = client.v1.customers.create({"email": "ada@example.com", "metadata": {"0": "zero"}})
    assert created.id.startswith("cus_")
    assert created.metadata is not None
    assert created.metadata["0"] == "zero"
    changed = client.v1.customers.update(created.id, {"name": "Ada"})
    assert (changed.name, changed.email) == ("Ada", "ada@example.com")
    assert [customer.id for customer in client.v1.customers.list().data] == [created.id]
    assert client.v1.customers.delete(created.id).deleted is True


def test_pagination(client: stripe.StripeClient) -> None:
    """The SDK walks through all pages of a list, newest first."""
    made = [client.v1.customers.create({"email": f"{number}@example.com"}).id for number in range(25)]
    walked = [customer.id for customer in client.v1.customers.list({"limit": 10}).auto_paging_iter()]
    assert walked == made[::-1]


def test_request_id_and_version(client: stripe.StripeClient) -> None:
    """Every answer names its request and the version it is written in."""
    response = client.v1.customers.create({}).last_response
    assert response is not None
    assert str(response.request_id).startswith("req_")
    assert response.headers["Stripe-Version"] == stripe.api_version
    assert response.headers["Idempotency-Key"]


def test_replay(client: stripe.StripeClient) -> None:
    """The same key with the same parameters gives the first answer again and creates nothing."""
    first = client.v1.customers.create({"email": "a@example.com"}, {"idempotency_key": "key-1"})
    second = client.v1.customers.create({"email": "a@example.com"}, {"idempotency_key": "key-1"})
    assert second.id == first.id
    assert second.last_response is not None
    assert second.last_response.headers["Idempotent-Replayed"] == "true"
    assert len(client.v1.customers.list().data) == 1


def test_key_with_other_parameters(client: stripe.StripeClient) -> None:
    """The same key with other parameters or another path is an idempotency error."""
    client.v1.customers.create({"email": "a@example.com"}, {"idempotency_key": "key-1"})
    with pytest.raises(stripe.IdempotencyError) as caught:
        client.v1.customers.create({"email": "b@example.com"}, {"idempotency_key": "key-1"})
    assert caught.value.http_status == 400
    with pytest.raises(stripe.IdempotencyError):
        client.v1.products.create({"name": "a"}, {"idempotency_key": "key-1"})


def test_refused_parameters_do_not_use_up_a_key(client: stripe.StripeClient) -> None:
    """A request that fails validation is not stored: the key is still free."""
    with pytest.raises(stripe.InvalidRequestError):
        client.raw_request("post", "/v1/customers", wrong="x", idempotency_key="key-1")
    assert client.v1.customers.create({"email": "a@example.com"}, {"idempotency_key": "key-1"}).id


def test_decline_is_replayed(client: stripe.StripeClient) -> None:
    """A decline has been executed: the same key gives the same decline, with the same request id."""
    customer = client.v1.customers.create({})
    declines = []
    for _ in range(2):
        with pytest.raises(stripe.CardError) as caught:
            client.v1.payment_methods.attach(
                "pm_card_chargeDeclined", {"customer": customer.id}, {"idempotency_key": "key-1"}
            )
        declines.append(caught.value)
    assert [error.code for error in declines] == ["card_declined", "card_declined"]
    assert declines[0].json_body == declines[1].json_body


def test_concurrent_use_of_a_key(served: ServedSandbox, tool: Tool) -> None:
    """While the first request with a key is in progress, a second one gets 409; a retry gets the result."""
    tool("faults", answer_delay_seconds=0.5)

    def create(retries: int) -> str:
        client = sdk(served.base_url, max_network_retries=retries)
        return client.v1.customers.create({}, {"idempotency_key": "key-1"}).id

    with ThreadPoolExecutor(2) as pool:
        results = [future.exception() or future.result() for future in [pool.submit(create, 0) for _ in "ab"]]
    refused = [result for result in results if isinstance(result, stripe.StripeError)]
    assert [error.http_status for error in refused] == [409]
    assert create(retries=3) in results


@pytest.mark.parametrize("key", ["sk_live_1234567890", "pk_test_1234567890", "nonsense"])
def test_wrong_key(served: ServedSandbox, key: str) -> None:
    """Live keys, publishable keys and anything else are refused, and not repeated in full."""
    client = stripe.StripeClient(key, base_addresses={"api": served.base_url})
    with pytest.raises(stripe.AuthenticationError) as caught:
        client.v1.customers.list()
    assert caught.value.http_status == 401
    assert key not in str(caught.value)


def test_missing_key_and_basic_authentication(served: ServedSandbox) -> None:
    """Without a key there is 401; a key as the user name of basic authentication is good."""
    url = f"{served.base_url}/v1/customers"
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(url, timeout=10)
    with caught.value:
        assert caught.value.status == 401
        assert json.loads(caught.value.read())["error"]["type"] == "invalid_request_error"
    request = urllib.request.Request(url, headers={"Authorization": "Basic c2tfdGVzdF9lbXVsYXRvcjo="})
    with urllib.request.urlopen(request, timeout=10) as response:
        assert json.loads(response.read())["data"] == []


def test_errors_become_their_classes(client: stripe.StripeClient) -> None:
    """Each kind of error arrives as the SDK's class for it, with code and parameter."""
    with pytest.raises(stripe.InvalidRequestError) as missing:
        client.v1.customers.retrieve("cus_nobody")
    assert (missing.value.http_status, missing.value.code, missing.value.param) == (
        404,
        "resource_missing",
        "id",
    )
    with pytest.raises(stripe.InvalidRequestError) as unknown:
        client.raw_request("post", "/v1/nothing")
    assert unknown.value.http_status == 404
    customer = client.v1.customers.create({})
    with pytest.raises(stripe.CardError) as declined:
        client.v1.payment_methods.attach("pm_card_chargeDeclined", {"customer": customer.id})
    assert (declined.value.http_status, declined.value.code) == (402, "card_declined")


def test_version_2_is_refused_clearly(client: stripe.StripeClient) -> None:
    """API v2 is not served, and the error says so."""
    with pytest.raises(stripe.StripeError, match="API v1 only"):
        client.v2.core.events.list({"object_id": "cus_1"})


def test_older_version(served: ServedSandbox) -> None:
    """The version header decides over the shape of the answer."""
    client = sdk(served.base_url, stripe_version="2024-06-20")
    response = client.v1.customers.create({}).last_response
    assert response is not None
    assert response.headers["Stripe-Version"] == "2024-06-20"
    with pytest.raises(stripe.InvalidRequestError, match="Invalid Stripe API version"):
        sdk(served.base_url, stripe_version="yesterday").v1.customers.create({})


def test_long_body_is_refused(served: ServedSandbox) -> None:
    """A body beyond the limit is refused instead of being collected."""
    request = urllib.request.Request(
        f"{served.base_url}/v1/customers",
        data=b"description=" + b"a" * 1_100_000,
        headers={"Authorization": "Bearer sk_test_emulator0001"},
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=10)
    with caught.value:
        assert caught.value.status == 413


def test_json_body_is_refused(served: ServedSandbox) -> None:
    """A JSON body is refused with the remedy, instead of being read as no parameters."""
    request = urllib.request.Request(
        f"{served.base_url}/v1/customers",
        data=b'{"email": "a@example.com"}',
        headers={"Authorization": "Bearer sk_test_emulator0001", "Content-Type": "application/json"},
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=10)
    with caught.value:
        assert caught.value.status == 400
        assert b"form-encoded" in caught.value.read()
