"""Lives as Stripe plays them: what it had to tell at each step, and what it would answer then."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.failures.doings import NO_CARD_CANCELS, attach_card, use_bad_card
from tests.services.bench import Bench
from tiergate.stripe_api.needed_events import NEEDED_EVENTS
from tiergate_sandbox.journal import Snapshot
from tiergate_sandbox.testing import Webhook

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)

Life = Callable[[Bench], Iterator[None]]
"""Does something at Stripe, and yields at the end of each step."""


@dataclass(frozen=True)
class Step:
    """A stretch of a life: when it ended, Stripe as it was then, and what had been told since the last."""

    at: datetime
    stripe: Snapshot
    told: tuple[Webhook, ...]


def record(bench: Bench, life: Life) -> tuple[Step, ...]:
    """Play a life at Stripe, and take down its steps; nothing is delivered."""
    steps: list[Step] = []
    for _ in life(bench):
        told = tuple(bench.webhooks(*NEEDED_EVENTS))
        steps.append(Step(bench.clock.now, bench.sandbox.service.snapshot(), told))
        bench.tick()
    return tuple(steps)


def subscribed(bench: Bench, plan: str, **params: object) -> str:
    """Let the customer, who has a card, have a subscription."""
    customer = bench.customer_without_card()
    items = [{"price": bench.price(plan)}]
    return str(bench.post("/v1/subscriptions", customer=customer, items=items, **params)["id"])


def _pass(bench: Bench, by: timedelta) -> None:
    bench.clock.now += by
    bench.sandbox.catch_up()


def converts(bench: Bench) -> Iterator[None]:
    """A trial with a card becomes a paid plan, and is renewed."""
    subscribed(bench, "team", trial_period_days=14)
    yield
    for by in (11 * DAY, 3 * DAY, HOUR + SECOND, 31 * DAY + 2 * HOUR):
        _pass(bench, by)
        yield


def recovers(bench: Bench) -> Iterator[None]:
    """A trial converts; then a renewal is declined, declined again, and paid with another card."""
    subscription_id = subscribed(bench, "team", trial_period_days=7)
    yield
    for by in (7 * DAY + 2 * HOUR, DAY):
        _pass(bench, by)
        yield
    use_bad_card(bench, subscription_id)
    yield
    for by in (30 * DAY + 2 * HOUR, 3 * DAY):
        _pass(bench, by)
        yield
    bench.post(f"/v1/subscriptions/{subscription_id}", default_payment_method=attach_card(bench))
    invoice = bench.at_stripe(f"/v1/subscriptions/{subscription_id}")["latest_invoice"]
    bench.post(f"/v1/invoices/{invoice}/pay")
    yield


def fails(bench: Bench) -> Iterator[None]:
    """A trial converts, and a renewal is declined: there is grace, because it was paid once."""
    subscription_id = subscribed(bench, "team", trial_period_days=7)
    yield
    _pass(bench, 7 * DAY + 2 * HOUR)
    yield
    use_bad_card(bench, subscription_id)
    yield
    _pass(bench, 31 * DAY + 2 * HOUR)
    yield


def hesitates(bench: Bench) -> Iterator[None]:
    """A trial is cancelled, resumed in the same second, cancelled again, and ends."""
    trial = subscribed(bench, "starter", trial_period_days=14)
    yield
    bench.post(f"/v1/subscriptions/{trial}", cancel_at_period_end=True)
    bench.post(f"/v1/subscriptions/{trial}", cancel_at_period_end=False)
    yield
    bench.post(f"/v1/subscriptions/{trial}", cancel_at_period_end=True)
    yield
    _pass(bench, 13 * DAY)
    yield
    _pass(bench, DAY)
    yield


def changes_plan(bench: Bench) -> Iterator[None]:
    """A plan is changed upwards at once, then to a yearly price, and cancelled at once."""
    subscription_id = subscribed(bench, "starter")
    item = bench.at_stripe(f"/v1/subscriptions/{subscription_id}")["items"]["data"][0]["id"]
    yield
    for price, days in ((bench.price("scale"), 5), (bench.price("team", "yearly"), 3)):
        _pass(bench, days * DAY)
        bench.post(
            f"/v1/subscriptions/{subscription_id}",
            items=[{"id": item, "price": price}],
            proration_behavior="always_invoice",
        )
        yield
    _pass(bench, DAY)
    bench.stripe.v1.subscriptions.cancel(subscription_id)
    yield


def has_two(bench: Bench) -> Iterator[None]:
    """A trial without a card of its own runs beside a paid plan, which is cancelled for its end."""
    subscribed(bench, "scale", trial_period_days=14)
    yield
    paid = subscribed(bench, "starter")
    bench.post(f"/v1/subscriptions/{paid}", cancel_at_period_end=True)
    yield
    for by in (14 * DAY, 18 * DAY):
        _pass(bench, by)
        yield


def loses_its_card(bench: Bench) -> Iterator[None]:
    """The card is taken away during a trial, which then ends at Stripe and here."""
    subscribed(bench, "team", trial_period_days=14, trial_settings=NO_CARD_CANCELS)
    yield
    _pass(bench, 12 * DAY)
    customer = bench.at_stripe(f"/v1/customers/{bench.customer_without_card()}")
    bench.stripe.v1.payment_methods.detach(customer["invoice_settings"]["default_payment_method"])
    yield
    _pass(bench, 2 * DAY)
    yield


def steps_down(bench: Bench) -> Iterator[None]:
    """A smaller plan is scheduled for the renewal, and takes its place there."""
    subscription_id = subscribed(bench, "team")
    yield
    _pass(bench, 3 * DAY)
    schedule = bench.post("/v1/subscription_schedules", from_subscription=subscription_id)
    now = schedule["phases"][0]
    paid = {
        "items": [{"price": bench.price("team")}],
        "start_date": now["start_date"],
        "end_date": now["end_date"],
    }
    month = {"interval": "month", "interval_count": 1}
    then = {"items": [{"price": bench.price("starter")}], "duration": month}
    bench.post(f"/v1/subscription_schedules/{schedule['id']}", phases=[paid, then], end_behavior="release")
    yield
    for by in (28 * DAY + 2 * HOUR, 31 * DAY + 2 * HOUR):
        _pass(bench, by)
        yield


def pauses(bench: Bench) -> Iterator[None]:
    """The collection of payments is paused over a renewal, and goes on."""
    subscription_id = subscribed(bench, "team")
    yield
    _pass(bench, 3 * DAY)
    bench.post(f"/v1/subscriptions/{subscription_id}", pause_collection={"behavior": "void"})
    yield
    _pass(bench, 31 * DAY + 2 * HOUR)
    yield
    bench.post(f"/v1/subscriptions/{subscription_id}", pause_collection="")
    yield


def lives_on_a_clock(bench: Bench) -> Iterator[None]:
    """On a test clock a trial converts, another card is used, and a renewal with it is declined."""
    subscription_id = subscribed(bench, "team", trial_period_days=7)
    yield
    _move_clock(bench, 7 * DAY + 2 * HOUR)
    yield
    use_bad_card(bench, subscription_id)
    yield
    for by in (30 * DAY + 2 * HOUR, 3 * DAY):
        _move_clock(bench, by)
        yield
    bench.post(f"/v1/subscriptions/{subscription_id}", cancel_at_period_end=True)
    bench.post(f"/v1/subscriptions/{subscription_id}", cancel_at_period_end=False)
    yield


def _move_clock(bench: Bench, by: timedelta) -> None:
    clock = f"/v1/test_helpers/test_clocks/{bench.context.test_clock}"
    shown = bench.at_stripe(clock)["frozen_time"]
    bench.post(f"{clock}/advance", frozen_time=shown + int(by.total_seconds()))
    bench.sandbox.catch_up()


LIVES: tuple[Life, ...] = (
    *(converts, recovers, fails, hesitates, changes_plan, has_two, loses_its_card, steps_down, pauses),
)
CLOCKED: tuple[Life, ...] = (lives_on_a_clock,)
"""Those of a customer on a test clock."""
