"""What becomes of a call that Stripe refuses, does not answer, or answers with a failure of its own."""

import logging
import traceback

import pytest

from tests.stripe_api.answering import Reply, StripeDouble, error
from tests.stripe_api.conftest import KEY
from tests.support.ports import free_port
from tiergate.rules.errors import TiergateError
from tiergate.stripe_api.gateway import NETWORK_RETRIES, Gateway, StripeRefusedError, StripeUnavailableError

MISSING = error(404, type="invalid_request_error", code="resource_missing", message="No such thing: 'x'")
FAILED = error(500, type="api_error", message="Sorry.")
DECLINED = error(402, type="card_error", code="card_declined", message="Your card was declined.")
INVALID = error(400, type="invalid_request_error", code="parameter_missing", message="Missing: price.")
LIMITED = error(429, type="invalid_request_error", code="rate_limit", message="Slow down.")


@pytest.mark.parametrize(
    "failure", [FAILED, error(503), error(409, code="lock_timeout"), Reply(502, "<html>")]
)
def test_a_failure_is_tried_again_with_the_same_key(
    double: StripeDouble, gateway: Gateway, failure: Reply
) -> None:
    """The second attempt is the same request, so that Stripe does it once."""
    double.replies = [failure, Reply(body={"id": "cus_1"})]
    assert gateway.create_customer({"email": "a@example.com"}, "op_1").body == {"id": "cus_1"}
    first, second = double.asked
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"] == "op_1"
    assert (first.path, first.parameters) == (second.path, second.parameters)


@pytest.mark.parametrize(
    ("failure", "attempts"),
    [
        (FAILED, 1 + NETWORK_RETRIES),
        (Reply(500, "no JSON"), 1 + NETWORK_RETRIES),
        (error(409, type="idempotency_error", code="idempotency_key_in_use"), 1 + NETWORK_RETRIES),
        (LIMITED, 1),
        (error(429, code="lock_timeout", message="Locked."), 1),
        (error(400, code="rate_limit", message="Slow down."), 1),
        (Reply(200, "no JSON"), 1),
    ],
    ids=["500", "500 without JSON", "key in use", "429", "locked", "limited as in old days", "unreadable"],
)
def test_no_answer_is_no_refusal(
    double: StripeDouble, gateway: Gateway, failure: Reply, attempts: int
) -> None:
    """Where nothing is known of the outcome it is said so, and the caller may try again with the same key."""
    double.replies = [failure]
    with pytest.raises(StripeUnavailableError, match=r"POST /v1/customers.*try again"):
        gateway.create_customer({}, "op_1")
    assert len(double.asked) == attempts
    with pytest.raises(StripeUnavailableError, match=r"GET /v1/customers/cus_1"):
        gateway.fetch_customer("cus_1")


def test_a_refused_connection_is_no_answer(gateway: Gateway) -> None:
    """Where nobody listens, writes, reads and lists all say so."""
    nowhere = Gateway(KEY, f"http://127.0.0.1:{free_port()}")
    with pytest.raises(StripeUnavailableError):
        nowhere.create_customer({}, "op_1")
    with pytest.raises(StripeUnavailableError):
        nowhere.fetch_customer("cus_1")
    with pytest.raises(StripeUnavailableError):
        list(nowhere.list_subscriptions("cus_1"))


@pytest.mark.parametrize(
    ("refusal", "code", "message"),
    [
        (DECLINED, "card_declined", "Your card was declined"),
        (INVALID, "parameter_missing", "Missing: price"),
        (error(401, type="invalid_request_error", message="Invalid API Key."), None, "Invalid API Key"),
        (error(403, type="invalid_request_error", message="Not allowed."), None, "Not allowed"),
        (error(400, type="idempotency_error", message="Keys differ."), None, "Keys differ"),
        (MISSING, "resource_missing", "No such thing: 'x'"),
    ],
    ids=["402", "400", "401", "403", "other parameters", "404"],
)
def test_a_refusal_tells_stripes_reason(
    double: StripeDouble, gateway: Gateway, refusal: Reply, code: str | None, message: str
) -> None:
    """It is asked once, and carries Stripe's code and words, the call and one full stop."""
    double.replies = [refusal]
    with pytest.raises(StripeRefusedError) as refused:
        gateway.create_customer({}, "op_1")
    assert len(double.asked) == 1
    assert refused.value.stripe_code == code
    assert str(refused.value) == f"Stripe refused POST /v1/customers: {message}."


