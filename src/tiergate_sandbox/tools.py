"""The sandbox's own routes below ``/_sandbox``: faults, deliveries, snapshots; tools for tests."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from tiergate_sandbox.delivery import Delivery
from tiergate_sandbox.faults import Faults
from tiergate_sandbox.journal import Snapshot
from tiergate_sandbox.loopback import LoopbackOnly
from tiergate_sandbox.service import Service

DAY_SECONDS = 86_400

Body = TypeVar("Body")
Handler = Callable[[Request], Awaitable[Response]]


class Release(msgspec.Struct, forbid_unknown_fields=True):
    """Which held deliveries to send: ids of deliveries or events in order, or none for all of them."""

    ids: list[str] | None = None


class Quiesce(msgspec.Struct, forbid_unknown_fields=True):
    """How long to wait for silence."""

    timeout_seconds: Annotated[float, msgspec.Meta(gt=0, le=600)] = 30.0


class Roll(msgspec.Struct, forbid_unknown_fields=True):
    """How long the old secret still signs beside the new one; Stripe allows up to a day."""

    old_valid_seconds: Annotated[int, msgspec.Meta(ge=0, le=DAY_SECONDS)] = DAY_SECONDS


class Tools:
    """The handlers of the routes."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def reset(self, request: Request) -> Response:
        """Begin again with an empty sandbox."""
        self._service.reset()
        return answer({"reset": True})

    async def get_snapshot(self, request: Request) -> Response:
        """Return the whole state."""
        return answer(self._service.snapshot())

    async def post_snapshot(self, request: Request) -> Response:
        """Go back to a state that was returned before."""
        self._service.restore(await read(request, Snapshot))
        return answer({"restored": True})

    async def get_faults(self, request: Request) -> Response:
        """Tell which faults are switched on."""
        return answer(self._service.courier.faults)

    async def post_faults(self, request: Request) -> Response:
        """Switch faults; what is not named is switched off."""
        self._service.courier.faults = await read(request, Faults)
        return answer(self._service.courier.faults)

    async def get_settings(self, request: Request) -> Response:
        """Tell the settings of the account."""
        return answer(self._service.engine.world.settings)

    async def post_settings(self, request: Request) -> Response:
        """Change the settings that are named; the others stay."""
        return answer(self._service.configure(await read(request, dict[str, object])))

    async def get_deliveries(self, request: Request) -> Response:
        """List deliveries with their attempts, oldest first; ``status`` and ``event`` filter."""
        status, event_id = request.query_params.get("status"), request.query_params.get("event")
        found = [
            delivery
            for delivery in self._service.courier.deliveries()
            if status in (None, delivery.status) and event_id in (None, delivery.event_id)
        ]
        return answer({"holding": self._service.courier.holding, "data": found})

    async def hold(self, request: Request) -> Response:
        """Collect deliveries from now on instead of sending them."""
        self._service.courier.holding = True
        return answer({"holding": True})

    async def release(self, request: Request) -> Response:
        """Send held deliveries, in the order given or all of them."""
        asked = await read(request, Release)
        released: list[Delivery] = self._service.courier.release(asked.ids)
        return answer(
            {"holding": self._service.courier.holding, "released": [entry.id for entry in released]}
        )

    async def quiesce(self, request: Request) -> Response:
        """Answer when nothing is in flight or waiting to be delivered right now."""
        asked = await read(request, Quiesce)
        self._service.engine.catch_up()
        try:
            async with asyncio.timeout(asked.timeout_seconds):
                await self._service.busy.quiet()
        except TimeoutError:
            return refuse(504, f"Deliveries are still under way after {asked.timeout_seconds:g} seconds.")
        statuses = [delivery.status for delivery in self._service.courier.deliveries()]
        return answer({"quiet": True, "held": statuses.count("held"), "retrying": statuses.count("retrying")})

    async def roll_secret(self, request: Request) -> Response:
        """Give a webhook endpoint a new signing secret."""
        asked = await read(request, Roll)
        return answer(
            {"secret": self._service.roll_secret(request.path_params["id"], asked.old_valid_seconds)}
        )


async def read(request: Request, kind: type[Body]) -> Body:
    """Return the JSON body as ``kind``; an empty body is an empty object.

    Raises:
        msgspec.ValidationError: the body does not fit.
    """
    return msgspec.json.decode(await request.body() or b"{}", type=kind)


def answer(body: object, status: int = 200) -> Response:
    """Return a JSON answer."""
    return Response(msgspec.json.encode(body), status, media_type="application/json")


def refuse(status: int, message: str) -> Response:
    """Return an error in the shape of the API's."""
    return answer({"error": {"type": "invalid_request_error", "message": message}}, status)


def forgiving(handler: Handler) -> Handler:
    """Return a handler that answers bad bodies and unknown ids with 400 and 404."""

    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except msgspec.DecodeError as error:
            return refuse(400, f"The body does not fit: {error}.")
        except KeyError as error:
            return refuse(404, f"There is no {error.args[0]} here.")

    return handle


def tools_app(service: Service) -> LoopbackOnly:
    """Return the ASGI application behind ``/_sandbox``."""
    tools = Tools(service)
    routes: list[tuple[str, str, Handler]] = [
        ("POST", "/reset", tools.reset),
        ("GET", "/snapshot", tools.get_snapshot),
        ("POST", "/snapshot", tools.post_snapshot),
        ("GET", "/faults", tools.get_faults),
        ("POST", "/faults", tools.post_faults),
        ("GET", "/settings", tools.get_settings),
        ("POST", "/settings", tools.post_settings),
        ("GET", "/deliveries", tools.get_deliveries),
        ("POST", "/deliveries/hold", tools.hold),
        ("POST", "/deliveries/release", tools.release),
        ("POST", "/quiesce", tools.quiesce),
        ("POST", "/webhook_endpoints/{id}/roll_secret", tools.roll_secret),
    ]
    return LoopbackOnly(
        Router([Route(path, forgiving(handler), methods=[method]) for method, path, handler in routes])
    )
