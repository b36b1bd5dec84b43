"""The doctor: each thing that goes wrong in practice is found, and its remedy named."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, insert, text, update

from tests.services.bench import ACCOUNT, Bench, LineGateway, northwind
from tiergate.services.accounts.ensure_customer import ensure_customer
from tiergate.services.examination.doctor import examine
from tiergate.services.examination.finding import Finding, Verdict
from tiergate.services.mirror.read_from_stripe import reading_lease
from tiergate.services.plans.push_plans import push_plans
from tiergate.store.tables import accounts, catalog_versions, customers, events, outbox, prices, subscriptions
from tiergate.stripe_api.gateway import API_VERSION, StripeUnavailableError
from tiergate.stripe_api.needed_events import needed_events

LONG_AGO = datetime(2027, 2, 1, tzinfo=UTC)
URL = "https://app.example/webhooks/stripe"


@pytest.fixture
def healthy(bench: Bench) -> Bench:
    """An installation where all is as it should be."""
    endpoint = {
        "url": URL,
        "enabled_events": sorted(needed_events(livemode=False)),
        "api_version": API_VERSION,
    }
    bench.post("/v1/webhook_endpoints", **endpoint)
    bench.post("/v1/billing_portal/configurations", features={"invoice_history": {"enabled": True}})
    bench.subscribe("team")
    bench.tick()
    bench.deliver(*bench.webhooks())
    bench.clock.advance(minutes=3)
    return bench


def troubles(bench: Bench) -> dict[str, Finding]:
    """Return what is not well, by check."""
    return {found.check: found for found in examine(bench.context) if found.verdict is not Verdict.OK}


def sql(statement: object) -> Callable[[Bench], None]:
    """Break something in the tables."""

    def breaks(bench: Bench) -> None:
        with bench.context.database.write() as tx:
            tx.execute(statement)  # type: ignore[call-overload]

    return breaks


def test_all_is_well(healthy: Bench) -> None:
    """A healthy installation has no finding but good ones, one for each thing that was looked at."""
    assert troubles(healthy) == {}
    looked_at = {found.check for found in examine(healthy.context)}
    assert looked_at >= {
        "migrations",
        "keys",
        "plans",
        "retries",
        "last webhook",
        "webhooks",
        "events",
        "stripe",
        "clock",
        "prices",
        "portal",
        "deliveries",
        "drift",
    }


def _lose_a_webhook(bench: Bench) -> None:
    bench.stripe.v1.subscriptions.cancel(bench.rows(subscriptions)[0].stripe_subscription_id)
    bench.webhooks()
    bench.clock.advance(minutes=3)


def _stop_the_endpoint(bench: Bench) -> None:
    endpoint = bench.stripe.v1.webhook_endpoints.list().data[0]
    bench.stripe.v1.webhook_endpoints.update(endpoint.id, {"disabled": True})


def _forget_events(bench: Bench) -> None:
    endpoint = bench.stripe.v1.webhook_endpoints.list().data[0]
    bench.stripe.v1.webhook_endpoints.update(endpoint.id, {"enabled_events": ["invoice.paid"]})


def _remove_the_endpoint(bench: Bench) -> None:
    bench.stripe.v1.webhook_endpoints.delete(bench.stripe.v1.webhook_endpoints.list().data[0].id)


def _run_late(bench: Bench) -> None:
    line_now = bench.clock.now
    bench.context = replace(bench.context, now=lambda: line_now - timedelta(minutes=6))


def _use_an_odd_secret(bench: Bench) -> None:
    bench.context = replace(bench.context, webhook_secrets=("sk_test_by_mistake",))


def _wait(bench: Bench) -> None:
    with bench.context.database.write() as tx:
        tx.execute(update(accounts).values(next_due_at=bench.clock.now - timedelta(hours=1)))


def _archive_a_price(bench: Bench) -> None:
    bench.post(f"/v1/prices/{bench.price('team')}", active=False)


def _close_the_portal(bench: Bench) -> None:
    for configuration in bench.stripe.v1.billing_portal.configurations.list().data:
        bench.post(f"/v1/billing_portal/configurations/{configuration.id}", active=False)


_FAILED_MESSAGE = {
    "account_id": ACCOUNT,
    "message_key": "one",
    "channel": "callback",
    "kind": "access_changed",
    "payload": {},
    "state": "failed",
    "created_at": LONG_AGO,
}

BREAKAGES: dict[str, tuple[Callable[[Bench], None], str, Verdict, str]] = {
    "a webhook was lost": (_lose_a_webhook, "deliveries", Verdict.PROBLEM, "secret"),
    "the mirror differs": (_lose_a_webhook, "drift", Verdict.PROBLEM, "tiergate reconcile"),
    "the endpoint is disabled": (_stop_the_endpoint, "webhooks", Verdict.PROBLEM, "webhooks create"),
    "the endpoint lacks events": (_forget_events, "webhooks", Verdict.PROBLEM, "webhooks create"),
    "there is no endpoint": (_remove_the_endpoint, "webhooks", Verdict.PROBLEM, "webhooks create"),
    "the clock is wrong": (_run_late, "clock", Verdict.PROBLEM, "Synchronise"),
    "the secret is something else": (_use_an_odd_secret, "signature secret", Verdict.WARNING, "whsec_"),
    "nothing ever arrived": (sql(delete(events)), "last webhook", Verdict.PROBLEM, "stripe listen"),
    "an event failed": (
        sql(update(events).values(state="failed")), "failed events", Verdict.PROBLEM, "replay"
    ),
    "events wait": (
        sql(update(events).values(state="received", received_at=LONG_AGO)), "stuck events",
        Verdict.PROBLEM, "worker",
    ),
    "a price sells no plan": (
        sql(update(subscriptions).values(plan_key=None)), "prices", Verdict.PROBLEM, "adopt --map"
    ),
    "a subscription is nobody's": (
        sql(update(subscriptions).values(account_id=None)), "strangers", Verdict.PROBLEM, "account_id"
    ),
    "metadata is missing": (
        sql(update(customers).values(metadata={})), "metadata", Verdict.WARNING, "metadata.account_id"
    ),
    "prices are not at Stripe": (sql(delete(prices)), "prices", Verdict.PROBLEM, "plans push"),
    "the database is too old": (
        sql(text("DELETE FROM tiergate_alembic_version")), "database", Verdict.PROBLEM, "tiergate migrate"
    ),
    "a price was archived at Stripe": (_archive_a_price, "prices", Verdict.PROBLEM, "plans push"),
    "the portal has no configuration": (_close_the_portal, "portal", Verdict.WARNING, "Customer portal"),
    "live events come": (
        sql(update(events).values(livemode=True, received_at=datetime(2027, 3, 1, 10, 3, tzinfo=UTC))),
        "other mode", Verdict.PROBLEM, "of one mode",
    ),
    "the callback gave up": (
        sql(insert(outbox).values(_FAILED_MESSAGE)), "callback", Verdict.PROBLEM, "explain"
    ),
    "nobody does what is due": (_wait, "worker", Verdict.PROBLEM, "tiergate worker"),
}  # fmt: skip


@pytest.mark.parametrize("name", BREAKAGES)
def test_what_is_broken_is_found(healthy: Bench, name: str) -> None:
    """Each breakage is reported under its check, with a remedy."""
    breaks, check, verdict, remedy = BREAKAGES[name]
    breaks(healthy)
    found = troubles(healthy)
    assert found[check].verdict is verdict, found
    assert remedy in found[check].remedy


def test_without_plans_that_alone_is_told(healthy: Bench) -> None:
    """What rests on the plans is not examined where there are none: one cause is one problem."""
    sql(delete(catalog_versions))(healthy)
    found = [each for each in examine(healthy.context) if each.verdict is not Verdict.OK]
    assert [(each.check, each.verdict) for each in found] == [("plans", Verdict.PROBLEM)]
    assert "tiergate plans push" in found[0].remedy


def test_a_machine_that_is_a_little_late_is_warned(healthy: Bench) -> None:
    """Signatures still hold, and it is time to look after the clock."""
    at_stripe = healthy.clock.now
    healthy.context = replace(healthy.context, now=lambda: at_stripe - timedelta(seconds=31))
    assert troubles(healthy)["clock"].verdict is Verdict.WARNING


def test_a_silence_of_days_is_told(healthy: Bench) -> None:
    """That nothing has come for a day may be so; it is told, with where to look."""
    healthy.clock.advance(days=1, minutes=-4)
    assert "last webhook" not in troubles(healthy)
    healthy.clock.advance(days=1)
    found = troubles(healthy)["last webhook"]
    assert (found.verdict, "more than 24 hours ago" in found.message) == (Verdict.WARNING, True)
    assert "tiergate reconcile" in found.remedy


def test_what_stripe_was_asked_and_nobody_heard_the_answer_of(healthy: Bench) -> None:
    """A write to Stripe that is still open after ten minutes is a problem."""
    healthy.register("globex")
    healthy.line.down = True
    with pytest.raises(StripeUnavailableError):
        ensure_customer(healthy.context, "globex")
    healthy.line.down = False
    healthy.clock.advance(minutes=10)
    assert "operations" not in troubles(healthy)
    healthy.clock.advance(seconds=1)
    found = troubles(healthy)["operations"]
    assert (found.verdict, "tiergate worker" in found.remedy) == (Verdict.PROBLEM, True)


def test_a_test_clock_that_is_none_is_found(healthy: Bench) -> None:
    """Where Stripe does not have the clock that new customers are to live on, nobody can buy."""
    clock = healthy.post("/v1/test_helpers/test_clocks", frozen_time=int(healthy.clock.now.timestamp()))
    healthy.context = replace(healthy.context, test_clock=clock["id"])
    assert "test clock" not in troubles(healthy)
    healthy.context = replace(healthy.context, test_clock="clock_nope")
    found = troubles(healthy)["test clock"]
    assert (found.verdict, "clock_nope" in found.message) == (Verdict.PROBLEM, True)


def test_a_lost_webhook_of_a_clock_that_is_ahead_is_found(healthy: Bench) -> None:
    """Its time says nothing of when it was sent; that it never arrived is told all the same."""
    ahead = int((healthy.clock.now + timedelta(days=14)).timestamp())
    clock = healthy.post("/v1/test_helpers/test_clocks", frozen_time=ahead)
    healthy.post("/v1/customers", email="ada@example.com", test_clock=clock["id"])
    lost = [webhook.type for webhook in healthy.webhooks()]
    assert "customer.created" in lost
    assert troubles(healthy)["deliveries"].verdict is Verdict.PROBLEM


def test_settings_of_live_mode(healthy: Bench) -> None:
    """With a live key customers come back over https, and no test clock has an effect."""
    live = replace(
        healthy.context,
        gateway=LineGateway(healthy.line, "sk_live_the_bench"),
        public_url="http://app.example",
        test_clock="clock_1",
    )
    found = {each.check: each for each in examine(live) if each.verdict is not Verdict.OK}
    assert found["public address"].verdict is Verdict.PROBLEM
    assert "https://" in found["public address"].remedy
    assert found["test clock"].verdict is Verdict.WARNING
    assert "live mode" in next(each for each in examine(live) if each.check == "keys").message


def test_more_retries_than_stripe_makes_are_a_warning(healthy: Bench) -> None:
    """A schedule of one's own has three retries at Stripe, whatever the file wishes."""
    push_plans(healthy.context, northwind() + "\n[billing]\nretry_after_days = [1, 3, 5, 7]\n")
    found = troubles(healthy)["retries"]
    assert (found.verdict, "retry_after_days" in found.remedy) == (Verdict.WARNING, True)


