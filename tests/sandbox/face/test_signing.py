"""Signatures of webhooks, judged by Stripe's own SDK."""

import pytest
import stripe

from tiergate_sandbox.signing import SigningSecrets, signature_header

BODY = b'{"id": "evt_1", "object": "event"}'


def test_one_secret() -> None:
    """The SDK accepts the header with the secret it was made with, and with no other."""
    header = signature_header(BODY, ["whsec_a"], at=1_800_000_000)
    assert stripe.WebhookSignature.verify_header(BODY.decode(), header, "whsec_a", tolerance=None)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header(BODY.decode(), header, "whsec_b", tolerance=None)


def test_rolled_secret() -> None:
    """After a roll both secrets sign until the old one expires, then only the new one."""
    secrets = SigningSecrets()
    new = secrets.roll("we_1", "whsec_old", expires_at=1000)
    assert new.startswith("whsec_")
    assert secrets.valid("we_1", "whsec_old", at=999) == [new, "whsec_old"]
    assert secrets.valid("we_1", "whsec_old", at=1000) == [new]
    assert secrets.valid("we_2", "whsec_other", at=1000) == ["whsec_other"]
    header = signature_header(BODY, secrets.valid("we_1", "whsec_old", at=999), at=999)
    for secret in (new, "whsec_old"):
        assert stripe.WebhookSignature.verify_header(BODY.decode(), header, secret, tolerance=None)


def test_rolling_twice() -> None:
    """A second roll gives a third secret; the first keeps the end it had."""
    secrets = SigningSecrets()
    first = secrets.roll("we_1", "whsec_old", expires_at=1000)
    second = secrets.roll("we_1", "whsec_old", expires_at=2000)
    assert len({first, second, "whsec_old"}) == 3
    assert secrets.valid("we_1", "whsec_old", at=999) == [second, first, "whsec_old"]
    assert secrets.valid("we_1", "whsec_old", at=1500) == [second, first]
