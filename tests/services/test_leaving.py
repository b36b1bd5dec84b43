"""Cancelling, coming back, pausing, undoing: each once, with its reason, as the policy says."""

from datetime import timedelta
from typing import Any

import pytest

from tests.services.bench import ACCOUNT, Bench
from tests.services.changing import (
    ASKS_THE_BANK,
    FAILS_LATER,
    at_stripe,
    desk,
    hear,
    held,
    noted,
    paid,
    sell,
    sell_crew,
    travel,
    use_card,
)
from tiergate.services.changes.change_errors import ChangeRefusedError, CheckoutRequiredError
from tiergate.services.changes.pause_subscription import PauseNotOfferedError
from tiergate.services.changes.wish import InvalidWishError

CANCEL_NOW = ("grace_days = 3", 'cancel = "now"')
MAY_PAUSE = ("grace_days = 3", 'pause_days = 60\non_pause_collection = "pause"')


def test_cancelled_with_the_period_and_why(both: Bench) -> None:
    """It ends when what is paid for ends; reason and comment stand at Stripe and in the journal."""
    subscription_id = sell(both, "team")
    changed = desk(both).cancel(ACCOUNT, reason="too_expensive", comment="See you in spring.", actor="ada")
    ends_at = held(both).renews_at
    assert (changed.outcome, changed.kind, changed.effective_at) == ("scheduled", "cancel", ends_at)
    details = at_stripe(both, subscription_id)["cancellation_details"]
    assert (details["feedback"], details["comment"]) == ("too_expensive", "See you in spring.")
    (entry,) = noted(both)
    assert entry.cause == "cancel by ada"
    assert (entry.data["feedback"], entry.data["comment"]) == ("too_expensive", "See you in spring.")
    assert (both.explain().phase.plan_key, str(both.explain().phase.reason)) == ("team", "canceling")
    assert [desk(both).cancel(ACCOUNT).outcome for _ in range(4)] == ["nothing"] * 4
    travel(both, days=22)
    assert (both.explain().phase.plan_key, paid(both)) == ("free", [4900])


@pytest.mark.parametrize("said", [None, "now"], ids=["the policy says now", "the host says now"])
def test_cancelled_at_once(both: Bench, said: str | None) -> None:
    """Where the policy or the host says so it ends at once; a second click finds nothing."""
    sell_crew(both, *([CANCEL_NOW] if said is None else []))
    subscription_id = sell(both, "team")
    changed = desk(both).cancel(ACCOUNT, when=said, reason="unused")
    assert (changed.outcome, at_stripe(both, subscription_id)["status"]) == ("done", "canceled")
    assert at_stripe(both, subscription_id)["cancellation_details"]["feedback"] == "unused"
    assert both.explain().phase.plan_key == "free"
    assert desk(both).cancel(ACCOUNT, when=said).outcome == "nothing"
    hear(both)
    assert both.explain().phase.plan_key == "free"


def test_the_host_may_wait_where_the_policy_does_not(both: Bench) -> None:
    """``when`` goes before the policy; what is to end later can still be ended now."""
    sell_crew(both, CANCEL_NOW)
    sell(both, "team")
    assert desk(both).cancel(ACCOUNT, when="period_end").outcome == "scheduled"
    both.tick()
    assert desk(both).cancel(ACCOUNT, when="now").outcome == "done"


def test_a_trial_is_cancelled_for_its_end(both: Bench) -> None:
    """dj-stripe#2101: cancelling in a trial leaves the trial, and nothing is ever charged."""
    sell(both, "team", trial_period_days=14)
    changed = desk(both).cancel(ACCOUNT)
    assert changed.effective_at == held(both).subscription.trial_end
    assert both.explain().phase.plan_key == "team"
    travel(both, days=4, hours=2)
    assert (both.explain().phase.plan_key, paid(both)) == ("free", [])


