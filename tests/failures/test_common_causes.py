"""The ten mistakes from which most bugs of trials and upgrades come, and why they cannot happen here."""

import re
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import text

from tests.failures.doings import (
    CREATED,
    UPDATED,
    attach_card,
    entries,
    has,
    of,
    only,
    reasons,
    row_of,
    sell,
    sell_another,
    travel_to,
    try_without_card,
    use_bad_card,
    work,
)
from tests.services.bench import ACCOUNT, BEGIN, Bench
from tests.web.routes.site import HTML, Site
from tiergate.rules.timeline import build_timeline
from tiergate.services.access.answer_check import answer_check
from tiergate.services.checkout.order import Order
from tiergate.services.checkout.start_checkout import start_checkout
from tiergate.store.tables import customers, events, invoices, subscriptions

VISA = "4242 4242 4242 4242"
SECOND = timedelta(seconds=1)


def allowed(bench: Bench, feature: str = "roles") -> bool:
    """Whether the account may use a feature of the paid plans now."""
    return answer_check(bench.context, ACCOUNT, feature).allowed


def test_the_redirect_grants_nothing(site: Site) -> None:
    """Granting access from the success redirect: the page after it opens nothing that Stripe did not sell."""
    session = site.start_checkout("acme")
    client = site.signed_in()
    for query in (f"?session_id={session}", "?session_id=cs_test_made_up", ""):
        client.get(f"/billing/return{query}", headers=HTML)
        assert client.get("/api/billing/subscription").json()["plan"] == "free"
        assert client.get("/api/billing/check", params={"feature": "roles"}).json()["allowed"] is False


def test_the_ids_are_stored(both: Bench) -> None:
    """Not storing Stripe's ids: customer and subscription stand in the table, and in its view."""
    both.pay(start_checkout(both.context, ACCOUNT, Order("team")))
    (created,) = both.webhooks(CREATED)
    both.deliver(created)
    (row,) = both.rows(subscriptions)
    query = "SELECT account_id, stripe_customer_id, stripe_subscription_id, last_event_id FROM subscriptions"
    with both.context.database.read() as tx:
        seen = [tuple(found) for found in tx.execute(text(query))]
    wanted = (ACCOUNT, row.stripe_customer_id, row.stripe_subscription_id, created.event_id)
    assert seen == [wanted]
    assert re.match(r"cus_\w+ sub_\w+$", f"{row.stripe_customer_id} {row.stripe_subscription_id}")


def test_every_upgrade_has_the_same_customer(bench: Bench) -> None:
    """A new customer on every attempt: plans looked at, bought, cancelled and bought again have one."""
    for plan in ("starter", "team", "scale", "starter"):
        start_checkout(bench.context, ACCOUNT, Order(plan))
    for plan in ("team", "scale"):
        bench.pay(start_checkout(bench.context, ACCOUNT, Order(plan)), VISA if plan == "scale" else "")
        bench.deliver(*bench.webhooks())
        bench.tick()
        bench.stripe.v1.subscriptions.cancel(bench.explain().state.subscriptions[-1].id)
        bench.deliver(*bench.webhooks())
    (customer,) = bench.at_stripe("/v1/customers")["data"]
    assert {row.stripe_customer_id for row in bench.rows(subscriptions)} == {customer["id"]}
    assert [row.stripe_customer_id for row in bench.rows(customers)] == [customer["id"]]


def test_updated_alone_carries_a_trial_through(bench: Bench) -> None:
    """Not handling `updated`: it alone brings the trial, its end, its cancellation and its conversion."""
    bench.customer()
    bench.deliver(*bench.webhooks())
    trial = sell_another(bench, "team", trial_period_days=14)
    bench.webhooks()
    bench.tick()
    bench.post(f"/v1/subscriptions/{trial}", cancel_at_period_end=True)
    bench.deliver(*bench.webhooks(UPDATED))
    assert has(bench) == ("team", "trialing")
    assert of(bench, trial).cancels_at == BEGIN + timedelta(days=14)
    bench.tick()
    bench.post(f"/v1/subscriptions/{trial}", cancel_at_period_end=False)
    bench.deliver(*bench.webhooks(UPDATED))
    assert of(bench, trial).cancels_at is None
    bench.deliver(*only(travel_to(bench, BEGIN + timedelta(days=14)), UPDATED))
    assert has(bench) == ("team", "first_charge_pending")
    travel_to(bench, BEGIN + timedelta(days=14, hours=5))
    work(bench)
    assert has(bench) == ("team", "active")


def test_a_card_that_nobody_told_of_is_looked_for(bench: Bench) -> None:
    """Restricting the wrong: who is `active` at Stripe, on a card nobody told of, is not locked out."""
    bench.subscribe(trial_period_days=14)
    bench.deliver(*bench.webhooks(CREATED))
    bench.deliver(*only(travel_to(bench, BEGIN + timedelta(days=14)), UPDATED))
    travel_to(bench, BEGIN + timedelta(days=14, hours=5))
    work(bench)
    assert has(bench) == ("team", "active")


def test_every_event_twice_is_as_once(both: Bench) -> None:
    """Missing idempotency: a life whose every event comes three times has no row and no entry too many."""
    trial = both.subscribe(trial_period_days=14)
    told = both.webhooks()
    both.deliver(*told, *told)
    both.deliver(*(again := travel_to(both, BEGIN + timedelta(days=14, hours=2))), *again, *told)
    work(both)
    assert [row.stripe_subscription_id for row in both.rows(subscriptions)] == [trial]
    assert sorted(row.total for row in both.rows(invoices)) == [0, 4900]
    assert len(both.rows(events)) == len(told) + len(again)
    assert len(entries(both, "converted")) == 1
    announced = reasons(both)
    assert all(one != next_one for one, next_one in pairwise(announced))


