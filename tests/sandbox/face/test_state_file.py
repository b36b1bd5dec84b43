"""The state file: kills at any moment, torn ends, a full disk, compaction, and what a restart brings back."""

import asyncio
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Semaphore, Thread

import pytest
import stripe

from tests.sandbox.face.conftest import call_tool, sdk
from tests.sandbox.face.receiver import Receiver
from tests.sandbox.face.test_command import command, running
from tiergate_sandbox import service as service_module
from tiergate_sandbox.journal import Journal, StateFileError
from tiergate_sandbox.service import Service
from tiergate_sandbox.world import Settings, World

NOW = 1_900_000_000
KILLS = 6


@contextmanager
def opened(
    path: Path, settings: Settings | None = None, now: Callable[[], float] = lambda: NOW
) -> Iterator[Service]:
    """A service that has brought back what the file holds."""
    service = Service(lambda: World(0, settings or Settings()), now, journal=Journal(path))
    service.recover()
    try:
        yield service
    finally:
        service.close()


def subscribe(service: Service) -> None:
    """Create a customer who pays for a subscription each month."""
    card = {"payment_method": "pm_card_visa", "invoice_settings": {"default_payment_method": "pm_card_visa"}}
    customer = service.engine.ask("POST", "/v1/customers", card).json()["id"]
    recurring, product = {"interval": "month"}, {"name": "Pro"}
    price = {"currency": "usd", "unit_amount": "2500", "recurring": recurring, "product_data": product}
    price_id = service.engine.ask("POST", "/v1/prices", price).json()["id"]
    order = {"customer": customer, "items": [{"price": price_id}]}
    assert service.engine.ask("POST", "/v1/subscriptions", order).status == 200


class Caller(Thread):
    """Creates customers until the connection breaks, and notes every answer."""

    def __init__(self, url: str, name: str) -> None:
        super().__init__(daemon=True)
        self.answered: dict[str, str] = {}
        self.answers = Semaphore(0)
        self._client = sdk(url, max_network_retries=0)
        self._prefix = name

    def run(self) -> None:
        """Call and call."""
        with suppress(stripe.APIConnectionError):
            for number in range(100_000):
                key = f"{self._prefix}-{number}"
                made = self._client.v1.customers.create({"name": key}, {"idempotency_key": key})
                self.answered[key] = made.id
                self.answers.release()


def test_killed_at_random_moments(tmp_path: Path) -> None:
    """Whenever a process is killed, every answered call is there afterwards, in the list and by its key."""
    state, log, chance = tmp_path / "state", tmp_path / "log", random.Random(7)
    answered: dict[str, str] = {}
    for kill in range(KILLS):
        with running("--port", "0", "--state", str(state), log=log) as (process, url):
            callers = [Caller(url, f"{kill}-{number}") for number in range(3)]
            for caller in callers:
                caller.start()
            for _ in range(chance.randint(1, 40)):
                assert callers[0].answers.acquire(timeout=20)
            process.send_signal(signal.SIGKILL)
            for caller in callers:
                caller.join(20)
                answered |= caller.answered
    with running("--port", "0", "--state", str(state), log=log) as (_, url):
        client = sdk(url)
        there = {one.name: one.id for one in client.v1.customers.list({"limit": 100}).auto_paging_iter()}
        assert answered.items() <= there.items()
        assert len(there) <= len(answered) + 3 * KILLS
        key, made = next(reversed(answered.items()))
        assert client.v1.customers.create({"name": key}, {"idempotency_key": key}).id == made


def test_cut_at_every_byte(tmp_path: Path) -> None:
    """Wherever the last line is cut, the file can be read, and all before that line is there."""
    whole = tmp_path / "whole"
    with opened(whole) as service:
        subscribe(service)
        before, image = whole.read_bytes(), service.engine.world.dump()
        service.engine.ask("POST", "/v1/customers", {"email": "last@example.com"}, idempotency_key="k")
        after = service.engine.world.dump()
    content = whole.read_bytes()
    assert content.startswith(before)
    for length in range(len(before), len(content) + 1):
        cut = tmp_path / "cut"
        cut.write_bytes(content[:length])
        with opened(cut) as service:
            assert service.engine.world.dump() == (after if length == len(content) else image)


def test_goes_on_like_one_that_was_never_killed(tmp_path: Path) -> None:
    """A world that was read back, from changes or from a snapshot, is the same to the byte and stays so."""
    state, later = tmp_path / "state", NOW + 40 * 86_400
    with opened(state) as service:
        subscribe(service)
        image = service.engine.world.dump()
    for _ in ("from changes", "from a snapshot"):
        with opened(state) as service:
            assert service.engine.world.dump() == image
    never_killed = World.load(image)
    never_killed.run_until(later)
    with opened(state, now=lambda: later) as service:
        service.engine.catch_up()
        assert service.engine.world.dump() == never_killed.dump() != image


def test_time_that_passes_while_a_reader_asks(tmp_path: Path) -> None:
    """What a GET made due is in the file, and so is the instant of a call after the clock was put back."""
    state, clock = tmp_path / "state", [NOW]
    with opened(state, now=lambda: clock[0]) as service:
        subscribe(service)
        for later in (NOW + 3_600, NOW + 32 * 86_400):
            clock[0] = later
            assert service.engine.ask("GET", "/v1/invoices").status == 200
            clock[0] = NOW
            service.engine.ask("POST", "/v1/customers")
        image = service.engine.world.dump()
    with opened(state) as service:
        assert service.engine.world.dump() == image