def test_who_cannot_pay_may_leave(both: Bench) -> None:
    """A purchase that was never paid, and one that is past due, can be cancelled."""
    both.customer()
    use_card(both, FAILS_LATER)
    customer = both.customer_without_card()
    order: dict[str, Any] = {"customer": customer, "items": [{"price": both.price("team")}]}
    both.post("/v1/subscriptions", payment_behavior="allow_incomplete", **order)
    hear(both)
    assert held(both).subscription.status == "incomplete"
    both.tick()
    assert desk(both).cancel(ACCOUNT).outcome == "done"
    hear(both)
    assert both.explain().phase.plan_key == "free"


@pytest.mark.parametrize(
    "wish",
    [{"reason": "bored"}, {"when": "tomorrow"}, {"comment": "x" * 501}],
    ids=lambda wish: next(iter(wish)),
)
def test_reasons_that_nobody_knows(bench: Bench, wish: dict[str, str]) -> None:
    """A reason that Stripe does not know, another time, or an essay is refused before anything is done."""
    sell(bench, "team")
    with pytest.raises(InvalidWishError):
        desk(bench).cancel(ACCOUNT, **wish)
    assert not held(bench).is_ending


def test_a_planned_change_goes_with_a_cancellation(both: Bench) -> None:
    """The schedule lets go first, for it would forbid the cancellation, and it is told as taken back."""
    subscription_id = sell(both, "team")
    desk(both).change_plan(ACCOUNT, "starter")
    both.tick()
    changed = desk(both).cancel(ACCOUNT)
    assert (changed.outcome, changed.undone) == ("scheduled", ("schedule",))
    at = at_stripe(both, subscription_id)
    assert (at["schedule"], at["cancel_at_period_end"]) == (None, True)


def test_who_thinks_better_of_it(both: Bench) -> None:
    """Resuming takes the cancellation back, also one of the portal's; five clicks are one."""
    subscription_id = sell(both, "team")
    ends_at = held(both).renews_at
    assert ends_at is not None
    desk(both).cancel(ACCOUNT)
    both.tick()
    changed = desk(both).resume(ACCOUNT)
    assert (changed.outcome, changed.undone) == ("done", ("cancellation",))
    assert [desk(both).resume(ACCOUNT).outcome for _ in range(4)] == ["nothing"] * 4
    both.tick()
    both.post(f"/v1/subscriptions/{subscription_id}", cancel_at=int(ends_at.timestamp()))
    hear(both)
    assert held(both).is_ending
    both.tick()
    desk(both).resume(ACCOUNT)
    assert at_stripe(both, subscription_id)["cancel_at"] is None
    travel(both, days=22)
    assert (both.explain().phase.plan_key, paid(both)) == ("team", [4900, 4900])


def test_what_has_ended_is_bought_again(both: Bench) -> None:
    """There is nothing to resume after the end: a checkout is needed."""
    sell(both, "team")
    desk(both).cancel(ACCOUNT, when="now")
    with pytest.raises(CheckoutRequiredError):
        desk(both).resume(ACCOUNT)


def test_what_stripe_paused_is_resumed(both: Bench) -> None:
    """A trial that ended without a card may be paused by Stripe; with a card it is resumed and charged."""
    customer = both.customer_without_card()
    both.post(
        "/v1/subscriptions",
        customer=customer,
        items=[{"price": both.price("team")}],
        trial_period_days=14,
        trial_settings={"end_behavior": {"missing_payment_method": "pause"}},
    )
    hear(both)
    travel(both, days=14, hours=1)
    assert held(both).subscription.status == "paused"
    with pytest.raises(ChangeRefusedError) as refused:
        desk(both).change_plan(ACCOUNT, "scale")
    assert refused.value.code == "subscription_paused"
    both.customer()
    hear(both)
    both.tick()
    assert desk(both).resume(ACCOUNT).outcome == "done"
    assert (both.explain().phase.plan_key, paid(both)) == ("team", [4900])
    assert desk(both).resume(ACCOUNT).outcome == "nothing"


