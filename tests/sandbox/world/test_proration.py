"""Changing a subscription inside its period, to the cent."""

from typing import Any

from tests.sandbox.world.script import FINALIZED, HOUR, PAID, REFUSED, Script, at

PERIOD = (at("2026-01-15T10:00:00"), at("2026-02-15T10:00:00"))
CHANGE = at("2026-01-25T10:00:00")
INVOICED = ("invoiceitem.created", "invoiceitem.created", "invoice.created")


def item_of(sub: dict[str, object]) -> str:
    """Return the id of the only item."""
    items = sub["items"]
    assert isinstance(items, dict)
    item: str = items["data"][0]["id"]
    return item


def amounts(invoice: dict[str, object]) -> list[int]:
    """Return the amounts of the lines."""
    lines = invoice["lines"]
    assert isinstance(lines, dict)
    return [line["amount"] for line in lines["data"]]


def test_upgrade_invoiced_at_once(script: Script) -> None:
    """Example A: $25 to $50 with 21 days left gives -1694 and +3387, invoiced and paid in the request."""
    sub = script.subscribe(script.customer("pm_card_visa"), script.price(2500))
    dearer = script.price(5000)
    script.advance_to(CHANGE)
    script.forget()
    changed = script.post(
        f"/v1/subscriptions/{sub['id']}",
        items=[{"id": item_of(sub), "price": dearer}],
        proration_behavior="always_invoice",
        expand=["latest_invoice"],
    )
    invoice = changed["latest_invoice"]
    assert amounts(invoice) == [-1694, 3387]
    assert (invoice["total"], invoice["status"], invoice["billing_reason"]) == (
        1693,
        "paid",
        "subscription_update",
    )
    assert (invoice["period_start"], invoice["period_end"]) == (PERIOD[0], CHANGE)
    happened = script.happened(
        *INVOICED, *FINALIZED, *PAID, "customer.subscription.updated", "customer.updated"
    )
    before = happened.before("customer.subscription.updated")
    assert before.keys() == {"items", "latest_invoice", "plan"}
    assert before["items"]["data"][0]["price"]["unit_amount"] == 2500
    assert happened.of("customer.subscription.updated")["request"] == {
        "id": "req_1",
        "idempotency_key": "key_1",
    }


def test_proration_lines_tell_what_they_are(script: Script) -> None:
    """The credit comes first and points at the line it gives back; neither line has a unit amount."""
    sub = script.subscribe(script.customer("pm_card_visa"), script.price(2500))
    first = script.invoice(sub)
    dearer = script.price(5000)
    script.advance_to(CHANGE)
    item = item_of(sub)
    script.post(
        f"/v1/subscriptions/{sub['id']}",
        items=[{"id": item, "price": dearer}],
        proration_behavior="always_invoice",
    )
    credit, debit = script.invoice(sub)["lines"]["data"]
    assert credit["description"] == "Unused time on Pro after 25 Jan 2026"
    assert debit["description"] == "Remaining time on Pro after 25 Jan 2026"
    for line in (credit, debit):
        assert line["parent"]["type"] == "subscription_item_details"
        assert line["parent"]["subscription_item_details"]["proration"] is True
        assert line["parent"]["subscription_item_details"]["subscription_item"] == item
        assert line["pricing"]["unit_amount_decimal"] is None
        assert line["discountable"] is False
        assert line["period"] == {"start": CHANGE, "end": PERIOD[1]}
    credited = credit["parent"]["subscription_item_details"]["proration_details"]["credited_items"]
    assert credited == {"invoice": first["id"], "invoice_line_items": [first["lines"]["data"][0]["id"]]}
    assert debit["parent"]["subscription_item_details"]["proration_details"]["credited_items"] is None


def test_a_second_change_gives_the_first_one_back(script: Script) -> None:
    """The credit of a later change points at the line of the earlier change, and is a share of its amount."""
    sub = script.subscribe(script.customer("pm_card_visa"), script.price(2500))
    dearer, dearest = script.price(5000), script.price(10000)
    for price, day in ((dearer, "2026-01-25"), (dearest, "2026-02-05")):
        script.advance_to(at(f"{day}T10:00:00"))
        script.post(
            f"/v1/subscriptions/{sub['id']}",
            items=[{"id": item_of(sub), "price": price}],
            proration_behavior="always_invoice",
        )
    second, first, _ = script.get("/v1/invoices", subscription=sub["id"])["data"]
    assert amounts(second) == [-1613, 3226]
    details = second["lines"]["data"][0]["parent"]["subscription_item_details"]["proration_details"]
    assert details["credited_items"] == {
        "invoice": first["id"],
        "invoice_line_items": [first["lines"]["data"][1]["id"]],
    }


