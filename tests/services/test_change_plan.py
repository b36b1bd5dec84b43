"""A change of plan does what its preview says, to the cent, and once."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.services.bench import ACCOUNT, Bench, northwind
from tests.services.changing import (
    FAILS_LATER,
    at_stripe,
    desk,
    hear,
    held,
    invoices,
    noted,
    paid,
    pay_invoice,
    prices,
    sell,
    sell_crew,
    travel,
)
from tiergate.rules.errors import UnknownAccountError, UnknownPlanError
from tiergate.services.changes.change_errors import (
    CardRequiredError,
    ChangeRefusedError,
    CheckoutRequiredError,
)
from tiergate.services.changes.change_plan import AmountMovedError
from tiergate.services.changes.wish import InvalidWishError
from tiergate.services.checkout.order import PriceNotAtStripeError
from tiergate.services.plans.push_plans import push_plans
from tiergate.store.tables import prices as price_rows
from tiergate.stripe_api.gateway import Answer, Gateway

UPGRADE_NET = 2032
"""Starter to Team after 10 of 31 days: 1900 · 21/31 = 1287 back, 4900 · 21/31 = 3319 due."""


def test_an_upgrade_costs_what_was_shown(both: Bench) -> None:
    """The preview, the invoice, the charge and the mirror agree to the cent; the old period goes on."""
    subscription_id = sell(both)
    shown = desk(both).preview_change(ACCOUNT, "team")
    assert [line.amount for line in shown.lines] == [-1287, 3319]
    assert (shown.total, shown.due_now, shown.currency) == (UPGRADE_NET, UPGRADE_NET, "usd")
    assert (shown.renews_at, shown.renewal_total) == (held(both).renews_at, 4900)
    assert shown.features["roles"] == (False, True)
    both.clock.advance(minutes=20)
    changed = desk(both).change_plan(ACCOUNT, "team", token=shown.token, actor="ada")
    assert (changed.outcome, changed.kind, changed.plan, changed.pay_url) == ("done", "upgrade", "team", None)
    assert paid(both) == [1900, UPGRADE_NET]
    assert prices(both, subscription_id) == {"team_monthly": 1}
    assert at_stripe(both, subscription_id)["metadata"].items() >= {"plan_key": "team"}.items()
    assert both.explain().phase.plan_key == "team"
    assert [invoice.amount_paid for invoice in both.explain().state.invoices] == [1900, UPGRADE_NET]
    (entry,) = noted(both)
    assert (entry.cause, entry.data["plan"]) == ("change_plan by ada", "team")
    hear(both)
    assert both.explain().phase.plan_key == "team"
    travel(both, days=22)
    assert paid(both)[-1] == shown.renewal_total


def test_monthly_to_yearly(both: Bench) -> None:
    """The rest of the year is paid at once, less the rest of the month; the day of renewal stays."""
    subscription_id = sell(both, "team")
    shown = desk(both).preview_change(ACCOUNT, "team", "year")
    assert [line.amount for line in shown.lines] == [-3319, 45521]
    desk(both).change_plan(ACCOUNT, "team", "year", token=shown.token)
    assert paid(both) == [4900, shown.due_now]
    assert prices(both, subscription_id) == {"team_yearly": 1}
    assert (shown.renews_at, shown.renewal_total) == (held(both).renews_at, 46800)
    assert held(both).interval == "year"
    travel(both, days=356, hours=2)
    assert paid(both)[-1] == 46800


@pytest.mark.parametrize(
    ("wanted", "price", "amount"),
    [(("starter", None), "starter_yearly", 18000), (("team", "month"), "team_monthly", 4900)],
    ids=["a smaller plan", "monthly again"],
)
def test_a_step_down_waits_for_the_renewal(both: Bench, wanted: Any, price: str, amount: int) -> None:
    """Until then nothing changes and nothing is charged; then it renews at what was shown."""
    subscription_id = both.post(
        "/v1/subscriptions", customer=both.customer(), items=[{"price": both.price("team", "yearly")}]
    )["id"]
    hear(both)
    both.clock.advance(days=100)
    shown = desk(both).preview_change(ACCOUNT, *wanted)
    renews_at = held(both).renews_at
    assert (shown.due_now, shown.lines, shown.renewal_total) == (0, (), amount)
    assert shown.renews_at == shown.change.effective_at == renews_at
    both.clock.advance(minutes=10)
    changed = desk(both).change_plan(ACCOUNT, *wanted, token=shown.token)
    assert (changed.outcome, changed.effective_at) == ("scheduled", renews_at)
    assert (paid(both), prices(both, subscription_id)) == ([46800], {"team_yearly": 1})
    ahead = [phase for phase in both.explain().timeline.phases if phase.starts_at == renews_at]
    assert [phase.plan_key for phase in ahead] == [wanted[0]]
    travel(both, days=266, hours=2)
    assert (paid(both), prices(both, subscription_id)) == ([46800, amount], {price: 1})
    assert both.explain().phase.plan_key == wanted[0]
    travel(both, days=2)
    assert at_stripe(both, subscription_id)["schedule"] is None


IN_PRICES_OF_THEIR_OWN = """
[plans.duo]
rank = 5
name = "Duo"
features = { projects = 60 }
prices = [
    { interval = "month", currency = "usd", unit_amount = 6100 },
    { interval = "month", currency = "eur", unit_amount = 6000, lookup_key = "duo_monthly_eur" },
]
[plans.solo]
rank = 6
name = "Solo"
features = { projects = 60 }
prices = [{ interval = "month", currency = "usd", unit_amount = 9000 }]
[addons.extra]
name = "Extra"
features = { projects = 10 }
prices = [
    { interval = "month", currency = "usd", unit_amount = 500 },
    { interval = "month", currency = "eur", unit_amount = 450, lookup_key = "extra_monthly_eur" },
]
"""


@pytest.mark.parametrize(
    ("has", "wanted", "price", "amount"),
    [
        (("team", "monthly"), ("starter", None), "starter_monthly", 1800),
        (("team", "yearly"), ("team", "month"), "team_monthly", 4500),
    ],
    ids=["a smaller plan", "monthly again"],
)
def test_a_step_down_in_another_currency(
    bench: Bench, has: tuple[str, str], wanted: Any, price: str, amount: int
) -> None:
    """Who pays in euro goes on in euro after the renewal, at the amount that was shown."""
    order = {"items": [{"price": bench.price(*has)}], "currency": "eur"}
    subscription_id = bench.post("/v1/subscriptions", customer=bench.customer(), **order)["id"]
    hear(bench)
    bench.clock.advance(days=10)
    shown = desk(bench).preview_change(ACCOUNT, *wanted)
    assert (shown.currency, shown.renewal_total) == ("eur", amount)
    assert desk(bench).change_plan(ACCOUNT, *wanted, token=shown.token).outcome == "scheduled"
    travel(bench, days=356, hours=2)
    assert (prices(bench, subscription_id), paid(bench)[-1]) == ({price: 1}, amount)
    assert at_stripe(bench, subscription_id)["currency"] == "eur"


def test_each_currency_may_have_a_price_of_its_own(bench: Bench) -> None:
    """Plans and add-ons are changed at the price of the account's currency; without one it is refused."""
    push_plans(bench.context, northwind() + IN_PRICES_OF_THEIR_OWN)
    subscription_id = sell(bench, "team", currency="eur")
    more = desk(bench).preview_change(ACCOUNT, add_on="extra", quantity=2)
    desk(bench).set_add_on(ACCOUNT, "extra", 2, token=more.token)
    bench.tick()
    up = desk(bench).preview_change(ACCOUNT, "duo")
    desk(bench).change_plan(ACCOUNT, "duo", token=up.token)
    assert prices(bench, subscription_id) == {"duo_monthly_eur": 1, "extra_monthly_eur": 2}
    assert paid(bench) == [4500, more.due_now, up.due_now]
    assert (up.currency, up.renewal_total) == ("eur", 6000 + 2 * 450)
    bench.tick()
    with pytest.raises(UnknownPlanError):
        desk(bench).preview_change(ACCOUNT, "solo")
    down = desk(bench).preview_change(ACCOUNT, "starter")
    desk(bench).change_plan(ACCOUNT, "starter", token=down.token)
    travel(bench, days=22)
    assert paid(bench)[-1] == down.renewal_total == 1800 + 2 * 450


