"""The symptoms that people debug for hours: each cannot happen, is repaired by itself, or is told."""

import json
import logging
from datetime import timedelta

import pytest
from sqlalchemy import text, update

from tests.failures.doings import CREATED, UPDATED, has, of, only, row_of, sell, travel_to, work
from tests.services.bench import ACCOUNT, Bench
from tests.web.routes.site import HTML, Site, signed
from tiergate.services.access.answer_check import answer_check
from tiergate.services.checkout.follow_checkout import follow_checkout
from tiergate.services.checkout.order import Order
from tiergate.services.checkout.start_checkout import AlreadySubscribedError, start_checkout
from tiergate.services.examination.doctor import examine
from tiergate.services.examination.finding import Verdict
from tiergate.services.reconcile.reconcile import reconcile
from tiergate.store.checkout_table import checkouts
from tiergate.store.tables import customers, subscriptions

SECOND = timedelta(seconds=1)


def allowed(bench: Bench, feature: str = "roles") -> bool:
    """Whether the account may use a feature now."""
    return answer_check(bench.context, ACCOUNT, feature).allowed


def verdicts(bench: Bench) -> dict[str, Verdict]:
    """What the doctor says of each thing, the worst of it."""
    order = list(Verdict)
    found: dict[str, Verdict] = {}
    for finding in examine(bench.context):
        before = found.get(finding.check, Verdict.OK)
        found[finding.check] = max(before, finding.verdict, key=order.index)
    return found


def test_back_from_checkout_without_webhooks(bench: Bench) -> None:
    """Back from checkout without access: where no webhook comes, the page that they return to asks Stripe."""
    bench.pay(start_checkout(bench.context, ACCOUNT, Order("team")))
    (session,) = bench.rows(checkouts)
    assert verdicts(bench)["last webhook"] is Verdict.PROBLEM
    assert follow_checkout(bench.context, session.checkout_session_id) == "complete"
    assert (has(bench), allowed(bench)) == (("team", "trialing"), True)


def test_not_back_from_checkout_at_all(bench: Bench) -> None:
    """Back from checkout without access: who closes the browser is found by the worker within minutes."""
    bench.pay(start_checkout(bench.context, ACCOUNT, Order("team")))
    bench.clock.advance(minutes=11)
    work(bench)
    assert (has(bench), allowed(bench)) == (("team", "trialing"), True)


