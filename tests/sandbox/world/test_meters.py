"""Billing meters, what is reported to them, and what it costs at the end of a period."""

from typing import Any

import pytest

from tests.sandbox.world.conformance import faults_of
from tests.sandbox.world.script import DAY, HOUR, NOW, Script, at

Obj = dict[str, Any]

EVENTS = "/v1/billing/meter_events"
RENEWAL = at("2026-02-15T10:00:00")


def meter(script: Script, formula: str = "sum", name: str = "requests") -> Obj:
    """Create a meter."""
    return script.post(
        "/v1/billing/meters",
        display_name="Requests",
        event_name=name,
        default_aggregation={"formula": formula},
    )


def metered(script: Script, made: Obj, **params: Any) -> str:
    """Create a metered monthly price."""
    recurring = {"interval": "month", "usage_type": "metered", "meter": made["id"]}
    amount = {} if params else {"unit_amount": 3}
    price: str = script.post(
        "/v1/prices", currency="usd", product=script.product, recurring=recurring, **amount, **params
    )["id"]
    return price


def use(script: Script, customer: str, value: str, **params: Any) -> Obj:
    """Report usage."""
    payload = {"stripe_customer_id": customer, "value": value}
    return script.post(EVENTS, event_name="requests", payload=payload, **params)


def refused_use(script: Script, **params: Any) -> str:
    """Report usage that must be refused, and return the parameter that is wrong."""
    return str(script.refused(400, "POST", EVENTS, **params)["param"])


def test_a_meter(script: Script) -> None:
    """A meter is made, renamed, switched off and on; each is told, and only an active one takes events."""
    script.forget()
    made = meter(script)
    assert faults_of(made) == []
    path = f"/v1/billing/meters/{made['id']}"
    script.happened("billing.meter.created")
    assert script.refused(400, "POST", "/v1/billing/meters", display_name="x", event_name="requests",
                          default_aggregation={"formula": "sum"})["param"] == "event_name"  # fmt: skip
    script.post(path, display_name="Calls")
    script.happened("billing.meter.updated")
    ended = script.post(f"{path}/deactivate")
    script.happened("billing.meter.deactivated")
    assert (ended["status"], ended["status_transitions"]["deactivated_at"]) == ("inactive", NOW)
    customer = script.customer()
    payload = {"stripe_customer_id": customer, "value": "1"}
    assert refused_use(script, event_name="requests", payload=payload) == "event_name"
    assert script.get("/v1/billing/meters", status="active")["data"] == []
    script.post(f"{path}/reactivate")
    assert faults_of(use(script, customer, "1")) == []


def test_usage_is_billed_when_the_period_is_over(script: Script) -> None:
    """The first invoice is over nothing, the next over what was used since, and so on."""
    customer = script.customer("pm_card_visa")
    sub = script.subscribe(customer, metered(script, meter(script)))
    assert faults_of(sub) == []
    assert "quantity" not in sub["items"]["data"][0]
    assert script.invoice(sub)["total"] == 0
    use(script, customer, "100")
    script.advance(days=3)
    use(script, customer, "50")
    script.advance_to(RENEWAL + HOUR)
    first = script.invoice(sub)
    assert (first["status"], first["total"]) == ("paid", 450)
    (line,) = first["lines"]["data"]
    assert (line["quantity"], line["period"]) == (150, {"start": NOW, "end": RENEWAL})
    use(script, customer, "7")
    script.advance(days=32)
    assert script.invoice(sub)["total"] == 21


def test_the_usage_of_a_trial_is_free(script: Script) -> None:
    """What was used before the trial's end is never billed."""
    customer = script.customer("pm_card_visa")
    sub = script.subscribe(customer, metered(script, meter(script)), trial_period_days=10)
    use(script, customer, "100")
    script.advance(days=10, hours=2)
    use(script, customer, "5")
    script.advance(days=31, hours=2)
    assert script.invoice(sub)["total"] == 15


def test_the_last_usage_is_billed_at_the_end(script: Script) -> None:
    """When a subscription ends with its period, what was used until then is on a last invoice."""
    customer = script.customer("pm_card_visa")
    sub = script.subscribe(customer, metered(script, meter(script)))
    script.post(f"/v1/subscriptions/{sub['id']}", cancel_at_period_end=True)
    use(script, customer, "20")
    script.advance_to(RENEWAL + 2 * HOUR)
    assert script.subscription(sub)["status"] == "canceled"
    assert script.invoice(sub)["total"] == 60


def test_tiers(script: Script) -> None:
    """Usage is priced in tiers like any quantity."""
    tiers = [{"up_to": 10, "unit_amount": 5}, {"up_to": "inf", "unit_amount": 2}]
    price = metered(script, meter(script), billing_scheme="tiered", tiers_mode="graduated", tiers=tiers)
    customer = script.customer("pm_card_visa")
    sub = script.subscribe(customer, price)
    use(script, customer, "15")
    script.advance_to(RENEWAL)
    assert script.invoice(sub)["total"] == 60