def test_stripe_may_be_silent(healthy: Bench) -> None:
    """Where Stripe does not answer that is a finding, and everything local is examined all the same."""
    healthy.line.down = True
    found = troubles(healthy)
    assert {"stripe", "drift"} <= found.keys()
    assert "database" not in found


def test_a_key_that_stripe_refuses_is_told_with_its_remedy(
    healthy: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that Stripe does not know, or that may not do something, is a problem that names the key."""
    refusal = json.dumps({"error": {"type": "invalid_request_error", "message": "Invalid API Key"}})
    monkeypatch.setattr(healthy.line, "request", lambda *_args, **_options: (refusal, 401, {}))
    found = troubles(healthy)
    assert {"stripe", "prices", "portal", "webhooks", "deliveries", "drift"} <= found.keys()
    assert all("STRIPE_SECRET_KEY" in finding.remedy for finding in found.values())


def test_an_account_that_is_being_read_is_no_drift(healthy: Bench) -> None:
    """Somebody who reads an account at this moment repairs it: that is nothing to complain of."""
    customer = healthy.rows(customers)[0].stripe_customer_id
    with reading_lease(healthy.context, f"all of {customer}"):
        assert troubles(healthy) == {}


def test_two_customers_of_one_account_are_found(healthy: Bench) -> None:
    """An account with two customers at Stripe pays in two places: that is told."""
    row = dict(healthy.rows(customers)[0]._mapping) | {"stripe_customer_id": "cus_second"}
    sql(insert(customers).values(row))(healthy)
    assert ACCOUNT in troubles(healthy)["customers"].message


def test_what_stripe_calls_otherwise_is_a_warning(healthy: Bench) -> None:
    """Drift that keeps nobody from buying is told, with both ways to end it."""
    healthy.stripe.v1.products.update("northwind_team", {"name": "Crew"})
    found = troubles(healthy)["prices"]
    assert (found.verdict, "is called 'Crew' at Stripe" in found.message) == (Verdict.WARNING, True)
    assert "tiergate plans push" in found.remedy
    assert "plans pull --from stripe" in found.remedy
