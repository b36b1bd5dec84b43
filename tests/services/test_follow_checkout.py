"""What became of a checkout is asked of Stripe; the browser's return proves nothing."""

import pytest

from tests.services.bench import ACCOUNT, Bench
from tiergate.services.checkout.follow_checkout import follow_checkout
from tiergate.services.checkout.order import Order
from tiergate.services.checkout.start_checkout import start_checkout
from tiergate.store.checkout_table import checkouts
from tiergate.stripe_api.gateway import StripeUnavailableError


def session_id(bench: Bench) -> str:
    """A checkout of the account that has just been started."""
    start_checkout(bench.context, ACCOUNT, Order("team"))
    found: str = bench.rows(checkouts)[0].checkout_session_id
    return found


def test_an_open_session_opens_nothing(bench: Bench) -> None:
    """Coming back from a checkout that was not completed changes nothing."""
    assert follow_checkout(bench.context, session_id(bench)) == "open"
    assert bench.reason() == "no_subscription"


def test_a_completed_session_is_mirrored_at_once(bench: Bench) -> None:
    """Coming back before the webhooks did mirrors the subscription, and says what caused it."""
    session = session_id(bench)
    bench.pay(bench.rows(checkouts)[0].url)
    assert follow_checkout(bench.context, session) == "complete"
    assert (bench.explain().phase.plan_key, bench.reason()) == ("team", "trialing")
    assert bench.explain().journal[-1].cause == "checkout"


def test_webhooks_after_the_return_change_nothing(bench: Bench) -> None:
    """What the webhooks tell afterwards is known already: one access change in all."""
    session = session_id(bench)
    bench.pay(bench.rows(checkouts)[0].url)
    follow_checkout(bench.context, session)
    journal = bench.explain().journal
    bench.deliver(*bench.webhooks())
    assert bench.explain().journal == journal


@pytest.mark.parametrize("status", ["expired", "gone"])
def test_a_session_that_is_over_is_noted(bench: Bench, status: str) -> None:
    """An expired session, and one that Stripe does not have any more, can no longer be paid."""
    session = session_id(bench)
    if status == "expired":
        bench.stripe.v1.checkout.sessions.expire(session)
    else:
        bench.sandbox.service.reset()
    assert follow_checkout(bench.context, session) == "expired"
    assert [row.status for row in bench.rows(checkouts)] == ["expired"]


def test_a_foreign_session_is_none_of_ours(bench: Bench) -> None:
    """A session that we did not start is not even asked for."""
    assert follow_checkout(bench.context, "cs_test_of_somebody_else") is None
    assert bench.line.requests == []


def test_stripe_unreachable_keeps_the_session_open(bench: Bench) -> None:
    """While Stripe cannot be reached nothing is decided."""
    session = session_id(bench)
    bench.line.down = True
    with pytest.raises(StripeUnavailableError):
        follow_checkout(bench.context, session)
    assert [row.status for row in bench.rows(checkouts)] == ["open"]