def test_quantity_inside_the_period(script: Script) -> None:
    """Example B: three seats to five at $10 gives -2296 and +3827; the next renewal is 5000."""
    customer = script.customer("pm_card_visa")
    price = script.price(1000)
    sub = script.post("/v1/subscriptions", customer=customer, items=[{"price": price, "quantity": 3}])
    script.advance_to(at("2026-01-22T16:30:15"))
    script.post(
        f"/v1/subscriptions/{sub['id']}",
        items=[{"id": item_of(sub), "quantity": 5}],
        proration_behavior="always_invoice",
    )
    invoice = script.invoice(sub)
    assert (amounts(invoice), invoice["total"]) == ([-2296, 3827], 1531)
    assert invoice["lines"]["data"][0]["description"].startswith("Unused time on 3 × Pro")
    script.advance_to(PERIOD[1])
    assert script.invoice(sub)["total"] == 5000


def test_prorations_wait_for_the_next_invoice() -> None:
    """Example C: exactly mid-January from 50 to 100, the invoice of 1 February is 12500."""
    script = Script(now=at("2026-01-01T00:00:00"))
    sub = script.subscribe(script.customer("pm_card_visa"), script.price(5000, currency="eur"))
    dearer = script.price(10000, currency="eur")
    script.advance_to(at("2026-01-16T12:00:00"))
    script.forget()
    script.post(f"/v1/subscriptions/{sub['id']}", items=[{"id": item_of(sub), "price": dearer}])
    happened = script.happened("invoiceitem.created", "invoiceitem.created", "customer.subscription.updated")
    assert happened.before("customer.subscription.updated").keys() == {"items", "plan"}
    pending = script.get("/v1/invoiceitems", customer=sub["customer"], pending=True)["data"]
    assert sorted(item["amount"] for item in pending) == [-2500, 5000]
    script.advance_to(at("2026-02-01T00:00:00"))
    invoice = script.invoice(sub)
    assert (amounts(invoice), invoice["total"]) == ([-2500, 5000, 10000], 12500)
    assert script.get("/v1/invoiceitems", customer=sub["customer"], pending=True)["data"] == []


def test_month_to_year_keeps_the_anchor(script: Script) -> None:
    """Example D, flexible: -1694 and +24315 now, and the item's year begins at the old anchor."""
    sub = script.subscribe(script.customer("pm_card_visa"), script.price(2500))
    yearly = script.price(25000, "year")
    script.advance_to(CHANGE)
    changed = script.post(
        f"/v1/subscriptions/{sub['id']}",
        items=[{"id": item_of(sub), "price": yearly}],
        proration_behavior="always_invoice",
    )
    invoice = script.invoice(sub)
    assert (amounts(invoice), invoice["total"]) == ([-1694, 24315], 22621)
    item = changed["items"]["data"][0]
    assert changed["billing_cycle_anchor"] == item["current_period_start"] == PERIOD[0]
    assert item["current_period_end"] == at("2027-01-15T10:00:00")


def test_month_to_year_in_classic_begins_anew(script: Script) -> None:
    """Example D, classic: -1694 and the whole 25000 now, and the year begins at the change."""
    sub = script.subscribe(
        script.customer("pm_card_visa"), script.price(2500), billing_mode={"type": "classic"}
    )
    yearly = script.price(25000, "year")
    script.advance_to(CHANGE)
    changed = script.post(f"/v1/subscriptions/{sub['id']}", items=[{"id": item_of(sub), "price": yearly}])
    invoice = script.invoice(sub)
    assert (amounts(invoice), invoice["total"]) == ([-1694, 25000], 23306)
    assert changed["billing_cycle_anchor"] == changed["items"]["data"][0]["current_period_start"] == CHANGE
    assert changed["items"]["data"][0]["current_period_end"] == at("2027-01-25T10:00:00")


def test_an_anchor_moved_to_now(script: Script) -> None:
    """billing_cycle_anchor[type]=now: the credit is a proration, the new period an ordinary line."""
    sub = script.subscribe(script.customer("pm_card_visa"), script.price(2500))
    yearly = script.price(25000, "year")
    script.advance_to(CHANGE)
    changed = script.post(
        f"/v1/subscriptions/{sub['id']}",
        items=[{"id": item_of(sub), "price": yearly}],
        billing_cycle_anchor={"type": "now"},
        proration_behavior="always_invoice",
    )
    assert changed["billing_cycle_anchor"] == CHANGE
    credit, whole = script.invoice(sub)["lines"]["data"]
    assert credit["parent"]["subscription_item_details"]["proration"] is True
    assert whole["parent"]["subscription_item_details"]["proration"] is False
    assert whole["pricing"]["unit_amount_decimal"] == "25000"
    assert whole["description"] == "1 × Pro (at $250.00 / year)"


