"""Every ``stripe trigger`` of the official CLI that is about what the sandbox emulates."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from tests.sandbox.face.test_stripe_cli import run_cli
from tiergate_sandbox.testing import ServedSandbox, run_sandbox
from tiergate_sandbox.world import Settings

WORDS = {
    "billing_portal.configuration": "created updated",
    "billing_portal.session": "created",
    "charge": "captured failed refunded succeeded",
    "charge.dispute": "closed created updated",
    "charge.refund": "updated",
    "checkout.session": "completed expired",
    "coupon": "created deleted updated",
    "customer": "created deleted updated",
    "customer.discount": "created deleted updated",
    "customer.source": "created updated",
    "customer.subscription": "created deleted paused trial_will_end updated",
    "invoice": "created deleted finalized marked_uncollectible paid payment_action_required payment_failed "
    "payment_succeeded sent updated voided",
    "invoiceitem": "created deleted",
    "payment_intent": "amount_capturable_updated canceled created payment_failed requires_action succeeded",
    "payment_method": "attached detached updated",
    "price": "created updated",
    "product": "created deleted updated",
    "promotion_code": "created updated",
    "setup_intent": "canceled created requires_action setup_failed succeeded",
    "subscription": "payment_failed payment_succeeded",
    "subscription_schedule": "aborted canceled completed created expiring released updated",
    "tax_rate": "created updated",
    "test_helpers.test_clock": "advancing created deleted ready",
}
"""The triggers, by what they are about."""

TRIGGERS = [f"{family}.{word}" for family, words in WORDS.items() for word in words.split()]

NOT_EMULATED = {
    "checkout.session.async_payment_failed": "direct debit",
    "checkout.session.async_payment_succeeded": "direct debit",
    "payment_intent.partially_funded": "bank transfers",
    "payment_intent.processing": "direct debit",
}
"""Triggers that need payment methods other than cards; those are refused clearly."""

OTHER_EVENT = {
    "subscription.payment_failed": "invoice.payment_failed",
    "subscription.payment_succeeded": "invoice.payment_succeeded",
    "subscription_schedule.aborted": "subscription_schedule.canceled",
    "subscription_schedule.expiring": "subscription_schedule.created",
}
"""Triggers that are not named after the event that their requests lead to; that of ``expiring`` stops its
clock nine days before the end, and the notice comes seven days before.
"""


@pytest.fixture(scope="module")
def shared() -> Iterator[ServedSandbox]:
    """One sandbox for all triggers; a subscription without a card lives on, so that its schedule can end."""
    with run_sandbox(
        settings=Settings(after_retries="leave_past_due", schedule_ends_as="completed")
    ) as sandbox:
        yield sandbox


def arrive(base_url: str) -> None:
    """Let the clocks reach what they were asked for: the answer comes before that, as at Stripe."""
    urlopen(Request(f"{base_url}/_sandbox/quiesce", method="POST"), timeout=60).close()


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_trigger(stripe_cli: Path, tmp_path: Path, shared: ServedSandbox, trigger: str) -> None:
    """The CLI reports success, and the event has happened since."""
    world = shared.service.engine.world
    before = {event["id"] for event in world.objects("event")}
    ended = run_cli(stripe_cli, tmp_path, shared.base_url, "trigger", trigger)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    arrive(shared.base_url)
    happened = {event["type"] for event in world.objects("event") if event["id"] not in before}
    assert OTHER_EVENT.get(trigger, trigger) in happened


def test_no_trigger_is_left_out(stripe_cli: Path) -> None:
    """What this CLI lists about these subjects is tried above, or named as not emulated."""
    told = subprocess.run(
        [stripe_cli, "trigger", "--help"], check=True, capture_output=True, text=True, timeout=60
    )
    families = tuple(family + "." for family in WORDS)
    offered = re.findall(r"^  ([a-z_.]+\.[a-z_]+)$", told.stdout, re.MULTILINE)
    ours = {name for name in offered if name.startswith(families)}
    assert ours == set(TRIGGERS) | set(NOT_EMULATED)


@pytest.mark.parametrize("trigger", sorted(NOT_EMULATED))
def test_what_is_not_emulated_is_refused(
    stripe_cli: Path, tmp_path: Path, shared: ServedSandbox, trigger: str
) -> None:
    """A trigger that the sandbox cannot serve meets an error, never a silent success."""
    ended = run_cli(stripe_cli, tmp_path, shared.base_url, "trigger", trigger)
    said = ended.stdout + ended.stderr
    assert "invalid_request_error" in said or trigger.endswith("async_payment_failed"), said
    assert trigger not in {event["type"] for event in shared.service.engine.world.objects("event")}
