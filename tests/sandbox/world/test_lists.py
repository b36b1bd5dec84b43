"""What lists and searches filter by, and what metadata may hold."""

from typing import Any

import pytest

from tests.sandbox.world.script import DAY, NOW, Script

Obj = dict[str, Any]


def ids(page: Obj) -> list[str]:
    """Return the ids on a page."""
    return [one["id"] for one in page["data"]]


def test_created_ranges(script: Script) -> None:
    """A list can be limited to an instant or to a range of instants."""
    made = []
    for days in range(3):
        script.now = NOW + days * DAY
        made.append(script.post("/v1/products", name=f"p{days}")["id"])
    first, second, third = made
    asked: list[tuple[Any, list[str]]] = [
        (NOW + DAY, [second]),
        ({"gt": NOW}, [third, second]),
        ({"gte": NOW + DAY, "lt": NOW + 2 * DAY}, [second]),
        ({"lte": NOW, "gt": NOW - 1}, [first, script.product]),
    ]
    for created, wanted in asked:
        assert ids(script.get("/v1/products", created=created)) == wanted


def test_subscriptions(script: Script) -> None:
    """Subscriptions are found by customer, price, status, collection method, clock and period."""
    price, other = script.price(2500), script.price(9900, "year")
    card = script.customer("pm_card_visa")
    monthly = script.subscribe(card, price)
    yearly = script.subscribe(script.customer("pm_card_visa"), other)
    sent = script.subscribe(card, price, collection_method="send_invoice", days_until_due=7)
    ended = script.subscribe(card, other)
    script.delete(f"/v1/subscriptions/{ended['id']}")
    month_end = monthly["items"]["data"][0]["current_period_end"]
    clock = {"test_clock": script.clock}
    asked: list[tuple[Obj, list[Obj]]] = [
        ({}, []),
        (clock, [sent, yearly, monthly]),
        ({"customer": card}, [sent, monthly]),
        ({"price": other} | clock, [yearly]),
        ({"price": other, "status": "all"} | clock, [ended, yearly]),
        ({"status": "canceled"} | clock, [ended]),
        ({"status": "ended"} | clock, [ended]),
        ({"collection_method": "send_invoice"} | clock, [sent]),
        ({"current_period_end": {"gt": month_end}} | clock, [yearly]),
        ({"current_period_end": month_end} | clock, [sent, monthly]),
        ({"current_period_start": {"lt": NOW}} | clock, []),
    ]
    for params, wanted in asked:
        assert ids(script.get("/v1/subscriptions", **params)) == [one["id"] for one in wanted], params


def test_other_lists(script: Script) -> None:
    """Prices by lookup key, events by types, products by address, items by age, sessions by e-mail."""
    keyed = script.price(2500, lookup_key="pro")
    script.price(5000, lookup_key="team")
    assert ids(script.get("/v1/prices", lookup_keys=["pro", "none"])) == [keyed]
    site = script.post("/v1/products", name="Site", url="https://x.example", shippable=True)["id"]
    assert ids(script.get("/v1/products", url="https://x.example")) == [site]
    assert ids(script.get("/v1/products", shippable=True)) == [site]
    found = script.get("/v1/events", types=["price.created", "product.created"], limit=100)
    assert {event["type"] for event in found["data"]} == {"price.created", "product.created"}
    customer = script.customer("pm_card_visa")
    item = script.post("/v1/invoiceitems", customer=customer, amount=5, currency="usd")["id"]
    assert ids(script.get("/v1/invoiceitems", created={"gte": NOW})) == [item]
    assert ids(script.get("/v1/invoiceitems", created={"gt": NOW})) == []
    session = script.post(
        "/v1/checkout/sessions",
        mode="subscription",
        success_url="https://x.example",
        customer_email="ada@example.com",
        line_items=[{"price": keyed, "quantity": 1}],
    )
    for email, wanted in (("ada@example.com", [session["id"]]), ("bob@example.com", [])):
        assert ids(script.get("/v1/checkout/sessions", customer_details={"email": email})) == wanted


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/v1/customers/search", 'colour:"red"'),
        ("/v1/subscriptions/search", 'customer:"cus_1"'),
        ("/v1/customers/search", 'metadata:"red"'),
        ("/v1/customers/search", 'email["a"]:"red"'),
    ],
)
def test_a_field_that_cannot_be_searched(script: Script, path: str, query: str) -> None:
    """A search by a field that Stripe does not index is refused, not answered with nothing."""
    assert script.refused(400, "GET", path, query=query)["param"] == "query"


def test_searching_payment_intents_and_subscriptions(script: Script) -> None:
    """Status, amounts and metadata are searched together; a minus turns a clause around."""
    sub = script.subscribe(script.customer("pm_card_visa"), script.price(2500), metadata={"team": "red"})
    trial = script.subscribe(script.customer(), script.price(900), trial_period_days=3)
    path = "/v1/subscriptions/search"
    assert ids(script.get(path, query='status:"active" AND metadata["team"]:"red"')) == [sub["id"]]
    assert ids(script.get(path, query='-metadata["team"]:"red"')) == [trial["id"]]
    assert ids(script.get(path, query="metadata['team']:null")) == [trial["id"]]
    found = script.get("/v1/payment_intents/search", query='status:"succeeded" amount>=2500')
    assert [one["amount"] for one in found["data"]] == [2500]


@pytest.mark.parametrize(
    ("metadata", "accepted"),
    [
        ({f"k{n}": "v" for n in range(50)}, True),
        ({f"k{n}": "v" for n in range(51)}, False),
        ({"k" * 40: "v"}, True),
        ({"k" * 41: "v"}, False),
        ({"k": "v" * 500}, True),
        ({"k": "v" * 501}, False),
        ({"k": {"nested": "v"}}, False),
    ],
)
def test_limits_of_metadata(script: Script, metadata: Obj, accepted: bool) -> None:
    """At most 50 keys of 40 characters with texts of 500."""
    answer = script.call("POST", "/v1/products", {"name": "x", "metadata": metadata})
    assert answer.status == (200 if accepted else 400)


def test_metadata_is_merged(script: Script) -> None:
    """An update adds keys, an empty value removes one, and an empty metadata removes all."""
    path = f"/v1/products/{script.product}"
    assert script.post(path, metadata={"a": "1", "b": "2"})["metadata"] == {"a": "1", "b": "2"}
    assert script.post(path, metadata={"a": "", "c": "3"})["metadata"] == {"b": "2", "c": "3"}
    assert script.post(path, metadata="")["metadata"] == {}


def test_at_most_fifty_keys_after_the_merge(script: Script) -> None:
    """Keys that come in two calls count together."""
    path = f"/v1/products/{script.product}"
    script.post(path, metadata={f"a{n}": "v" for n in range(30)})
    assert (
        script.refused(400, "POST", path, metadata={f"b{n}": "v" for n in range(30)})["param"] == "metadata"
    )


def test_four_levels(script: Script) -> None:
    """Expansion goes four levels deep, through lists, and to what is there only when asked for."""
    sub = script.subscribe(script.customer("pm_card_visa"), script.price(2500))
    path = "data.latest_invoice.payments.data"
    page = script.get("/v1/subscriptions", customer=sub["customer"], expand=[path])
    assert page["data"][0]["latest_invoice"]["payments"]["data"][0]["is_default"] is True
    deep = script.get(
        f"/v1/invoices/{sub['latest_invoice']}", expand=["payments.data.payment.payment_intent"]
    )
    assert deep["payments"]["data"][0]["payment"]["payment_intent"]["status"] == "succeeded"
