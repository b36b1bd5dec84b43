"""A process that takes webhooks in, and is killed at one of its steps."""

import asyncio
import os
import sqlite3
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import Any

from tests.services.bench import PUBLIC_URL, Clock, Line, LineGateway
from tiergate.services.context import Context
from tiergate.services.webhooks.ingest_webhook import aingest_webhook, ingest_webhook, wait_until_told
from tiergate.store import Database, flight
from tiergate_sandbox.journal import Snapshot
from tiergate_sandbox.testing import Sandbox

KILLED = 137
COMMITS = frozenset({"commit"})
"""What leaves a trace that outlives the process: enough to tell all its deaths apart."""
WRITES = COMMITS | {"execute", "executemany"}
"""Every single write as well, though its transaction takes it along."""
_BY_FLIGHT = {"_command": "commit", "send": "execute", "_come_down": "execute"}
"""A commit that is sent, a statement that is sent, and the waiting for what was sent."""
_PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Task:
    """What the process is to do: where, when, and with which deliveries (body and signature)."""

    database_url: str
    now: datetime
    stripe: Snapshot
    deliveries: Sequence[tuple[bytes, str]]
    dies_at: int
    counted: frozenset[str]
    """The calls to the database that are steps: ``COMMITS`` or ``WRITES``."""
    at_once: bool = False
    """Whether all deliveries arrive at the same moment, and so share a transaction."""


class Steps:
    """Counts the steps that leave a trace: requests, and calls to the database. Dies before one of them."""

    def __init__(self, dies_at: int, counted: frozenset[str]) -> None:
        self._dies_at = dies_at
        self._taken = count(1)
        self._counted = counted

    def step(self) -> None:
        """Take a step, or die."""
        if next(self._taken) >= self._dies_at:
            os._exit(KILLED)

    def watch(self) -> None:
        """Count what is done to the database from now on, in whatever thread."""
        threading.setprofile(self._profile)
        sys.setprofile(self._profile)

    def _profile(self, frame: FrameType, event: str, called: Any) -> None:
        if event == "c_call":
            owner = getattr(called, "__self__", None)
            if isinstance(owner, sqlite3.Cursor | sqlite3.Connection) and called.__name__ in self._counted:
                self._step_unless_reading(frame)
        elif event == "call" and _call_of(frame) in self._counted:
            self._step_unless_reading(frame)

    def _step_unless_reading(self, frame: FrameType) -> None:
        given = frame.f_locals
        statement = given.get("statement") or given.get("query") or given.get("text")
        if not str(statement).lstrip().upper().startswith(("SELECT", "BEGIN")):
            self.step()


def _call_of(frame: FrameType) -> str | None:
    """Name the call to PostgreSQL that a frame is, be it by psycopg or by our own flight."""
    file, name = Path(frame.f_code.co_filename), frame.f_code.co_name
    if file.parent.name == "psycopg":
        return name
    return _BY_FLIGHT.get(name) if file == Path(flight.__file__) else None


class WatchedLine(Line):
    """The line to Stripe, where each request is a step before it and one after it."""

    def __init__(self, sandbox: Sandbox, clock: Clock, steps: Steps) -> None:
        super().__init__(sandbox, clock)
        self._steps = steps

    def request(self, *args: Any, **options: Any) -> tuple[str, int, Mapping[str, str]]:
        """Make one request, if nothing happens before."""
        self._steps.step()
        answer = super().request(*args, **options)
        self._steps.step()
        return answer


def take_in(task: Task, acknowledged: Connection) -> None:
    """Take in webhook after webhook, and report each that was acknowledged; ends the process."""
    clock = Clock(task.now)
    sandbox = Sandbox(now=clock.unix_seconds)
    sandbox.service.restore(task.stripe)
    steps = Steps(task.dies_at, task.counted)
    context = Context(
        database=Database(task.database_url),
        gateway=LineGateway(WatchedLine(sandbox, clock, steps)),
        now=clock,
        webhook_secrets=(sandbox.webhook_secret,),
        public_url=PUBLIC_URL,
    )
    steps.watch()
    if task.at_once:
        asyncio.run(_take_in_at_once(context, task, steps, acknowledged))
        assert wait_until_told(context, _PATIENCE_SECONDS)
    else:
        for body, signature in task.deliveries:
            event_id = ingest_webhook(context, body, signature)
            steps.step()
            acknowledged.send(event_id)
    os._exit(0)


async def _take_in_at_once(context: Context, task: Task, steps: Steps, acknowledged: Connection) -> None:
    async def take_in_one(body: bytes, signature: str) -> None:
        event_id = await aingest_webhook(context, body, signature)
        steps.step()
        acknowledged.send(event_id)

    await asyncio.gather(*(take_in_one(*delivery) for delivery in task.deliveries))
