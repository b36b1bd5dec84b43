"""Admins: passwords that are kept as hashes, sessions that end, and guessing that is slow."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from tests.services.bench import Bench
from tiergate.services.administration import passwords
from tiergate.services.administration.admin_accounts import (
    AdminError,
    change_password,
    create_admin,
    disable_admin,
    list_admins,
)
from tiergate.services.administration.passwords import WeakPasswordError
from tiergate.services.administration.sign_in import (
    IDLE_FOR,
    LASTS_FOR,
    MOST_PER_ADDRESS,
    MOST_PER_EMAIL,
    WINDOW,
    SignInFailedError,
    TooManyAttemptsError,
    is_own_token,
    session_of,
    sign_in,
    sign_out,
)
from tiergate.store.admin_rows import admin_entries, set_password_hash
from tiergate.store.admin_tables import admin_journal, admin_sessions, admins, sign_in_attempts

ADA = "ada@example.com"
PASSWORD = "four words of no renown"
HOME = "192.0.2.7"


@pytest.fixture
def ada(both: Bench) -> Bench:
    """A bench with an admin."""
    create_admin(both.context, " Ada@Example.com ", PASSWORD)
    return both


def kinds(bench: Bench) -> list[str]:
    """What the journal of admins holds, the oldest first."""
    with bench.context.database.read() as tx:
        return [entry.kind for entry in admin_entries(tx)][::-1]


def fail(bench: Bench, email: str = ADA, address: str = HOME) -> None:
    """Try a wrong password."""
    with pytest.raises(SignInFailedError):
        sign_in(bench.context, email, "wrong", address)


def test_what_is_kept_is_no_password(ada: Bench) -> None:
    """Neither password nor token stands in any table, and the address is kept in small letters."""
    signed = sign_in(ada.context, "ADA@example.com", PASSWORD, HOME)
    rows = [str(row) for table in (admins, admin_sessions, admin_journal) for row in ada.rows(table)]
    assert not any(PASSWORD in row or signed.token in row for row in rows)
    assert [admin.email for admin in list_admins(ada.context)] == [ADA]
    assert ada.rows(admins)[0].password_hash.startswith("$argon2id$")


@pytest.mark.parametrize(
    "weak",
    ["short", "aaaaaaaaaaaaaaaa", "123456789012345", "password1234", "Passw0rd2026!", "abcdefghijklm",
     "ada@example.com1", "x" * 1025],
)  # fmt: skip
def test_weak_passwords_are_refused(bench: Bench, weak: str) -> None:
    """Too short, too long, a row, a common one or one's own address: no admin is made with it."""
    with pytest.raises(WeakPasswordError):
        create_admin(bench.context, ADA, weak)
    assert list_admins(bench.context) == []


@pytest.mark.parametrize("good", ["four words of no renown", "Tr0mbone-9-Lantern", "kQ3x_9vPz-Lm2aaa"])
def test_good_passwords_are_taken(bench: Bench, good: str) -> None:
    """Long ones of any kind will do."""
    create_admin(bench.context, ADA, good)
    assert sign_in(bench.context, ADA, good, HOME).token


@pytest.mark.parametrize("address", ["", "ada", "a b@c", "@", "a@" + "b" * 300])
def test_an_admin_has_an_address(bench: Bench, address: str) -> None:
    """What is no e-mail address makes no admin."""
    with pytest.raises(AdminError):
        create_admin(bench.context, address, PASSWORD)


def test_one_admin_per_address(ada: Bench) -> None:
    """A second one of the same address is refused, and the first keeps the password."""
    with pytest.raises(AdminError, match="already"):
        create_admin(ada.context, ADA.upper(), "another one of four words")
    assert sign_in(ada.context, ADA, PASSWORD, HOME).token


