"""What the wish for a plan comes to: by rank, never by price; up now, down at the renewal."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.builders import TRIAL_END, Cards, at, subscription
from tests.rules.changing import (
    INTERVALS,
    KEEP,
    NOW,
    PERIOD_END,
    having,
    holding,
    line,
    planned,
    shop,
    trying,
)
from tiergate.rules.change import Change, ChangeKind, Holds, Needs, Refusal
from tiergate.rules.errors import UnknownPlanError
from tiergate.rules.held import Held
from tiergate.rules.plan_change import cancellation, plan_change
from tiergate.rules.policy import Policy
from tiergate.rules.state import PauseCollection, PendingUpdate, SubscriptionStatus

IN_TRIAL = at("2026-03-05T00:00:00")


def wish(
    held: Held | None,
    plan: str,
    interval: str | None = None,
    *,
    members: int | None = None,
    moment: datetime = NOW,
    policy: Policy | None = None,
) -> Change:
    """What a wish comes to."""
    return plan_change(held, shop(policy), INTERVALS, plan, interval, moment, members)


@pytest.mark.parametrize(
    ("has", "wanted", "kind", "holds", "effective_at"),
    [
        pytest.param(line("starter"), ("team", None), "upgrade", "now", NOW, id="up by rank, though cheaper"),
        pytest.param(
            line("team"), ("starter", None), "downgrade", "at_renewal", PERIOD_END, id="down, though dearer"
        ),
        pytest.param(line("team"), ("team", "year"), "longer_interval", "now", NOW, id="monthly to yearly"),
        pytest.param(
            line("team", "year"),
            ("team", "month"),
            "shorter_interval",
            "at_renewal",
            PERIOD_END,
            id="yearly to monthly",
        ),
        pytest.param(
            line("starter", "year"),
            ("team", "month"),
            "upgrade",
            "now",
            NOW,
            id="the rank beats the interval",
        ),
        pytest.param(
            line("team"), ("starter", "year"), "downgrade", "at_renewal", PERIOD_END, id="down, by the year"
        ),
        pytest.param(line("team"), ("team", None), "nothing", "now", NOW, id="what it has"),
        pytest.param(line("team"), ("free", None), "cancel", "at_renewal", PERIOD_END, id="free is the end"),
    ],
)
def test_direction(has: Any, wanted: Any, kind: str, holds: str, effective_at: datetime) -> None:
    """A step up holds at once, a step down when it is renewed; nothing of it looks at a price."""
    change = wish(holding(having(has)), *wanted)
    assert (change.kind, change.holds, change.effective_at) == (kind, holds, effective_at)
    assert (change.needs, change.refusal) == (Needs.NOTHING, None)
    assert change.is_made is (kind != "nothing")


def test_the_interval_stays_as_it_is() -> None:
    """Without an interval it is paid as before, or as the plan is sold where it is not sold like that."""
    yearly = holding(having(line("starter", "year")))
    assert wish(yearly, "team").interval == "year"
    assert wish(yearly, "monthly_only").interval == "month"


def test_what_is_not_in_the_catalogue() -> None:
    """An unknown plan, and an interval that a plan is not sold by, are mistakes of the caller."""
    for plan, interval in (("gold", None), ("monthly_only", "year")):
        with pytest.raises(UnknownPlanError):
            wish(holding(having(line("team"))), plan, interval)


def test_who_has_nothing_buys() -> None:
    """Without a subscription there is nothing to change: a checkout is needed; free needs nothing."""
    change = wish(None, "team", members=4)
    assert (change.kind, change.needs, change.quantity, change.is_made) == ("buy", Needs.CHECKOUT, 1, False)
    assert wish(None, "crew", members=4).quantity == 4
    assert wish(None, "crew", members=40).refusal is Refusal.SEATS_OUT_OF_RANGE
    assert wish(None, "free").kind is ChangeKind.NOTHING
    ended = holding(having(line("team"), status="canceled"))
    assert ended is None
    assert wish(holding(having(line(None, add_on="storage"))), "team").needs is Needs.CHECKOUT


def test_a_plan_by_agreement_is_not_changed_to() -> None:
    """Who wants it gets in touch, whatever the account has."""
    for held in (None, holding(having(line("team")))):
        assert wish(held, "enterprise").refusal is Refusal.PLAN_BY_AGREEMENT


@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        ("past_due", Refusal.PAYMENT_OUTSTANDING),
        ("unpaid", Refusal.PAYMENT_OUTSTANDING),
        ("incomplete", Refusal.PAYMENT_OUTSTANDING),
        ("paused", Refusal.SUBSCRIPTION_PAUSED),
        ("a new word of Stripe's", Refusal.STATUS_UNKNOWN),
    ],
)
def test_hindered(status: str, refusal: Refusal) -> None:
    """A payment is settled first, a pause ended first, and what is not known is left alone."""
    held = holding(having(line("starter"), status=status))
    change = wish(held, "team")
    assert (change.kind, change.refusal, change.is_made) == ("upgrade", refusal, False)
    assert wish(held, "starter").refusal is refusal


def test_collection_that_is_paused_is_a_pause() -> None:
    """Stripe's ``pause_collection`` leaves the status as it is, and is resumed first all the same."""
    held = holding(having(line("starter"), pause_collection=PauseCollection("void")))
    assert wish(held, "team").refusal is Refusal.SUBSCRIPTION_PAUSED