def test_resuming_with_a_card_that_asks(both: Bench) -> None:
    """What has to be confirmed before it goes on is told with the page to confirm at."""
    both.customer_without_card()
    customer = both.customer_without_card()
    both.post(
        "/v1/subscriptions",
        customer=customer,
        items=[{"price": both.price("team")}],
        trial_period_days=14,
        trial_settings={"end_behavior": {"missing_payment_method": "pause"}},
    )
    hear(both)
    travel(both, days=14, hours=1)
    use_card(both, ASKS_THE_BANK)
    hear(both)
    both.tick()
    changed = desk(both).resume(ACCOUNT)
    assert changed.outcome == "payment_pending"
    assert changed.pay_url


def test_a_pause(both: Bench) -> None:
    """For the days of the policy nothing is charged and access rests; then it goes on by itself."""
    sell_crew(both, MAY_PAUSE)
    subscription_id = sell(both, "team")
    changed = desk(both).pause(ACCOUNT)
    assert (changed.outcome, changed.kind) == ("done", "pause")
    pause = held(both).subscription.pause_collection
    assert pause is not None
    assert pause.resumes_at == both.clock.now + timedelta(days=60)
    assert [desk(both).pause(ACCOUNT).outcome for _ in range(4)] == ["nothing"] * 4
    assert str(both.explain().phase.reason) == "paused"
    with pytest.raises(ChangeRefusedError) as refused:
        desk(both).change_plan(ACCOUNT, "scale")
    assert refused.value.code == "subscription_paused"
    travel(both, days=40)
    assert paid(both) == [4900]
    travel(both, days=21)
    hear(both)
    assert at_stripe(both, subscription_id)["pause_collection"] is None


def test_a_pause_that_is_ended_early(both: Bench) -> None:
    """Resuming ends it at once."""
    sell_crew(both, MAY_PAUSE)
    sell(both, "team")
    desk(both).pause(ACCOUNT)
    both.clock.advance(days=3)
    assert desk(both).resume(ACCOUNT).outcome == "done"
    assert (held(both).subscription.pause_collection, both.explain().phase.plan_key) == (None, "team")


def test_pauses_that_are_not_offered(both: Bench) -> None:
    """Without ``pause_days`` nobody pauses, and neither does a trial or somebody without a subscription."""
    with pytest.raises(PauseNotOfferedError):
        desk(both).pause(ACCOUNT)
    sell(both, "team")
    with pytest.raises(PauseNotOfferedError):
        desk(both).pause(ACCOUNT)


def test_undoing_what_is_planned(both: Bench) -> None:
    """A planned downgrade, and a cancellation, are taken back by one call; again there is nothing."""
    assert desk(both).undo_change(ACCOUNT).outcome == "nothing"
    subscription_id = sell(both, "team")
    assert desk(both).undo_change(ACCOUNT).outcome == "nothing"
    desk(both).change_plan(ACCOUNT, "starter")
    both.tick()
    undone = desk(both).undo_change(ACCOUNT)
    assert (undone.outcome, undone.undone) == ("done", ("schedule",))
    assert at_stripe(both, subscription_id)["schedule"] is None
    assert [desk(both).undo_change(ACCOUNT).outcome for _ in range(4)] == ["nothing"] * 4
    both.tick()
    desk(both).cancel(ACCOUNT)
    both.tick()
    assert desk(both).undo_change(ACCOUNT).undone == ("cancellation",)
    travel(both, days=22)
    assert (both.explain().phase.plan_key, paid(both)) == ("team", [4900, 4900])


def test_an_end_that_a_schedule_has_planned(both: Bench) -> None:
    """A schedule that ends the subscription is let go, and the subscription goes on."""
    subscription_id = sell(both, "team")
    schedule = both.post("/v1/subscription_schedules", from_subscription=subscription_id)
    both.post(f"/v1/subscription_schedules/{schedule['id']}", end_behavior="cancel")
    hear(both)
    assert held(both).is_ending
    both.tick()
    assert desk(both).undo_change(ACCOUNT).outcome == "done"
    at = at_stripe(both, subscription_id)
    assert (at["schedule"], at["cancel_at"]) == (None, None)