def test_a_refusal_without_words_names_its_code(double: StripeDouble, gateway: Gateway) -> None:
    """Where Stripe gives no message its code stands for it."""
    double.replies = [error(402, type="card_error", code="card_declined")]
    with pytest.raises(StripeRefusedError, match="card_declined"):
        gateway.create_customer({}, "op_1")


def test_what_stripe_has_not_is_none(double: StripeDouble, gateway: Gateway) -> None:
    """Every reading of an object that does not exist gives ``None``: dj-stripe#1218."""
    double.replies = [MISSING]
    reads = [
        gateway.fetch_subscription,
        gateway.fetch_invoice,
        gateway.fetch_customer,
        gateway.fetch_checkout_session,
        gateway.fetch_test_clock,
    ]
    assert [read("x") for read in reads] == [None] * len(reads)
    assert len(double.asked) == len(reads)


@pytest.mark.parametrize(
    "refusal", [INVALID, error(401, message="Invalid API Key."), error(404, message="Gone.")]
)
def test_a_reading_that_is_refused_is_not_nothing(
    double: StripeDouble, gateway: Gateway, refusal: Reply
) -> None:
    """Only Stripe's own word that an object is missing counts as that: get-engram#361."""
    double.replies = [refusal]
    with pytest.raises(StripeRefusedError):
        gateway.fetch_subscription("sub_1")


def test_a_list_that_is_refused_is_not_empty(double: StripeDouble, gateway: Gateway) -> None:
    """A customer that does not exist has no empty list: nothing found would be no proof: get-engram#361."""
    double.replies = [MISSING]
    with pytest.raises(StripeRefusedError):
        list(gateway.list_subscriptions("cus_1"))


def test_a_list_that_breaks_off_is_no_list(double: StripeDouble, gateway: Gateway) -> None:
    """Where the second page fails the caller learns of it, instead of taking the first for all."""
    first = Reply(body={"object": "list", "data": [{"id": "a"}], "has_more": True})
    double.replies = [first, LIMITED]
    with pytest.raises(StripeUnavailableError):
        list(gateway.list_subscriptions("cus_1"))


@pytest.mark.parametrize(
    "failure",
    [FAILED, LIMITED, DECLINED, INVALID, MISSING, Reply(200, "no JSON"), None],
    ids=["500", "429", "402", "400", "404", "unreadable", "nobody listens"],
)
def test_the_key_is_in_no_error(
    double: StripeDouble,
    gateway: Gateway,
    failure: Reply | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Neither message, nor representation, nor the errors behind it, nor any log line shows it."""
    caplog.set_level(logging.DEBUG)
    caller = gateway if failure else Gateway(KEY, f"http://127.0.0.1:{free_port()}")
    double.replies = [failure or Reply()]
    with pytest.raises(TiergateError) as failed:
        caller.create_customer({}, "op_1")
    told = "".join(traceback.format_exception(failed.value)) + repr(failed.value) + caplog.text
    assert "create_customer" in told
    assert KEY not in told


@pytest.mark.parametrize("failure", [FAILED, LIMITED, MISSING, Reply(502, "<html>")])
def test_why_a_payment_failed_is_asked_once(double: StripeDouble, gateway: Gateway, failure: Reply) -> None:
    """It only explains: a page that waits for it is not held up by further attempts."""
    double.replies = [failure] * (1 + NETWORK_RETRIES)
    with pytest.raises(StripeUnavailableError):
        gateway.fetch_payment_intents("in_1")
    assert len(double.asked) == 1
