"""What each call asks of Stripe, and what comes of a good answer."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.stripe_api.answering import Reply, StripeDouble
from tests.stripe_api.conftest import KEY
from tiergate.stripe_api.gateway import API_VERSION, Answer, Gateway

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECONDS = str(int(AT.timestamp()))

Call = Callable[[Gateway], Answer | None]

WRITES: dict[str, tuple[Call, str, dict[str, str], str]] = {
    "create_customer": (
        lambda g: g.create_customer({"email": "a@example.com", "metadata": {"account_id": "acme"}}, "k1"),
        "/v1/customers",
        {"email": "a@example.com", "metadata[account_id]": "acme"},
        "k1",
    ),
    "create_checkout_session": (
        lambda g: g.create_checkout_session(
            {"mode": "subscription", "line_items": [{"price": "price_1", "quantity": 1}]}, "k2"
        ),
        "/v1/checkout/sessions",
        {"mode": "subscription", "line_items[0][price]": "price_1", "line_items[0][quantity]": "1"},
        "k2",
    ),
    "expire_checkout_session": (
        lambda g: g.expire_checkout_session("cs_1", "k7"),
        "/v1/checkout/sessions/cs_1/expire",
        {},
        "k7",
    ),
    "create_product": (
        lambda g: g.create_product({"name": "Pro"}, "k3"),
        "/v1/products",
        {"name": "Pro"},
        "k3",
    ),
    "create_price": (
        lambda g: g.create_price({"recurring": {"interval": "month"}}, "k4"),
        "/v1/prices",
        {"recurring[interval]": "month"},
        "k4",
    ),
    "update_product": (
        lambda g: g.update_product("prod_1", {"active": False}, "k9"),
        "/v1/products/prod_1",
        {"active": "false"},
        "k9",
    ),
    "update_price": (
        lambda g: g.update_price("price_1", {"active": False}, "k10"),
        "/v1/prices/price_1",
        {"active": "false"},
        "k10",
    ),
    "update_subscription": (
        lambda g: g.update_subscription("sub_1", {"metadata": {"catalog_version": "2"}}, "k11"),
        "/v1/subscriptions/sub_1",
        {"metadata[catalog_version]": "2"},
        "k11",
    ),
    "create_schedule": (
        lambda g: g.create_schedule({"from_subscription": "sub_1"}, "k12"),
        "/v1/subscription_schedules",
        {"from_subscription": "sub_1"},
        "k12",
    ),
    "update_schedule": (
        lambda g: g.update_schedule("s_1", {"end_behavior": "release"}, "k13"),
        "/v1/subscription_schedules/s_1",
        {"end_behavior": "release"},
        "k13",
    ),
    "release_schedule": (
        lambda g: g.release_schedule("s_1", "k14"),
        "/v1/subscription_schedules/s_1/release",
        {},
        "k14",
    ),
    "create_webhook_endpoint": (
        lambda g: g.create_webhook_endpoint({"enabled_events": ["invoice.paid", "invoice.voided"]}, "k5"),
        "/v1/webhook_endpoints",
        {"enabled_events[0]": "invoice.paid", "enabled_events[1]": "invoice.voided"},
        "k5",
    ),
    "update_webhook_endpoint": (
        lambda g: g.update_webhook_endpoint("we_1", {"disabled": False}, "k8"),
        "/v1/webhook_endpoints/we_1",
        {"disabled": "false"},
        "k8",
    ),
    "create_test_clock": (
        lambda g: g.create_test_clock(AT, "demo", "k6"),
        "/v1/test_helpers/test_clocks",
        {"frozen_time": SECONDS, "name": "demo"},
        "k6",
    ),
    "advance_test_clock": (
        lambda g: g.advance_test_clock("clock_1", AT),
        "/v1/test_helpers/test_clocks/clock_1/advance",
        {"frozen_time": SECONDS},
        f"advance:clock_1:{SECONDS}",
    ),
}

READS: dict[str, tuple[Call, str, dict[str, str]]] = {
    "fetch_subscription": (
        lambda g: g.fetch_subscription("sub_1"),
        "/v1/subscriptions/sub_1",
        {"expand[0]": "latest_invoice"},
    ),
    "fetch_invoice": (lambda g: g.fetch_invoice("in_1"), "/v1/invoices/in_1", {}),
    "fetch_customer": (lambda g: g.fetch_customer("cus_1"), "/v1/customers/cus_1", {}),
    "fetch_payment_method": (lambda g: g.fetch_payment_method("pm_1"), "/v1/payment_methods/pm_1", {}),
    "fetch_schedule": (lambda g: g.fetch_schedule("s_1"), "/v1/subscription_schedules/s_1", {}),
    "fetch_checkout_session": (
        lambda g: g.fetch_checkout_session("cs_1"),
        "/v1/checkout/sessions/cs_1",
        {},
    ),
    "fetch_product": (lambda g: g.fetch_product("prod_1"), "/v1/products/prod_1", {}),
    "fetch_price": (
        lambda g: g.fetch_price("price_1"),
        "/v1/prices/price_1",
        {"expand[0]": "currency_options", "expand[1]": "tiers"},
    ),
    "fetch_test_clock": (
        lambda g: g.fetch_test_clock("clock_1"),
        "/v1/test_helpers/test_clocks/clock_1",
        {},
    ),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_write(double: StripeDouble, gateway: Gateway, name: str) -> None:
    """It posts its parameters in Stripe's form, with its idempotency key, and gives the answer back."""
    call, path, parameters, key = WRITES[name]
    double.replies = [Reply(body={"id": "new_1", "object": "thing", "nested": {"a": [1, None]}})]
    answer = call(gateway)
    (asked,) = double.asked
    assert (asked.method, asked.path, asked.parameters) == ("POST", path, parameters)
    assert asked.headers["Idempotency-Key"] == key
    assert answer is not None
    assert answer.body == {"id": "new_1", "object": "thing", "nested": {"a": [1, None]}}