def test_the_free_plan_is_the_end_of_the_period(both: Bench) -> None:
    """A downgrade to the free plan cancels at the period's end, and says what will be gone."""
    subscription_id = sell(both, "team")
    shown = desk(both).preview_change(ACCOUNT, "free")
    assert (str(shown.change.kind), shown.due_now, shown.features["roles"]) == ("cancel", 0, (True, False))
    both.clock.advance(minutes=10)
    changed = desk(both).change_plan(ACCOUNT, "free", token=shown.token)
    ends_at = held(both).renews_at
    assert (changed.outcome, changed.effective_at) == ("scheduled", ends_at)
    assert at_stripe(both, subscription_id)["cancel_at_period_end"] is True
    travel(both, days=22)
    assert both.explain().phase.plan_key == "free"


def test_pressed_five_times(both: Bench) -> None:
    """Five clicks one after the other are one change, up as well as down."""
    sell(both, "team")
    for plan in ("scale", "starter"):
        outcomes = [desk(both).change_plan(ACCOUNT, plan).outcome for _ in range(5)]
        assert outcomes[1:] == ["nothing"] * 4
        both.tick()
    assert len(paid(both)) == 2
    assert len(noted(both)) == 2
    schedules = both.at_stripe("/v1/subscription_schedules")["data"]
    assert [schedule["status"] for schedule in schedules] == ["active"]


