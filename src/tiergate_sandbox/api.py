"""Stripe's API over HTTP: ``/v1/…`` decoded, authenticated, carried out by the engine, and answered.

Keys: https://docs.stripe.com/api/authentication. Versions: https://docs.stripe.com/api/versioning.
Idempotency: https://docs.stripe.com/api/idempotent_requests.
"""

import asyncio
import base64
import binascii
import logging
import re
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote

import msgspec
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tiergate_sandbox.cli_socket import session_answer
from tiergate_sandbox.engine import METHODS, Engine, Method, Reply
from tiergate_sandbox.faults import AnswerFault
from tiergate_sandbox.form import FormError, merge_forms
from tiergate_sandbox.idempotency import MAX_KEY_LENGTH, KeyInUse, KeyReused, fingerprint
from tiergate_sandbox.obstacles import BROKEN, RATE_LIMITED, STATUS_OF, Obstacles
from tiergate_sandbox.service import Service
from tiergate_sandbox.world.api_version import NEWEST, is_api_version

MAX_BODY_BYTES = 1_048_576
TEST_KEY = re.compile(r"[sr]k_test_\w{3,}")
RETRY_EVENT = re.compile(r"/v1/events/(evt_\w+)/retry")
ABORT = "abort"
"""Where the server keeps, in the state of a request, the function that drops its connection."""
UNRECOGNIZED = "Unrecognized request URL"
SESSIONS_PATH = "/v1/stripecli/sessions"

log = logging.getLogger(__name__)