@pytest.mark.parametrize("name", READS)
def test_a_read(double: StripeDouble, gateway: Gateway, name: str) -> None:
    """It gets the object by its id, and gives it back as it came."""
    call, path, parameters = READS[name]
    double.replies = [Reply(body={"id": "it", "items": {"data": []}})]
    answer = call(gateway)
    (asked,) = double.asked
    assert (asked.method, asked.path, asked.parameters) == ("GET", path, parameters)
    assert answer is not None
    assert answer.body == {"id": "it", "items": {"data": []}}


def test_every_request_is_ours(double: StripeDouble, gateway: Gateway) -> None:
    """It bears the secret key and the version whose shapes we read, whatever the SDK's own is."""
    gateway.fetch_customer("cus_1")
    gateway.create_product({}, "k")
    for asked in double.asked:
        assert asked.headers["Authorization"] == f"Bearer {KEY}"
        assert asked.headers["Stripe-Version"] == API_VERSION == "2026-10-28.endive"


def test_an_answer_tells_when_it_was_given(double: StripeDouble, gateway: Gateway) -> None:
    """By Stripe's clock, from the header ``Date``, in UTC."""
    answer = gateway.create_product({}, "k")
    assert answer.answered_at.isoformat() == "2026-03-01T12:00:07+00:00"


def test_an_answer_that_tells_no_time_is_older_than_everything(
    double: StripeDouble, gateway: Gateway
) -> None:
    """Any event may be newer than it."""
    double.replies = [Reply(date=None)]
    answer = gateway.create_product({}, "k")
    assert answer.answered_at < datetime(2010, 1, 1, tzinfo=UTC)


AMOUNTS = {"expand[0]": "data.currency_options", "expand[1]": "data.tiers"}

PAGES = [
    Reply(body={"object": "list", "data": [{"id": "a"}, {"id": "b"}], "has_more": True}),
    Reply(
        body={"object": "list", "data": [{"id": "c"}], "has_more": True}, date="Sun, 01 Mar 2026 12:00:08 GMT"
    ),
    Reply(body={"object": "list", "data": [{"id": "d"}], "has_more": False}),
]

