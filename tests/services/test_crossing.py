"""Events that cross a reading: what was told while Stripe's answer was on its way stays."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.services.bench import ACCOUNT, Bench
from tiergate.services.mirror.read_from_stripe import OvertakenError, read_account, read_object
from tiergate.services.reconcile.reconcile import Reconciled, reconcile
from tiergate.services.reconcile.save_page import Page, Reading, save_page
from tiergate.services.run_due import run_due
from tiergate.services.webhooks.delivery import Need
from tiergate.stripe_api.listed import as_listed


@pytest.fixture
def subscription_id(both: Bench) -> str:
    """A subscription that runs, and has been told of."""
    found = both.subscribe()
    both.deliver(*both.webhooks())
    both.tick()
    return found


def cross(both: Bench, patch: pytest.MonkeyPatch, path: str, happens: Callable[[], Any], times: int) -> None:
    """Let something happen at Stripe, and be told here, while the answer about a path is on its way."""
    request, left = both.line.request, [happens] * times

    def slow(method: str, url: str, *rest: Any, **options: Any) -> tuple[str, int, Mapping[str, str]]:
        answer = request(method, url, *rest, **options)
        if left and urlsplit(url).path == path:
            both.tick()
            left.pop()()
            both.tick()
            both.deliver(*both.webhooks())
            both.tick()
        return answer

    patch.setattr(both.line, "request", slow)


def plan(both: Bench) -> str:
    """The plan that the account has."""
    found = both.explain().phase.plan
    return found.key if found else ""


def cancels(both: Bench, subscription_id: str) -> Callable[[], Any]:
    """A cancellation at Stripe."""
    return lambda: both.stripe.v1.subscriptions.cancel(subscription_id)


def renames(both: Bench, subscription_id: str) -> Callable[[], Any]:
    """A change at Stripe, that can be made any number of times."""
    seconds = iter(range(100))
    return lambda: both.post(f"/v1/subscriptions/{subscription_id}", metadata={"change": next(seconds)})


@pytest.mark.parametrize(
    ("path", "read"),
    [
        ("/v1/subscriptions/{}", lambda both, one: read_object(both.context, Need("subscription", one), "")),
        ("/v1/subscriptions", lambda both, _: read_account(both.context, ACCOUNT, "")),
        ("/v1/subscriptions", lambda both, _: reconcile(both.context, ACCOUNT)),
        ("/v1/subscriptions", lambda both, _: reconcile(both.context)),
    ],
    ids=["one object", "an account", "one account compared", "everything compared"],
)
def test_what_was_cancelled_meanwhile_stays_cancelled(
    both: Bench, monkeypatch: pytest.MonkeyPatch, subscription_id: str, path: str, read: Any
) -> None:
    """The answer from before the cancellation gives nothing back, at once and twenty days later."""
    both.post(f"/v1/subscriptions/{subscription_id}", metadata={"told": "never"})
    both.webhooks()
    both.tick()
    cross(both, monkeypatch, path.format(subscription_id), cancels(both, subscription_id), 1)
    read(both, subscription_id)
    assert (both.mirrored(subscription_id).status, plan(both)) == ("canceled", "free")
    both.clock.advance(days=20)
    run_due(both.context)
    assert plan(both) == "free"


def test_an_object_is_read_once_more(
    both: Bench, monkeypatch: pytest.MonkeyPatch, subscription_id: str
) -> None:
    """What led to the reading may be newer than what crossed it: Stripe is asked again, and then no more."""
    cross(both, monkeypatch, f"/v1/subscriptions/{subscription_id}", renames(both, subscription_id), 1)
    both.line.requests.clear()
    assert read_object(both.context, Need("subscription", subscription_id), "") is not None
    assert both.line.requests.count(f"GET /v1/subscriptions/{subscription_id}") == 2
    assert both.mirrored(subscription_id).fetched_at == both.clock.now


def test_an_object_that_never_rests_is_left(
    both: Bench, monkeypatch: pytest.MonkeyPatch, subscription_id: str
) -> None:
    """After a second crossing the reader gives up, keeps what was told last, and leaves no lease."""
    cross(both, monkeypatch, f"/v1/subscriptions/{subscription_id}", renames(both, subscription_id), 9)
    with pytest.raises(OvertakenError):
        read_object(both.context, Need("subscription", subscription_id), "")
    assert both.mirrored(subscription_id).metadata["change"] == "1"
    monkeypatch.undo()
    assert read_object(both.context, Need("subscription", subscription_id), "") is not None


def test_events_that_are_finished_together_wait_for_the_second_reading(
    both: Bench, monkeypatch: pytest.MonkeyPatch, subscription_id: str
) -> None:
    """Of several objects read side by side, the one whose news crossed its answer is read once more."""
    customer = both.mirrored(subscription_id).stripe_customer_id
    stale = [
        both.event("customer.subscription.updated", both.at_stripe(f"/v1/subscriptions/{subscription_id}")),
        both.event("customer.updated", both.at_stripe(f"/v1/customers/{customer}")),
    ]
    both.line.down = True
    for event in stale:
        event["created"] -= 60
        both.ingest(event)
    both.line.down = False
    both.clock.advance(minutes=1)
    cross(both, monkeypatch, f"/v1/subscriptions/{subscription_id}", cancels(both, subscription_id), 1)
    both.line.requests.clear()
    run_due(both.context)
    assert both.mirrored(subscription_id).status == "canceled"
    assert {both.stored(event["id"]).state for event in stale} == {"applied"}
    assert both.line.requests.count(f"GET /v1/subscriptions/{subscription_id}") == 2


@pytest.mark.parametrize("dry_run", [False, True], ids=["repairing", "only looking"])
def test_what_was_told_since_is_no_difference(both: Bench, subscription_id: str, dry_run: bool) -> None:
    """A page from before an event differs from the mirror, which is right."""
    subscription = both.at_stripe(f"/v1/subscriptions/{subscription_id}")
    page: Page = {"subscription": [as_listed("subscription", subscription)]}
    reading = Reading(both.clock.now, both.clock.now)
    both.tick()
    both.stripe.v1.subscriptions.cancel(subscription_id)
    both.tick()
    both.deliver(*both.webhooks())
    outcome = save_page(both.context, page, reading, dry_run=dry_run)
    assert (outcome.differences, outcome.account_ids) == ((), frozenset())
    assert both.mirrored(subscription_id).status == "canceled"
    assert reconcile(both.context, dry_run=True).differences == Reconciled().differences


def test_a_machine_whose_clock_is_ahead_drops_nothing(both: Bench, subscription_id: str) -> None:
    """Its reading looks younger than an event that came after it; Stripe's stamps tell that it is not."""
    ahead = replace(both.context, now=lambda: both.clock.now + timedelta(seconds=20))
    read_object(ahead, Need("subscription", subscription_id), "")
    both.clock.advance(seconds=10)
    both.stripe.v1.subscriptions.cancel(subscription_id)
    both.tick()
    both.deliver(*both.webhooks())
    both.clock.advance(seconds=30)
    run_due(both.context)
    assert (both.mirrored(subscription_id).status, plan(both)) == ("canceled", "free")


def test_a_machine_whose_clock_is_an_hour_behind_reads_all_the_same(
    both: Bench, subscription_id: str
) -> None:
    """A minute after what is known, Stripe's stamps alone say that an answer is newer."""
    both.post(f"/v1/subscriptions/{subscription_id}", metadata={"told": "never"})
    both.clock.advance(minutes=2)
    behind = replace(both.context, now=lambda: both.clock.now - timedelta(hours=1))
    assert read_object(behind, Need("subscription", subscription_id), "") is not None
    assert both.mirrored(subscription_id).metadata == {"told": "never"}
