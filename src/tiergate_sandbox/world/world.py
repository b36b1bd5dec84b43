"""The world: calls and the passing of time go in, answers and events come out."""

from collections.abc import Iterator
from typing import Any

from tiergate_sandbox.world import ids
from tiergate_sandbox.world.billing import due, entitling
from tiergate_sandbox.world.draft import Draft, Origin
from tiergate_sandbox.world.eras import check_version
from tiergate_sandbox.world.errors import StripeError
from tiergate_sandbox.world.expand import presented
from tiergate_sandbox.world.params import check
from tiergate_sandbox.world.protocol import Answer, Call, Emitted
from tiergate_sandbox.world.refusal import Refusal
from tiergate_sandbox.world.render import rendered
from tiergate_sandbox.world.resources import ROUTER
from tiergate_sandbox.world.resources.events import event_body
from tiergate_sandbox.world.resources.test_clocks import finish_advance, is_advance
from tiergate_sandbox.world.settings import Settings
from tiergate_sandbox.world.state import REAL_TIME, State
from tiergate_sandbox.world.store import decode

Obj = dict[str, Any]

TOO_LARGE = StripeError("The amount is too large; lower the quantity or the price.", code="amount_too_large")


class World:
    """One Stripe account. Every method takes the time it needs; none reads a clock."""

    def __init__(self, seed: int = 0, settings: Settings | None = None) -> None:
        """``seed`` decides all ids and secrets: equal calls to worlds of equal seed give equal answers."""
        self._state = State(seed, settings or Settings())

    # calls and time

    def call(self, call: Call, at: int) -> tuple[Answer, list[Emitted]]:
        """Answer one API request made at ``at`` (unix seconds of real time).

        Whatever has become due until then happens first, and its events come first; only an advance of a test
        clock meets a clock that is still advancing.
        """
        events = [] if is_advance(call) else self.run_until(at)
        self._state.now = max(self._state.now, at)
        origin = Origin(call.request_id, call.idempotency_key, call.version)
        draft = Draft(self._state, self._state.now, origin)
        try:
            answer = self._answer(draft, call)
            entitling.settle(draft)
        except (StripeError, OverflowError) as failure:
            error = failure if isinstance(failure, StripeError) else TOO_LARGE
            refused = Draft(self._state, self._state.now, origin)
            return _refused(refused, error, call), events
        return answer, events + draft.commit()

    def run_until(self, at: int) -> list[Emitted]:
        """Play all that has become due until ``at``, and every advance of a test clock that was asked for."""
        since = self._state.now
        self._state.now = max(since, at)
        events = self._play(REAL_TIME, since, self._state.now)
        while self._state.advancing:
            clock, target = next(iter(self._state.advancing.items()))
            began_at = Draft(self._state, self._state.now, Origin()).now_on(clock)
            events += self._play(clock, began_at, target)
            draft = Draft(self._state, self._state.now, Origin())
            finish_advance(draft, clock, target)
            events += draft.commit()
        return events

    def next_due_at(self) -> int | None:
        """Return when something will happen next in real time, if anything will."""
        return self._state.now if self._state.advancing else self._state.flows[REAL_TIME].next_due_at()

    def _play(self, flow: str, now: int, until: int) -> list[Emitted]:
        """Play a flow of time from ``now``; what was due earlier (wished for too late) happens now."""
        events: list[Emitted] = []
        timers = self._state.flows.get(flow)
        while timers is not None and (timer := timers.pop(until)) is not None:
            now = max(now, timer.due_at)
            draft = Draft(self._state, now, Origin(), clock=flow or None)
            due.play(draft, timer.name, timer.object_id, now)
            entitling.settle(draft)
            events += draft.commit()
        return events

    def _answer(self, draft: Draft, call: Call) -> Answer:
        route, path_ids = ROUTER.find(call.method, call.path)
        check_version(route.path, call)
        params = check(route.spec, call.params)
        expand = params.pop("expand", ())
        found = route.handler(draft, params, *path_ids)
        if isinstance(found, Refusal):
            return _refused(draft, found.error, call)
        return Answer(200, presented(draft.showing or draft, found, call.version, expand))

    # events and delivery

    def event_payload(self, event_id: str, version: str) -> Obj:
        """Return an event as JSON, its object in the shapes of an API version.

        Raises:
            KeyError: when there is no such event.
        """
        row = self._state.row("event", event_id)
        if row is None:
            raise KeyError(event_id)
        return event_body(decode(row), version, Draft(self._state, self._state.now, Origin()).glance)

    def webhook_endpoints(self) -> list[Obj]:
        """Return the enabled endpoints with their secrets, for whoever delivers."""
        endpoints = [decode(row) for row in self._state.table("webhook_endpoint").rows.values()]
        names = ("id", "url", "enabled_events", "api_version")
        enabled = [one for one in endpoints if one["status"] == "enabled"]
        return [{**{name: one[name] for name in names}, "secret": one["_"]["secret"]} for one in enabled]

    @property
    def listen_secret(self) -> str:
        """The secret that signs what is forwarded to ``stripe listen``."""
        return ids.derive(self._state.seed, 0, "whsec_")

    @property
    def account_default_version(self) -> str:
        """The API version of callers that name none."""
        return self._state.settings.default_version

    @property
    def settings(self) -> Settings:
        """The settings of the account."""
        return self._state.settings

    @property
    def now(self) -> int:
        """The latest instant of real time (unix seconds) that the world was told of; it never goes back."""
        return self._state.now

    @property
    def number(self) -> int:
        """The next running number: it grows with every object and every event, and never goes back."""
        return self._state.number

    def configure(self, settings: Settings) -> None:
        """Take over other settings, as when their owner changes them in the Dashboard."""
        self._state.configure(settings)

    # the whole

    def objects(self, kind: str) -> Iterator[Obj]:
        """Walk through the objects of a kind, the oldest first, as the API shows them."""
        draft = Draft(self._state, self._state.now, Origin())
        for _, row in self._state.table(kind).numbered():
            shown = rendered(draft, decode(row))
            shown.pop("_", None)
            yield shown

    def newest(self, kind: str) -> Iterator[Obj]:
        """Walk through the objects of a kind that have not been deleted, the newest first."""
        draft = Draft(self._state, self._state.now, Origin())
        table = self._state.table(kind)
        for place in reversed(table.order):
            shown = rendered(draft, decode(table.rows[table.id_of(place)]))
            shown.pop("_", None)
            if not shown.get("deleted"):
                yield shown

    def dump(self) -> bytes:
        """Return the whole world as bytes; worlds with equal bytes behave equally."""
        return self._state.dump()

    @classmethod
    def load(cls, image: bytes) -> "World":
        """Return the world that ``dump`` wrote."""
        world = cls.__new__(cls)
        world._state = State.load(image)
        return world


def _refused(draft: Draft, error: StripeError, call: Call) -> Answer:
    body = error.body(call.request_id)
    for name, value in body["error"].items():
        if isinstance(value, dict) and "object" in value:
            body["error"][name] = presented(draft, value, call.version)
    return Answer(error.status, body)
