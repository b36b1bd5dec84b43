"""What prices cost: tiers, packages, exact amounts, currencies."""

from typing import Any

import pytest

from tests.sandbox.world.script import Script
from tiergate_sandbox.world import Settings
from tiergate_sandbox.world.rounding import line_amount

TIERS: list[dict[str, Any]] = [
    {"unit_amount": 500, "up_to": 5},
    {"unit_amount": 400, "up_to": 10},
    {"unit_amount": 300, "up_to": "inf"},
]
TIERED = {"billing_scheme": "tiered", "tiers_mode": "volume"}
MONTHLY = {"interval": "month"}


def tiered(script: Script, mode: str, tiers: list[dict[str, Any]], **params: Any) -> str:
    """Create a tiered price."""
    return str(
        script.post(
            "/v1/prices",
            product=script.product,
            currency="usd",
            recurring=MONTHLY,
            billing_scheme="tiered",
            tiers_mode=mode,
            tiers=tiers,
            **params,
        )["id"]
    )


def cost(script: Script, price: str, quantity: int, **params: Any) -> int:
    """Return the total of a first invoice."""
    sub = script.post(
        "/v1/subscriptions",
        customer=script.customer("pm_card_visa"),
        items=[{"price": price, "quantity": quantity}],
        **params,
    )
    return int(script.invoice(sub)["total"])


@pytest.mark.parametrize(
    ("mode", "quantity", "total"),
    [
        ("graduated", 5, 2500),
        ("graduated", 6, 2900),
        ("graduated", 12, 2500 + 2000 + 600),
        ("volume", 5, 2500),
        ("volume", 6, 2400),
        ("volume", 12, 3600),
    ],
)
def test_tiers(script: Script, mode: str, quantity: int, total: int) -> None:
    """Graduated tiers charge each unit at its tier, volume tiers all units at one."""
    price = tiered(script, mode, TIERS)
    assert cost(script, price, quantity) == total


def test_flat_amounts() -> None:
    """A flat amount comes on top of every tier that is reached, and of the first one in any case."""
    script = Script(Settings(relaxed_clocks=True))
    tiers: list[dict[str, Any]] = [
        {"flat_amount": 1000, "up_to": 3},
        {"flat_amount": 500, "unit_amount": 100, "up_to": "inf"},
    ]
    price = tiered(script, "graduated", tiers)
    assert (cost(script, price, 3), cost(script, price, 5)) == (1000, 1700)
    assert cost(script, price, 0) == 1000
    assert cost(script, tiered(script, "volume", tiers), 5) == 1000


def test_tiers_are_shown_when_asked_for(script: Script) -> None:
    """The tiers are in the answer only when expanded, the last one without an end."""
    price = tiered(script, "graduated", TIERS)
    plain = script.get(f"/v1/prices/{price}")
    assert (plain["billing_scheme"], plain["unit_amount"], "tiers" in plain) == ("tiered", None, False)
    shown = script.get(f"/v1/prices/{price}", expand=["tiers"])["tiers"]
    assert [tier["up_to"] for tier in shown] == [5, 10, None]
    assert shown[0]["unit_amount_decimal"] == "500"


def test_packages(script: Script) -> None:
    """transform_quantity sells whole packages, rounded up or down."""
    for rounding, total in (("up", 3000), ("down", 2000)):
        transform = {"divide_by": 10, "round": rounding}
        assert cost(script, script.price(1000, transform_quantity=transform), 21) == total


def test_exact_amounts(script: Script) -> None:
    """An amount below a cent is multiplied first and rounded then, and written with its decimals."""
    price = script.post(
        "/v1/prices", product=script.product, currency="usd", recurring=MONTHLY, unit_amount_decimal="0.55"
    )
    assert (price["unit_amount"], price["unit_amount_decimal"]) == (None, "0.55")
    items = [{"price": price["id"], "quantity": 999}]
    sub = script.post("/v1/subscriptions", customer=script.customer("pm_card_visa"), items=items)
    invoice = script.invoice(sub)
    assert invoice["total"] == 549
    assert invoice["lines"]["data"][0]["description"] == "999 × Pro (at $0.0055 / month)"


def test_other_currencies(script: Script) -> None:
    """currency_options hold amounts and tiers of their own; a currency that is not among them is refused."""
    plain = script.price(1000, currency_options={"eur": {"unit_amount": 900}})
    assert cost(script, plain, 2, currency="eur") == 1800
    tiers = {"tiers": [{"unit_amount": 100, "up_to": "inf"}]}
    price = tiered(script, "volume", TIERS, currency_options={"eur": tiers})
    assert cost(script, price, 12, currency="eur") == 1200
    shown = script.get(f"/v1/prices/{plain}", expand=["currency_options"])["currency_options"]
    assert {name: one["unit_amount"] for name, one in shown.items()} == {"usd": 1000, "eur": 900}
    order = {"customer": script.customer("pm_card_visa"), "items": [{"price": plain}], "currency": "gbp"}
    script.refused(400, "POST", "/v1/subscriptions", **order)


@pytest.mark.parametrize(
    ("params", "param"),
    [
        (TIERED, "tiers"),
        ({"billing_scheme": "tiered", "tiers": TIERS}, "tiers_mode"),
        ({"tiers_mode": "volume", "tiers": TIERS, "unit_amount": 1}, "tiers_mode"),
        ({**TIERED, "tiers": TIERS[:1]}, "tiers"),
        ({**TIERED, "tiers": TIERS[1::-1]}, "tiers"),
        ({**TIERED, "tiers": [{"up_to": "inf"}]}, "tiers[0]"),
        ({**TIERED, "tiers": TIERS, "unit_amount": 1}, "unit_amount"),
        ({"unit_amount": 1, "unit_amount_decimal": "1"}, "unit_amount"),
        ({"unit_amount_decimal": "-1"}, "unit_amount_decimal"),
        ({"unit_amount_decimal": "NaN"}, "unit_amount_decimal"),
        ({}, "unit_amount"),
    ],
)
def test_prices_that_make_no_sense(script: Script, params: dict[str, Any], param: str) -> None:
    """What does not fit together is refused, and names what is wrong."""
    error = script.refused(400, "POST", "/v1/prices", product=script.product, currency="usd", **params)
    assert error["param"] == param


def test_an_upgrade_within_tiers(script: Script) -> None:
    """A proration counts the tiers of the whole quantity, before and after."""
    price = tiered(script, "graduated", TIERS)
    items = [{"price": price, "quantity": 5}]
    sub = script.post("/v1/subscriptions", customer=script.customer("pm_card_visa"), items=items)
    changed = [{"id": sub["items"]["data"][0]["id"], "quantity": 10}]
    script.post(f"/v1/subscriptions/{sub['id']}", items=changed, proration_behavior="always_invoice")
    assert script.invoice(sub)["total"] == 2000


def test_line_amounts_of_nothing() -> None:
    """Nothing costs nothing without a flat amount."""
    price = {"unit_amount": 100, "unit_amount_decimal": "100", "tiers_mode": None, "transform_quantity": None}
    assert line_amount(price, 0) == 0