def test_an_upgrade_takes_a_cancellation_back(both: Bench) -> None:
    """Who was leaving and buys more stays; the preview says so, and charges the same."""
    subscription_id = sell(both)
    desk(both).cancel(ACCOUNT)
    both.tick()
    shown = desk(both).preview_change(ACCOUNT, "team")
    assert shown.undone == ("cancellation",)
    changed = desk(both).change_plan(ACCOUNT, "team", token=shown.token)
    assert (changed.outcome, changed.undone) == ("done", ("cancellation",))
    assert paid(both)[-1] == shown.due_now
    assert at_stripe(both, subscription_id)["cancel_at"] is None
    assert held(both).is_ending is False


@pytest.mark.parametrize("wanted", ["team", "starter", "scale"])
def test_what_the_portal_cancelled_is_taken_back_too(both: Bench, wanted: str) -> None:
    """The portal sets ``cancel_at`` alone, and a step up, a step down, and staying all take it back."""
    subscription_id = sell(both, "team")
    ends_at = held(both).renews_at
    assert ends_at is not None
    both.post(f"/v1/subscriptions/{subscription_id}", cancel_at=int(ends_at.timestamp()))
    hear(both)
    shown = desk(both).preview_change(ACCOUNT, wanted)
    assert shown.undone == ("cancellation",)
    desk(both).change_plan(ACCOUNT, wanted, token=shown.token)
    assert at_stripe(both, subscription_id)["cancel_at"] is None
    assert held(both).is_ending is False
    assert sum(paid(both)) == 4900 + shown.due_now


def test_a_new_wish_lets_the_schedule_go(both: Bench) -> None:
    """An upgrade after a planned downgrade releases it first, and says so; it does not come back."""
    subscription_id = sell(both, "team")
    desk(both).change_plan(ACCOUNT, "starter")
    both.tick()
    shown = desk(both).preview_change(ACCOUNT, "scale")
    assert shown.undone == ("schedule",)
    desk(both).change_plan(ACCOUNT, "scale", token=shown.token)
    assert at_stripe(both, subscription_id)["schedule"] is None
    assert (held(both).schedule_id, held(both).coming) == (None, ())
    travel(both, days=22)
    assert both.explain().phase.plan_key == "scale"


