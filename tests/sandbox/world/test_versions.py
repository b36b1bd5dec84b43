"""What changed between API versions, both ways: which parameters a version takes, and which shapes it gets.

Each table is one of https://docs.stripe.com/changelog/basil, /clover, /dahlia and /endive.
"""

from typing import Any

import pytest

from tests.sandbox.world.script import NEWEST, Script
from tiergate_sandbox.world.api_version import is_api_version

Obj = dict[str, Any]

OLD = "2024-06-20"
BASIL = "2025-03-31.basil"
CLOVER = "2025-09-30.clover"
DAHLIA = "2026-06-24.dahlia"

SUBSCRIPTION_MOVED = ("current_period_start", "current_period_end", "discount")
INVOICE_MOVED = ("subscription", "payment_intent", "charge", "paid", "paid_out_of_band", "quote", "tax",
                 "total_tax_amounts", "discount", "subscription_details")  # fmt: skip
LINE_MOVED = ("price", "plan", "type", "proration", "proration_details", "tax_amounts", "tax_rates")
INVOICE_ITEM_MOVED = ("price", "plan", "unit_amount", "unit_amount_decimal")


def read(script: Script, path: str, version: str, **params: Any) -> Obj:
    """GET something in the shapes of a version."""
    answer = script.call("GET", path, params, version)
    assert answer.status == 200, answer.body
    return answer.body


def subscribed(script: Script) -> Obj:
    """Return a paid subscription."""
    return script.subscribe(script.customer("pm_card_visa"), script.price(2500), metadata={"a": "b"})


@pytest.mark.parametrize(
    ("named", "known"),
    [
        ("2020-08-27", True),
        ("2024-06-20", True),
        ("2024-12-18.acacia", True),
        ("2025-03-31.basil", True),
        ("2026-10-28.endive", True),
        ("2027-03-31.fennel", True),
        ("2025-03-31", False),
        ("2025-03-31.clover", False),
        ("2024-06-20.acacia", False),
        ("2026-13-01.endive", False),
        ("1999-01-01", False),
        ("2026-10-28.endive; DROP", False),
        ("latest", False),
        ("", False),
    ],
)
def test_known_versions(named: str, known: bool) -> None:
    """A version is a date with the name of the release it belongs to; before acacia it has no name."""
    assert is_api_version(named) is known


@pytest.mark.parametrize(
    ("version", "like"),
    [("2020-08-27", OLD), ("2024-12-18.acacia", OLD), ("2025-05-28.basil", BASIL), ("2027-03-31.x", NEWEST)],
)
def test_any_other_version_gets_the_nearest_earlier_one(script: Script, version: str, like: str) -> None:
    """Versions without a change of their own have the shapes of the one before them."""
    path = f"/v1/subscriptions/{subscribed(script)['id']}"
    assert read(script, path, version) == read(script, path, like)


@pytest.mark.parametrize("version", [OLD, BASIL, CLOVER, DAHLIA, NEWEST])
def test_a_subscription(script: Script, version: str) -> None:
    """The period is the subscription's before basil and its items' since."""
    shown = read(script, f"/v1/subscriptions/{subscribed(script)['id']}", version)
    item = shown["items"]["data"][0]
    old = version == OLD
    assert [name in shown for name in SUBSCRIPTION_MOVED] == [old] * len(SUBSCRIPTION_MOVED)
    assert ("current_period_end" in item, "current_period_start" in item) == (not old, not old)


@pytest.mark.parametrize("version", [OLD, BASIL, CLOVER, DAHLIA, NEWEST])
def test_an_invoice(script: Script, version: str) -> None:
    """Since basil an invoice has a parent, payments and total_taxes; its lines have a parent and pricing."""
    shown = read(script, f"/v1/invoices/{subscribed(script)['latest_invoice']}", version)
    old = version == OLD
    assert {name in shown for name in INVOICE_MOVED} == {old}
    assert {name in shown for name in ("parent", "total_taxes")} == {not old}
    line = shown["lines"]["data"][0]
    assert {name in line for name in LINE_MOVED} == {old}
    assert {name in line for name in ("parent", "pricing", "taxes")} == {not old}


def test_an_old_line_tells_its_plan(script: Script) -> None:
    """Before basil a line held its price and its plan whole."""
    shown = read(script, f"/v1/invoices/{subscribed(script)['latest_invoice']}", OLD)
    line = shown["lines"]["data"][0]
    assert (line["price"]["object"], line["plan"]["object"], line["plan"]["amount"]) == (
        "price",
        "plan",
        2500,
    )
    assert line["plan"]["id"] == line["price"]["id"]


@pytest.mark.parametrize("version", [OLD, BASIL, NEWEST])
def test_an_invoice_item(script: Script, version: str) -> None:
    """Before basil an invoice item named its price and its subscription itself."""
    sub = subscribed(script)
    params = {"customer": sub["customer"], "subscription": sub["id"], "amount": 700, "currency": "usd"}
    created = script.post("/v1/invoiceitems", **params)
    shown = read(script, f"/v1/invoiceitems/{created['id']}", version)
    old = version == OLD
    assert {name in shown for name in INVOICE_ITEM_MOVED} == {old}
    assert {name in shown for name in ("parent", "pricing")} == {not old}
    if old:
        assert (shown["subscription"], shown["unit_amount"]) == (sub["id"], 700)