class Refusal(Exception):
    """A request that does not reach the world; it is answered with Stripe's error envelope."""

    def __init__(self, status: int, message: str, **details: str) -> None:
        super().__init__(message)
        self.status = status
        self.error = {"type": "invalid_request_error", "message": message} | details


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, decoded and authenticated."""

    method: Method
    path: str
    params: dict[str, Any]
    version: str | None
    idempotency_key: str | None
    host: str


class Api:
    """The ASGI application behind ``/v1`` (and ``/v2``, which it refuses)."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._obstacles = Obstacles(lambda: service.courier.faults, service.engine.now)

    @property
    def _engine(self) -> Engine:
        return self._service.engine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, and after it play what the request has made due."""
        headers = Headers(scope=scope)
        named = headers.get("stripe-version") or None
        version = named or self._engine.world.account_default_version
        fault: AnswerFault | None = None
        try:
            asked = await self._read(scope, receive, headers, named)
            fault = self._obstacles.next_for(asked.method, asked.path)
            reply = await (self._fail(asked, fault) if fault else self._answer(asked))
        except Refusal as refusal:
            body = msgspec.json.encode({"error": refusal.error})
            reply = Reply(refusal.status, body, self._engine.new_request_id())
        except ClientDisconnect:
            return
        if reply.status in (400, 404):
            note_absence(scope["method"], scope["path"], reply)
        if fault is not None and fault.kind == "reset":
            await break_off(scope, receive)
        else:
            response = Response(reply.body, reply.status, reply_headers(reply, version, headers))
            await response(scope, receive, send)
        self._engine.catch_up()

    async def _fail(self, asked: Asked, fault: AnswerFault) -> Reply:
        """Let a request fail; if it shall be carried out all the same, its answer is lost."""
        if fault.executed:
            await self._answer(asked)
        body = RATE_LIMITED if fault.kind == "rate_limit" else BROKEN
        return Reply(STATUS_OF[fault.kind], msgspec.json.encode(body), self._engine.new_request_id())

    async def _read(self, scope: Scope, receive: Receive, headers: Headers, version: str | None) -> Asked:
        method, path = scope["method"], scope["path"]
        check_key(headers.get("authorization", ""))
        if path.startswith("/v2/"):
            raise Refusal(
                404,
                f"{UNRECOGNIZED} ({method}: {path}). The sandbox serves API v1 only: use snapshot "
                "events and the v1 routes.",
            )
        if method not in METHODS:
            raise Refusal(404, f"{UNRECOGNIZED} ({method}: {path}).")
        if version is not None and not is_api_version(version):
            raise Refusal(400, f"Invalid Stripe API version: {version}. Send one like {NEWEST}.")
        idempotency_key = headers.get("idempotency-key") or None
        if idempotency_key and len(idempotency_key) > MAX_KEY_LENGTH:
            raise Refusal(400, f"An idempotency key may have at most {MAX_KEY_LENGTH} characters.")
        query = scope["query_string"].decode("latin-1")
        body = await read_form(scope, receive, headers) if method == "POST" else ""
        try:
            params = merge_forms(query, body)
        except FormError as error:
            raise Refusal(400, str(error), param=error.param) from error
        key = idempotency_key if method == "POST" else None
        return Asked(cast(Method, method), path, params, version, key, headers.get("host", ""))

    async def _answer(self, asked: Asked) -> Reply:
        delay_seconds = self._service.courier.faults.answer_delay_seconds
        if asked.path == SESSIONS_PATH and asked.method == "POST":
            return self._open_session(asked)
        retry = RETRY_EVENT.fullmatch(asked.path)
        if retry and asked.method == "POST":
            return self._resend(retry[1], asked)
        if asked.idempotency_key is None:
            if delay_seconds:
                await asyncio.sleep(delay_seconds)
            return self._carry_out(asked)
        return await self._answer_once(asked, asked.idempotency_key, delay_seconds)

    async def _answer_once(self, asked: Asked, key: str, delay_seconds: float) -> Reply:
        keys = self._engine.keys
        try:
            kept = keys.begin(key, fingerprint(asked.method, asked.path, asked.params), self._engine.at())
        except KeyInUse:
            raise Refusal(
                409,
                f"The idempotency key '{key}' is in use by a request in progress; try again after it.",
                type="idempotency_error",
                code="idempotency_key_in_use",
            ) from None
        except KeyReused:
            raise Refusal(
                400,
                f"The idempotency key '{key}' was used before with another path or other parameters; "
                "a different request needs a key of its own.",
                type="idempotency_error",
            ) from None
        if kept is not None:
            return Reply(kept.status, kept.body, kept.request_id, replayed=True)
        try:
            if delay_seconds:
                await asyncio.sleep(delay_seconds)
            return self._carry_out(asked)
        finally:
            keys.release(key)

    def _carry_out(self, asked: Asked) -> Reply:
        try:
            return self._engine.ask(
                asked.method,
                asked.path,
                asked.params,
                version=asked.version,
                idempotency_key=asked.idempotency_key,
            )
        except Exception as error:
            log.exception("%s %s failed inside the sandbox", asked.method, asked.path)
            raise Refusal(
                500, "The sandbox failed on this request; its log has the traceback.", type="api_error"
            ) from error

    def _resend(self, event_id: str, asked: Asked) -> Reply:
        """Send an event again: to one endpoint, to listeners only (as the CLI asks), or to everybody."""
        reply = self._engine.ask("GET", f"/v1/events/{event_id}", version=asked.version)
        if reply.status == 200:
            only = asked.params.get("webhook_endpoint")
            listeners_only = asked.params.get("for_stripecli") == "true"
            self._service.resend(event_id, reply.json()["type"], only, listeners_only=listeners_only)
        return reply

    def _open_session(self, asked: Asked) -> Reply:
        world = self._engine.world
        if "webhooks" not in asked.params.get("websocket_features", ()):
            raise Refusal(
                400,
                "The sandbox sends snapshot events only (stripe listen --all-snapshot); thin events are not "
                "emulated, and requests are logged where the sandbox was started.",
            )
        session = self._service.sessions.open(asked.params)
        answer = session_answer(session, world.listen_secret, asked.host, world.account_default_version)
        return Reply(200, msgspec.json.encode(answer), self._engine.new_request_id())


def check_key(authorization: str) -> None:
    """Accept a test key, sent as a bearer token or as the user name of basic authentication.

    Raises:
        Refusal: there is none, or it is not a secret or restricted test key.
    """
    scheme, _, credentials = authorization.partition(" ")
    key = credentials.strip()
    if scheme.lower() == "basic":
        key = basic_user(key)
    if not key:
        raise Refusal(
            401,
            "No API key was provided. Send one as 'Authorization: Bearer sk_test_…' (any test key will do).",
        )
    if scheme.lower() not in {"bearer", "basic"} or not TEST_KEY.fullmatch(key):
        shown = key[: min(8, len(key) // 2)] + "*" * 8
        raise Refusal(
            401, f"Invalid API key provided: {shown}. The sandbox takes keys like sk_test_… or rk_test_…."
        )


def basic_user(credentials: str) -> str:
    """Return the user name of basic credentials, or the empty string when they are malformed."""
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


async def read_form(scope: Scope, receive: Receive, headers: Headers) -> str:
    """Return the form-encoded body as text.

    Raises:
        Refusal: the body is JSON, is not text, or is too long.
    """
    if headers.get("content-type", "").startswith("application/json"):
        raise Refusal(
            400, "API v1 takes form-encoded bodies; send application/x-www-form-urlencoded, not JSON."
        )
    chunks: list[bytes] = []
    length = 0
    async for chunk in Request(scope, receive).stream():
        chunks.append(chunk)
        length += len(chunk)
        if length > MAX_BODY_BYTES:
            raise Refusal(413, f"The body is longer than {MAX_BODY_BYTES} bytes.")
    try:
        return b"".join(chunks).decode()
    except UnicodeDecodeError as error:
        raise Refusal(400, "The body is not valid UTF-8.") from error


def note_absence(method: str, path: str, reply: Reply) -> None:
    """Write a line about a route or a parameter that the sandbox does not have."""
    error = reply.json()["error"]
    if error.get("code") == "parameter_unknown":
        log.warning("not emulated: parameter %s of %s %s", error["param"], method, quote(path))
    elif error["message"].startswith(UNRECOGNIZED):
        log.warning("not emulated: %s %s", method, quote(path))


async def break_off(scope: Scope, receive: Receive) -> None:
    """Close the connection without an answer; in process, where there is none, just do not answer."""
    abort = scope.get("state", {}).get(ABORT)
    if abort is not None:
        abort()
        await receive()


def reply_headers(reply: Reply, version: str, request: Headers) -> dict[str, str]:
    """Return the headers of an answer."""
    headers = {
        "Content-Type": "application/json",
        "Request-Id": reply.request_id,
        "Stripe-Version": version,
        "Cache-Control": "no-cache, no-store",
    }
    if key := request.get("idempotency-key"):
        headers["Idempotency-Key"] = key
    if reply.replayed:
        headers["Idempotent-Replayed"] = "true"
        headers["Original-Request"] = reply.request_id
    if reply.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="Stripe"'
    return headers
