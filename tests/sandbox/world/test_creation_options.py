"""Less common ways to create and to edit a subscription."""

import pytest

from tests.sandbox.world.script import DAY, NOW, Obj, Script, at

ANCHOR = at("2026-02-01T00:00:00")


def lines_of(invoice: Obj) -> list[int]:
    """Return the amounts of the lines."""
    return [line["amount"] for line in invoice["lines"]["data"]]


def test_a_backdated_start(script: Script) -> None:
    """backdate_start_date: the first invoice also charges the time since then, in shares of whole periods."""
    since = at("2025-12-10T10:00:00")
    sub = script.subscribe(script.customer("pm_card_visa"), script.price(3100), backdate_start_date=since)
    assert (sub["start_date"], sub["created"], sub["billing_cycle_anchor"]) == (since, NOW, NOW)
    past, present = script.invoice(sub)["lines"]["data"]
    assert past["amount"] == 3100 + round(3100 * 5 / 30)
    assert past["period"] == {"start": since, "end": NOW}
    assert (present["amount"], present["period"]["start"]) == (3100, NOW)


def test_a_backdated_start_for_free(script: Script) -> None:
    """With proration_behavior=none only the start date is older."""
    since = NOW - 20 * DAY
    sub = script.subscribe(
        script.customer("pm_card_visa"),
        script.price(3100),
        backdate_start_date=since,
        proration_behavior="none",
    )
    assert (sub["start_date"], lines_of(script.invoice(sub))) == (since, [3100])
    script.refused(
        400,
        "POST",
        "/v1/subscriptions",
        customer=sub["customer"],
        items=[{"price": sub["items"]["data"][0]["price"]["id"]}],
        backdate_start_date=NOW + 1,
    )


@pytest.mark.parametrize(
    ("config", "anchor"),
    [
        ({"day_of_month": 1, "hour": 0, "minute": 0, "second": 0}, "2026-02-01T00:00:00"),
        ({"day_of_month": 15}, "2026-02-15T10:00:00"),
        ({"day_of_month": 15, "hour": 11}, "2026-01-15T11:00:00"),
        ({"day_of_month": 31}, "2026-01-31T10:00:00"),
    ],
)
def test_the_anchor_as_a_day_of_the_month(script: Script, config: Obj, anchor: str) -> None:
    """billing_cycle_anchor_config means its next occurrence; the first period is partial."""
    sub = script.subscribe(
        script.customer("pm_card_visa"), script.price(3100), billing_cycle_anchor_config=config
    )
    assert sub["billing_cycle_anchor"] == sub["items"]["data"][0]["current_period_end"] == at(anchor)
    empty = dict.fromkeys(("hour", "minute", "month", "second"))
    assert sub["billing_cycle_anchor_config"] == {**empty, **config}


def test_the_anchor_of_a_year(script: Script) -> None:
    """With a month the anchor of a yearly price is that day of that month."""
    sub = script.subscribe(
        script.customer("pm_card_visa"),
        script.price(36500, "year"),
        billing_cycle_anchor_config={"day_of_month": 1, "month": 7, "hour": 10, "minute": 0, "second": 0},
    )
    assert sub["billing_cycle_anchor"] == at("2026-07-01T10:00:00")
    assert script.invoice(sub)["total"] == 167 * 100
    error = script.refused(
        400,
        "POST",
        "/v1/subscriptions",
        customer=sub["customer"],
        items=[{"price": sub["items"]["data"][0]["price"]["id"]}],
        billing_cycle_anchor=ANCHOR,
        billing_cycle_anchor_config={"day_of_month": 1},
    )
    assert error["param"] == "billing_cycle_anchor_config"


def test_something_bought_once_with_an_update(script: Script) -> None:
    """add_invoice_items on update rides on the invoice of the change, or waits for the next one."""
    sub = script.subscribe(script.customer("pm_card_visa"), script.price(3100))
    once = script.post("/v1/prices", currency="usd", unit_amount=700, product=script.product)["id"]
    script.forget()
    script.post(f"/v1/subscriptions/{sub['id']}", add_invoice_items=[{"price": once}])
    script.happened("invoiceitem.created")
    script.advance_to(at("2026-02-15T10:00:00"))
    assert lines_of(script.invoice(sub)) == [700, 3100]
    item = sub["items"]["data"][0]["id"]
    script.post(
        f"/v1/subscriptions/{sub['id']}",
        items=[{"id": item, "quantity": 2}],
        add_invoice_items=[{"price": once, "quantity": 3}],
        proration_behavior="always_invoice",
    )
    assert lines_of(script.invoice(sub)) == [2100, -3100, 6200]


def test_a_trial_from_the_price(script: Script) -> None:
    """trial_from_plan takes the price's own days, on create and on update."""
    price = script.price(3100, recurring={"interval": "month", "trial_period_days": 9})
    sub = script.subscribe(script.customer("pm_card_visa"), price, trial_from_plan=True)
    assert (sub["status"], sub["trial_end"]) == ("trialing", NOW + 9 * DAY)
    other = script.subscribe(script.customer("pm_card_visa"), script.price(1000))
    item = other["items"]["data"][0]["id"]
    changed = script.post(
        f"/v1/subscriptions/{other['id']}", items=[{"id": item, "price": price}], trial_from_plan=True
    )
    assert (changed["status"], changed["trial_end"]) == ("trialing", NOW + 9 * DAY)
    error = script.refused(
        400, "POST", f"/v1/subscriptions/{sub['id']}", trial_from_plan=True, trial_end=NOW + DAY
    )
    assert error["param"] == "trial_from_plan"


def test_a_trial_made_longer_and_shorter(script: Script) -> None:
    """trial_end moves the anchor; an end within three days is announced at once; two years at most."""
    sub = script.subscribe(script.customer("pm_card_visa"), script.price(3100), trial_period_days=10)
    script.forget()
    longer = script.post(f"/v1/subscriptions/{sub['id']}", trial_end=NOW + 20 * DAY)
    assert longer["trial_end"] == longer["billing_cycle_anchor"] == NOW + 20 * DAY
    script.happened("customer.subscription.updated")
    script.post(f"/v1/subscriptions/{sub['id']}", trial_end=NOW + 2 * DAY)
    script.happened("customer.subscription.trial_will_end", "customer.subscription.updated")
    script.refused(400, "POST", f"/v1/subscriptions/{sub['id']}", trial_end=NOW + 731 * DAY)
    script.advance_to(NOW + 2 * DAY)
    assert script.subscription(sub)["status"] == "active"


def test_incomplete_takes_few_edits(script: Script) -> None:
    """Before its first payment a subscription takes metadata and a payment method, nothing else."""
    sub = script.subscribe(
        script.customer("pm_card_visa"), script.price(3100), payment_behavior="default_incomplete"
    )
    path = f"/v1/subscriptions/{sub['id']}"
    assert script.post(path, metadata={"a": "b"})["metadata"] == {"a": "b"}
    for params in (
        {"items": [{"id": sub["items"]["data"][0]["id"], "quantity": 2}]},
        {"cancel_at_period_end": True},
        {"description": "x"},
    ):
        error = script.refused(400, "POST", path, **params)
        assert error["param"] == next(iter(params))


def test_five_hundred_subscriptions_at_most(script: Script) -> None:
    """The 501st current subscription of one customer is refused."""
    customer = script.post("/v1/customers")["id"]
    price = script.price(0)
    for _ in range(500):
        script.subscribe(customer, price)
    error = script.refused(400, "POST", "/v1/subscriptions", customer=customer, items=[{"price": price}])
    assert "500" in error["message"]
