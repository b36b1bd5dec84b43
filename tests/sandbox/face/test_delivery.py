"""The courier: order, retries, faults and holding, with a receiver that is a list."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field

import pytest

from tiergate_sandbox import lane
from tiergate_sandbox.busy import Busy
from tiergate_sandbox.delivery import Courier, Outcome
from tiergate_sandbox.faults import Faults
from tiergate_sandbox.world.protocol import Emitted

OK = Outcome(200)


@dataclass
class Receiver:
    """A destination that notes what it gets and answers as it is told."""

    id: str = "we_1"
    url: str = "http://127.0.0.1/hook"
    types: tuple[str, ...] = ("*",)
    outcomes: Iterator[Outcome] = field(default_factory=lambda: iter([]))
    got: list[str] = field(default_factory=list)
    waits_for: dict[str, asyncio.Event] = field(default_factory=dict)

    def wants(self, event_type: str) -> bool:
        """Whether the type is among those wanted."""
        return "*" in self.types or event_type in self.types

    async def send(self, event_id: str) -> Outcome:
        """Note the event and answer."""
        self.got.append(event_id)
        if event_id in self.waits_for:
            await self.waits_for[event_id].wait()
        return next(self.outcomes, OK)


@dataclass
class Post:
    """A courier with one receiver, and what was reported as settled."""

    courier: Courier
    receiver: Receiver
    busy: Busy
    settled: list[str]

    def statuses(self) -> list[str]:
        """The status of every delivery."""
        return [delivery.status for delivery in self.courier.deliveries()]


def events(count: int, created: int = 5) -> list[Emitted]:
    """Some events of one second."""
    return [Emitted(f"evt_{number}", "invoice.paid", created) for number in range(count)]


def with_post(
    scenario: Callable[[Post], Coroutine[None, None, None]],
    receiver: Receiver | None = None,
    retry_after_seconds: tuple[float, ...] = (0.0, 0.0),
) -> None:
    """Run a scenario with a started courier."""

    async def run() -> None:
        taker = receiver or Receiver()
        settled: list[str] = []
        busy = Busy()
        courier = Courier(lambda: [taker], lambda: 1000, settled.append, busy, retry_after_seconds)
        courier.start()
        await scenario(Post(courier, taker, busy, settled))
        courier.clear()

    asyncio.run(run())


async def until(condition: Callable[[], bool]) -> None:
    """Yield to the loop until something has come true."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0)


def test_emitted_order() -> None:
    """Without faults events arrive once each, in the order in which they were emitted."""

    async def scenario(post: Post) -> None:
        post.courier.accept(events(30))
        await post.busy.quiet()
        assert post.receiver.got == [event.event_id for event in events(30)]
        assert post.statuses() == ["delivered"] * 30
        assert len(post.settled) == 30

    with_post(scenario)


def test_only_wanted_types() -> None:
    """An endpoint gets only the types that it has enabled."""

    async def scenario(post: Post) -> None:
        post.courier.accept([Emitted("evt_a", "invoice.paid", 1), Emitted("evt_b", "price.created", 1)])
        await post.busy.quiet()
        assert post.receiver.got == ["evt_b"]

    with_post(scenario, Receiver(types=("price.created",)))


@pytest.mark.parametrize("outcome", [Outcome(500), Outcome(302), Outcome(404), Outcome(None, "refused")])
def test_retries_until_success(outcome: Outcome) -> None:
    """Anything but a 2xx is tried again, and each attempt is on record."""

    async def scenario(post: Post) -> None:
        post.courier.accept(events(1))
        await until(lambda: post.statuses() == ["delivered"])
        (delivery,) = post.courier.deliveries()
        assert [attempt.status for attempt in delivery.attempts] == [outcome.status, 200]
        assert post.settled == [delivery.id]

    with_post(scenario, Receiver(outcomes=iter([outcome])))


def test_gives_up_after_the_schedule() -> None:
    """When the schedule is used up the delivery has failed and is not tried again."""

    async def scenario(post: Post) -> None:
        post.courier.accept(events(1))
        await until(lambda: post.statuses() == ["failed"])
        assert len(post.receiver.got) == 3
        assert len(post.settled) == 1

    with_post(scenario, Receiver(outcomes=iter([Outcome(500)] * 9)))


def test_retry_does_not_hold_up_the_others() -> None:
    """A delivery that waits for its retry lets the later ones pass, and does not count as under way."""

    async def scenario(post: Post) -> None:
        post.courier.accept(events(2))
        await post.busy.quiet()
        assert post.statuses() == ["retrying", "delivered"]

    with_post(scenario, Receiver(outcomes=iter([Outcome(500)])), retry_after_seconds=(3600.0,))


