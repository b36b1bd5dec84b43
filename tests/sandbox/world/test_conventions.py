"""What every route has in common: errors, lists, expansion, search, versions."""

from typing import Any

import pytest

from tests.sandbox.world.script import NEWEST, NOW, Script

OLD = "2024-06-20"
DASHBOARD = "https://dashboard.stripe.com/test/logs/req_1"


def customers(script: Script, count: int) -> list[str]:
    """Create customers without a clock, and return their ids, the newest first."""
    return [script.post("/v1/customers", email=f"c{number}@example.com")["id"] for number in range(count)][
        ::-1
    ]


def ids(page: dict[str, Any]) -> list[str]:
    """Return the ids on a page."""
    return [one["id"] for one in page["data"]]


# errors


def test_an_unknown_route(script: Script) -> None:
    """What Stripe does not have is a 404 in Stripe's words."""
    error = script.refused(404, "GET", "/v1/nonsense")
    assert error["message"].startswith("Unrecognized request URL (GET: /v1/nonsense).")
    assert error["type"] == "invalid_request_error"


def test_an_unknown_object(script: Script) -> None:
    """An unknown id in the path is a 404 resource_missing with all that Stripe adds."""
    assert script.refused(404, "GET", "/v1/subscriptions/sub_nope") == {
        "code": "resource_missing",
        "doc_url": "https://stripe.com/docs/error-codes/resource-missing",
        "message": "No such subscription: 'sub_nope'",
        "param": "id",
        "request_log_url": DASHBOARD,
        "type": "invalid_request_error",
    }


@pytest.mark.parametrize(
    ("path", "params", "code", "param"),
    [
        ("/v1/customers", {"emial": "x"}, "parameter_unknown", "emial"),
        ("/v1/customers", {"address": {"street": "x"}}, "parameter_unknown", "address[street]"),
        ("/v1/subscriptions", {}, "parameter_missing", "customer"),
        (
            "/v1/subscriptions",
            {"customer": "cus_1", "items": [{"prise": "x"}]},
            "parameter_unknown",
            "items[0][prise]",
        ),
        ("/v1/prices", {"currency": "usd", "unit_amount": "x"}, "parameter_invalid_integer", "unit_amount"),
        ("/v1/prices", {"currency": "usd", "unit_amount": -1}, "parameter_invalid_integer", "unit_amount"),
        ("/v1/products", {"name": ""}, "parameter_invalid_empty", "name"),
        ("/v1/products", {"name": "x", "active": "maybe"}, None, "active"),
        ("/v1/products", {"name": "x", "type": "thing"}, None, "type"),
        ("/v1/products", {"name": "x", "metadata": "x"}, None, "metadata"),
        ("/v1/products", {"name": "x", "images": "x"}, None, "images"),
        ("/v1/products", {"name": "x", "metadata": {"k" * 41: "v"}}, None, "metadata"),
        ("/v1/products", {"name": "x", "metadata": {"k": "v" * 501}}, None, "metadata[k]"),
        ("/v1/products", {"name": "x", "metadata": {f"k{i}": "v" for i in range(51)}}, None, "metadata"),
    ],
)
def test_parameters_are_checked(
    script: Script, path: str, params: dict[str, Any], code: str | None, param: str
) -> None:
    """Unknown, missing and malformed parameters are refused with a code and the full name."""
    error = script.refused(400, "POST", path, **params)
    assert (error.get("code"), error["param"]) == (code, param)
    assert error["request_log_url"] == DASHBOARD


# lists


def test_pages_follow_each_other(script: Script) -> None:
    """Newest first, at most limit, with cursors in both directions."""
    newest = customers(script, 5)
    first = script.get("/v1/customers", limit=2)
    assert (ids(first), first["has_more"], first["url"]) == (newest[:2], True, "/v1/customers")
    second = script.get("/v1/customers", limit=2, starting_after=newest[1])
    assert (ids(second), second["has_more"]) == (newest[2:4], True)
    last = script.get("/v1/customers", limit=2, starting_after=newest[3])
    assert (ids(last), last["has_more"]) == (newest[4:], False)
    back = script.get("/v1/customers", limit=2, ending_before=newest[3])
    assert (ids(back), back["has_more"]) == (newest[1:3], True)


def test_a_page_has_ten_entries_unless_told(script: Script) -> None:
    """The default limit is ten; more than a hundred are refused, and so is an unknown cursor."""
    customers(script, 11)
    assert len(script.get("/v1/customers")["data"]) == 10
    assert script.refused(400, "GET", "/v1/customers", limit=101)["param"] == "limit"
    assert script.refused(400, "GET", "/v1/customers", starting_after="cus_nope")["param"] == "starting_after"