def test_of_several_items_the_plans_alone_changes(both: Bench) -> None:
    """Add-ons and strangers' prices stay as they are, now and at the renewal."""
    sell_crew(both)
    storage = both.price("storage")
    subscription_id = sell(
        both, "team", items=[{"price": both.price("team")}, {"price": storage, "quantity": 3}]
    )
    desk(both).change_plan(ACCOUNT, "scale")
    assert prices(both, subscription_id) == {"scale_monthly": 1, "storage_monthly": 3}
    both.tick()
    desk(both).change_plan(ACCOUNT, "team")
    travel(both, days=22)
    assert prices(both, subscription_id) == {"team_monthly": 1, "storage_monthly": 3}


def test_who_bought_under_an_older_catalogue_moves(both: Bench) -> None:
    """A change of plan moves to the version in force, and the preview compares with what was sold."""
    sell(both, "team")
    push_plans(
        both.context,
        northwind().replace("projects = 5, api", "projects = 7, api").replace("sso = true\n", ""),
    )
    shown = desk(both).preview_change(ACCOUNT, "scale")
    assert shown.features["api_calls"] == (100_000, 1_000_000)
    assert "sso" not in shown.features
    desk(both).change_plan(ACCOUNT, "scale", token=shown.token)
    assert held(both).subscription.catalog_version == 2
    assert both.explain().phase.features.get("sso", False) is False
    both.tick()
    down = desk(both).preview_change(ACCOUNT, "starter")
    assert down.features["projects"] == ("unlimited", 7)


def test_a_trial_with_a_card_converts(both: Bench) -> None:
    """A step up in a trial ends it, charges the whole new price, and the preview says that."""
    sell(both, "team", trial_period_days=14)
    shown = desk(both).preview_change(ACCOUNT, "scale")
    assert (shown.due_now, [line.is_proration for line in shown.lines]) == (14900, [False])
    assert shown.renewal_total == 14900
    changed = desk(both).change_plan(ACCOUNT, "scale", token=shown.token)
    assert (changed.outcome, paid(both)) == ("done", [14900])
    assert str(both.explain().phase.reason) == "active"
    assert shown.renews_at == held(both).renews_at


def test_a_trial_may_keep_its_days(both: Bench) -> None:
    """Where the policy keeps the trial, and for a step down anyway, nothing is charged before its end."""
    push_plans(both.context, northwind().replace("grace_days = 3", 'upgrade_in_trial = "keep_trial"'))
    sell(both, "team", trial_period_days=14)
    trial_end = held(both).subscription.trial_end
    for plan, amount in (("scale", 14900), ("starter", 1900)):
        shown = desk(both).preview_change(ACCOUNT, plan)
        assert (shown.due_now, shown.renews_at, shown.renewal_total) == (0, trial_end, amount)
        both.clock.advance(minutes=10)
        assert desk(both).change_plan(ACCOUNT, plan, token=shown.token).outcome == "done"
        both.tick()
    assert (paid(both), held(both).subscription.trial_end) == ([], trial_end)
    travel(both, days=4, hours=2)
    assert paid(both) == [1900]


def test_a_trial_without_a_card_needs_one(both: Bench) -> None:
    """It is refused with its own code, and nothing is changed at Stripe."""
    customer = both.customer_without_card()
    both.post(
        "/v1/subscriptions", customer=customer, items=[{"price": both.price("team")}], trial_period_days=14
    )
    hear(both)
    for do in (desk(both).preview_change, desk(both).change_plan):
        with pytest.raises(CardRequiredError):
            do(ACCOUNT, "scale")


