"""What goes into the world, and what comes out of it.

The world is a pure state machine: it is told the time, it never asks for it. Its face (HTTP, webhook
delivery, hosted pages, the command line) lives outside and speaks to it in these three words.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Call:
    """One API request, decoded from the wire but not yet checked.

    ``params`` holds query and body together, nested as form encoding nests them: dicts, lists and
    strings (``{"items": [{"price": "price_1"}], "metadata": {"a": "b"}}``). ``version`` is the API
    version whose shapes are wanted, for instance ``2026-10-28.endive``; ``pinned`` tells whether the caller
    named it, or got the account's default.
    """

    method: Literal["GET", "POST", "DELETE"]
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    version: str = "2026-10-28.endive"
    request_id: str | None = None
    idempotency_key: str | None = None
    pinned: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """The HTTP status and the JSON body that answer a call; Stripe's error envelope included."""

    status: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Emitted:
    """An event that the world has just recorded, for whoever delivers it.

    ``created`` is in the time of the object it tells about: a test clock's time for what lives on a
    test clock, real time otherwise. The payload is rendered on demand with ``World.event_payload``.
    """

    event_id: str
    type: str
    created: int
