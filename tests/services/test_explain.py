"""The explanation of an account says what it has, why, until when, and what was done about it."""

import re

import pytest

from tests.services.bench import ACCOUNT, Bench
from tiergate.rules.errors import UnknownAccountError
from tiergate.services.describe_account import describe_account
from tiergate.services.explain import explain

STRANGER_TEXT = """\
Account acme, at 2027-03-01T10:00:00Z
has Free: full access, because no_subscription (no subscription), until something changes.

What today's facts imply:
 > always                free       full       no_subscription  [no subscription]

What Stripe said last:
   nothing: it has never bought anything

What was done about it:
   2027-03-01T10:00:00Z  access_changed  None/None -> free/no_subscription, full  (register)"""

TRIAL_TEXT = """\
Account acme, at 2027-03-01T10:00:00Z
has Team: full access, because trialing (sub_1 trial_end), until 2027-03-15T10:00:00Z.

What today's facts imply:
   always                free       full       no_subscription  [no subscription]
 > 2027-03-01T10:00:00Z  team       full       trialing  [sub_1 trial_end]"""


def test_an_account_without_anything(bench: Bench) -> None:
    """A newcomer's explanation says that there is nothing, in words."""
    assert str(bench.explain()) == STRANGER_TEXT


def test_a_trial_is_told_in_full(bench: Bench) -> None:
    """A trial's explanation names plan, reason, cause, end, the mirrored facts, and the event behind."""
    bench.subscribe(trial_period_days=14)
    bench.deliver(*bench.webhooks())
    text = re.sub(r"sub_\w{10,}", "sub_1", str(bench.explain()))
    assert text.startswith(TRIAL_TEXT)
    assert "sub_1  trialing, card, trial_end 2027-03-15T10:00:00Z" in text
    assert re.search(
        r"no_subscription -> team/trialing, full  \(event evt_\w+ customer.subscription.created", text
    )


def test_the_test_clock_is_named(bench: Bench) -> None:
    """An account that lives on a clock is explained at the clock's time, with its name."""
    clock = bench.stripe.v1.test_helpers.test_clocks.create({"frozen_time": 1_900_000_000}).id
    bench.use_test_clock(clock)
    bench.register("traveller")
    assert f"at 2030-03-17T17:46:40Z (test clock {clock})" in str(bench.explain("traveller"))


def test_an_unknown_account_names_the_remedy(bench: Bench) -> None:
    """Explaining or describing nobody says how to make an account known."""
    for ask in (explain, describe_account):
        with pytest.raises(UnknownAccountError, match=r"billing\.register"):
            ask(bench.context, "ghost")


def test_the_description_rests_on_the_subscription_that_speaks(bench: Bench) -> None:
    """Of a running and an ended subscription, the description shows the running one, with plan and price."""
    ended = bench.subscribe("starter")
    bench.stripe.v1.subscriptions.cancel(ended)
    running = bench.subscribe("team")
    bench.deliver(*bench.webhooks())
    view = describe_account(bench.context, ACCOUNT)
    assert view.subscription is not None
    assert view.plan is not None
    assert view.price is not None
    assert (view.subscription.id, view.plan.key, view.price.unit_amount) == (running, "team", 4900)
    assert view.has_card is True