@pytest.mark.parametrize("version", [OLD, BASIL, NEWEST])
def test_what_was_paid_for(script: Script, version: str) -> None:
    """Before basil payment intents and charges named their invoice; since, invoice payments tell it."""
    sub = subscribed(script)
    for path in ("payment_intents", "charges"):
        shown = read(script, f"/v1/{path}", version)["data"][0]
        assert shown.get("invoice") == (sub["latest_invoice"] if version == OLD else None)
    intent = script.get("/v1/payment_intents")["data"][0]["id"]
    asked = {"payment": {"type": "payment_intent", "payment_intent": intent}}
    (payment,) = script.get("/v1/invoice_payments", **asked)["data"]
    assert payment["invoice"] == sub["latest_invoice"]


def test_the_client_secret(script: Script) -> None:
    """Before basil it was the payment intent's, since it is the invoice's confirmation secret."""
    customer, price = script.customer("pm_card_visa"), script.price(2500)
    sub = script.subscribe(customer, price, payment_behavior="default_incomplete")
    path = f"/v1/subscriptions/{sub['id']}"
    old = read(script, path, OLD, expand=["latest_invoice.payment_intent"])["latest_invoice"]
    new = read(script, path, NEWEST, expand=["latest_invoice.confirmation_secret"])["latest_invoice"]
    assert old["payment_intent"]["client_secret"] == new["confirmation_secret"]["client_secret"]
    too_new = script.call("GET", path, {"expand": ["latest_invoice.payment_intent"]}, NEWEST)
    assert (too_new.status, too_new.body["error"]["param"]) == (400, "expand")


def test_previous_attributes_are_in_the_version_too(script: Script) -> None:
    """What changed at a renewal is the subscription's period before basil, and its items' since."""
    sub = subscribed(script)
    start = sub["items"]["data"][0]["current_period_start"]
    script.forget()
    script.advance(days=32)
    (event,) = [one for one in script.payloads if one["type"] == "customer.subscription.updated"]
    assert sorted(event["data"]["previous_attributes"]) == ["items", "latest_invoice"]
    old = script.world.event_payload(event["id"], OLD)["data"]["previous_attributes"]
    assert sorted(old) == ["current_period_end", "current_period_start", "latest_invoice"]
    assert old["current_period_start"] == start


PARAMETERS: list[tuple[str, dict[str, Any], str, str, str]] = [
    ("/v1/setup_intents", {"payment_method_types": ["card"]}, "payment_method_types", "", NEWEST),
    ("/v1/payment_intents", {"payment_method_types": ["card"]}, "payment_method_types", "", NEWEST),
    ("/v1/checkout/sessions", {"payment_method_types": ["card"]}, "payment_method_types", "", NEWEST),
    ("/v1/subscriptions", {"billing_mode": {"type": "classic"}}, "billing_mode", "2025-06-30.basil", ""),
    ("/v1/checkout/sessions", {"ui_mode": "hosted_page"}, "ui_mode", DAHLIA, ""),
    ("/v1/checkout/sessions", {"ui_mode": "hosted"}, "ui_mode", "", DAHLIA),
]
"""Route, parameter, the name in the error, and the versions from which and before which it is taken."""


@pytest.mark.parametrize("version", [OLD, BASIL, CLOVER, DAHLIA, NEWEST])
@pytest.mark.parametrize(("path", "params", "name", "since", "until"), PARAMETERS)
def test_a_parameter(
    script: Script, path: str, params: Obj, name: str, since: str, until: str, version: str
) -> None:
    """A version takes the parameters it has; those that came later or went before are refused."""
    body = required(script, path) | params
    answer = script.call("POST", path, body, version)
    if version >= since and (not until or version < until):
        assert answer.status == 200, answer.body
    else:
        assert (answer.status, answer.body["error"]["param"]) == (400, name), answer.body


def required(script: Script, path: str) -> Obj:
    """Return what a route cannot do without."""
    if path == "/v1/payment_intents":
        return {"amount": "100", "currency": "usd"}
    if path == "/v1/subscriptions":
        return {"customer": script.customer("pm_card_visa"), "items": [{"price": script.price(2500)}]}
    if path == "/v1/checkout/sessions":
        lines = [{"price": script.price(2500), "quantity": "1"}]
        return {"mode": "subscription", "success_url": "https://x.example", "line_items": lines}
    return {}


@pytest.mark.parametrize("version", [OLD, BASIL, CLOVER, DAHLIA, NEWEST])
def test_resetting_the_anchor(script: Script, version: str) -> None:
    """An update says ``now`` as a word before endive, and as a hash since."""
    path = f"/v1/subscriptions/{subscribed(script)['id']}"
    word = script.call("POST", path, {"billing_cycle_anchor": "now"}, version)
    hashed = script.call("POST", path, {"billing_cycle_anchor": {"type": "now"}}, version)
    assert (word.status, hashed.status) == ((400, 200) if version == NEWEST else (200, 400))


def test_a_code_of_its_own(script: Script) -> None:
    """The error for payment method types names what has become of them."""
    error = script.refused(400, "POST", "/v1/setup_intents", payment_method_types=["card"])
    assert error["code"] == "payment_method_types_no_longer_supported"