def test_a_strangers_price() -> None:
    """What belongs to no plan is not changed by guessing."""
    stranger = replace(line("team"), plan_key=None, price_id="price_x")
    held = holding(having(stranger))
    assert held is not None
    assert (held.plan, held.interval) == (None, None)
    change = wish(held, "team")
    assert (change.kind, change.refusal) == ("upgrade", Refusal.PRICE_UNKNOWN)
    told = holding(replace(having(stranger), plan_key="team"))
    assert told is not None
    assert told.plan == shop().plan("team")
    assert wish(told, "team").kind is ChangeKind.NOTHING


@pytest.mark.parametrize(
    ("wanted", "policy", "kind", "trial_end"),
    [
        pytest.param("crew", None, "upgrade", "now", id="up converts now"),
        pytest.param("crew", KEEP, "upgrade", TRIAL_END, id="up keeps the trial"),
        pytest.param("starter", None, "downgrade", TRIAL_END, id="down keeps the trial"),
        pytest.param("team", None, "nothing", TRIAL_END, id="what is tried will be paid by itself"),
    ],
)
def test_in_a_trial_with_a_card(wanted: str, policy: Policy | None, kind: str, trial_end: object) -> None:
    """Nothing was paid for yet, so every change holds at once; a step up is a purchase."""
    change = wish(holding(trying()), wanted, moment=IN_TRIAL, policy=policy)
    assert (change.kind, change.holds, change.trial_end, change.needs) == (
        kind,
        Holds.NOW,
        trial_end,
        Needs.NOTHING,
    )


@pytest.mark.parametrize(("wanted", "kind"), [("crew", "upgrade"), ("team", "buy"), ("starter", "downgrade")])
def test_in_a_trial_without_a_card(wanted: str, kind: str) -> None:
    """A card comes first, for the plan that is tried as well; cancelling needs none."""
    held = holding(trying(), cards=Cards.NONE)
    change = wish(held, wanted, moment=IN_TRIAL)
    assert (change.kind, change.needs, change.is_made) == (kind, Needs.CARD, False)
    assert wish(held, "free", moment=IN_TRIAL).is_made
    assert wish(held, "free", moment=IN_TRIAL).effective_at == TRIAL_END
    by_invoice = holding(trying(collection_method="send_invoice"), cards=Cards.NONE)
    assert wish(by_invoice, "crew", moment=IN_TRIAL).needs is Needs.NOTHING


