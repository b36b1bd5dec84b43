"""The service puts the parts together: engine, deliveries, listeners and the state file."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import suppress

import msgspec

from tiergate_sandbox.busy import Busy
from tiergate_sandbox.cli_socket import Sessions, listen_signer
from tiergate_sandbox.delivery import RETRY_AFTER_SECONDS, Courier, Delivery, Destination
from tiergate_sandbox.endpoints import WebhookSender, endpoints
from tiergate_sandbox.engine import Engine
from tiergate_sandbox.idempotency import IdempotencyKeys
from tiergate_sandbox.journal import (
    Configured,
    Entry,
    Journal,
    Outstanding,
    Rolled,
    Settled,
    Snapshot,
    StateFileError,
    Tried,
)
from tiergate_sandbox.real_time import RealTime
from tiergate_sandbox.signing import SigningSecrets
from tiergate_sandbox.world import Emitted, Settings, World
from tiergate_sandbox.world.settings import changed

TICK_SECONDS = 1.0
LEAST_WORK_BEFORE_A_SNAPSHOT = 20_000

log = logging.getLogger(__name__)


class Service:
    """One sandbox, without its HTTP face.

    ``make_world`` makes the empty world of a start or a reset. With a ``journal`` every change is recorded
    and ``recover`` brings them back. ``announce`` takes the events instead of the courier, when given.
    """

    def __init__(
        self,
        make_world: Callable[[], World],
        now: RealTime,
        *,
        journal: Journal | None = None,
        announce: Callable[[Sequence[Emitted]], None] | None = None,
        retry_after_seconds: Sequence[float] = RETRY_AFTER_SECONDS,
    ) -> None:
        self._make_world = make_world
        self._journal = journal
        self._recording = False
        self._number_written = 0
        self._sender = WebhookSender()
        self._announced_to = announce
        self._secrets = SigningSecrets()
        self.busy = Busy()
        self.courier = Courier(
            self._destinations, self._at, self._note_settled, self.busy, retry_after_seconds, self._note_tried
        )
        world = make_world()
        self._settings = world.settings
        self.engine = Engine(world, now, announce=announce or self.courier.accept, record=self._record)
        self.sessions = Sessions(self.busy, self.render, self._sign_for_listeners)

    def render(self, event_id: str, version: str | None = None) -> bytes:
        """Return an event's JSON in the shapes of ``version`` (default: the account's)."""
        world = self.engine.world
        return msgspec.json.encode(world.event_payload(event_id, version or world.account_default_version))

    def recover(self) -> None:
        """Bring back what the state file holds, and record from now on.

        Raises:
            StateFileError: the file cannot be read.
        """
        if self._journal is None:
            return
        try:
            for entry in self._journal.entries():
                self._recall(entry)
        except StateFileError:
            raise
        except Exception as error:
            reason = f"which this version cannot replay ({type(error).__name__}: {error})"
            raise self._journal.unreadable(reason) from error
        self._settle_in({"hosted_url", *asked_for(self._settings)})
        self._recording = True
        self._write_snapshot(self._journal)

    def snapshot(self) -> Snapshot:
        """Return everything there is to know at this instant."""
        open_deliveries = [
            Outstanding(entry.id, entry.event_id, entry.event_type, entry.destination_id, entry.attempts)
            for entry in self.courier.deliveries()
            if entry.status in {"waiting", "held", "in_flight", "retrying"}
        ]
        return Snapshot(
            world=self.engine.world.dump(),
            request_count=self.engine.request_count,
            results=self.engine.keys.kept(),
            secrets=self._secrets.rolled(),
            outstanding=open_deliveries,
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot; its open deliveries are sent again, those of the present are forgotten."""
        self._load(snapshot)
        self._settle_in({"hosted_url"})
        if self._journal is not None:
            self._write_snapshot(self._journal)

    def reset(self) -> None:
        """Begin again with an empty world; listeners stay connected."""
        self.restore(Snapshot(world=self._make_world().dump()))

    def resend(
        self, event_id: str, event_type: str, endpoint_id: str | None, *, listeners_only: bool
    ) -> None:
        """Send an event again to every destination that wants it, or only to the one or those named."""
        if self._announced_to is not None:
            self._announced_to([Emitted(event_id, event_type, self._at())])
            return
        listeners = {session.id for session in self.sessions.all()}
        for destination in self._destinations():
            if listeners_only and destination.id not in listeners:
                continue
            if endpoint_id in (None, destination.id) and destination.wants(event_type):
                self.courier.resend(event_id, event_type, destination)

    def roll_secret(self, endpoint_id: str, old_valid_seconds: int) -> str:
        """Give a webhook endpoint a new secret and return it; the old one holds on for a while.

        Raises:
            KeyError: there is no such endpoint.
        """
        entry = Rolled(endpoint_id, self.engine.at() + old_valid_seconds)
        successor = self._roll(entry)
        self._record(entry)
        return successor

    def configure(self, changes: Mapping[str, object]) -> Settings:
        """Change some settings of the account, and return all of them.

        Raises:
            msgspec.ValidationError: there is no such setting, or it cannot have that value.
        """
        settings = changed(self.engine.world.settings, changes)
        self.engine.catch_up()
        self.engine.world.configure(settings)
        self._record(Configured(settings))
        return settings

    async def run(self) -> None:
        """Deliver webhooks and let time pass until cancelled."""
        self.courier.start()
        try:
            while True:
                try:
                    self.engine.catch_up()
                    self.keep_file_short()
                except Exception:
                    log.exception("what is due could not be done; the sandbox tries again in a second")
                await asyncio.sleep(TICK_SECONDS)
        finally:
            self.courier.clear()
            await self._sender.close()

    def keep_file_short(self) -> None:
        """Rewrite the state file when replaying its end would be more work than reading its beginning."""
        if self._journal is None:
            return
        work = self._journal.appended + self.engine.world.number - self._number_written
        if self._journal.is_behind or work > max(LEAST_WORK_BEFORE_A_SNAPSHOT, self._number_written // 2):
            self._write_snapshot(self._journal)

    def close(self) -> None:
        """Close the state file."""
        if self._journal is not None:
            self._journal.close()

    def _at(self) -> int:
        return self.engine.at()

    def _destinations(self) -> Iterator[Destination]:
        listed = self.engine.world.webhook_endpoints()
        yield from endpoints(listed, self.render, self._valid_secrets, self.engine.at, self._sender)
        yield from self.sessions.all()

    def _valid_secrets(self, endpoint_id: str, original: str) -> list[str]:
        return self._secrets.valid(endpoint_id, original, self.engine.at())

    def _sign_for_listeners(self, body: bytes) -> dict[str, str]:
        return listen_signer(self.engine.world.listen_secret, self.engine.at)(body)

    def _note_tried(self, delivery: Delivery) -> None:
        self._note(Tried(delivery.id, delivery.attempts[-1]))

    def _note_settled(self, delivery_id: str) -> None:
        self._note(Settled(delivery_id))

    def _note(self, entry: Tried | Settled) -> None:
        """Record what became of a webhook; where that cannot be written, a kill makes it come twice."""
        with suppress(StateFileError):
            self._record(entry)

    def _record(self, entry: Entry) -> None:
        if self._recording and self._journal is not None:
            self._journal.append(entry)

    def _write_snapshot(self, journal: Journal) -> None:
        journal.start(self.snapshot())
        self._number_written = self.engine.world.number

    def _recall(self, entry: Entry) -> None:
        if isinstance(entry, Snapshot):
            self._load(entry)
        elif isinstance(entry, Configured):
            self.engine.world.configure(entry.settings)
        elif isinstance(entry, Tried):
            self.courier.remember(entry.delivery_id, entry.attempt)
        elif isinstance(entry, Settled):
            self.courier.forget(entry.delivery_id)
        elif isinstance(entry, Rolled):
            with suppress(KeyError):
                self._roll(entry)
        else:
            self.engine.replay(entry)

    def _settle_in(self, names: Set[str]) -> None:
        """Give a world that was brought back some of the settings that this process was started with."""
        world = self.engine.world
        own = {name: getattr(self._settings, name) for name in names}
        if (settings := msgspec.structs.replace(world.settings, **own)) != world.settings:
            world.configure(settings)

    def _roll(self, entry: Rolled) -> str:
        for listed in self.engine.world.webhook_endpoints():
            if listed["id"] == entry.endpoint_id:
                return self._secrets.roll(entry.endpoint_id, listed["secret"], entry.expires_at)
        raise KeyError(entry.endpoint_id)

    def _load(self, snapshot: Snapshot) -> None:
        self.courier.clear()
        for session in self.sessions.all():
            session.clear()
        self._secrets = SigningSecrets(dict(snapshot.secrets))
        self.engine.begin(
            World.load(snapshot.world), IdempotencyKeys(dict(snapshot.results)), snapshot.request_count
        )
        urls = {entry.id: entry.url for entry in self._destinations()}
        for entry in snapshot.outstanding:
            url = urls.get(entry.destination_id, "")
            delivery = Delivery(
                entry.delivery_id, entry.event_id, entry.event_type, entry.destination_id, url
            )
            delivery.attempts = entry.attempts
            self.courier.restore(delivery)


def asked_for(settings: Settings) -> set[str]:
    """Return the names of the settings that differ from the defaults."""
    usual = Settings()
    return {name for name in Settings.__struct_fields__ if getattr(settings, name) != getattr(usual, name)}