def test_file_stays_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the changes have become much work to replay, the file becomes one snapshot of the same world."""
    monkeypatch.setattr(service_module, "LEAST_WORK_BEFORE_A_SNAPSHOT", 200)
    state = tmp_path / "state"
    with opened(state) as service:
        lines = []
        for number in range(300):
            service.engine.ask("POST", "/v1/products", {"name": f"Product {number}"})
            service.keep_file_short()
            lines.append(state.read_bytes().count(b"\n"))
        assert max(lines) < 120
        assert lines.count(1) < 12
        image = service.engine.world.dump()
    with opened(state) as service:
        assert service.engine.world.dump() == image


class FullDisk:
    """A file that takes half of what is written to it, and then nothing more."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self.tell, self.truncate, self.close = self._file.tell, self._file.truncate, self._file.close

    def write(self, line: bytes) -> int:
        """Write the first half."""
        return self._file.write(line[: len(line) // 2])


def test_killed_while_the_file_is_rewritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rewriting that comes to nothing leaves the file as it was, and is no obstacle to the next one."""
    state = tmp_path / "state"
    with opened(state) as service:
        subscribe(service)
        image = service.engine.world.dump()
    content = state.read_bytes()
    dying = Service(lambda: World(0), lambda: NOW, journal=Journal(state))
    with monkeypatch.context() as broken:
        broken.setattr(Path, "replace", killed)
        with pytest.raises(OSError, match="killed"):
            dying.recover()
    dying.close()
    assert state.read_bytes() == content
    (tmp_path / "state.new").write_bytes(b'{"type":"snapshot","wor')
    with opened(state) as service:
        assert service.engine.world.dump() == image


def killed(path: Path, target: Path) -> None:
    """Come to an end before a file is in its place."""
    raise OSError(f"killed before {target} became {path}")


def test_full_disk(tmp_path: Path) -> None:
    """A change that cannot be written is not answered as done; with space again the file is whole again."""
    state = tmp_path / "state"
    journal = Journal(state)
    service = Service(lambda: World(0), lambda: NOW, journal=journal)
    service.recover()
    service.engine.ask("POST", "/v1/customers")
    content = state.read_bytes()
    journal._file.close()
    journal._file = FullDisk(state)
    for _ in range(2):
        with pytest.raises(StateFileError, match="Free some space"):
            service.engine.ask("POST", "/v1/customers")
    assert state.read_bytes() == content
    service.keep_file_short()
    service.engine.ask("POST", "/v1/customers")
    image = service.engine.world.dump()
    service.close()
    with opened(state) as restarted:
        assert restarted.engine.world.dump() == image


def test_full_disk_and_webhooks(tmp_path: Path, receiver: Receiver) -> None:
    """What could not be written has happened all the same: its webhooks go out, and the rest goes on."""
    journal = Journal(tmp_path / "state")
    service = Service(lambda: World(0), lambda: NOW, journal=journal)
    service.recover()
    endpoint = {"url": receiver.url, "enabled_events": ["customer.created"]}
    assert service.engine.ask("POST", "/v1/webhook_endpoints", endpoint).status == 200

    async def scenario() -> None:
        running_service = asyncio.create_task(service.run())
        await asyncio.sleep(0)
        journal._file.close()
        journal._file = FullDisk(tmp_path / "state")
        with pytest.raises(StateFileError):
            service.engine.ask("POST", "/v1/customers")
        async with asyncio.timeout(20):
            await service.busy.quiet()
        assert [delivery.status for delivery in service.courier.deliveries()] == ["delivered"]
        running_service.cancel()
        with suppress(asyncio.CancelledError):
            await running_service

    asyncio.run(scenario())
    service.close()
    assert len(receiver.received) == 1


def test_one_process_at_a_time(tmp_path: Path) -> None:
    """A second sandbox is refused the file, with the remedy; a killed one lets go of it."""
    state, log = tmp_path / "state", tmp_path / "log"
    with running("--port", "0", "--state", str(state), log=log) as (process, _):
        ended = command("serve", "--port", "0", "--state", str(state))
        assert ended.returncode == 1
        assert "in use" in ended.stderr
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)
        with running("--port", "0", "--state", str(state), log=log):
            assert state.exists()


def test_attempts_are_counted_over_a_restart(tmp_path: Path, receiver: Receiver) -> None:
    """A webhook that failed before the kill is tried again after it, and only as often as was left."""
    state, log = tmp_path / "state", tmp_path / "log"
    receiver.statuses += [500, 500, 500, 500]
    retries = ("--retry-after", "0.01,3600")
    with running("--port", "0", "--state", str(state), *retries, log=log) as (process, url):
        client = sdk(url)
        client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["customer.created"]})
        client.v1.customers.create({})
        receiver.wait_for(2)
        call_tool(url, "quiesce", {})
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)
    with running("--port", "0", "--state", str(state), *retries, log=log) as (_, url):
        receiver.wait_for(3)
        call_tool(url, "quiesce", {})
        (delivery,) = call_tool(url, "deliveries", {}, method="GET")["data"]
        assert delivery["status"] == "failed"
        assert [attempt["status"] for attempt in delivery["attempts"]] == [500, 500, 500]
    with running("--port", "0", "--state", str(state), *retries, log=log) as (_, url):
        assert call_tool(url, "deliveries", {}, method="GET")["data"] == []


def test_pages_move_with_the_port(tmp_path: Path) -> None:
    """A sandbox that starts again on another port links to its own pages, and keeps its other settings."""
    state = tmp_path / "state"
    with opened(state, Settings(hosted_url="http://127.0.0.1:1", upcoming_days=3)) as service:
        subscribe(service)
    with opened(state, Settings(hosted_url="http://127.0.0.1:2")) as service:
        assert service.engine.world.settings == Settings(hosted_url="http://127.0.0.1:2", upcoming_days=3)
    with opened(state, Settings(hosted_url="http://127.0.0.1:2", upcoming_days=5)) as service:
        assert service.engine.world.settings.upcoming_days == 5
