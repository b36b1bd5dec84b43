"""Signatures are accepted and refused exactly as Stripe's own library does it."""

import hashlib
import hmac
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import stripe
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tiergate.stripe_api.verify_signature import TOLERANCE_SECONDS, SignatureError, verify_signature

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW_SECONDS = int(NOW.timestamp())
SECRET = "whsec_current"
OLD_SECRET = "whsec_being_replaced"
BODY = b'{"id":"evt_1","object":"event"}'

Accepts = Callable[[bytes, str | None, str], bool]


def _sign(body: bytes = BODY, secret: str = SECRET, timestamp: object = NOW_SECONDS) -> str:
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def _header(body: bytes = BODY, secret: str = SECRET, timestamp: object = NOW_SECONDS) -> str:
    return f"t={timestamp},v1={_sign(body, secret, timestamp)}"


def _accepts(body: bytes, header: str | None, *secrets: str, at: datetime = NOW) -> bool:
    try:
        verify_signature(body, header, secrets, at)
    except SignatureError:
        return False
    return True


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Accepts:
    """What Stripe's own library says at ``NOW``."""
    monkeypatch.setattr(time, "time", NOW.timestamp)

    def accepts(body: bytes, header: str | None, secret: str) -> bool:
        try:
            stripe.WebhookSignature.verify_header(body, header, secret, TOLERANCE_SECONDS)
        except (stripe.SignatureVerificationError, TypeError, UnicodeError):
            # Where a header is not ASCII it fails in comparing, which is a refusal too.
            return False
        return True

    return accepts


def test_the_tolerance_is_stripes() -> None:
    """Five minutes, as Stripe's library has it."""
    assert stripe.Webhook.DEFAULT_TOLERANCE == TOLERANCE_SECONDS


@pytest.mark.parametrize(
    ("age_seconds", "accepted"),
    [(0, True), (299, True), (300, True), (301, False), (86400, False), (-1, True), (-86400, True)],
)
def test_only_old_signatures_are_refused(library: Accepts, age_seconds: int, accepted: bool) -> None:
    """Up to five minutes is young enough, and a sender whose clock is ahead is not refused."""
    header = _header(timestamp=NOW_SECONDS - age_seconds)
    assert _accepts(BODY, header, SECRET) is accepted
    assert library(BODY, header, SECRET) is accepted


def test_the_age_counts_fractions_of_a_second() -> None:
    """Five minutes and a bit is too old."""
    header = _header(timestamp=NOW_SECONDS - TOLERANCE_SECONDS)
    assert _accepts(BODY, header, SECRET, at=NOW)
    assert not _accepts(BODY, header, SECRET, at=NOW + timedelta(milliseconds=1))


GOOD = _sign()
BAD = _sign(secret="whsec_of_somebody_else")

HEADERS = {
    "as Stripe sends it": f"t={NOW_SECONDS},v1={GOOD}",
    "with the scheme for tests": f"t={NOW_SECONDS},v1={GOOD},v0={BAD}",
    "several signatures, the last one fits": f"t={NOW_SECONDS},v1={BAD},v1={BAD},v1={GOOD}",
    "several signatures, none fits": f"t={NOW_SECONDS},v1={BAD},v1={BAD}",
    "another scheme only": f"t={NOW_SECONDS},v0={GOOD}",
    "unknown fields beside": f"a=b,t={NOW_SECONDS},c,v1={GOOD},v2=x",
    "signature first": f"v1={GOOD},t={NOW_SECONDS}",
    "missing": None,
    "empty": "",
    "no timestamp": f"v1={GOOD}",
    "no signature": f"t={NOW_SECONDS}",
    "an empty signature": f"t={NOW_SECONDS},v1=",
    "a signature without a value": f"t={NOW_SECONDS},v1,v1={GOOD}",
    "a timestamp without a value": f"t,t={NOW_SECONDS},v1={GOOD}",
    "a timestamp that is no number": f"t=now,v1={GOOD}",
    "garbage before the timestamp": f"t=now,t={NOW_SECONDS},v1={GOOD}",
    "two timestamps, the first is signed": f"t={NOW_SECONDS},t=1,v1={GOOD}",
    "two timestamps, the second is signed": f"t=1,t={NOW_SECONDS},v1={GOOD}",
    "space after the comma": f"t={NOW_SECONDS}, v1={GOOD}",
    "space around the timestamp": f"t= {NOW_SECONDS} ,v1={GOOD}",
    "a sign before the timestamp": f"t=+{NOW_SECONDS},v1={GOOD}",
    "letters of the other case": f"t={NOW_SECONDS},v1={GOOD.upper()}",
    "something after the signature": f"t={NOW_SECONDS},v1={GOOD}=more",
    "a signature cut short": f"t={NOW_SECONDS},v1={GOOD[:-1]}",
    "a signature that goes on": f"t={NOW_SECONDS},v1={GOOD}0",
    "letters that are not ASCII": f"t={NOW_SECONDS},v1=é{GOOD}",
    "half a letter": f"t={NOW_SECONDS},v1=\ud800",
    "digits that are not ASCII": f"t={''.join(chr(0x0660 + int(d)) for d in str(NOW_SECONDS))},v1={GOOD}",
    "more digits than Python counts": f"t={'1' * 5000},v1={GOOD}",
    "garbage": "=,=,,t=,v1=\x00",
}
ACCEPTED = {
    "as Stripe sends it",
    "with the scheme for tests",
    "several signatures, the last one fits",
    "unknown fields beside",
    "signature first",
    "two timestamps, the first is signed",
    "space around the timestamp",
    "a sign before the timestamp",
    "something after the signature",
    "digits that are not ASCII",
}