def test_a_debt_is_settled_first(both: Bench) -> None:
    """While a payment is outstanding a change is refused, with the page to pay at; paying opens the way."""
    sell(both, "team", FAILS_LATER)
    travel(both, days=22)
    assert held(both).subscription.status == "past_due"
    with pytest.raises(ChangeRefusedError) as refused:
        desk(both).change_plan(ACCOUNT, "scale")
    assert refused.value.code == "payment_outstanding"
    assert refused.value.pay_url is not None
    assert refused.value.details == {"pay_url": refused.value.pay_url}
    assert desk(both).change_plan(ACCOUNT, "free").outcome == "scheduled"
    both.tick()
    assert pay_invoice(both, refused.value.pay_url) == 303
    hear(both)
    assert desk(both).preview_change(ACCOUNT, "scale").undone == ("cancellation",)


def test_what_cannot_be_wished_for(both: Bench) -> None:
    """Nothing to change, nothing known, nothing said: each is refused with what to do about it."""
    with pytest.raises(CheckoutRequiredError):
        desk(both).change_plan(ACCOUNT, "team")
    with pytest.raises(UnknownAccountError):
        desk(both).change_plan("stranger", "team")
    assert desk(both).change_plan(ACCOUNT, "free").outcome == "nothing"
    sell(both)
    with pytest.raises(UnknownPlanError):
        desk(both).preview_change(ACCOUNT, "gold")
    for wish in (
        {},
        {"plan": "team", "seats": 2},
        {"interval": "year", "seats": 2},
        {"add_on": "x"},
        {"seats": 0},
    ):
        with pytest.raises(InvalidWishError):
            desk(both).preview_change(ACCOUNT, **wish)
    with both.context.database.write() as tx:
        tx.execute(price_rows.delete().where(price_rows.c.lookup_key == "team_monthly"))
    with pytest.raises(PriceNotAtStripeError):
        desk(both).change_plan(ACCOUNT, "team")


def test_an_amount_that_has_moved_is_asked_about_again(both: Bench) -> None:
    """A coupon between the look and the click: nothing is charged, and the new preview can be confirmed."""
    subscription_id = sell(both)
    shown = desk(both).preview_change(ACCOUNT, "team")
    coupon = both.post("/v1/coupons", percent_off=50, duration="forever")["id"]
    both.post(f"/v1/subscriptions/{subscription_id}", discounts=[{"coupon": coupon}])
    with pytest.raises(AmountMovedError) as moved:
        desk(both).change_plan(ACCOUNT, "team", token=shown.token)
    anew = moved.value.preview
    assert anew.due_now < shown.due_now
    assert moved.value.details["preview"] == anew.as_json()
    assert paid(both) == [1900]
    assert desk(both).change_plan(ACCOUNT, "team", token=anew.token).outcome == "done"
    assert paid(both) == [1900, anew.due_now]


@pytest.mark.parametrize("token", ["", "x", "0.1.2", "99999999999999999999.1.2", "4000000000.0.ab"])
def test_a_token_that_nobody_showed(both: Bench, token: str) -> None:
    """One that was made up, or names another time, is asked about again: nobody picks his own price."""
    sell(both)
    with pytest.raises(AmountMovedError):
        desk(both).change_plan(ACCOUNT, "team", token=token)
    assert paid(both) == [1900]


def test_a_preview_goes_stale(both: Bench) -> None:
    """After an hour it is worked out anew, and another wish's token confirms nothing."""
    sell(both)
    shown = desk(both).preview_change(ACCOUNT, "team")
    both.clock.advance(hours=1, seconds=1)
    with pytest.raises(AmountMovedError):
        desk(both).change_plan(ACCOUNT, "team", token=shown.token)
    fresh = desk(both).preview_change(ACCOUNT, "team")
    with pytest.raises(AmountMovedError):
        desk(both).change_plan(ACCOUNT, "scale", token=fresh.token)
    assert paid(both) == [1900]


