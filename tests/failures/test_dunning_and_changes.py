"""Failed payments, cancellations, changes of plan: nobody is locked out early, no refusal is hidden."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import stripe

from tests.failures.doings import (
    DELETED,
    UPDATED,
    attach_card,
    entries,
    has,
    ids,
    of,
    only,
    reasons,
    row_of,
    sell,
    travel_to,
    use_bad_card,
    work,
)
from tests.failures.sources import failure
from tests.services.bench import ACCOUNT, KEY, Bench
from tests.web.routes.site import HTML, Site, signed
from tiergate.services.access.answer_check import answer_check
from tiergate.services.checkout.order import Order
from tiergate.services.checkout.start_checkout import start_checkout
from tiergate.store.tables import operations, subscriptions
from tiergate.stripe_api.gateway import StripeRefusedError

GRACE = timedelta(days=3)
SECOND = timedelta(seconds=1)


def fail_renewal(bench: Bench) -> tuple[str, datetime]:
    """Let a renewal be declined; return the subscription, and when the period ended."""
    subscription_id = sell(bench)
    use_bad_card(bench, subscription_id)
    bench.deliver(*bench.webhooks())
    renews_at: datetime = row_of(bench, subscription_id).current_period_end
    bench.deliver(*travel_to(bench, renews_at + timedelta(hours=1)))
    work(bench)
    return subscription_id, renews_at


@failure(31, "cashier#768")
def test_a_failed_renewal_is_given_time(bench: Bench) -> None:
    """cashier#768: `past_due` locks nobody out at once: access holds through the grace, and not after it."""
    subscription_id, renews_at = fail_renewal(bench)
    failed_at = renews_at + timedelta(hours=1)
    assert row_of(bench, subscription_id).status == "past_due"
    assert has(bench) == ("team", "past_due_grace")
    bench.clock.now = failed_at + GRACE - SECOND
    assert answer_check(bench.context, ACCOUNT, "roles").allowed
    bench.clock.now = failed_at + GRACE
    assert not answer_check(bench.context, ACCOUNT, "roles").allowed
    assert has(bench) == ("free", "past_due")


@failure(31, "matrix-os#1301", "cashier#768")
def test_grace_counts_from_the_unpaid_period(bench: Bench) -> None:
    """matrix-os#1301: the period has moved on when a renewal fails; grace counts from the unpaid invoice."""
    subscription_id, renews_at = fail_renewal(bench)
    row = row_of(bench, subscription_id)
    assert (row.current_period_start, row.current_period_end > renews_at + timedelta(days=27)) == (
        renews_at,
        True,
    )
    assert bench.explain().phase.ends_at == renews_at + timedelta(hours=1) + GRACE


@failure(31, "matrix-os#1301")
def test_grace_is_not_renewed_by_each_attempt(bench: Bench) -> None:
    """matrix-os#1301: the second failed attempt of the same invoice starts no second grace."""
    _, renews_at = fail_renewal(bench)
    ends_at = bench.explain().phase.ends_at
    bench.deliver(*travel_to(bench, renews_at + timedelta(days=3, hours=2)))
    work(bench)
    assert bench.clock.now > ends_at
    assert has(bench) == ("free", "past_due")
    assert reasons(bench)[-2:] == ["past_due_grace", "past_due"]


@failure(32, "better-auth#5780", "stripe-node#2470", "get-convex#18", "tradr#84")
def test_a_portals_cancellation_is_shown(bench: Bench) -> None:
    """better-auth#5780: `cancel_at` alone, as the portal sets it, is a scheduled end, and it ends then."""
    subscription_id = sell(bench)
    period_end = row_of(bench, subscription_id).current_period_end
    bench.post(f"/v1/subscriptions/{subscription_id}", cancel_at=int(period_end.timestamp()))
    (updated,) = bench.webhooks(UPDATED)
    bench.deliver(updated)
    row = row_of(bench, subscription_id)
    assert (row.cancel_at, row.cancel_at_period_end) == (period_end, False)
    assert has(bench) == ("team", "canceling")
    assert (of(bench, subscription_id).cancels_at, bench.explain().phase.ends_at) == (period_end, period_end)
    bench.clock.now = period_end
    assert has(bench)[0] == "free"


@failure(32, "tradr#84")
def test_a_portals_cancellation_does_not_read_as_a_renewal(site: Site, sandbox_url: str) -> None:
    """tradr#84: the answer and the page of a subscription with `cancel_at` alone name its end."""
    site.subscribe("acme")
    before = site.signed_in().get("/api/billing/subscription").json()
    client = stripe.StripeClient(KEY, base_addresses={"api": sandbox_url})
    ends_at = int(datetime.fromisoformat(before["trial_end"]).timestamp())
    order: Any = {"cancel_at": ends_at}
    client.v1.subscriptions.update(before["stripe_subscription_id"], order)
    deliver_newest(site, client)
    after = site.signed_in().get("/api/billing/subscription").json()
    assert (before["cancel_at"], after["cancel_at"]) == (None, before["trial_end"])
    page = site.signed_in().get("/billing", headers=HTML).text
    assert "You have canceled it" in page
    assert "after the trial" not in page