@pytest.mark.parametrize(("formula", "value"), [("sum", 9.5), ("count", 3), ("last", 2.5)])
def test_summaries(script: Script, formula: str, value: float) -> None:
    """A meter adds up, counts, or keeps the latest value, as a whole or by days."""
    made, customer = meter(script, formula), script.customer()
    for days, text in ((3, "4"), (2, "3"), (1, "2.5")):
        use(script, customer, text, timestamp=NOW - days * DAY)
    path = f"/v1/billing/meters/{made['id']}/event_summaries"
    span = {"customer": customer, "start_time": NOW - 4 * DAY, "end_time": NOW}
    (whole,) = script.get(path, **span)["data"]
    assert faults_of(whole) == []
    assert whole["aggregated_value"] == value
    by_days = script.get(path, **span, value_grouping_window="day")["data"]
    assert [one["start_time"] for one in by_days] == [NOW - DAY, NOW - 2 * DAY, NOW - 3 * DAY]
    uneven = span | {"start_time": NOW - 61}
    assert script.refused(400, "GET", path, **uneven)["param"] == "start_time"


def test_usage_that_makes_no_sense(script: Script) -> None:
    """Unknown names and customers, missing keys, odd values and instants, and identifiers used twice."""
    meter(script)
    customer = script.customer()
    good = {"stripe_customer_id": customer, "value": "1"}
    assert refused_use(script, event_name="nothing", payload=good) == "event_name"
    for bad in ({"value": "1"}, good | {"stripe_customer_id": "cus_1"}, good | {"value": "many"}):
        assert refused_use(script, event_name="requests", payload=bad) == "payload"
    for instant in (NOW - 36 * DAY, NOW + HOUR):
        assert refused_use(script, event_name="requests", payload=good, timestamp=instant) == "timestamp"
    use(script, customer, "1", identifier="one")
    again = refused_use(script, event_name="requests", payload=good, identifier="one")
    assert again == "identifier"


def test_an_event_is_taken_back(script: Script) -> None:
    """An adjustment cancels the event with an identifier."""
    made, customer = meter(script), script.customer()
    use(script, customer, "5", identifier="one", timestamp=NOW - HOUR)
    use(script, customer, "3", timestamp=NOW - HOUR)
    adjusted = script.post(
        "/v1/billing/meter_event_adjustments",
        event_name="requests",
        type="cancel",
        cancel={"identifier": "one"},
    )
    assert faults_of(adjusted) == []
    path = f"/v1/billing/meters/{made['id']}/event_summaries"
    (whole,) = script.get(path, customer=customer, start_time=NOW - DAY, end_time=NOW)["data"]
    assert whole["aggregated_value"] == 3


def test_a_metered_price_needs_a_meter(script: Script) -> None:
    """Metered without a meter, a meter without metered, and an unknown meter are refused."""
    base = {"currency": "usd", "product": script.product, "unit_amount": 1}
    made = meter(script)["id"]
    for extra in ({"usage_type": "metered"}, {"meter": made}, {"usage_type": "metered", "meter": "mtr_1"}):
        error = script.refused(400, "POST", "/v1/prices", **base, recurring={"interval": "month"} | extra)
        assert error["param"] == "recurring[meter]"


@pytest.mark.parametrize(("through", "billed"), [(None, 300), ("now", 300), ("none", 0)])
def test_usage_when_a_subscription_is_paused(script: Script, through: str | None, billed: int) -> None:
    """What was used so far is billed, unless the pause says otherwise; what is used in the pause never is."""
    customer = script.customer("pm_card_visa")
    sub = script.subscribe(customer, metered(script, meter(script)))
    use(script, customer, "100")
    script.advance(days=5)
    said = {"bill_for": {"outstanding_usage_through": {"type": through}}} if through else {}
    script.post(f"/v1/subscriptions/{sub['id']}/pause", invoicing_behavior="invoice", **said)
    assert script.invoice(sub)["total"] == billed
    use(script, customer, "1000")
    script.advance(days=5)
    script.post(f"/v1/subscriptions/{sub['id']}/resume")
    use(script, customer, "7")
    script.advance(days=31, hours=2)
    assert script.invoice(sub)["total"] == 21


def test_summaries_of_no_time(script: Script) -> None:
    """A span without length, and one with too many windows, are refused."""
    path = f"/v1/billing/meters/{meter(script)['id']}/event_summaries"
    span = {"customer": script.customer(), "start_time": NOW - NOW % 60}
    for end, window in (
        (span["start_time"], {}),
        (NOW * 100 - NOW * 100 % 60, {"value_grouping_window": "hour"}),
    ):
        error = script.refused(400, "GET", path, **span, end_time=end, **window)
        assert error["param"] == "end_time"
