"""What time it is for an account: real time, its test clock's, and in live mode real time again."""

from datetime import timedelta

import pytest

from tests.services.bench import ACCOUNT, BEGIN, KEY, Bench, LineGateway
from tiergate.services.advance_clock import ClockError, advance_clock
from tiergate.store.tables import accounts, test_clocks

LATER = BEGIN + timedelta(days=30)


def clock_at(bench: Bench, days: int) -> str:
    """A test clock at Stripe that shows an instant some days from the beginning."""
    frozen_time = int((BEGIN + timedelta(days=days)).timestamp())
    return bench.stripe.v1.test_helpers.test_clocks.create({"frozen_time": frozen_time}).id


def unhurried() -> None:
    """What is done between two looks at a clock: nothing."""


def test_without_a_clock_it_is_real_time(bench: Bench) -> None:
    """An account that lives on no clock lives now."""
    bench.clock.advance(days=1)
    assert bench.explain().at == BEGIN + timedelta(days=1)


def test_on_a_clock_it_is_the_clocks_time(bench: Bench) -> None:
    """A new account on a test clock lives, and signed up, at the clock's time, whatever real time is."""
    bench.use_test_clock(clock_at(bench, days=30))
    bench.register("traveller")
    bench.clock.advance(days=400)
    assert bench.explain("traveller").at == LATER
    assert bench.explain("traveller").account.signed_up_at == LATER
    assert bench.explain().at == BEGIN + timedelta(days=400)


def test_an_account_without_a_customer_moves_to_the_clock(bench: Bench) -> None:
    """Until it has a customer, an account can still be put on a clock; after that it stays where it is."""
    bench.register("customer")
    bench.customer("customer")
    bench.use_test_clock(clock_at(bench, days=30))
    bench.register(ACCOUNT)
    bench.register("customer")
    assert bench.explain(ACCOUNT).at == LATER
    assert bench.explain("customer").at == BEGIN


def test_new_customers_are_put_on_the_clock(bench: Bench) -> None:
    """The customer of an account on a clock lives on it at Stripe too."""
    clock = clock_at(bench, days=30)
    bench.use_test_clock(clock)
    bench.register("traveller")
    assert bench.at_stripe(f"/v1/customers/{bench.customer('traveller')}")["test_clock"] == clock


def test_an_event_from_the_clock_moves_it(bench: Bench) -> None:
    """The newest event from a clock tells its time as well as its frozen time does; an older one does not."""
    clock = clock_at(bench, days=30)
    bench.use_test_clock(clock)
    bench.register("traveller")
    thing = {"id": "cus_9", "object": "customer", "created": 1, "test_clock": clock}
    for days, shown in [(1, 1), (-1, 1), (3, 3)]:
        created = int((LATER + timedelta(days=days)).timestamp())
        bench.ingest(bench.event("customer.updated", thing | {"id": f"cus_{days}"}, created=created))
        assert bench.explain("traveller").at == LATER + timedelta(days=shown)


def test_moving_the_clock_moves_the_account(bench: Bench) -> None:
    """`advance_clock` answers with what the clock shows, and the account is there at once."""
    clock = clock_at(bench, days=30)
    bench.use_test_clock(clock)
    bench.register("traveller")
    shown = advance_clock(bench.context, clock, timedelta(days=14), unhurried)
    assert shown == bench.explain("traveller").at == LATER + timedelta(days=14)


def test_a_clock_that_is_gone_is_said(bench: Bench) -> None:
    """Moving a clock that Stripe does not have names the remedy."""
    with pytest.raises(ClockError, match="TIERGATE_TEST_CLOCK"):
        advance_clock(bench.context, "clock_gone", timedelta(days=1), unhurried)


def test_live_mode_ignores_clocks(bench: Bench) -> None:
    """In live mode nobody is put on a clock, and one that an account bears is not looked at."""
    clock = clock_at(bench, days=30)
    bench.use_test_clock(clock)
    bench.register("traveller")
    bench.use_gateway(LineGateway(bench.line, KEY.replace("sk_test_", "sk_live_")))
    bench.register("newcomer")
    assert bench.explain("newcomer").account.test_clock is None
    assert bench.explain("traveller").at == bench.explain("newcomer").at == BEGIN


def test_a_clocks_events_are_ignored_in_live_mode(bench: Bench) -> None:
    """A test clock's event that reaches production is noted, and moves nothing."""
    bench.use_gateway(LineGateway(bench.line, KEY.replace("sk_test_", "sk_live_")))
    thing = {"id": "clock_1", "object": "test_helpers.test_clock", "frozen_time": 1, "status": "ready"}
    bench.ingest(bench.event("test_helpers.test_clock.ready", thing))
    assert bench.rows(test_clocks) == []
    assert {row.test_clock for row in bench.rows(accounts)} == {None}
