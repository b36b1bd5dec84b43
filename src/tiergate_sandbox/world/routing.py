"""Which handler answers which method and path, and what it may be sent."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from tiergate_sandbox.world.errors import unrecognized_url
from tiergate_sandbox.world.params import Param, Spec, array_of, string
from tiergate_sandbox.world.refusal import Refusal

Obj = dict[str, Any]
Handler = Callable[..., Obj | Refusal]
"""Called with the draft, the typed parameters, and the ids that stand in the path."""

EXPAND = array_of(string())


class Route(NamedTuple):
    """One route of the API."""

    method: str
    path: str
    handler: Handler
    spec: Spec


def route(method: str, path: str, handler: Handler, **spec: Param) -> Route:
    """Declare a route; ``{id}`` in the path is passed on to the handler, ``expand`` is understood "
    "everywhere.
    """
    return Route(method, path, handler, {**spec, "expand": EXPAND})


class Router:
    """Finds the route of a call."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._fixed: dict[tuple[str, str], Route] = {}
        self._open: dict[tuple[str, int], list[tuple[tuple[str, ...], Route]]] = {}
        for one in routes:
            if "{" not in one.path:
                self._fixed[(one.method, one.path)] = one
            else:
                segments = tuple(one.path.split("/"))
                self._open.setdefault((one.method, len(segments)), []).append((segments, one))

    def find(self, method: str, path: str) -> tuple[Route, list[str]]:
        """Return the route and the ids in the path.

        Raises:
            StripeError: 404 when there is no such route.
        """
        fixed = self._fixed.get((method, path))
        if fixed is not None:
            return fixed, []
        segments = path.split("/")
        for pattern, found in self._open.get((method, len(segments)), ()):
            if all(want[:1] == "{" or want == have for want, have in zip(pattern, segments, strict=True)):
                return found, [have for want, have in zip(pattern, segments, strict=True) if want[:1] == "{"]
        raise unrecognized_url(method, path)
