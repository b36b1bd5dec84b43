"""Changes that tiergate makes itself: the failures that others have met on the same way."""

from typing import Any

import pytest

from tests.failures.doings import sell_another, travel_to, work
from tests.failures.sources import failure
from tests.services.bench import ACCOUNT, Bench
from tests.services.changing import (
    FAILS_LATER,
    at_stripe,
    desk,
    hear,
    held,
    invoices,
    paid,
    prices,
    sell,
)
from tests.services.changing import travel as travel_by
from tiergate.stripe_api.gateway import Answer, Gateway, StripeRefusedError


@failure(8, "llmgateway#2911")
def test_what_was_cancelled_ends_alone(both: Bench) -> None:
    """llmgateway#2911: A is cancelled for its end and B is bought; when A ends, B is left alone."""
    old = sell(both, "starter")
    desk(both).cancel(ACCOUNT)
    both.tick()
    new = sell_another(both, "team")
    hear(both)
    both.tick()
    assert desk(both).change_plan(ACCOUNT, "scale").subscription_id == new
    travel_by(both, days=22)
    assert (at_stripe(both, old)["status"], at_stripe(both, new)["status"]) == ("canceled", "active")
    assert both.explain().phase.plan_key == "scale"


@failure(9, "managoat/fountain#349")
def test_an_upgrade_in_a_trial_is_no_second_subscription(both: Bench) -> None:
    """managoat/fountain#349: buying in a trial changes the trial: one subscription, charged once."""
    trial = sell(both, "team", trial_period_days=14)
    assert desk(both).change_plan(ACCOUNT, "scale").subscription_id == trial
    travel_by(both, days=10)
    assert (both.mirrored_ids(), paid(both)) == ({trial}, [14900])
    assert (both.explain().phase.plan_key, str(both.explain().phase.reason)) == ("scale", "active")


@failure(26, "dj-stripe#2101")
def test_cancelling_in_a_trial_leaves_the_trial(both: Bench) -> None:
    """dj-stripe#2101: a cancellation for the period's end, in a trial, is none at once."""
    subscription_id = sell(both, "team", trial_period_days=14)
    trial_end = held(both).subscription.trial_end
    assert trial_end is not None
    assert desk(both).cancel(ACCOUNT).effective_at == trial_end
    assert at_stripe(both, subscription_id)["status"] == "trialing"
    assert both.explain().phase.plan_key == "team"
    travel_to(both, trial_end)
    work(both)
    hear(both)
    assert (both.explain().phase.plan_key, paid(both)) == ("free", [])


@failure(27, "dust#20964")
def test_a_cancellation_taken_back_leaves_no_end(both: Bench) -> None:
    """dust#20964: cancelled and resumed in the trial, nothing says that it ends, and it is charged."""
    sell(both, "team", trial_period_days=14)
    desk(both).cancel(ACCOUNT)
    both.tick()
    desk(both).resume(ACCOUNT)
    hear(both)
    assert (held(both).subscription.cancels_at, held(both).subscription.ended_at) == (None, None)
    travel_by(both, days=4, hours=2)
    assert (both.explain().phase.plan_key, paid(both)) == ("team", [4900])


@failure(32, "better-auth#5780")
def test_a_portals_cancellation_can_be_taken_back(both: Bench) -> None:
    """better-auth#5780: `cancel_at` alone is shown as an end, and resuming clears it."""
    subscription_id = sell(both, "team")
    ends_at = held(both).renews_at
    assert ends_at is not None
    both.post(f"/v1/subscriptions/{subscription_id}", cancel_at=int(ends_at.timestamp()))
    hear(both)
    assert desk(both).cancel(ACCOUNT).outcome == "nothing"
    assert desk(both).resume(ACCOUNT).outcome == "done"
    assert at_stripe(both, subscription_id)["cancel_at"] is None


@failure(33, "postiz#1904")
@pytest.mark.parametrize(("plan", "interval"), [("team", None), ("starter", "year"), ("team", "year")])
def test_the_preview_asks_with_the_parameters_of_the_charge(
    both: Bench, monkeypatch: pytest.MonkeyPatch, plan: str, interval: str | None
) -> None:
    """postiz#1904: preview and charge send the same items, date and behaviour, and come to one amount."""
    sell(both)
    gateway = type(both.context.gateway)
    sent: list[dict[str, Any]] = []

    def preview(self: Gateway, params: dict[str, Any]) -> Answer:
        sent.append(params)
        return Gateway.preview_invoice(self, params)

    def update(self: Gateway, name: str, params: dict[str, Any], key: str) -> Answer:
        sent.append(params)
        return Gateway.update_subscription(self, name, params, key)

    monkeypatch.setattr(gateway, "preview_invoice", preview)
    monkeypatch.setattr(gateway, "update_subscription", update)
    shown = desk(both).preview_change(ACCOUNT, plan, interval)
    both.clock.advance(minutes=30)
    desk(both).change_plan(ACCOUNT, plan, interval, token=shown.token)
    previews = [params["subscription_details"] for params in sent if "subscription_details" in params]
    (whole,) = [params for params in sent if "items" in params]
    charged = {name: whole[name] for name in ("items", "proration_behavior", "proration_date")}
    assert [preview for preview in previews if "proration_date" in preview] == [charged] * 2
    assert "billing_cycle_anchor" not in whole
    assert invoices(both)[-1]["amount_paid"] == shown.due_now


@failure(33, "postiz#1904")
def test_a_refused_preview_shows_no_amount(both: Bench) -> None:
    """postiz#1904: what Stripe refuses to preview is an error, and never a zero."""
    sell(both)
    both.stripe.v1.prices.update(both.price("team"), {"active": False})
    with pytest.raises(StripeRefusedError):
        desk(both).preview_change(ACCOUNT, "team")


@failure(34, "llmgateway#2913")
def test_our_declined_upgrade_leaves_the_old_plan(both: Bench) -> None:
    """llmgateway#2913: a declined upgrade sells nothing, owes nothing, and says where to pay."""
    subscription_id = sell(both, "starter", FAILS_LATER)
    changed = desk(both).change_plan(ACCOUNT, "scale")
    hear(both)
    assert (changed.outcome, bool(changed.pay_url)) == ("payment_pending", True)
    assert (prices(both, subscription_id), at_stripe(both, subscription_id)["status"]) == (
        {"starter_monthly": 1},
        "active",
    )
    assert (both.explain().phase.plan_key, paid(both)) == ("starter", [1900])


@failure(34, "omi#6568")
def test_our_change_of_plan_is_one_charge(both: Bench) -> None:
    """omi#6568: across plans there is one subscription and one charge, for the difference."""
    subscription_id = sell(both)
    for _ in range(3):
        desk(both).change_plan(ACCOUNT, "team")
    hear(both)
    assert (both.mirrored_ids(), paid(both)) == ({subscription_id}, [1900, 2032])