def test_slow_receiver_is_overtaken_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deliveries without an answer do not hold up the next ones, but only so many are in flight at once."""
    monkeypatch.setattr(lane, "OVERTAKE_AFTER_SECONDS", 0)
    hanging = {f"evt_{number}": asyncio.Event() for number in range(20)}

    async def scenario(post: Post) -> None:
        post.courier.accept(events(20))
        for _ in range(500):
            await asyncio.sleep(0)
        assert len(post.receiver.got) == lane.MAX_IN_FLIGHT
        for event in hanging.values():
            event.set()
        await post.busy.quiet()
        assert len(post.receiver.got) == 20

    with_post(scenario, Receiver(waits_for=hanging))


def test_drop() -> None:
    """A dropped delivery is never sent and says so."""

    async def scenario(post: Post) -> None:
        post.courier.faults = Faults(drop=1)
        post.courier.accept(events(3))
        await post.busy.quiet()
        assert post.receiver.got == []
        assert post.statuses() == ["dropped"] * 3

    with_post(scenario)


def test_duplicate() -> None:
    """A duplicated delivery is sent twice."""

    async def scenario(post: Post) -> None:
        post.courier.faults = Faults(duplicate=1)
        post.courier.accept(events(2))
        await post.busy.quiet()
        assert post.receiver.got == ["evt_0", "evt_0", "evt_1", "evt_1"]

    with_post(scenario)


def test_shares_are_kept_and_repeatable() -> None:
    """A share of one half hits about half of the events, the same ones for the same seed."""
    faults = Faults(drop=0.5, seed=7)
    hit = [number for number in range(1000) if faults.copies(f"evt_{number}") == 0]
    assert 400 < len(hit) < 600
    assert hit == [number for number in range(1000) if Faults(drop=0.5, seed=7).copies(f"evt_{number}") == 0]
    assert hit != [number for number in range(1000) if Faults(drop=0.5, seed=8).copies(f"evt_{number}") == 0]


def test_reorder_keeps_seconds_apart() -> None:
    """Only events of the same second change places, and all of them arrive."""

    async def scenario(post: Post) -> None:
        post.courier.faults = Faults(reorder=True, seed=1)
        early, late = events(20, created=5), [Emitted(f"evt_late_{n}", "invoice.paid", 6) for n in range(20)]
        post.courier.accept([*early, *late])
        await post.busy.quiet()
        first, second = post.receiver.got[:20], post.receiver.got[20:]
        assert set(first) == {event.event_id for event in early}
        assert first != [event.event_id for event in early]
        assert set(second) == {event.event_id for event in late}

    with_post(scenario)


def test_delay_counts_as_under_way() -> None:
    """Delayed deliveries are waited for, and arrive."""

    async def scenario(post: Post) -> None:
        post.courier.faults = Faults(delay_seconds=0.05)
        post.courier.accept(events(5))
        assert post.receiver.got == []
        await post.busy.quiet()
        assert sorted(post.receiver.got) == [event.event_id for event in events(5)]

    with_post(scenario)


def test_hold_and_release_in_any_order() -> None:
    """Held deliveries are sent when released by event or delivery id, in the order asked for."""

    async def scenario(post: Post) -> None:
        post.courier.holding = True
        post.courier.accept(events(4))
        await post.busy.quiet()
        assert post.receiver.got == []
        assert post.statuses() == ["held"] * 4
        delivery_id = post.courier.deliveries()[0].id
        post.courier.release(["evt_2", delivery_id])
        await post.busy.quiet()
        assert post.receiver.got == ["evt_2", "evt_0"]
        assert post.courier.holding
        post.courier.release()
        await post.busy.quiet()
        assert post.receiver.got == ["evt_2", "evt_0", "evt_1", "evt_3"]
        assert not post.courier.holding

    with_post(scenario)


def test_release_of_something_unknown() -> None:
    """An id that is not held is an error, and nothing is sent."""

    async def scenario(post: Post) -> None:
        post.courier.holding = True
        post.courier.accept(events(1))
        with pytest.raises(KeyError, match="evt_9"):
            post.courier.release(["evt_0", "evt_9"])
        await post.busy.quiet()
        assert post.receiver.got == []
        assert post.courier.holding

    with_post(scenario)


def test_resend() -> None:
    """A settled event can be sent once more."""

    async def scenario(post: Post) -> None:
        post.courier.accept(events(1))
        await post.busy.quiet()
        post.courier.resend("evt_0", "invoice.paid", post.receiver)
        await post.busy.quiet()
        assert post.receiver.got == ["evt_0", "evt_0"]

    with_post(scenario)


def test_clear_forgets_everything() -> None:
    """After a reset nothing is sent, retried or remembered, and nothing is under way."""

    async def scenario(post: Post) -> None:
        post.courier.faults = Faults(delay_seconds=0.01)
        post.courier.accept(events(3))
        post.courier.clear()
        await post.busy.quiet()
        assert post.courier.deliveries() == []
        assert post.courier.faults == Faults()
        post.courier.faults = Faults(delay_seconds=0.05)
        later = [Emitted(f"evt_later_{number}", "invoice.paid", 6) for number in range(20)]
        post.courier.accept(later)
        await post.busy.quiet()
        assert sorted(post.receiver.got) == sorted(event.event_id for event in later)

    with_post(scenario)
