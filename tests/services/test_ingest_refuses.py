"""What is not a signed snapshot event is refused, and leaves no trace."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.services.bench import Bench
from tiergate.services.webhooks.ingest_webhook import ingest_webhook
from tiergate.services.webhooks.read_event import UnreadableEventError
from tiergate.store.tables import events
from tiergate.stripe_api.verify_signature import SignatureError
from tiergate_sandbox.signing import signature_header

THING = {"id": "cus_1", "object": "customer"}


def body_of(bench: Bench) -> bytes:
    """An event that would be welcome if it were signed."""
    return json.dumps(bench.event("customer.created", THING)).encode()


@pytest.mark.parametrize(
    "sign",
    [
        lambda bench, body: None,
        lambda bench, body: "",
        lambda bench, body: "t=now,v1=abc",
        lambda bench, body: "v1=" + bench.sign(body).partition("v1=")[2],
        lambda bench, body: bench.sign(body, "whsec_of_somebody_else"),
        lambda bench, body: bench.sign(body + b" "),
        lambda bench, body: bench.sign(body, at=bench.clock.now - timedelta(seconds=301)),
    ],
    ids=["missing", "empty", "unreadable", "without time", "wrong secret", "other body", "too old"],
)
def test_what_is_not_signed_leaves_no_trace(bench: Bench, sign: Callable[[Bench, bytes], str | None]) -> None:
    """A missing, unreadable, foreign or old signature is refused, and nothing is stored."""
    body = body_of(bench)
    with pytest.raises(SignatureError):
        ingest_webhook(bench.context, body, sign(bench, body))
    assert bench.rows(events) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"null",
        b"{}",
        b'{"id": "evt_1", "object": "v2.core.event", "type": "v1.billing.meter.error", "livemode": false,'
        b' "created": "2027-03-01T10:00:00.000Z", "related_object": {"id": "mtr_1"}}',
        b'{"id": "evt_1", "type": "x.y", "livemode": false, "created": 1, "data": {"object": 1}}',
        b'{"id": "evt_1", "type": "customer.created", "livemode": false, "data": {"object": {}}}',
        b"\xff\xfe",
    ],
    ids=["empty", "text", "list", "null", "blank", "thin", "no object", "no time", "no text"],
)
def test_what_is_no_event_leaves_no_trace(bench: Bench, body: bytes) -> None:
    """A signed body that is no snapshot event is refused with the remedy, and nothing is stored."""
    header = signature_header(body, [bench.sandbox.webhook_secret], int(bench.clock.now.timestamp()))
    with pytest.raises(UnreadableEventError, match="snapshot"):
        ingest_webhook(bench.context, body, header)
    assert bench.rows(events) == []


@pytest.mark.parametrize(
    ("part", "literal"),
    [
        ("id", "null"),
        ("id", '["evt_1"]'),
        ("id", '""'),
        ("id", f'"{"e" * 300}"'),
        ("id", r'"evt_\u0000"'),
        ("id", r'"evt_\ud800"'),
        ("type", "null"),
        ("type", r'"customer.\u0000"'),
        ("created", "1" + "0" * 18),
        ("created", "-1"),
        ("created", "1e400"),
        ("created", "null"),
        ("livemode", "null"),
        ("api_version", r'"2025\u0000"'),
        ("data", '{"object": {"id": {"a": 1}, "object": "customer"}}'),
        ("data", '{"object": {"id": "cus_\\u0000", "object": "customer"}}'),
        ("data", '{"object": {"id": "cus_1", "object": ["customer"]}}'),
        ("data", "[" * 10_000 + "]" * 10_000),
        ("unread", "[" * 10_000 + "]" * 10_000),
    ],
    ids=lambda given: given[:40] if isinstance(given, str) else None,
)
def test_what_no_column_can_hold_leaves_no_trace(both: Bench, part: str, literal: str) -> None:
    """A signed event with a field of another type, length or alphabet is refused before it is stored."""
    parts = {
        "id": '"evt_1"',
        "type": '"customer.created"',
        "created": "1800000000",
        "livemode": "false",
        "api_version": "null",
        "data": json.dumps({"object": THING}),
    }
    body = "{" + ", ".join(f'"{name}": {text}' for name, text in {**parts, part: literal}.items()) + "}"
    with pytest.raises(UnreadableEventError, match="snapshot"):
        both.ingest(body.encode())
    assert both.rows(events) == []


def test_one_of_several_secrets_is_enough(bench: Bench) -> None:
    """While a secret is being replaced, the old one and the new one are both good."""
    body = body_of(bench)
    two = bench.sign(body, "whsec_retired") + "," + bench.sign(body).partition(",")[2]
    assert ingest_webhook(bench.context, body, two) == json.loads(body)["id"]