def test_lists_leave_out_what_lives_on_clocks(script: Script) -> None:
    """What is on a clock is listed only when asked for by clock or customer."""
    customer = script.customer("pm_card_visa")
    sub = script.subscribe(customer, script.price(2500))
    assert script.get("/v1/customers")["data"] == []
    assert script.get("/v1/subscriptions")["data"] == []
    assert script.get("/v1/invoices")["data"] == []
    assert ids(script.get("/v1/customers", test_clock=script.clock)) == [customer]
    assert ids(script.get("/v1/subscriptions", test_clock=script.clock)) == [sub["id"]]
    assert ids(script.get("/v1/subscriptions", customer=customer)) == [sub["id"]]
    assert ids(script.get("/v1/invoices", customer=customer)) == [sub["latest_invoice"]]


def test_subscriptions_by_status_price_and_period(script: Script) -> None:
    """Filters combine; ended and all are statuses of the list alone."""
    customer, price = script.customer("pm_card_visa"), script.price(2500)
    trial = script.subscribe(customer, price, trial_period_days=9)
    gone = script.subscribe(customer, script.price(100))
    script.delete(f"/v1/subscriptions/{gone['id']}")

    def found(**params: Any) -> list[str]:
        return ids(script.get("/v1/subscriptions", customer=customer, **params))

    assert found() == found(status="trialing") == found(price=price) == [trial["id"]]
    assert found(status="canceled") == found(status="ended") == [gone["id"]]
    assert found(status="all") == [gone["id"], trial["id"]]
    assert found(status="active") == []
    assert found(current_period_end={"lt": trial["trial_end"] + 1}) == [trial["id"]]
    assert found(current_period_end={"lt": trial["trial_end"]}) == []
    assert found(created={"gte": NOW}, current_period_start=NOW) == [trial["id"]]


def test_events_by_type_and_time(script: Script) -> None:
    """Events are listed by type, by several types, by a pattern and by time; one can be sent again."""
    customers(script, 2)
    script.post("/v1/products", name="Other")
    assert len(script.get("/v1/events", type="customer.created")["data"]) == 2
    assert len(script.get("/v1/events", type="customer.*")["data"]) == 2
    assert len(script.get("/v1/events", types=["customer.created", "product.created"])["data"]) == 4
    assert script.get("/v1/events", created={"gt": NOW})["data"] == []
    event = script.get("/v1/events", type="customer.created")["data"][0]
    script.forget()
    assert script.post(f"/v1/events/{event['id']}/retry") == event
    assert script.happened("customer.created").of("customer.created") == event


# expansion


def test_expansion(script: Script) -> None:
    """Dotted paths replace ids by objects, in lists too, four levels deep."""
    customer = script.customer("pm_card_visa")
    sub = script.subscribe(customer, script.price(2500))
    path = f"/v1/subscriptions/{sub['id']}"
    expand = [
        "customer.invoice_settings.default_payment_method",
        "items.data.price.product",
        "latest_invoice.customer",
    ]
    shown = script.get(path, expand=expand)
    assert shown["customer"]["invoice_settings"]["default_payment_method"]["card"]["last4"] == "4242"
    assert shown["items"]["data"][0]["price"]["product"]["name"] == "Pro"
    assert shown["latest_invoice"]["customer"]["id"] == customer
    listed = script.get("/v1/subscriptions", customer=customer, expand=["data.latest_invoice.payments"])
    assert listed["data"][0]["latest_invoice"]["payments"]["data"][0]["status"] == "paid"
    assert "payments" not in script.get(f"/v1/invoices/{sub['latest_invoice']}")


def test_what_cannot_be_expanded(script: Script) -> None:
    """A path that leads nowhere, or too deep, is refused."""
    sub = script.subscribe(script.customer("pm_card_visa"), script.price(2500))
    path = f"/v1/subscriptions/{sub['id']}"
    for nowhere in ("status", "nonsense", "customer.nonsense", "id"):
        assert "cannot be expanded" in script.refused(400, "GET", path, expand=[nowhere])["message"]
    deep = script.refused(400, "GET", "/v1/subscriptions", expand=["data.items.data.price.product"])
    assert "more than 4 levels" in deep["message"]


# search


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('email:"a@example.com"', ["a"]),
        ("metadata['team']:'red'", ["b", "a"]),
        ('metadata["team"]:"red" AND email:"a@example.com"', ["a"]),
        ('email:"a@example.com" OR name:"c"', ["c", "a"]),
        ('phone:"1" -metadata["team"]:"red"', ["c"]),
        ("email:null", ["c"]),
        (f"created>{NOW}", []),
        (f"created<={NOW}", ["c", "b", "a"]),
    ],
)
def test_search(script: Script, query: str, found: list[str]) -> None:
    """Clauses of a search are joined by AND or OR, may be negated, and know substrings and comparisons."""
    for name, team in (("a", "red"), ("b", "red"), ("c", "blue")):
        email = None if name == "c" else f"{name}@example.com"
        script.post("/v1/customers", email=email, name=name, phone="1", metadata={"team": team})
    result = script.get("/v1/customers/search", query=query)
    assert [one["name"] for one in result["data"]] == found
    assert (result["object"], result["next_page"]) == ("search_result", None)


