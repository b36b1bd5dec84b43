"""Text that only we can have written: a payload, and its HMAC-SHA256 with a key of ours.

What is signed for one use is worth nothing for another. There is one algorithm, and nothing in the text
names it: whoever sends the text cannot choose. The first of several keys signs, and all of them are
believed, so that a key can be replaced while what it signed is still about.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

_LONGEST = 4096


def sign(keys: Sequence[str], use: str, payload: bytes) -> str:
    """Return ``USE.PAYLOAD.SIGNATURE``, all of it fit for an address, a header and a cookie."""
    said = f"{use}.{_encoded(payload)}"
    return f"{said}.{_signature(keys[0], said)}"


def unsign(keys: Sequence[str], use: str, text: str) -> bytes | None:
    """Return the payload of a text that one of the keys signed for this use; ``None`` for any other text.

    The signature is compared as it is written: no other spelling of it is as good.
    """
    said, _, signature = text.rpartition(".")
    if len(text) > _LONGEST or not text.isascii() or not said.startswith(f"{use}."):
        return None
    # All keys are tried, so that the time taken does not tell which of them it was.
    fits = [hmac.compare_digest(_signature(key, said), signature) for key in keys]
    return urlsafe_b64decode(_padded(said.removeprefix(f"{use}."))) if any(fits) else None


def _signature(key: str, said: str) -> str:
    return _encoded(hmac.new(key.encode(), said.encode(), hashlib.sha256).digest())


def _encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _padded(text: str) -> str:
    return text + "=" * (-len(text) % 4)