@pytest.mark.parametrize(
    ("wanted", "kind", "holds"),
    [("team", "stay", "now"), ("crew", "upgrade", "now"), ("starter", "downgrade", "at_renewal")],
)
def test_who_was_leaving_stays(wanted: str, kind: str, holds: str) -> None:
    """Any wish for a plan that is paid takes a scheduled cancellation back, and says so."""
    held = holding(having(line("team"), cancel_at_period_end=True))
    change = wish(held, wanted)
    assert (change.kind, change.holds, change.takes_back_cancellation) == (kind, holds, True)
    assert wish(held, "free").kind is ChangeKind.NOTHING
    assert wish(held, "free").effective_at == PERIOD_END


def test_a_planned_change_is_planned_once() -> None:
    """The same wish again needs nothing; another one, and staying, let the schedule go first."""
    held = holding(having(line("team")), schedules=[planned(line("starter"))])
    again = wish(held, "starter")
    assert (again.kind, again.holds, again.releases) == ("nothing", "at_renewal", None)
    by_year = wish(held, "starter", "year")
    assert (by_year.kind, by_year.releases) == ("downgrade", "sched_1")
    stay = wish(held, "team")
    assert (stay.kind, stay.releases, stay.is_made) == ("stay", "sched_1", True)
    assert wish(held, "crew").releases == "sched_1"
    assert wish(held, "free").releases == "sched_1"


def test_a_schedule_that_has_nothing_left() -> None:
    """What was planned and has come about is no plan any more; a change lets the schedule go all the same."""
    over = planned(line("team"))
    held = holding(having(line("team"), observed_at=PERIOD_END), schedules=[over])
    assert wish(held, "team").kind is ChangeKind.NOTHING
    assert wish(held, "starter").releases == "sched_1"


def test_what_waits_for_its_payment_waits() -> None:
    """The same wish again is no second charge; another one is made anew."""
    pending = PendingUpdate(NOW, (replace(line("crew", quantity=2), id="si_team"),))
    held = holding(having(line("team"), pending_update=pending))
    again = wish(held, "crew")
    assert (again.waits_for_payment, again.is_made) == (True, False)
    assert not wish(held, "crew", "year").waits_for_payment
    assert not wish(held, "team").waits_for_payment
    assert not wish(holding(having(line("team"))), "crew").waits_for_payment


@pytest.mark.parametrize(
    ("has", "wanted", "members", "quantity"),
    [
        pytest.param(line("team"), "crew", None, 2, id="the least that is sold"),
        pytest.param(line("team"), "crew", 9, 9, id="a seat for everybody"),
        pytest.param(line("crew", quantity=9), "team", 9, 1, id="no seats any more"),
        pytest.param(line("crew", quantity=9), "crew", 12, 9, id="another interval leaves the seats"),
    ],
)
def test_seats_of_the_other_plan(has: Any, wanted: str, members: int | None, quantity: int) -> None:
    """A plan that is charged per seat is bought with a seat for everybody."""
    assert wish(holding(having(has)), wanted, "year", members=members).quantity == quantity


def test_more_people_than_the_plan_has_seats() -> None:
    """A plan that cannot seat everybody is not changed to."""
    assert wish(holding(having(line("team"))), "crew", members=21).refusal is Refusal.SEATS_OUT_OF_RANGE


def test_the_plan_as_it_was_sold() -> None:
    """A plan that is sold no more has the rank that it was sold with."""
    old = shop()
    gone = replace(old.plan("team"), key="gone", rank=2)
    older = replace(old, plans={**old.plans, "gone": gone}, version=6)
    offer = replace(old, older={6: older})
    held = holding(having(replace(line("team"), plan_key="gone"), catalog_version=6), offer=offer)
    assert held is not None
    assert held.plan == gone
    assert plan_change(held, offer, INTERVALS, "crew", None, NOW).kind is ChangeKind.UPGRADE
    assert plan_change(held, offer, INTERVALS, "starter", None, NOW).kind is ChangeKind.DOWNGRADE


