"""Idempotency keys: the first result of a request is kept and given again to every repetition.

The rules are those of https://docs.stripe.com/api/idempotent_requests: a result is kept once execution
has begun (so a refused parameter is not), for at least 24 hours, and the parameters must be the same.
"""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import msgspec

KEPT_SECONDS = 24 * 3600
MAX_KEY_LENGTH = 255


class Result(msgspec.Struct, frozen=True, array_like=True):
    """The first answer under a key: what was asked (as a digest), what was answered, and when."""

    fingerprint: bytes
    status: int
    body: bytes
    request_id: str
    kept_at: int


class KeyInUse(Exception):
    """Another request with the same key is being executed at this moment."""


class KeyReused(Exception):
    """The key was used before, for another path or with other parameters."""


def fingerprint(method: str, path: str, params: Mapping[str, Any]) -> bytes:
    """Return a digest that is the same for requests that ask for the same thing."""
    asked = msgspec.json.encode((method, path, params), order="deterministic")
    return blake2b(asked, digest_size=16).digest()


def is_kept(status: int) -> bool:
    """Whether an answer with this HTTP status is stored: execution had begun."""
    return status < 400 or status == 402 or status >= 500


class IdempotencyKeys:
    """The results kept so far, oldest first, and the keys in use at this moment."""

    def __init__(self, kept: dict[str, Result] | None = None) -> None:
        self._kept: dict[str, Result] = kept or {}
        self._in_use: set[str] = set()

    def begin(self, key: str, asked: bytes, at: int) -> Result | None:
        """Return the kept result of ``key``, or claim the key for a first execution.

        Raises:
            KeyInUse: the key is claimed by a request that has no answer yet.
            KeyReused: the kept result answered something else.
        """
        if key in self._in_use:
            raise KeyInUse
        result = self._kept.get(key)
        if result is None or at - result.kept_at > KEPT_SECONDS:
            self._in_use.add(key)
            return None
        if result.fingerprint != asked:
            raise KeyReused
        return result

    def release(self, key: str) -> None:
        """Give up the claim of ``begin``; call it whether or not the execution succeeded."""
        self._in_use.discard(key)

    def keep(self, key: str, result: Result) -> None:
        """Store the result of ``key`` and forget those that are older than a day."""
        self._forget(result.kept_at - KEPT_SECONDS)
        self._kept.pop(key, None)
        self._kept[key] = result

    def kept(self) -> dict[str, Result]:
        """All kept results by key, for a snapshot."""
        return dict(self._kept)

    def _forget(self, before: int) -> None:
        while self._kept:
            oldest = next(iter(self._kept))
            if self._kept[oldest].kept_at >= before:
                return
            del self._kept[oldest]
