"""Products and prices."""

from tests.sandbox.world.script import Script


def test_a_price_and_its_product(script: Script) -> None:
    """product_data makes the product along with the price; amounts are told in both ways."""
    price = script.post(
        "/v1/prices",
        currency="USD",
        unit_amount=4900,
        nickname="Pro monthly",
        recurring={"interval": "month", "interval_count": 3},
        product_data={"name": "Pro", "metadata": {"plan": "pro"}},
    )
    script.happened("product.created", "price.created")
    assert (price["type"], price["currency"]) == ("recurring", "usd")
    assert (price["unit_amount"], price["unit_amount_decimal"]) == (4900, "4900")
    assert price["recurring"] == {
        "interval": "month",
        "interval_count": 3,
        "meter": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }
    assert script.get(f"/v1/products/{price['product']}")["metadata"] == {"plan": "pro"}


def test_fractions_of_a_cent(script: Script) -> None:
    """unit_amount_decimal is multiplied before it is rounded, half up."""
    shown = script.post(
        "/v1/prices",
        currency="usd",
        product=script.product,
        recurring={"interval": "month"},
        unit_amount_decimal="0.35",
    )
    price = shown["id"]
    assert (shown["unit_amount"], shown["unit_amount_decimal"]) == (None, "0.35")
    customer = script.customer("pm_card_visa")
    sub = script.post("/v1/subscriptions", customer=customer, items=[{"price": price, "quantity": 1010}])
    assert script.invoice(sub)["total"] == 354


def test_a_lookup_key_belongs_to_one_price(script: Script) -> None:
    """A key in use is refused, unless it is transferred; then the older price loses it."""
    first = script.price(2500, lookup_key="pro_monthly")
    params = {"currency": "usd", "product": script.product, "unit_amount": 2900, "lookup_key": "pro_monthly"}
    assert script.refused(400, "POST", "/v1/prices", **params)["param"] == "lookup_key"
    second = script.post("/v1/prices", **params, transfer_lookup_key=True)["id"]
    moved = script.happened("price.created", "price.updated")
    assert moved.before("price.updated") == {"lookup_key": "pro_monthly"}
    found = script.get("/v1/prices", lookup_keys=["pro_monthly"])["data"]
    assert [price["id"] for price in found] == [second]
    assert script.get(f"/v1/prices/{first}")["lookup_key"] is None


def test_prices_by_product_and_state(script: Script) -> None:
    """Prices are listed by product, type, interval and whether they are for sale."""
    monthly, yearly, once = script.price(1), script.price(2, "year"), script.price(3, recurring=None)
    script.post(f"/v1/prices/{yearly}", active=False)

    def found(**params: object) -> list[str]:
        return [price["id"] for price in script.get("/v1/prices", product=script.product, **params)["data"]]

    assert found() == [once, yearly, monthly]
    assert found(active=True) == [once, monthly]
    assert found(type="one_time") == [once]
    assert found(recurring={"interval": "year"}) == [yearly]


def test_an_archived_price_sells_no_more(script: Script) -> None:
    """New subscriptions and sessions cannot use it; old ones renew at it and show that it is archived."""
    price = script.price(2500)
    sub = script.subscribe(script.customer("pm_card_visa"), price)
    script.post(f"/v1/prices/{price}", active=False, nickname="old")
    assert script.subscription(sub)["items"]["data"][0]["price"]["nickname"] == "old"
    items = [{"price": price}]
    customer = script.customer("pm_card_visa")
    assert (
        script.refused(400, "POST", "/v1/subscriptions", customer=customer, items=items)["code"]
        == "price_inactive"
    )
    script.advance(days=31)
    assert script.invoice(sub)["total"] == 2500


def test_several_currencies(script: Script) -> None:
    """A subscription in another currency pays the price's option for it."""
    options = {"eur": {"unit_amount": 2300}}
    price = script.price(2500, currency_options=options)
    shown = script.get(f"/v1/prices/{price}", expand=["currency_options"])
    assert shown["currency_options"]["eur"]["unit_amount"] == 2300
    assert "currency_options" not in script.get(f"/v1/prices/{price}")
    sub = script.subscribe(script.customer("pm_card_visa"), price, currency="eur")
    invoice = script.invoice(sub)
    assert (sub["currency"], invoice["currency"], invoice["total"]) == ("eur", "eur", 2300)
    assert invoice["lines"]["data"][0]["description"] == "1 × Pro (at €23.00 / month)"
    customer = script.customer("pm_card_visa")
    items = [{"price": price}]
    script.refused(400, "POST", "/v1/subscriptions", customer=customer, items=items, currency="gbp")


def test_a_product_is_described_and_archived(script: Script) -> None:
    """A product with a chosen id can be changed; with prices it cannot be deleted."""
    script.post(
        "/v1/products", id="prod_pro", name="Pro", default_price_data={"currency": "usd", "unit_amount": 5}
    )
    script.happened("product.created", "price.created")
    script.refused(400, "POST", "/v1/products", id="prod_pro", name="Again")
    script.post("/v1/products/prod_pro", name="Pro+", metadata={"plan": "pro"}, active=False)
    changed = script.happened("product.updated").before("product.updated")
    assert changed == {"name": "Pro", "metadata": {"plan": None}, "active": True}
    script.refused(400, "DELETE", "/v1/products/prod_pro")
    script.delete(f"/v1/products/{script.product}")
    script.refused(404, "GET", f"/v1/products/{script.product}")


def test_metadata_is_merged_and_removed(script: Script) -> None:
    """Keys are merged, an empty value removes its key, and an empty text removes all."""
    path = f"/v1/products/{script.product}"
    script.post(path, metadata={"a": "1", "b": "2"})
    assert script.post(path, metadata={"a": "", "c": "3"})["metadata"] == {"b": "2", "c": "3"}
    assert script.post(path, metadata="")["metadata"] == {}