def test_which_subscription_is_changed() -> None:
    """Of several it is the one that is paid for, then the bigger plan, then the newer; add-ons are none."""
    paid = replace(having(line("starter")), id="sub_paid")
    tried = replace(trying("crew"), id="sub_tried")
    bigger = replace(having(line("team"), line(None, add_on="storage")), id="sub_bigger")
    add_ons = replace(having(line(None, add_on="storage")), id="sub_add_ons")
    found = [holding(tried, paid), holding(paid, bigger, tried), holding(add_ons, tried)]
    assert [held.subscription.id for held in found if held] == ["sub_paid", "sub_bigger", "sub_tried"]


@pytest.mark.parametrize(
    ("status", "now", "kind", "holds", "effective_at"),
    [
        pytest.param("active", False, "cancel", "at_renewal", PERIOD_END, id="with the period"),
        pytest.param("active", True, "cancel", "now", NOW, id="at once"),
        pytest.param("past_due", False, "cancel", "at_renewal", PERIOD_END, id="who cannot pay may leave"),
        pytest.param("incomplete", False, "cancel", "now", NOW, id="what was never paid"),
        pytest.param("paused", False, "cancel", "now", NOW, id="what is paused has no period"),
    ],
)
def test_cancelling(status: str, now: bool, kind: str, holds: str, effective_at: datetime) -> None:
    """It ends with its period, unless it is wanted at once or there is no period to wait for."""
    held = holding(having(line("team"), status=status))
    change = cancellation(held, None, NOW, now=now)
    assert (change.kind, change.holds, change.effective_at) == (kind, holds, effective_at)
    assert change.is_made


def test_cancelling_what_is_not_there_or_not_known() -> None:
    """Nothing, and what ends already, needs nothing; a state that nobody knows is left alone."""
    assert cancellation(None, None, NOW, now=True).kind is ChangeKind.NOTHING
    ending = holding(having(line("team"), cancel_at=PERIOD_END))
    assert cancellation(ending, None, NOW, now=False).kind is ChangeKind.NOTHING
    assert cancellation(ending, None, NOW, now=True).kind is ChangeKind.CANCEL
    odd = holding(having(line("team"), status="odd"))
    assert cancellation(odd, None, NOW, now=False).refusal is Refusal.STATUS_UNKNOWN


def test_a_subscription_without_items_is_none() -> None:
    """There is nothing in it that could be changed."""
    assert holding(replace(subscription("active"), items=())) is None


paid_plans = st.sampled_from(["starter", "team", "crew"])
lengths = st.sampled_from(["month", "year"])


@given(
    paid_plans,
    lengths,
    paid_plans,
    lengths,
    st.sampled_from(SubscriptionStatus),
    st.booleans(),
    st.sampled_from(Cards),
)
def test_every_wish_has_one_answer(
    has: str, paid_by: str, wanted: str, interval: str, status: SubscriptionStatus, ending: bool, cards: Cards
) -> None:
    """What is made now is no step down outside a trial, what waits is; a wish never goes both ways."""
    fields: dict[str, Any] = {"cancel_at_period_end": ending, "trial_end": TRIAL_END}
    held = holding(having(line(has, paid_by), status=str(status), **fields), cards=cards)
    change = wish(held, wanted, interval, moment=IN_TRIAL)
    in_trial = status is SubscriptionStatus.TRIALING
    down = change.kind in (ChangeKind.DOWNGRADE, ChangeKind.SHORTER_INTERVAL)
    if held is not None and not in_trial:
        assert down is (change.holds is Holds.AT_RENEWAL)
        back = wish(holding(having(line(wanted, interval))), has, paid_by)
        if change.kind not in (ChangeKind.STAY, ChangeKind.NOTHING):
            is_up = back.kind in (ChangeKind.UPGRADE, ChangeKind.LONGER_INTERVAL)
            assert is_up is down
    if change.is_made:
        assert change.kind is not ChangeKind.NOTHING
        assert (change.effective_at or IN_TRIAL) >= IN_TRIAL
