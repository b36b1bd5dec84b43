"""The Stripe CLI's side door: sessions of ``stripe listen`` and their websocket.

The CLI asks for a session over HTTP, dials the websocket it is told, and forwards every event that comes
down. It acknowledges each one; a session outlives its socket, keeps what was not acknowledged, and sends
it again when the CLI dials again with the same id.
"""

import logging
import secrets
from collections.abc import Callable
from typing import Any

import msgspec
from starlette.responses import JSONResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from tiergate_sandbox.busy import Busy
from tiergate_sandbox.delivery import Outcome
from tiergate_sandbox.signing import webhook_headers

SUBPROTOCOL = "stripecli-devproxy-v1"
SOCKET_PATH = "/stripecli/subscribe"
RECONNECT_DELAY_SECONDS = 86_400
MAX_SESSIONS = 32
MAX_UNACKNOWLEDGED = 10_000

log = logging.getLogger(__name__)


class Acknowledgement(msgspec.Struct):
    """What the CLI says about one event: ``event_ack``, and later ``webhook_response``."""

    type: str = ""
    webhook_id: str = ""
    status: int = 0
    forward_url: str = ""


class Session:
    """One ``stripe listen``; a destination that takes every event.

    ``render`` gives an event's JSON in the account's default version, ``sign`` its headers.
    """

    def __init__(
        self,
        websocket_id: str,
        params: dict[str, Any],
        busy: Busy,
        render: Callable[[str], bytes],
        sign: Callable[[bytes], dict[str, str]],
    ) -> None:
        self.id = websocket_id
        self.url = f"stripe listen, {params.get('forward_to_url') or 'not forwarding'}"
        self._busy = busy
        self._render = render
        self._sign = sign
        self._socket: WebSocket | None = None
        self._sent = 0
        self._unacknowledged: dict[str, str] = {}

    @property
    def is_connected(self) -> bool:
        """Whether the CLI is on the line."""
        return self._socket is not None

    def wants(self, event_type: str) -> bool:
        """Every type is wanted: the CLI filters by itself."""
        return bool(event_type)

    async def send(self, event_id: str) -> Outcome:
        """Hand the event to the CLI, now or when it dials again."""
        self._sent += 1
        webhook_id = f"wh_{self.id}_{self._sent}"
        self._unacknowledged[webhook_id] = event_id
        while len(self._unacknowledged) > MAX_UNACKNOWLEDGED:
            self._forget(next(iter(self._unacknowledged)))
        await self._push(webhook_id)
        return Outcome(200)

    async def talk(self, socket: WebSocket) -> None:
        """Serve one connection of the CLI until it hangs up."""
        offered = socket.scope.get("subprotocols", [])
        await socket.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in offered else None)
        self._socket = socket
        try:
            for webhook_id in list(self._unacknowledged):
                await self._push(webhook_id)
            while True:
                self._hear(await socket.receive_text())
        except WebSocketDisconnect:
            pass
        finally:
            if self._socket is socket:
                self._hang_up()

    def clear(self) -> None:
        """Forget what the CLI has not acknowledged."""
        for webhook_id in list(self._unacknowledged):
            self._forget(webhook_id)

    async def _push(self, webhook_id: str) -> None:
        event_id = self._unacknowledged.get(webhook_id)
        if self._socket is None or event_id is None:
            return
        self._busy.add(webhook_id)
        try:
            await self._socket.send_text(self._message(webhook_id, event_id))
        except (WebSocketDisconnect, RuntimeError):
            self._hang_up()

    def _message(self, webhook_id: str, event_id: str) -> str:
        body = self._render(event_id)
        message = {
            "type": "webhook_event",
            "webhook_id": webhook_id,
            "webhook_conversation_id": webhook_id.replace("wh_", "wc_", 1),
            "endpoint": {"api_version": None},
            "event_payload": body.decode(),
            "http_headers": self._sign(body),
        }
        return msgspec.json.encode(message).decode()

    def _hang_up(self) -> None:
        self._socket = None
        for webhook_id in self._unacknowledged:
            self._busy.discard(webhook_id)

    def _forget(self, webhook_id: str) -> None:
        self._unacknowledged.pop(webhook_id, None)
        self._busy.discard(webhook_id)

    def _hear(self, text: str) -> None:
        try:
            heard = msgspec.json.decode(text, type=Acknowledgement)
        except msgspec.MsgspecError:
            log.warning("stripe listen sent a message that is not understood; it is ignored")
            return
        if heard.type == "event_ack":
            self._forget(heard.webhook_id)
        elif heard.type == "webhook_response":
            log.info("stripe listen forwarded to %s: %d", heard.forward_url.partition("?")[0], heard.status)


class Sessions:
    """The sessions of all ``stripe listen`` processes that have asked for one."""

    def __init__(
        self, busy: Busy, render: Callable[[str], bytes], sign: Callable[[bytes], dict[str, str]]
    ) -> None:
        self._busy = busy
        self._render = render
        self._sign = sign
        self._sessions: dict[str, Session] = {}

    def open(self, params: dict[str, Any]) -> Session:
        """Begin a session as the CLI asks for it; when there are too many, the oldest idle ones end."""
        idle = [entry.id for entry in self._sessions.values() if not entry.is_connected]
        for websocket_id in idle[: max(0, len(self._sessions) - MAX_SESSIONS + 1)]:
            del self._sessions[websocket_id]
        websocket_id = f"cliws_{secrets.token_hex(8)}"
        session = Session(websocket_id, params, self._busy, self._render, self._sign)
        self._sessions[websocket_id] = session
        return session

    def all(self) -> list[Session]:
        """Return the sessions that take events."""
        return list(self._sessions.values())

    async def serve(self, socket: WebSocket) -> None:
        """Answer a websocket that dials ``SOCKET_PATH``; an unknown id is told to ask anew."""
        session = self._sessions.get(socket.headers.get("websocket-id", ""))
        if session is None:
            error = {"type": "invalid_request_error", "message": "Unknown WebSocket ID."}
            await socket.send_denial_response(JSONResponse({"error": error}, status_code=400))
        else:
            await session.talk(socket)


def session_answer(session: Session, secret: str, host: str, default_version: str) -> dict[str, Any]:
    """Return the body that tells the CLI where to dial; ``host`` is the address by which it reached us."""
    return {
        "websocket_id": session.id,
        "websocket_url": f"ws://{host}{SOCKET_PATH}",
        "websocket_authorized_feature": "webhooks",
        "secret": secret,
        "reconnect_delay": RECONNECT_DELAY_SECONDS,
        "default_version": default_version,
        "latest_version": default_version,
        "display_connect_filter_warning": False,
    }


def listen_signer(secret: str, at: Callable[[], int]) -> Callable[[bytes], dict[str, str]]:
    """Return what signs events for listeners, which all share the account's listen secret."""
    return lambda body: webhook_headers(body, [secret], at())
