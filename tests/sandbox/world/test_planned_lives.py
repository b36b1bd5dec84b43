"""Schedules that plan a life from the start: their subscriptions begin with their first phase."""

import pytest

from tests.sandbox.world.script import DAY, FINALIZED, LATER, NOW, PAID, Obj, Script, at

URL = "/v1/subscription_schedules"
RENEWAL = at("2026-02-15T10:00:00")
SECOND = at("2026-03-15T10:00:00")


def test_a_life_planned_from_the_start(script: Script) -> None:
    """From phases: the subscription starts at once, its first invoice waits an hour as a draft."""
    customer = script.customer("pm_card_visa")
    cheap, dear = script.price(2500), script.price(5000)
    schedule = script.post(
        URL,
        customer=customer,
        start_date="now",
        phases=[
            {"items": [{"price": cheap}], "duration": {"interval": "month"}, "metadata": {"step": "1"}},
            {"items": [{"price": dear, "quantity": 2}]},
        ],
    )
    assert schedule["status"] == "active"
    assert [one["end_date"] for one in schedule["phases"]] == [RENEWAL, SECOND]
    told = script.happened(
        "invoice.created",
        "customer.subscription.created",
        "subscription_schedule.created",
        "customer.updated",
    )
    sub = told.object_of("customer.subscription.created")
    assert (sub["schedule"], sub["status"], sub["metadata"]) == (schedule["id"], "active", {"step": "1"})
    assert told.object_of("invoice.created")["status"] == "draft"
    script.advance(hours=1)
    script.happened(*FINALIZED, *PAID, *LATER)
    script.advance_to(RENEWAL)
    assert script.invoice(sub)["total"] == 10000


def test_a_life_that_begins_later(script: Script) -> None:
    """A schedule in the future is not_started until its first phase begins."""
    customer, price = script.customer("pm_card_visa"), script.price(2500)
    later = NOW + 10 * DAY
    schedule = script.post(URL, customer=customer, start_date=later, phases=[{"items": [{"price": price}]}])
    assert (schedule["status"], schedule["subscription"], schedule["current_phase"]) == (
        "not_started",
        None,
        None,
    )
    assert script.get(URL, customer=customer, scheduled=True)["data"][0]["id"] == schedule["id"]
    script.happened("subscription_schedule.created")
    script.advance_to(later)
    told = script.happened(
        "invoice.created",
        "customer.subscription.created",
        "subscription_schedule.updated",
        "customer.updated",
    )
    assert told.before("subscription_schedule.updated").keys() == {"current_phase", "status", "subscription"}
    assert script.get(URL, customer=customer, scheduled=True)["data"] == []


def test_a_trial_phase(script: Script) -> None:
    """A first phase with trial=true is free until it ends; then the next phase is billed."""
    customer, price = script.customer("pm_card_visa"), script.price(2500)
    end = NOW + 14 * DAY
    script.post(
        URL,
        customer=customer,
        start_date="now",
        phases=[
            {"items": [{"price": price}], "end_date": end, "trial": True},
            {"items": [{"price": price}], "duration": {"interval": "month", "interval_count": 2}},
        ],
    )
    (sub,) = script.get("/v1/subscriptions", customer=customer)["data"]
    assert (sub["status"], sub["trial_end"]) == ("trialing", end)
    script.advance_to(end)
    after = script.subscription(sub)
    assert (after["status"], script.invoice(sub)["total"]) == ("active", 2500)


@pytest.mark.parametrize(
    ("phases", "param"),
    [
        ([{"items": [{"price": "P"}], "start_date": NOW, "end_date": NOW - 1}], "phases[0][end_date]"),
        (
            [
                {"items": [{"price": "P"}], "end_date": NOW + DAY},
                {"items": [{"price": "P"}], "start_date": NOW + 2 * DAY},
            ],
            "phases[1][start_date]",
        ),
        (
            [{"items": [{"price": "P"}], "end_date": NOW + DAY, "duration": {"interval": "day"}}],
            "phases[0][end_date]",
        ),
        ([{"items": [{"price": "P"}], "trial_end": NOW + 99 * DAY}], "phases[0][trial_end]"),
        ([], "phases"),
    ],
)
def test_phases_must_fit_together(script: Script, phases: list[Obj], param: str) -> None:
    """Gaps, two ends, trials beyond the phase and empty plans are refused."""
    price = script.price(2500)
    for one in phases:
        one["items"] = [{"price": price}]
    error = script.refused(400, "POST", URL, customer=script.customer(), start_date="now", phases=phases)
    assert error["param"] == param


def test_the_customer_takes_planned_lives_along(script: Script) -> None:
    """Deleting a customer cancels the schedules that have not begun."""
    customer, price = script.customer("pm_card_visa"), script.price(2500)
    schedule = script.post(
        URL, customer=customer, start_date=NOW + DAY, phases=[{"items": [{"price": price}]}]
    )
    script.forget()
    script.delete(f"/v1/customers/{customer}")
    script.happened("subscription_schedule.canceled", "customer.deleted")
    script.advance(days=2)
    assert script.get(f"{URL}/{schedule['id']}")["status"] == "canceled"


def test_a_full_customer_gets_no_further_subscription(script: Script) -> None:
    """A schedule whose customer has no room when it begins is canceled instead of failing."""
    customer, price = script.customer("pm_card_visa"), script.price(2500)
    schedule = script.post(
        URL, customer=customer, start_date=NOW + DAY, phases=[{"items": [{"price": price}]}]
    )
    for _ in range(3):
        script.subscribe(customer, price)
    script.forget()
    script.advance(days=1)
    script.happened("subscription_schedule.canceled")
    assert script.get(f"{URL}/{schedule['id']}")["status"] == "canceled"
    script.refused(400, "POST", URL, customer=customer, phases=[{"items": [{"price": price}]}])


def test_phases_that_could_never_be_entered(script: Script) -> None:
    """A second currency, a price twice and mixed intervals in classic billing are refused at once."""
    customer, price = script.customer("pm_card_visa"), script.price(2500)
    euros, yearly = script.price(2500, currency="eur"), script.price(9900, "year")
    plans: list[tuple[list[Obj], Obj]] = [
        ([{"items": [{"price": price}]}, {"items": [{"price": euros}]}], {}),
        ([{"items": [{"price": price}, {"price": price}]}], {}),
        ([{"items": [{"price": price}, {"price": yearly}]}], {"billing_mode": {"type": "classic"}}),
        ([{"items": [{"price": price}], "default_payment_method": "pm_nobodys"}], {}),
    ]
    for phases, more in plans:
        script.refused(400, "POST", URL, customer=customer, phases=phases, **more)
    script.happened()