def test_on_a_test_clock(both: Bench) -> None:
    """The same in the time of a test clock, which is asked for anew each time."""
    clock = both.post("/v1/test_helpers/test_clocks", frozen_time=int(both.clock.now.timestamp()))["id"]
    both.use_test_clock(clock)
    both.register(ACCOUNT)
    both.subscribe("starter")
    both.deliver(*both.webhooks())
    ten_days_on = int((both.clock.now + timedelta(days=10)).timestamp())
    both.post(f"/v1/test_helpers/test_clocks/{clock}/advance", frozen_time=ten_days_on)
    shown = desk(both).preview_change(ACCOUNT, "team")
    assert shown.change.effective_at == datetime.fromtimestamp(ten_days_on, both.clock.now.tzinfo)
    assert desk(both).change_plan(ACCOUNT, "team", token=shown.token).outcome == "done"
    newest = both.at_stripe(f"/v1/invoices?customer={both.customer_without_card()}&limit=1")["data"]
    assert [invoice["amount_paid"] for invoice in newest] == [shown.due_now] == [UPGRADE_NET]


def test_a_discount_goes_on(both: Bench) -> None:
    """Half price stays half price after a planned change, as the preview says."""
    coupon = both.post("/v1/coupons", percent_off=50, duration="forever")["id"]
    subscription_id = sell(both, "team", discounts=[{"coupon": coupon}])
    shown = desk(both).preview_change(ACCOUNT, "starter")
    assert shown.renewal_total == 950
    desk(both).change_plan(ACCOUNT, "starter", token=shown.token)
    travel(both, days=22)
    assert (paid(both), prices(both, subscription_id)) == ([2450, 950], {"starter_monthly": 1})


def test_what_lowers_and_raises_the_price_is_said_of_each_phase(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stripe shows discounts and tax rates in the present phase; the next one is given them too."""
    sell(bench, "team")
    gateway = type(bench.context.gateway)
    sent: list[dict[str, Any]] = []

    def create(self: Gateway, params: dict[str, Any], key: str) -> Answer:
        made = Gateway.create_schedule(self, params, key)
        made.body["phases"][0] |= {
            "discounts": [{"coupon": None, "discount": "di_1", "promotion_code": None}],
            "default_tax_rates": [{"id": "txr_1"}, "txr_2"],
        }
        return made

    def update(self: Gateway, name: str, params: dict[str, Any], key: str) -> Answer:
        sent.extend({**phase} for phase in params["phases"])
        plain = [
            {name: value for name, value in phase.items() if name not in ("discounts", "default_tax_rates")}
            for phase in params["phases"]
        ]
        return Gateway.update_schedule(self, name, {**params, "phases": plain}, key)

    monkeypatch.setattr(gateway, "create_schedule", create)
    monkeypatch.setattr(gateway, "update_schedule", update)
    assert desk(bench).change_plan(ACCOUNT, "starter").outcome == "scheduled"
    assert [phase["discounts"] for phase in sent] == [[{"discount": "di_1"}]] * 2
    assert [phase["default_tax_rates"] for phase in sent] == [["txr_1", "txr_2"]] * 2


def test_an_account_that_is_sent_invoices(both: Bench) -> None:
    """Nothing can wait for a card there: the change holds, and its invoice is sent."""
    sell(both, collection_method="send_invoice", days_until_due=30)
    shown = desk(both).preview_change(ACCOUNT, "team")
    changed = desk(both).change_plan(ACCOUNT, "team", token=shown.token)
    assert (changed.outcome, both.explain().phase.plan_key) == ("done", "team")
    assert invoices(both)[-1]["total"] == shown.total == UPGRADE_NET


def test_a_refund_is_credited(both: Bench) -> None:
    """Up from a year to a month there is more to credit than to pay: nothing is charged, as was shown."""
    both.post(
        "/v1/subscriptions", customer=both.customer(), items=[{"price": both.price("starter", "yearly")}]
    )
    hear(both)
    both.clock.advance(days=10)
    shown = desk(both).preview_change(ACCOUNT, "team", "month")
    assert (shown.total < 0, shown.due_now) == (True, 0)
    assert desk(both).change_plan(ACCOUNT, "team", "month", token=shown.token).outcome == "done"
    assert invoices(both)[-1]["total"] == shown.total