@pytest.mark.parametrize("name", HEADERS)
def test_headers_of_every_kind(library: Accepts, name: str) -> None:
    """Each is accepted or refused as the list says, and as Stripe's library does it."""
    assert _accepts(BODY, HEADERS[name], SECRET) is (name in ACCEPTED)
    assert library(BODY, HEADERS[name], SECRET) is (name in ACCEPTED)


def test_any_of_several_secrets_will_do() -> None:
    """While a secret is being replaced both are valid, in either place, and no third one."""
    for secrets in ((SECRET, OLD_SECRET), (OLD_SECRET, SECRET)):
        assert _accepts(BODY, _header(secret=SECRET), *secrets)
        assert _accepts(BODY, _header(secret=OLD_SECRET), *secrets)
        assert not _accepts(BODY, _header(secret="whsec_of_somebody_else"), *secrets)


def test_without_a_secret_nothing_is_accepted(library: Accepts) -> None:
    """No secret, and a blank one that anybody could sign with, refuse everything."""
    assert not _accepts(BODY, _header())
    for blank in ("", " ", "\t\n"):
        assert not _accepts(BODY, _header(secret=blank), blank)
        assert not library(BODY, _header(secret=blank), blank)


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", BODY, "{“é”: 漢字}".encode(), b"\r\n\x00 spaces \n", b"\xff\xfe no text"],
    ids=["empty", "an object", "an event", "not ASCII", "control characters", "not UTF-8"],
)
def test_every_byte_of_the_body_counts(body: bytes) -> None:
    """The raw body is verified, whatever is in it, and one changed or added byte is noticed."""
    header = _header(body)
    assert _accepts(body, header, SECRET)
    for other in (body + b" ", b" " + body, body.swapcase() if body.swapcase() != body else b"other"):
        assert not _accepts(other, header, SECRET)


def test_the_timestamp_is_signed_too() -> None:
    """A signature does not fit another time: an old one cannot be made young."""
    assert not _accepts(BODY, f"t={NOW_SECONDS - 1},v1={_sign(timestamp=NOW_SECONDS)}", SECRET)


def test_a_distant_future_is_no_trouble() -> None:
    """A timestamp beyond all floating numbers, rightly signed, is in the future and nothing else."""
    assert _accepts(BODY, _header(timestamp=10**400), SECRET)


@given(
    body=st.text().map(str.encode),
    secret=st.text(min_size=1),
    age_seconds=st.integers(-1000, 1000),
    stripes_own=st.booleans(),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_the_library_signs_is_judged_alike(
    library: Accepts, body: bytes, secret: str, age_seconds: int, stripes_own: bool
) -> None:
    """Any body, secret and age, signed by Stripe's library or by hand, gets the same answer from both."""
    timestamp = NOW_SECONDS - age_seconds
    made = stripe.WebhookSignature.generate_signature_header(body.decode(), secret, timestamp)
    header = made if stripes_own else _header(body, secret, timestamp)
    assert _accepts(body, header, secret) is library(body, header, secret)


_parts = st.one_of(
    st.sampled_from([f"t={NOW_SECONDS}", f"t={NOW_SECONDS - 301}", f"v1={GOOD}", f"v1={BAD}", f"v0={GOOD}"]),
    st.sampled_from(
        ["t", "v1", "t=", "v1=", "=", " t=1", "T=1", "V1=x", f"t={NOW_SECONDS}=x", "t=1_0", "t=-1"]
    ),
    st.text(max_size=8),
)


@given(header=st.lists(_parts, max_size=6).map(",".join), body=st.sampled_from([BODY, BODY + b" "]))
@example(header=f"t={NOW_SECONDS},v1={GOOD}", body=BODY)
@settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_header_is_judged_alike(library: Accepts, header: str, body: bytes) -> None:
    """Whatever the header is put together from, both libraries accept it or both refuse it."""
    assert _accepts(body, header, SECRET) is library(body, header, SECRET)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (None, "missing or unreadable"),
        (_header(secret="whsec_of_somebody_else"), "STRIPE_WEBHOOK_SECRET"),
        (_header(timestamp=NOW_SECONDS - 301), "clock"),
    ],
    ids=["no header", "another's secret", "too old"],
)
def test_a_refusal_names_the_remedy_and_no_secret(header: str | None, message: str) -> None:
    """The message helps to put it right; neither a secret nor what would have fitted is in it."""
    with pytest.raises(SignatureError, match=message) as refused:
        verify_signature(BODY, header, [SECRET, OLD_SECRET], NOW)
    told = f"{refused.value} {refused.value.__cause__}"
    assert not any(hidden in told for hidden in (SECRET, OLD_SECRET, GOOD, _sign(secret=OLD_SECRET)))


def test_every_pair_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each signature is compared with each secret's by ``hmac.compare_digest``, found or not."""
    compared: list[tuple[bytes, bytes]] = []
    constant_time = hmac.compare_digest

    def watched(given: bytes, wanted: bytes) -> bool:
        compared.append((given, wanted))
        return constant_time(given, wanted)

    monkeypatch.setattr(hmac, "compare_digest", watched)
    verify_signature(BODY, f"t={NOW_SECONDS},v1={GOOD},v1={BAD}", [SECRET, OLD_SECRET], NOW)
    expected = {(sent, _sign(secret=secret)) for sent in (GOOD, BAD) for secret in (SECRET, OLD_SECRET)}
    assert {(sent.decode(), wanted.decode()) for sent, wanted in compared} == expected
