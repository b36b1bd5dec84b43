"""A test clock that is deleted at Stripe takes its customers with it."""

from tests.services.bench import Bench
from tiergate.services.run_due import run_due
from tiergate.store.tables import customers


def test_what_lived_on_it_ends_though_only_its_own_end_is_told(both: Bench) -> None:
    """The accounts on it are asked about at once, and once; their customers are gone and give nothing."""
    clock = both.post("/v1/test_helpers/test_clocks", frozen_time=int(both.clock.now.timestamp()))["id"]
    both.use_test_clock(clock)
    both.register("on-the-clock")
    subscription_id = both.subscribe(account_id="on-the-clock")
    both.deliver(*both.webhooks())
    run_due(both.context)
    both.tick()
    both.stripe.v1.test_helpers.test_clocks.delete(clock)
    both.deliver(*both.webhooks("test_helpers.test_clock.deleted"))
    run_due(both.context)
    plan = both.explain("on-the-clock").phase.plan
    assert (both.mirrored(subscription_id).status, plan and plan.key) == ("canceled", "free")
    assert [row.deleted for row in both.rows(customers)] == [True]
    both.line.requests.clear()
    run_due(both.context)
    assert both.line.requests == []