def test_a_wrong_signing_secret_is_told(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """Back from checkout without access: a secret that does not fit is refused with 400, and logged."""
    body = json.dumps({"id": "evt_1", "type": CREATED}).encode()
    with caplog.at_level(logging.WARNING, "tiergate"):
        answer = site.as_nobody().post("/webhooks/stripe", content=body, headers=signed(body, "whsec_other"))
    assert (answer.status_code, answer.json()["error"]) == (400, "signature_invalid")
    assert "webhook refused" in caplog.text


def test_the_next_request_sees_the_new_plan(site: Site) -> None:
    """Back from checkout without access: the answer is the mirror's, never that of an old session."""
    client = site.signed_in()
    assert client.get("/api/billing/check", params={"feature": "roles"}).json()["allowed"] is False
    site.subscribe("acme")
    assert client.get("/api/billing/check", params={"feature": "roles"}).json()["allowed"] is True
    assert "Team" in client.get("/billing", headers=HTML).text


def test_a_trial_that_is_wrong_here_is_put_right(both: Bench) -> None:
    """A trial that is wrong locally: the doctor finds it, and status, end and period are put right."""
    trial = sell(both, trial_period_days=14)
    right = row_of(both, trial)
    wrong = {"status": "incomplete", "trial_end": None, "current_period_end": None, "plan_key": "starter"}
    with both.context.database.write() as tx:
        tx.execute(update(subscriptions).values(wrong))
    assert (has(both)[0], verdicts(both)["drift"]) == ("free", Verdict.PROBLEM)
    assert {"status", "trial_end", "plan_key"} <= {
        difference.field for difference in reconcile(both.context, ACCOUNT).differences
    }
    row = row_of(both, trial)
    found = (row.status, row.trial_end, row.current_period_end, row.plan_key)
    assert found == (right.status, right.trial_end, right.current_period_end, "team")
    assert (has(both), allowed(both)) == (("team", "trialing"), True)


@pytest.mark.parametrize("event_type", [CREATED, UPDATED])
def test_created_and_updated_are_both_enough(bench: Bench, event_type: str) -> None:
    """A trial that is wrong locally: `created` and `updated` each bring status, end and period."""
    trial = bench.at_stripe(f"/v1/subscriptions/{bench.subscribe(trial_period_days=14)}")
    bench.ingest(bench.event(event_type, trial))
    row = row_of(bench, trial["id"])
    assert row.status == "trialing"
    assert int(row.trial_end.timestamp()) == trial["trial_end"]
    assert int(row.current_period_end.timestamp()) == trial["items"]["data"][0]["current_period_end"]


def test_an_upgrade_makes_no_second_subscription(bench: Bench) -> None:
    """Upgrades that duplicate: same customer, a look at what is live, and a checkout that repeats itself."""
    first, second = (start_checkout(bench.context, ACCOUNT, Order("team")) for _ in range(2))
    assert first == second
    bench.pay(first)
    with pytest.raises(AlreadySubscribedError):
        start_checkout(bench.context, ACCOUNT, Order("scale"))
    bench.deliver(*bench.webhooks())
    with pytest.raises(AlreadySubscribedError):
        start_checkout(bench.context, ACCOUNT, Order("scale"))
    (live,) = bench.at_stripe("/v1/subscriptions")["data"]
    assert [row.stripe_customer_id for row in bench.rows(customers)] == [live["customer"]]


@pytest.mark.parametrize("is_told", [True, False], ids=["told", "untold"])
def test_a_portals_change_of_plan_is_reflected(both: Bench, is_told: bool) -> None:
    """Plan changes not reflected: the price decides, though our metadata still names the old plan."""
    both.pay(start_checkout(both.context, ACCOUNT, Order("starter")))
    both.deliver(*both.webhooks())
    both.tick()
    (row,) = both.rows(subscriptions)
    item = both.at_stripe(f"/v1/subscriptions/{row.stripe_subscription_id}")["items"]["data"][0]["id"]
    both.post(
        f"/v1/subscriptions/{row.stripe_subscription_id}", items=[{"id": item, "price": both.price("team")}]
    )
    assert allowed(both) is False
    if is_told:
        both.deliver(*both.webhooks(UPDATED))
    else:
        reconcile(both.context, ACCOUNT)
    (row,) = both.rows(subscriptions)
    assert (row.metadata["plan_key"], row.plan_key, row.status) == ("starter", "team", "trialing")
    assert row.stripe_price_id == both.price("team")
    assert allowed(both) is True


def test_a_scheduled_end_takes_nothing_before_it(bench: Bench) -> None:
    """Access lost too early: `cancel_at_period_end` leaves everything until the period's last second."""
    subscription_id = sell(bench)
    bench.post(f"/v1/subscriptions/{subscription_id}", cancel_at_period_end=True)
    bench.deliver(*bench.webhooks())
    ends_at = row_of(bench, subscription_id).current_period_end
    for at, may in [(bench.clock.now, True), (ends_at - SECOND, True), (ends_at, False)]:
        bench.clock.now = at
        assert allowed(bench) is may


def test_a_late_renewal_takes_nothing(bench: Bench) -> None:
    """Access lost too early: a renewal that nobody reported yet, with Stripe out of reach, takes nothing."""
    subscription_id = sell(bench)
    renews_at = row_of(bench, subscription_id).current_period_end
    bench.line.down = True
    for after in (timedelta(0), timedelta(days=4) - SECOND):
        bench.clock.now = renews_at + after
        work(bench)
        assert allowed(bench) is True
    bench.line.down = False
    bench.deliver(*travel_to(bench, bench.clock.now))
    work(bench)
    assert has(bench) == ("team", "active")


def test_metadata_that_is_missing_is_made_up_for(both: Bench) -> None:
    """Metadata is missing everywhere: the stored customer says whose it is, and the price which plan."""
    subscription_id = both.subscribe()
    both.stripe.v1.customers.update(both.customer_without_card(), {"metadata": {"account_id": ""}})
    told = both.webhooks()
    both.deliver(*(webhook for webhook in told if webhook.type == "customer.updated"))
    assert not any("account_id" in row.metadata for row in both.rows(customers))
    both.deliver(*told)
    assert verdicts(both)["metadata"] is Verdict.WARNING
    (created,) = only(told, CREATED)
    assert json.loads(created.body)["data"]["object"]["metadata"] == {}
    row = row_of(both, subscription_id)
    assert (row.account_id, row.plan_key, of(both, subscription_id).metadata) == (ACCOUNT, "team", {})
    with both.context.database.read() as tx:
        (seen,) = tx.execute(text("SELECT account_id, plan_key, status FROM subscriptions"))
    assert tuple(seen) == (ACCOUNT, "team", "active")


def test_metadata_is_attached_to_the_subscription(bench: Bench) -> None:
    """Metadata is missing: what we sell carries it on the subscription, not on the session alone."""
    bench.pay(start_checkout(bench.context, ACCOUNT, Order("team")))
    (session,) = bench.rows(checkouts)
    at_stripe = bench.at_stripe(f"/v1/checkout/sessions/{session.checkout_session_id}")
    subscription = bench.at_stripe(f"/v1/subscriptions/{at_stripe['subscription']}")
    assert subscription["metadata"].items() <= at_stripe["metadata"].items()
    assert (subscription["metadata"]["account_id"], subscription["metadata"]["plan_key"]) == (ACCOUNT, "team")