@pytest.mark.parametrize(
    ("status", "plan", "reason"),
    [
        ("trialing", "team", "trialing"),
        ("active", "team", "active"),
        ("past_due", "team", "past_due_grace"),
        ("unpaid", "free", "unpaid"),
        ("canceled", "free", "canceled"),
        ("incomplete", "free", "incomplete"),
        ("incomplete_expired", "free", "incomplete_expired"),
        ("paused", "free", "paused"),
        ("hibernating", "free", "unknown_status"),
    ],
)
def test_every_status_has_its_answer(bench: Bench, status: str, plan: str, reason: str) -> None:
    """Not mapping the status explicitly: each of Stripe's, and one of tomorrow, has an answer of its own."""
    active = bench.at_stripe(f"/v1/subscriptions/{bench.subscribe()}")
    bench.webhooks()
    trial_end = active["created"] + 14 * 86_400 if status == "trialing" else None
    ended_at = active["created"] if status in ("canceled", "incomplete_expired") else None
    told = {**active, "status": status, "trial_end": trial_end, "ended_at": ended_at}
    bench.ingest(bench.event(CREATED, told))
    assert has(bench) == (plan, reason)
    assert allowed(bench) is (plan == "team")


def test_a_trial_that_ends_is_downgraded(bench: Bench) -> None:
    """Forgetting to downgrade when a trial ends: it is so by the clock, with worker and webhooks off."""
    try_without_card(bench)
    trial_end = BEGIN + timedelta(days=14)
    bench.line.down = True
    for at, may in [(trial_end - SECOND, True), (trial_end, False)]:
        bench.clock.now = at
        assert allowed(bench) is may


def test_a_payment_that_fails_is_followed_by_a_downgrade(bench: Bench) -> None:
    """Forgetting to restrict when payment fails: after the grace it is so by the clock alone."""
    subscription_id = sell(bench)
    use_bad_card(bench, subscription_id)
    bench.deliver(*bench.webhooks())
    failed_at = row_of(bench, subscription_id).current_period_end + timedelta(hours=1)
    bench.deliver(*travel_to(bench, failed_at))
    bench.line.down = True
    for at, may in [(failed_at + timedelta(days=3) - SECOND, True), (failed_at + timedelta(days=3), False)]:
        bench.clock.now = at
        assert allowed(bench) is may


def test_a_team_shares_its_plan(site: Site) -> None:
    """Billing users instead of teams: everybody in an account has its plan, and nobody elsewhere has."""
    site.subscribe("acme", on_trial=False)
    ada, ben, their_rival = site.signed_in("acme"), site.signed_in("acme"), site.signed_in("rival")
    plans = [client.get("/api/billing/subscription").json()["plan"] for client in (ada, ben, their_rival)]
    assert plans == ["team", "team", "free"]
    assert ben.post("/api/billing/checkout", json={"plan": "starter"}).status_code == 409
    assert their_rival.post("/api/billing/checkout", json={"plan": "starter"}).status_code == 200


def test_a_failure_after_conversion_and_its_recovery(bench: Bench) -> None:
    """Not testing failed payments after a conversion: grace, end of grace and recovery, step by step."""
    trial = sell(bench, trial_period_days=14)
    bench.deliver(*travel_to(bench, BEGIN + timedelta(days=14, hours=2)))
    work(bench)
    assert (has(bench), len(entries(bench, "converted"))) == (("team", "active"), 1)
    use_bad_card(bench, trial)
    bench.deliver(*bench.webhooks())
    renews_at: datetime = row_of(bench, trial).current_period_end
    bench.deliver(*travel_to(bench, renews_at + timedelta(hours=1)))
    assert has(bench) == ("team", "past_due_grace")
    bench.clock.now = renews_at + timedelta(days=3, hours=1)
    assert has(bench) == ("free", "past_due")
    bench.post(f"/v1/subscriptions/{trial}", default_payment_method=attach_card(bench))
    invoice = bench.at_stripe(f"/v1/subscriptions/{trial}")["latest_invoice"]
    bench.post(f"/v1/invoices/{invoice}/pay")
    bench.deliver(*bench.webhooks())
    work(bench)
    assert has(bench) == ("team", "active")
    assert len(entries(bench, "converted")) == 1


@pytest.mark.parametrize("time_zone", ["Pacific/Auckland", "America/Los_Angeles", "Asia/Kathmandu"])
def test_the_accounts_time_zone_moves_no_boundary(bench: Bench, time_zone: str) -> None:
    """Wrong assumptions about time zones: wherever an account is, it ends at the same second."""
    bench.register(ACCOUNT, time_zone=time_zone)
    try_without_card(bench)
    for at, may in [(BEGIN + timedelta(days=14) - SECOND, True), (BEGIN + timedelta(days=14), False)]:
        bench.clock.now = at
        assert allowed(bench) is may


def test_an_instant_without_a_time_zone_is_refused(bench: Bench) -> None:
    """Wrong assumptions about time zones: an instant that does not say which is refused, not guessed."""
    told = bench.explain()
    timeline = build_timeline(told.state, told.catalog)
    with pytest.raises(ValueError, match="aware"):
        timeline.at(bench.clock.now.replace(tzinfo=None))
