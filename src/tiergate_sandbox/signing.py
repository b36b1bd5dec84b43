"""Signatures of webhooks, and the secrets they are made with.

The scheme is Stripe's (https://docs.stripe.com/webhooks#verify-manually): an HMAC-SHA256 over
``"{timestamp}.{body}"`` keyed by the whole secret, ``whsec_`` included, one ``v1`` for each valid secret.
"""

import hmac
from hashlib import blake2b

import msgspec

USER_AGENT = "Stripe/1.0 (+https://stripe.com/docs/webhooks)"


class ValidSecret(msgspec.Struct, frozen=True, array_like=True):
    """A signing secret and the unix second from which it no longer holds (None: for good)."""

    secret: str
    expires_at: int | None


def signature_header(body: bytes, secrets: list[str], at: int) -> str:
    """Return the ``Stripe-Signature`` of ``body`` at the unix second ``at``, one ``v1`` per secret."""
    signed = b"%d.%b" % (at, body)
    digests = (hmac.digest(secret.encode(), signed, "sha256").hex() for secret in secrets)
    return ",".join([f"t={at}", *(f"v1={digest}" for digest in digests)])


def webhook_headers(body: bytes, secrets: list[str], at: int) -> dict[str, str]:
    """Return all headers that a webhook carries, signed at the unix second ``at``."""
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": USER_AGENT,
        "Stripe-Signature": signature_header(body, secrets, at),
    }


class SigningSecrets:
    """The secrets of endpoints that were rolled; others have only the one they were made with."""

    def __init__(self, rolled: dict[str, list[ValidSecret]] | None = None) -> None:
        self._rolled: dict[str, list[ValidSecret]] = rolled or {}

    def valid(self, endpoint_id: str, original: str, at: int) -> list[str]:
        """Return the secrets that sign for the endpoint at the unix second ``at``, newest first."""
        secrets = self._rolled.get(endpoint_id)
        if secrets is None:
            return [original]
        return [entry.secret for entry in secrets if entry.expires_at is None or entry.expires_at > at]

    def roll(self, endpoint_id: str, original: str, expires_at: int) -> str:
        """Give the endpoint a new secret and return it; the one before it holds until ``expires_at``."""
        secrets = self._rolled.get(endpoint_id, [ValidSecret(original, None)])
        newest = secrets[0].secret
        successor = "whsec_" + blake2b(b"roll", key=newest.encode()[:64], digest_size=16).hexdigest()
        retired = [ValidSecret(newest, expires_at), *secrets[1:]]
        self._rolled[endpoint_id] = [ValidSecret(successor, None), *retired]
        return successor

    def rolled(self) -> dict[str, list[ValidSecret]]:
        """The secrets of every rolled endpoint, for a snapshot."""
        return {endpoint_id: list(secrets) for endpoint_id, secrets in self._rolled.items()}