def deliver_newest(site: Site, client: stripe.StripeClient) -> None:
    """Deliver the newest word about a subscription."""
    found = client.raw_request("get", "/v1/events", types=[UPDATED], limit=1).data["data"][0]
    body = client.raw_request("get", f"/v1/events/{found['id']}").body
    raw = body if isinstance(body, bytes) else body.encode()
    site.billing.ingest_webhook(raw, signed(raw)["Stripe-Signature"])


@failure(33, "postiz#1904")
def test_a_refusal_is_raised_and_kept(bench: Bench) -> None:
    """postiz#1904: what Stripe refuses is raised with its reason, kept as such, and sells nothing."""
    bench.customer()
    bench.stripe.v1.prices.update(bench.price("team"), {"active": False})
    with pytest.raises(StripeRefusedError, match="inactive"):
        start_checkout(bench.context, ACCOUNT, Order("team"))
    (refused,) = [row for row in bench.rows(operations) if row.action == "checkout"]
    assert refused.state == "refused"
    assert "inactive" in refused.result["error"]
    assert bench.at_stripe("/v1/checkout/sessions")["data"] == []


@failure(33, "postiz#1904")
def test_a_refusal_is_no_success_over_http(site: Site, sandbox_url: str) -> None:
    """postiz#1904: over HTTP a refusal of Stripe's is an error with a code, never an amount or an address."""
    client = stripe.StripeClient(KEY, base_addresses={"api": sandbox_url})
    price = client.v1.prices.list({"lookup_keys": ["scale_yearly"]}).data[0].id
    client.v1.prices.update(price, {"active": False})
    try:
        answer = site.signed_in().post("/api/billing/checkout", json={"plan": "scale", "interval": "year"})
    finally:
        client.v1.prices.update(price, {"active": True})
    assert (answer.status_code, answer.json()["code"]) == (502, "stripe_refused")
    assert "url" not in answer.json()


@failure(34, "llmgateway#2913")
@pytest.mark.parametrize("behavior", ["error_if_incomplete", "pending_if_incomplete"])
def test_a_declined_upgrade_leaves_the_old_plan(bench: Bench, behavior: str) -> None:
    """llmgateway#2913: an upgrade whose payment is declined leaves the old plan in force."""
    subscription_id = sell(bench, "starter")
    item = bench.at_stripe(f"/v1/subscriptions/{subscription_id}")["items"]["data"][0]["id"]
    use_bad_card(bench, subscription_id)
    bench.deliver(*bench.webhooks())
    bench.tick()
    change: Any = {
        "items": [{"id": item, "price": bench.price("scale")}],
        "payment_behavior": behavior,
        "proration_behavior": "always_invoice",
    }
    if behavior == "error_if_incomplete":
        with pytest.raises(stripe.CardError):
            bench.stripe.v1.subscriptions.update(subscription_id, change)
    else:
        bench.stripe.v1.subscriptions.update(subscription_id, change)
    bench.deliver(*bench.webhooks())
    work(bench)
    row = row_of(bench, subscription_id)
    assert (row.plan_key, row.status) == ("starter", "active")
    assert has(bench) == ("starter", "active")


@failure(34, "omi#6568")
def test_a_change_of_plan_is_one_subscription(bench: Bench) -> None:
    """omi#6568: a change of plan is a change: one subscription, one charge for the difference."""
    subscription_id = sell(bench, "starter")
    item = bench.at_stripe(f"/v1/subscriptions/{subscription_id}")["items"]["data"][0]["id"]
    change: Any = {
        "items": [{"id": item, "price": bench.price("team")}],
        "proration_behavior": "always_invoice",
    }
    bench.stripe.v1.subscriptions.update(subscription_id, change)
    bench.deliver(*bench.webhooks())
    assert ids(bench) == [subscription_id]
    assert has(bench) == ("team", "active")
    assert sum(invoice.amount_paid for invoice in bench.explain().state.invoices) in range(4890, 4911)
    assert len(entries(bench, "converted")) == 1


@failure(35, "tamagui#4048", "dj-stripe#855")
def test_what_has_ended_is_kept(bench: Bench) -> None:
    """tamagui#4048: `deleted` ends a subscription and keeps its row, its invoices and its story."""
    subscription_id = sell(bench)
    bench.stripe.v1.subscriptions.cancel(subscription_id)
    told = only(bench.webhooks(), DELETED)
    bench.deliver(*told, *told)
    (row,) = bench.rows(subscriptions)
    assert (row.stripe_subscription_id, row.status, row.plan_key) == (subscription_id, "canceled", "team")
    assert [invoice.amount_paid for invoice in bench.explain().state.invoices] == [4900]
    assert reasons(bench)[-2:] == ["active", "canceled"]


@failure(35, "dj-stripe#855")
def test_the_end_of_dunning_is_kept(bench: Bench) -> None:
    """dj-stripe#855: cancelled after the last attempt, an account can be told what it had, and come back."""
    subscription_id, renews_at = fail_renewal(bench)
    bench.deliver(*travel_to(bench, renews_at + timedelta(days=20)))
    work(bench)
    row = row_of(bench, subscription_id)
    assert (row.status, row.plan_key) == ("canceled", "team")
    assert has(bench)[0] == "free"
    card = attach_card(bench)
    assert card
    assert start_checkout(bench.context, ACCOUNT, Order("team")).startswith("http")
