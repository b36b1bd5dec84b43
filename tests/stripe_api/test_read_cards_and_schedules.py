"""Payment methods, old cards and schedules of every API version read as the same state."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.stripe_api.shapes import OLD_CARD, OLD_SOURCE, PAYMENT_METHODS, SCHEDULES, VERSIONS
from tiergate.rules.state import PaymentMethod, Schedule, SchedulePhase, SubscriptionItem
from tiergate.stripe_api.read_shapes import read_payment_method, read_schedule

Json = dict[str, Any]


def _at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


METHOD = PaymentMethod("pm_1", "cus_1", "card", "amex", "0005", 12, 2034, "f1")

SCHEDULE = Schedule(
    id="sub_sched_1",
    customer_id="cus_1",
    status="active",
    subscription_id="sub_1",
    end_behavior="cancel",
    phases=(
        SchedulePhase(
            _at(1772359200), _at(1775037600), (SubscriptionItem("", "price_pro", 3),), _at(1773568800)
        ),
    ),
    metadata={"account_id": "acme", "plan_key": "pro"},
)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_payment_method_of_any_version(version: str) -> None:
    """Brand, last four, expiry and fingerprint are read."""
    assert read_payment_method(PAYMENT_METHODS[version]) == METHOD


def test_an_old_card() -> None:
    """A card from before payment methods has its details on itself, and its brand in capitals."""
    brand = "american_express"
    assert read_payment_method(OLD_CARD) == replace(METHOD, id="card_1", brand=brand)
    expected = replace(METHOD, id="src_1", brand=brand, livemode=True)
    assert read_payment_method(OLD_SOURCE) == expected


def test_a_payment_method_that_is_no_card() -> None:
    """What has no brand and no expiry has none here."""
    raw = {"id": "pm_1", "customer": "cus_1", "type": "sepa_debit", "sepa_debit": {"last4": "3000"}}
    assert read_payment_method(raw) == PaymentMethod("pm_1", "cus_1", "sepa_debit", last4="3000")
    bare = {"id": "pm_1", "customer": "cus_1", "type": "link", "link": {}}
    assert read_payment_method(bare) == PaymentMethod("pm_1", "cus_1", "link")


def test_a_payment_method_that_was_detached() -> None:
    """It belongs to no customer any more."""
    raw = {**PAYMENT_METHODS["2026-10-28.endive"], "customer": None}
    assert read_payment_method(raw).customer_id is None


@pytest.mark.parametrize("version", VERSIONS)
def test_a_schedule_of_any_version(version: str) -> None:
    """Its phases, with what each sells, are read."""
    assert read_schedule(SCHEDULES[version]) == SCHEDULE


def test_expanded_references_of_a_schedule() -> None:
    """An object in place of its id is the same reference."""
    phase = {
        "start_date": 1,
        "end_date": 2,
        "items": [{"price": {"id": "price_1"}, "quantity": None}, {"plan": {"id": "plan_1"}}],
    }
    raw = {
        "id": "sub_sched_1",
        "customer": {"id": "cus_1"},
        "subscription": {"id": "sub_1"},
        "test_clock": {"id": "clock_1"},
        "status": "active",
        "phases": [phase],
    }
    read = read_schedule(raw)
    assert (read.customer_id, read.subscription_id, read.test_clock) == ("cus_1", "sub_1", "clock_1")
    assert [(item.price_id, item.quantity) for item in read.phases[0].items] == [
        ("price_1", 1),
        ("plan_1", 1),
    ]


def test_a_schedule_that_was_released() -> None:
    """It still names the subscription that it let go."""
    raw = {**SCHEDULES["2026-10-28.endive"], "status": "released", "subscription": None}
    read = read_schedule({**raw, "released_subscription": "sub_1"})
    assert (read.status, read.subscription_id) == ("released", "sub_1")


def test_a_schedule_with_nothing_but_what_it_must_have() -> None:
    """Missing and null keys mean what Stripe's defaults mean."""
    bare: Json = {"id": "sub_sched_1", "customer": "cus_1", "status": "not_started"}
    expected = Schedule("sub_sched_1", "cus_1", "not_started")
    assert read_schedule(bare) == expected
    nulls = ("subscription", "released_subscription", "end_behavior", "phases", "test_clock", "metadata")
    assert read_schedule({**bare, **dict.fromkeys(nulls)}) == expected