def test_search_has_pages(script: Script) -> None:
    """next_page leads through the matches."""
    customers(script, 3)
    first = script.get("/v1/customers/search", query='email~"example"', limit=2)
    assert first["has_more"]
    second = script.get("/v1/customers/search", query='email~"example"', limit=2, page=first["next_page"])
    assert (len(second["data"]), second["has_more"]) == (1, False)


@pytest.mark.parametrize(
    "query", ["", "email", 'email:"a" AND name:"b" OR name:"c"', 'email:"a" AND', "created>soon"]
)
def test_a_search_that_cannot_be_read(script: Script, query: str) -> None:
    """A query that makes no sense is refused, not guessed."""
    assert script.refused(400, "GET", "/v1/customers/search", query=query)["param"] == "query"


# versions


def in_version(script: Script, path: str, version: str, **params: Any) -> dict[str, Any]:
    """GET something in the shapes of a version."""
    return script.call("GET", path, params, version).body


def test_an_old_subscription(script: Script) -> None:
    """Before basil the period was the subscription's, not its items'."""
    sub = script.subscribe(script.customer("pm_card_visa"), script.price(2500))
    old = in_version(script, f"/v1/subscriptions/{sub['id']}", OLD)
    item = sub["items"]["data"][0]
    assert old["current_period_start"] == item["current_period_start"]
    assert old["current_period_end"] == item["current_period_end"]
    assert "current_period_end" not in old["items"]["data"][0]
    assert "billing_mode" not in old
    assert "current_period_end" not in in_version(
        script, f"/v1/subscriptions/{sub['id']}", "2025-03-31.basil"
    )


def test_an_old_invoice(script: Script) -> None:
    """Before basil an invoice named its subscription, payment intent and charge itself, and said whether it
    is paid.
    """
    sub = script.subscribe(script.customer("pm_card_visa"), script.price(2500), metadata={"a": "b"})
    invoice = script.invoice(sub, expand=["payments"])
    old = in_version(script, f"/v1/invoices/{invoice['id']}", OLD, expand=["payment_intent.latest_charge"])
    assert old["subscription"] == sub["id"]
    assert old["subscription_details"] == {"metadata": {"a": "b"}}
    assert old["payment_intent"]["id"] == invoice["payments"]["data"][0]["payment"]["payment_intent"]
    assert old["payment_intent"]["invoice"] == invoice["id"]
    assert old["charge"] == old["payment_intent"]["latest_charge"]["id"]
    assert old["paid"] is True
    assert "parent" not in old
    line = old["lines"]["data"][0]
    assert (line["type"], line["proration"], line["price"]["unit_amount"]) == ("subscription", False, 2500)
    assert "pricing" not in line
    again = in_version(script, f"/v1/subscriptions/{sub['id']}", OLD, expand=["latest_invoice"])
    assert again["latest_invoice"]["paid"] is True


def test_an_old_event(script: Script) -> None:
    """An event can be read in any version; the object in it has that version's shapes."""
    sub = script.subscribe(script.customer("pm_card_visa"), script.price(2500))
    event = script.get("/v1/events", type="customer.subscription.created")["data"][0]
    old = script.world.event_payload(event["id"], OLD)
    assert (event["api_version"], old["api_version"]) == (NEWEST, OLD)
    assert old["data"]["object"]["current_period_start"] == NOW
    assert "current_period_start" not in event["data"]["object"]
    assert old["data"]["object"]["id"] == sub["id"]


def test_classic_was_the_default(script: Script) -> None:
    """Callers older than clover get classic billing unless they ask for flexible."""
    customer, price = script.customer("pm_card_visa"), script.price(2500)
    params = {"customer": customer, "items": [{"price": price}]}
    old = script.call("POST", "/v1/subscriptions", params, "2025-08-27.basil").body
    assert old["billing_mode"]["type"] == "classic"
    new = script.call("POST", "/v1/subscriptions", params, "2025-09-30.clover").body
    assert new["billing_mode"]["type"] == "flexible"


def test_old_words_for_the_checkout_page(script: Script) -> None:
    """Callers older than dahlia say hosted, and read it."""
    price = script.price(2500)
    params = {
        "mode": "subscription",
        "success_url": "https://x.example",
        "ui_mode": "hosted",
        "line_items": [{"price": price, "quantity": "1"}],
    }
    old = script.call("POST", "/v1/checkout/sessions", params, "2025-09-30.clover").body
    assert old["ui_mode"] == "hosted"
    assert script.get(f"/v1/checkout/sessions/{old['id']}")["ui_mode"] == "hosted_page"