def test_a_session_is_known_by_its_token_alone(ada: Bench) -> None:
    """Who bears the token is the admin; each sign-in is a session with a CSRF token of its own."""
    one, other = (sign_in(ada.context, ADA, PASSWORD, HOME) for _ in range(2))
    sessions = [session_of(ada.context, each.token) for each in (one, other)]
    assert [session and session.email for session in sessions] == [ADA, ADA]
    assert sessions[0] is not None
    assert sessions[1] is not None
    assert is_own_token(sessions[0], sessions[0].csrf_token)
    for strange in (sessions[1].csrf_token, "", "é", one.token):
        assert not is_own_token(sessions[0], strange)
    for strange in ("", "x", one.token[:-1], ada.rows(admin_sessions)[0].token_hash):
        assert session_of(ada.context, strange) is None


def test_signing_in_again_ends_the_session_before(ada: Bench) -> None:
    """The browser gets a new token, and the old one is worth nothing."""
    old = sign_in(ada.context, ADA, PASSWORD, HOME)
    new = sign_in(ada.context, ADA, PASSWORD, HOME, old.token)
    assert session_of(ada.context, old.token) is None
    assert session_of(ada.context, new.token) is not None


def test_signing_out_ends_it(ada: Bench) -> None:
    """After that the token is worth nothing; to do it twice does no harm."""
    signed = sign_in(ada.context, ADA, PASSWORD, HOME)
    for _ in range(2):
        sign_out(ada.context, signed.token)
    assert session_of(ada.context, signed.token) is None
    assert kinds(ada)[-2:] == ["signed_in", "signed_out"]


def test_idle_sessions_end(ada: Bench) -> None:
    """Whoever does nothing for twelve hours is signed out; whoever does something is not."""
    signed = sign_in(ada.context, ADA, PASSWORD, HOME)
    for _ in range(3):
        ada.clock.now += IDLE_FOR - timedelta(minutes=1)
        assert session_of(ada.context, signed.token) is not None
    ada.clock.now += IDLE_FOR
    assert session_of(ada.context, signed.token) is None


def test_no_session_lasts_for_ever(ada: Bench) -> None:
    """After seven days it is over, however much was done; then its row goes, too."""
    signed = sign_in(ada.context, ADA, PASSWORD, HOME)
    end = ada.clock.now + LASTS_FOR
    while ada.clock.now + timedelta(hours=11) < end:
        ada.clock.now += timedelta(hours=11)
        assert session_of(ada.context, signed.token) is not None
    ada.clock.now = end
    assert session_of(ada.context, signed.token) is None
    sign_in(ada.context, ADA, PASSWORD, HOME)
    assert len(ada.rows(admin_sessions)) == 1


def test_a_disabled_admin_is_out(ada: Bench) -> None:
    """Sessions end at once, the right password is answered like a wrong one; a new one lets them in again."""
    signed = sign_in(ada.context, ADA, PASSWORD, HOME)
    disable_admin(ada.context, ADA)
    assert session_of(ada.context, signed.token) is None
    with pytest.raises(SignInFailedError) as disabled:
        sign_in(ada.context, ADA, PASSWORD, HOME)
    with pytest.raises(SignInFailedError) as wrong:
        sign_in(ada.context, ADA, "wrong", HOME)
    with pytest.raises(SignInFailedError) as unknown:
        sign_in(ada.context, "eve@example.com", PASSWORD, HOME)
    assert str(disabled.value) == str(wrong.value) == str(unknown.value)
    change_password(ada.context, ADA, "another one of four words")
    assert sign_in(ada.context, ADA, "another one of four words", HOME).token
    assert kinds(ada) == [
        "admin_added", "signed_in", "admin_disabled", "sign_in_failed", "sign_in_failed", "sign_in_failed",
        "admin_password_changed", "signed_in",
    ]  # fmt: skip


def test_a_new_password_ends_all_sessions(ada: Bench) -> None:
    """Whoever had stolen one is out."""
    signed = sign_in(ada.context, ADA, PASSWORD, HOME)
    change_password(ada.context, ADA, "another one of four words")
    assert session_of(ada.context, signed.token) is None
    fail(ada)


