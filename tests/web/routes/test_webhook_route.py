"""The webhook's address: what Stripe gets to hear."""

import json
import logging
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text

from tests.web.routes.site import SECRET, Site, signed
from tiergate.store import Database
from tiergate.web.webhook_route import MAX_BODY_BYTES

BODY = json.dumps(
    {
        "id": "evt_1",
        "type": "customer.created",
        "created": 1_800_000_000,
        "livemode": False,
        "data": {"object": {"id": "cus_1", "object": "customer", "created": 1_800_000_000}},
    }
).encode()


def stored(url: str) -> int:
    """How many events are stored."""
    database = Database(url)
    with database.read() as tx:
        count = int(tx.execute(text("SELECT count(*) FROM tiergate_events")).scalar_one())
    database.close()
    return count


def test_a_signed_event_is_acknowledged(site: Site, site_url: str) -> None:
    """200 with the event's id, twice for the same event, and one row."""
    for _ in range(2):
        answer = site.as_nobody().post("/webhooks/stripe", content=BODY, headers=signed(BODY))
        assert (answer.status_code, answer.json()) == (200, {"received": "evt_1"})
    assert stored(site_url) == 1


@pytest.mark.parametrize(
    ("body", "headers", "code"),
    [
        (BODY, dict, "signature_invalid"),
        (BODY, lambda: {"Stripe-Signature": "t=1,v1=0"}, "signature_invalid"),
        (BODY, lambda: signed(BODY, "whsec_other"), "signature_invalid"),
        (BODY + b"\n", lambda: signed(BODY), "signature_invalid"),
        (b"no json", lambda: signed(b"no json"), "event_unreadable"),
        (b"", lambda: signed(b""), "event_unreadable"),
    ],
    ids=["missing", "wrong", "foreign", "altered", "no json", "empty"],
)
def test_what_is_refused_is_told_why(
    site: Site,
    site_url: str,
    caplog: pytest.LogCaptureFixture,
    body: bytes,
    headers: Callable[[], dict[str, str]],
    code: str,
) -> None:
    """400 with a code and a remedy, nothing stored, one line in the log, and no secret in either."""
    with caplog.at_level(logging.INFO, "tiergate"):
        answer = site.as_nobody().post("/webhooks/stripe", content=body, headers=headers())
    assert (answer.status_code, answer.json()["error"]) == (400, code)
    assert stored(site_url) == 0
    assert [record.message for record in caplog.records if "webhook refused" in record.message] != []
    assert SECRET not in caplog.text + answer.text


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "chunked"])
def test_a_body_without_end_is_cut_off(site: Site, site_url: str, announced: bool) -> None:
    """More than two megabytes are 413, whether announced or streamed; reading stops there."""
    read = 0

    def chunks() -> Iterator[bytes]:
        nonlocal read
        for _ in range(64):
            read += 65_536
            yield b"x" * 65_536

    content: bytes | Iterator[bytes] = b"x" * (MAX_BODY_BYTES + 1) if announced else chunks()
    answer = site.as_nobody().post("/webhooks/stripe", content=content, headers=signed(BODY))
    assert answer.status_code == 413
    assert stored(site_url) == 0


def test_only_deliveries_are_answered_here(site: Site) -> None:
    """A browser that opens the address learns that it is only posted to: 405."""
    answer = site.as_nobody().get("/webhooks/stripe")
    assert (answer.status_code, answer.headers["allow"], answer.json()["code"]) == (405, "POST", "http_405")


def test_its_answers_are_guarded_like_all_others(site: Site) -> None:
    """What is answered before any route is looked for carries the same headers, refusals too."""
    for headers in (signed(BODY), {}):
        answer = site.as_nobody().post("/webhooks/stripe", content=BODY, headers=headers)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