def test_year_to_month_keeps_the_anchor(script: Script) -> None:
    """Example E: $250 a year to $25 a month on 25 July gives -11918 and +1694, until 15 August."""
    sub = script.subscribe(script.customer("pm_card_visa"), script.price(25000, "year"))
    monthly = script.price(2500)
    script.advance_to(at("2026-07-25T10:00:00"))
    changed = script.post(
        f"/v1/subscriptions/{sub['id']}",
        items=[{"id": item_of(sub), "price": monthly}],
        proration_behavior="always_invoice",
    )
    assert amounts(script.invoice(sub)) == [-11918, 1694]
    item = changed["items"]["data"][0]
    assert (item["current_period_start"], item["current_period_end"]) == (
        at("2026-07-15T10:00:00"),
        at("2026-08-15T10:00:00"),
    )


def there_and_back(script: Script, mode: str) -> int:
    """Go from 10 to 20 without proration, later back to 10 with it, and return the total of that invoice."""
    cheap, dear = script.price(1000), script.price(2000)
    customer = script.customer("pm_card_visa")
    sub = script.subscribe(customer, cheap, billing_mode={"type": mode})
    script.advance_to(at("2026-04-11T00:00:00"))
    script.post(
        f"/v1/subscriptions/{sub['id']}",
        items=[{"id": item_of(sub), "price": dear}],
        proration_behavior="none",
    )
    script.advance_to(at("2026-04-21T00:00:00"))
    script.post(
        f"/v1/subscriptions/{sub['id']}",
        items=[{"id": item_of(sub), "price": cheap}],
        proration_behavior="always_invoice",
    )
    total: int = script.invoice(sub)["total"]
    return total


def test_only_what_was_charged_is_given_back() -> None:
    """Example F: classic gives back the current price, flexible only what was really charged."""
    assert there_and_back(Script(now=at("2026-04-01T00:00:00")), "classic") == -334
    assert there_and_back(Script(now=at("2026-04-01T00:00:00")), "flexible") == 0


def test_a_downgrade_becomes_credit(script: Script) -> None:
    """A negative invoice is paid with nothing due, and the rest goes to the customer's balance."""
    sub = script.subscribe(script.customer("pm_card_visa"), script.price(5000))
    cheaper = script.price(2500)
    script.advance_to(CHANGE)
    script.post(
        f"/v1/subscriptions/{sub['id']}",
        items=[{"id": item_of(sub), "price": cheaper}],
        proration_behavior="always_invoice",
    )
    invoice = script.invoice(sub)
    assert (invoice["total"], invoice["amount_due"], invoice["status"]) == (-1693, 0, "paid")
    assert (invoice["starting_balance"], invoice["ending_balance"]) == (0, -1693)
    assert script.get(f"/v1/customers/{sub['customer']}")["balance"] == -1693
    script.advance_to(PERIOD[1] + HOUR)
    renewal = script.invoice(sub)
    assert (renewal["total"], renewal["amount_paid"], renewal["ending_balance"]) == (2500, 807, 0)


def test_without_proration_only_the_price_changes(script: Script) -> None:
    """proration_behavior=none: one updated event now, the new price from the next period on."""
    sub = script.subscribe(script.customer("pm_card_visa"), script.price(2500))
    dearer = script.price(5000)
    script.advance_to(CHANGE)
    script.forget()
    script.post(
        f"/v1/subscriptions/{sub['id']}",
        items=[{"id": item_of(sub), "price": dearer}],
        proration_behavior="none",
    )
    script.happened("customer.subscription.updated")
    script.advance_to(PERIOD[1])
    assert script.invoice(sub)["total"] == 5000


def test_a_refused_upgrade(script: Script) -> None:
    """By default a refused upgrade is answered with 200 and leaves the subscription past due."""
    customer = script.customer("pm_card_visa")
    sub = script.subscribe(customer, script.price(2500))
    dearer = script.price(5000)
    bad = script.post("/v1/payment_methods/pm_card_chargeCustomerFail/attach", customer=customer)["id"]
    script.post(f"/v1/customers/{customer}", invoice_settings={"default_payment_method": bad})
    script.advance_to(CHANGE)
    script.forget()
    change = {"items": [{"id": item_of(sub), "price": dearer}], "proration_behavior": "always_invoice"}
    error = script.refused(
        402, "POST", f"/v1/subscriptions/{sub['id']}", payment_behavior="error_if_incomplete", **change
    )
    assert error["code"] == "card_declined"
    script.happened()
    assert script.subscription(sub)["items"]["data"][0]["price"]["unit_amount"] == 2500
    changed = script.post(f"/v1/subscriptions/{sub['id']}", **change)
    assert changed["status"] == "past_due"
    happened = script.happened(
        *INVOICED, *FINALIZED, *REFUSED, "customer.subscription.updated", "customer.updated"
    )
    assert happened.before("customer.subscription.updated")["status"] == "active"


