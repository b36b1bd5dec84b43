"""Webhook signatures: who sent this, and did it arrive as it was sent?

Source: https://docs.stripe.com/webhooks#verify-manually
"""

import hmac
from collections.abc import Sequence
from datetime import datetime

from tiergate.rules.errors import TiergateError

TOLERANCE_SECONDS = 300
"""How old a signature may be, as in Stripe's own libraries: an old one may be a replay."""


class SignatureError(TiergateError):
    """A webhook is not signed by a secret we know, or was signed too long ago."""

    code = "signature_invalid"


def verify_signature(body: bytes, header: str | None, secrets: Sequence[str], at: datetime) -> None:
    """Make sure that ``body`` was signed with one of ``secrets`` no longer than five minutes before ``at``.

    ``at`` is real time. Several secrets may be valid at once, while one is being replaced. Only age is
    checked: a sender whose clock is ahead is not refused. A blank secret fits nothing, for anybody could sign
    with it. Raises ``SignatureError``.
    """
    timestamp, signatures = _read_header(header)
    signed = b"%d.%b" % (timestamp, body)
    keys = [secret.encode() for secret in secrets if secret.strip()]
    # Python has a faster way for a digest that is named than for one that is passed as a function.
    expected = [hmac.digest(key, signed, "sha256").hex().encode() for key in keys]
    # Every pair is compared, so that the time taken tells nothing about which secret fitted.
    fits = [hmac.compare_digest(given, wanted) for given in signatures for wanted in expected]
    if not any(fits):
        raise SignatureError(
            "The signature fits none of the webhook secrets.",
            "Set STRIPE_WEBHOOK_SECRET to the secret of this endpoint (whsec_…), and pass the raw body.",
        )
    if timestamp < at.timestamp() - TOLERANCE_SECONDS:
        raise SignatureError(
            f"The signature is older than {TOLERANCE_SECONDS} seconds.", "Check this machine's clock."
        )


def _read_header(header: str | None) -> tuple[int, list[bytes]]:
    timestamps, signatures = [], []
    try:
        for field in (header or "").split(","):
            name, *values = field.split("=")
            if name == "v1":
                signatures.append(values[0].encode(errors="replace"))
            elif name == "t":
                timestamps.append(values[0])
        return int(timestamps[0]), signatures
    except (IndexError, ValueError) as error:
        raise SignatureError(
            "The Stripe-Signature header is missing or unreadable.", "Only Stripe can call this address."
        ) from error
