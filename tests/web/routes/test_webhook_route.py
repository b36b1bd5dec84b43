"""The webhook's address: what Stripe gets to hear."""

import asyncio
import json
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy import text
from starlette.requests import ClientDisconnect
from starlette.types import Message

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
    """An empty 200, twice for the same event, and one row."""
    for _ in range(2):
        answer = site.as_nobody().post("/webhooks/stripe", content=BODY, headers=signed(BODY))
        assert (answer.status_code, answer.content) == (200, b"")
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


def deliver(site: Site, arriving: Sequence[Message]) -> list[Message]:
    """What a server that hands a delivery over in these messages is given to send."""
    sent: list[Message] = []
    waiting = iter(arriving)
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/webhooks/stripe",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in signed(BODY).items()],
    }

    async def receive() -> Message:
        return next(waiting)

    async def send(message: Message) -> None:
        sent.append(message)

    # A thread of its own: where a browser is open, this one has a loop already.
    failures: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(site.app(scope, receive, send))
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    for failure in failures:
        raise failure
    return sent


def test_a_body_that_comes_in_pieces_is_put_together(site: Site, site_url: str) -> None:
    """Empty pieces and pieces of one byte are the same delivery."""
    pieces = [b"", *(BODY[place : place + 1] for place in range(len(BODY))), b""]
    arriving: list[Message] = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    start, *_ = deliver(site, [*arriving, {"type": "http.request"}])
    assert (start["status"], stored(site_url)) == (200, 1)


def test_a_delivery_that_breaks_off_is_none(site: Site, site_url: str) -> None:
    """Where the line is cut nothing is stored, even if all of the event had arrived."""
    arriving: list[Message] = [
        {"type": "http.request", "body": BODY, "more_body": True},
        {"type": "http.disconnect"},
    ]
    with pytest.raises(ClientDisconnect):
        deliver(site, arriving)
    assert stored(site_url) == 0


def test_what_nobody_expected_is_a_problem_and_raised_on(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """500 that tells nothing of the inside and is guarded like a page; whoever watches the host sees it."""

    async def fail(*_: Any) -> str:
        raise ZeroDivisionError("the inside")

    monkeypatch.setattr(site.billing, "aingest_webhook", fail)
    answer = site.as_nobody().post("/webhooks/stripe", content=BODY, headers=signed(BODY))
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert answer.headers["content-type"] == "application/problem+json"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert "inside" not in answer.text
    with pytest.raises(ZeroDivisionError):
        deliver(site, [{"type": "http.request", "body": BODY}])