LISTS: dict[str, tuple[Callable[[Gateway], list[Answer]], str, dict[str, str]]] = {
    "list_subscriptions": (
        lambda g: list(g.list_subscriptions("cus_1")),
        "/v1/subscriptions",
        {"customer": "cus_1", "status": "all", "expand[0]": "data.latest_invoice"},
    ),
    "list_invoices": (
        lambda g: list(g.list_invoices("cus_1")),
        "/v1/invoices",
        {"customer": "cus_1"},
    ),
    "list_payment_methods": (
        lambda g: list(g.list_payment_methods("cus_1")),
        "/v1/customers/cus_1/payment_methods",
        {},
    ),
    "list_schedules": (
        lambda g: list(g.list_schedules("cus_1")),
        "/v1/subscription_schedules",
        {"customer": "cus_1"},
    ),
    "list_customers": (
        lambda g: list(g.list_customers("clock_1")),
        "/v1/customers",
        {"test_clock": "clock_1"},
    ),
    "list_checkout_sessions": (
        lambda g: list(g.list_checkout_sessions("cus_1")),
        "/v1/checkout/sessions",
        {"customer": "cus_1"},
    ),
    "list_webhook_endpoints": (lambda g: list(g.list_webhook_endpoints()), "/v1/webhook_endpoints", {}),
    "list_prices": (
        lambda g: list(g.list_prices(["pro_month", "pro_year"])),
        "/v1/prices",
        {"lookup_keys[0]": "pro_month", "lookup_keys[1]": "pro_year", **AMOUNTS},
    ),
    "list_active_prices": (
        lambda g: list(g.list_active_prices()),
        "/v1/prices",
        {"active": "true", **AMOUNTS},
    ),
    "list_active_prices of a product": (
        lambda g: list(g.list_active_prices("prod_1")),
        "/v1/prices",
        {"active": "true", "product": "prod_1", **AMOUNTS},
    ),
    "list_active_products": (lambda g: list(g.list_active_products()), "/v1/products", {"active": "true"}),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_read_to_its_end(double: StripeDouble, gateway: Gateway, name: str) -> None:
    """Page after page, each from where the last one ended; each object bears its page's instant."""
    call, path, parameters = LISTS[name]
    double.replies = PAGES
    answers = call(gateway)
    assert [answer.body["id"] for answer in answers] == ["a", "b", "c", "d"]
    assert [answer.answered_at.second for answer in answers] == [7, 7, 8, 7]
    everywhere = parameters | {"limit": "100"}
    assert [(asked.path, asked.parameters) for asked in double.asked] == [
        (path, everywhere),
        (path, everywhere | {"starting_after": "b"}),
        (path, everywhere | {"starting_after": "c"}),
    ]


def test_customers_are_searched_by_their_operation(double: StripeDouble, gateway: Gateway) -> None:
    """One question in Stripe's search language."""
    double.replies = [Reply(body={"object": "search_result", "data": [{"id": "cus_1"}], "has_more": False})]
    assert [answer.body["id"] for answer in gateway.search_customers("op_1")] == ["cus_1"]
    (asked,) = double.asked
    expected = {"query": "metadata['operation_id']:'op_1'"}
    assert (asked.path, asked.parameters) == ("/v1/customers/search", expected)


FIRST_ITEMS = {"object": "list", "data": [{"id": "si_1"}], "has_more": True, "url": "/v1/subscription_items"}
MANY_ITEMS = {"id": "sub_1", "object": "subscription", "items": FIRST_ITEMS}


@pytest.mark.parametrize(
    ("read", "in_a_list"),
    [
        (lambda g: g.fetch_subscription("sub_1").body, False),
        (lambda g: next(g.list_subscriptions("cus_1")).body, True),
        (lambda g: g.page("subscription", "/v1/subscriptions", {}).entries[0].body, True),
    ],
    ids=["fetched", "listed", "in a page"],
)
def test_a_subscription_is_read_with_all_its_items(
    double: StripeDouble, gateway: Gateway, read: Callable[[Gateway], dict[str, Any]], in_a_list: bool
) -> None:
    """Stripe embeds only the first of many items: the others are read too, so that no add-on is lost."""
    listed = {"object": "list", "data": [MANY_ITEMS], "has_more": False}
    double.replies = [Reply(body=listed if in_a_list else MANY_ITEMS), *PAGES]
    subscription = read(gateway)
    assert [item["id"] for item in subscription["items"]["data"]] == ["a", "b", "c", "d"]
    assert subscription["items"]["has_more"] is False
    assert [(asked.path, asked.parameters["subscription"]) for asked in double.asked[1:]] == [
        ("/v1/subscription_items", "sub_1")
    ] * 3


def test_an_empty_list_is_read_once(double: StripeDouble, gateway: Gateway) -> None:
    """Nothing found is one request and no object."""
    double.replies = [Reply(body={"object": "list", "data": [], "has_more": False})]
    assert list(gateway.list_subscriptions("cus_1")) == []
    assert len(double.asked) == 1


@pytest.mark.parametrize(
    ("key", "livemode"),
    [("sk_live_1", True), ("rk_live_1", True), ("sk_test_1", False), ("rk_test_1", False)],
)
def test_the_key_tells_the_mode(key: str, livemode: bool) -> None:
    """Secret and restricted keys of live mode move real money, those of test mode do not."""
    assert Gateway(key).livemode is livemode