def test_changing_the_plan_in_a_trial_costs_nothing(script: Script) -> None:
    """In a trial the price changes without credits or charges."""
    sub = script.subscribe(script.customer(), script.price(2500), trial_period_days=14)
    dearer = script.price(5000)
    script.forget()
    changed = script.post(
        f"/v1/subscriptions/{sub['id']}",
        items=[{"id": item_of(sub), "price": dearer}],
        proration_behavior="always_invoice",
    )
    assert changed["latest_invoice"] == sub["latest_invoice"]
    script.happened("customer.subscription.updated")


def test_items_come_and_go(script: Script) -> None:
    """An added item is charged for the rest of the period, a removed one is given back."""
    sub = script.subscribe(script.customer("pm_card_visa"), script.price(3100))
    extra = script.price(6200, nickname="extra")
    script.advance_to(CHANGE)
    script.forget()
    added = script.post("/v1/subscription_items", subscription=sub["id"], price=extra)
    happened = script.happened("invoiceitem.created", "customer.subscription.updated")
    assert happened.object_of("invoiceitem.created")["amount"] == 4200
    assert script.subscription(sub)["items"]["total_count"] == 2
    assert script.subscription(sub)["plan"] is None
    gone = script.delete(f"/v1/subscription_items/{added['id']}")
    assert gone == {"id": added["id"], "object": "subscription_item", "deleted": True}
    happened = script.happened("invoiceitem.created", "customer.subscription.updated")
    assert happened.object_of("invoiceitem.created")["amount"] == -4200
    script.refused(
        400, "POST", f"/v1/subscriptions/{sub['id']}", items=[{"id": item_of(sub), "deleted": True}]
    )


def test_a_preview_costs_and_keeps_nothing(script: Script) -> None:
    """create_preview shows to the cent what an update with the same proration_date then charges."""
    sub = script.subscribe(script.customer("pm_card_visa"), script.price(2500))
    dearer = script.price(5000)
    script.advance_to(CHANGE)
    script.forget()
    image = script.world.dump()
    details = {
        "items": [{"id": item_of(sub), "price": dearer}],
        "proration_behavior": "always_invoice",
        "proration_date": CHANGE,
    }
    preview = script.post("/v1/invoices/create_preview", subscription=sub["id"], subscription_details=details)
    assert preview["id"].startswith("upcoming_in_")
    assert (amounts(preview), preview["total"], preview["amount_due"]) == ([-1694, 3387], 1693, 1693)
    assert (preview["status"], preview["number"]) == ("draft", None)
    assert script.world.dump() == image
    details["proration_behavior"] = "create_prorations"
    later = script.post("/v1/invoices/create_preview", subscription=sub["id"], subscription_details=details)
    assert (amounts(later), later["total"]) == ([-1694, 3387, 5000], 6693)
    renewal = script.post("/v1/invoices/create_preview", subscription=sub["id"])
    assert amounts(renewal) == [2500]
    script.happened()


def test_a_preview_for_a_new_subscription(script: Script) -> None:
    """Without a subscription the preview shows the first invoice of a new one."""
    customer, price = script.customer(), script.price(2500)
    details: dict[str, Any] = {"items": [{"price": price, "quantity": 2}]}
    preview = script.post("/v1/invoices/create_preview", customer=customer, subscription_details=details)
    assert amounts(preview) == [5000]
    details["trial_end"] = at("2026-02-01T00:00:00")
    assert (
        script.post("/v1/invoices/create_preview", customer=customer, subscription_details=details)["total"]
        == 0
    )


def test_months_are_counted_from_the_anchor() -> None:
    """From 31 January: 28 February, 31 March, 30 April; no drift."""
    script = Script(now=at("2026-01-31T08:00:00"))
    sub = script.subscribe(script.customer("pm_card_visa"), script.price(2500))
    for end in ("2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"):
        boundary = at(f"{end}T08:00:00")
        assert script.subscription(sub)["items"]["data"][0]["current_period_end"] == boundary
        script.advance_to(boundary)


def test_a_future_anchor_makes_a_partial_first_period(script: Script) -> None:
    """billing_cycle_anchor on create: a share of the price until then, or nothing with
    proration_behavior=none.
    """
    price, anchor = script.price(3100), at("2026-02-01T10:00:00")
    sub = script.subscribe(script.customer("pm_card_visa"), price, billing_cycle_anchor=anchor)
    assert script.invoice(sub)["total"] == 1700
    assert sub["items"]["data"][0]["current_period_end"] == anchor
    free = script.subscribe(
        script.customer("pm_card_visa"), price, billing_cycle_anchor=anchor, proration_behavior="none"
    )
    assert script.invoice(free)["total"] == 0
    script.advance_to(anchor)
    assert script.invoice(sub)["total"] == script.invoice(free)["total"] == 3100
