"""Examines Stripe's side: the key, the clocks, the prices, the portal, the endpoint and its deliveries."""

from collections.abc import Callable, Iterator
from datetime import timedelta

from tiergate.services.context import Context
from tiergate.services.examination.finding import Finding, Verdict
from tiergate.services.examination.webhook_endpoints import check_webhooks
from tiergate.services.plans.diff_plans import find_drift
from tiergate.store.health_rows import received_event_ids
from tiergate.stripe_api.needed_events import needed_events

_SKEW_WARNING = timedelta(seconds=30)
_SKEW_PROBLEM = timedelta(minutes=4)
"""A signature older than five minutes is refused."""
_RECENT = timedelta(minutes=2)
"""An event younger than this may still be on its way."""


def _clock_skew(context: Context) -> Iterator[Finding]:
    before = context.now()
    answer = context.gateway.fetch_own_account()
    yield Finding("stripe", Verdict.OK, f"Stripe answers as account {answer.body['id']}.")
    skew = abs(answer.answered_at - before)
    seconds = int(skew.total_seconds())
    if skew < _SKEW_WARNING:
        yield Finding("clock", Verdict.OK, "This machine's clock agrees with Stripe's.")
        return
    yield Finding(
        "clock",
        Verdict.PROBLEM if skew > _SKEW_PROBLEM else Verdict.WARNING,
        f"This machine's clock and Stripe's are {seconds} seconds apart.",
        "Synchronise it (timedatectl set-ntp true): signatures older than five minutes are refused.",
    )


def _prices(context: Context) -> Iterator[Finding]:
    drift = find_drift(context)
    if unsold := [each.name for each in drift if each.keeps_from_buying]:
        told = f"Prices of the catalogue are not for sale at Stripe: {', '.join(unsold)}."
        yield Finding("prices", Verdict.PROBLEM, told, "Run `tiergate plans push`.")
    for each in drift:
        if not each.keeps_from_buying:
            remedy = "Run `tiergate plans push`, or take it over: `tiergate plans pull --from stripe`."
            yield Finding("prices", Verdict.WARNING, f"Stripe differs from the plans: {each}", remedy)
    if not drift:
        yield Finding("prices", Verdict.OK, "Every price of the catalogue is for sale at Stripe.")


def _portal(context: Context) -> Iterator[Finding]:
    page = context.gateway.page(
        "billing_portal.configuration", "/v1/billing_portal/configurations", {"active": "true"}
    )
    if page.entries:
        yield Finding("portal", Verdict.OK, "Stripe's customer portal is configured.")
    else:
        yield Finding(
            "portal",
            Verdict.WARNING,
            "Stripe's customer portal has no active configuration.",
            "Save its settings once under Settings > Billing > Customer portal in Stripe's dashboard.",
        )


def _test_clock(context: Context) -> Iterator[Finding]:
    test_clock = None if context.livemode else context.test_clock
    if test_clock and context.gateway.fetch_test_clock(test_clock) is None:
        yield Finding(
            "test clock",
            Verdict.PROBLEM,
            f"TIERGATE_TEST_CLOCK names {test_clock}, which Stripe does not have: nobody can buy.",
            "Name one that exists, or remove it from the environment: customers then live in real time.",
        )


def _deliveries(context: Context) -> Iterator[Finding]:
    """What Stripe sent and never arrived: the endpoint was down, or the secret does not fit."""
    events = [entry.body for entry in context.gateway.page("event", "/v1/events", {}).entries]
    needed = needed_events(context.livemode)
    horizon = (context.now() - _RECENT).timestamp()
    soon = (context.now() + _SKEW_PROBLEM).timestamp()
    # Those of a test clock that is ahead carry its time: when they were sent nobody can tell.
    due = [e for e in events if e["type"] in needed and not horizon <= e["created"] <= soon]
    with context.database.read() as tx:
        arrived = received_event_ids(tx, [event["id"] for event in due])
    missing = [event["id"] for event in due if event["id"] not in arrived]
    if not missing:
        told = "What Stripe sent lately has arrived." if due else "Stripe has sent nothing lately."
        yield Finding("deliveries", Verdict.OK, told)
        return
    newest_arrived = bool(due) and due[0]["id"] in arrived
    yield Finding(
        "deliveries",
        Verdict.WARNING if newest_arrived else Verdict.PROBLEM,
        f"{len(missing)} of the last {len(due)} events never arrived, such as {missing[0]}.",
        "If the endpoint is reachable, its signing secret and STRIPE_WEBHOOK_SECRET differ: copy it anew. "
        "Then run `tiergate reconcile`.",
    )


AT_STRIPE: dict[str, Callable[[Context], Iterator[Finding]]] = {
    "stripe": _clock_skew,
    "prices": _prices,
    "portal": _portal,
    "test clock": _test_clock,
    "webhooks": check_webhooks,
    "deliveries": _deliveries,
}
"""What has to be right at Stripe, each checked by itself: a key may be allowed one and refused another."""