@pytest.mark.parametrize("email", [ADA, "eve@example.com"], ids=["known", "unknown"])
def test_every_attempt_costs_one_hash(ada: Bench, email: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown address takes as long as a wrong password: each verifies exactly one hash."""
    verified: list[str] = []
    verify = PasswordHasher.verify

    def counted(hasher: PasswordHasher, password_hash: str, password: str) -> bool:
        verified.append(password_hash)
        return verify(hasher, password_hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    fail(ada, email)
    assert len(verified) == 1
    own = ada.rows(admins)[0].password_hash
    assert verified[0].rpartition("$")[0].rpartition("$")[0] == own.rpartition("$")[0].rpartition("$")[0]


def test_guessing_one_address_is_slow(ada: Bench) -> None:
    """From however many places: after ten attempts even the right password has to wait, then it is taken."""
    for number in range(MOST_PER_EMAIL):
        fail(ada, address=f"192.0.2.{number}")
    for address in (HOME, "198.51.100.1"):
        with pytest.raises(TooManyAttemptsError):
            sign_in(ada.context, ADA, PASSWORD, address)
    ada.clock.now += WINDOW
    assert sign_in(ada.context, ADA, PASSWORD, HOME).token
    assert kinds(ada).count("sign_in_throttled") == 1


def test_guessing_from_one_place_is_slow(ada: Bench) -> None:
    """For however many addresses; an IPv6 network counts as one place, and others are not held up."""
    for number in range(MOST_PER_ADDRESS):
        fail(ada, f"a{number}@example.com", f"2001:db8:1:2::{number:x}")
    with pytest.raises(TooManyAttemptsError):
        sign_in(ada.context, ADA, PASSWORD, "2001:db8:1:2:ffff::1")
    assert sign_in(ada.context, ADA, PASSWORD, "2001:db8:1:3::1").token


def test_a_right_password_clears_the_count(ada: Bench) -> None:
    """Whoever mistypes now and then is never held up."""
    for _ in range(2):
        for _ in range(MOST_PER_EMAIL - 1):
            fail(ada)
        assert sign_in(ada.context, ADA, PASSWORD, HOME).token


def test_attempts_at_once_are_counted_one_by_one(ada: Bench) -> None:
    """Of many that come at the same moment no more are tried than are allowed."""

    def attempt(_: int) -> type[Exception]:
        with pytest.raises((SignInFailedError, TooManyAttemptsError)) as refused:
            sign_in(ada.context, ADA, "wrong", HOME)
        return refused.type

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(attempt, range(MOST_PER_EMAIL + 5)))
    assert outcomes.count(SignInFailedError) == MOST_PER_EMAIL
    assert {row.failures for row in ada.rows(sign_in_attempts)} == {MOST_PER_EMAIL + 5}


def test_old_hashes_are_renewed(ada: Bench) -> None:
    """A hash under weaker parameters is made anew at the next sign-in, and the password stays."""
    weak = PasswordHasher(time_cost=1, memory_cost=1024).hash(PASSWORD)
    with ada.context.database.write() as tx:
        set_password_hash(tx, ADA, weak)
    assert passwords.is_outdated(weak)
    for _ in range(2):
        assert sign_in(ada.context, ADA, PASSWORD, HOME).token
    renewed = ada.rows(admins)[0].password_hash
    assert renewed != weak
    assert not passwords.is_outdated(renewed)


@pytest.mark.parametrize("email", ["\0", "a\0@b", "ü" * 400, "'; drop table"])
def test_any_text_is_answered_alike(ada: Bench, email: str) -> None:
    """What nobody could be called fails like everything else."""
    fail(ada, email, "no address")


def test_who_is_not_there_cannot_be_changed(bench: Bench) -> None:
    """To disable, or to give a password to, somebody unknown is refused."""
    with pytest.raises(AdminError, match="no admin"):
        disable_admin(bench.context, ADA)
    with pytest.raises(AdminError, match="no admin"):
        change_password(bench.context, ADA, PASSWORD)
