"""Passwords of admins: what is good enough, how it is kept, and whether one fits.

Argon2id with the library's own parameters, which follow RFC 9106; a hash that was made under older ones is
renewed when its owner signs in. Source: https://www.rfc-editor.org/rfc/rfc9106
"""

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from tiergate.rules.errors import TiergateError

SHORTEST = 12
LONGEST = 1024
_COMMON = (
    "password", "passwort", "passw0rd", "letmein", "welcome", "qwerty", "qwertz", "iloveyou", "admin",
    "administrator", "changeme", "secret", "tiergate", "stripe", "billing", "monkey", "dragon", "sunshine",
)  # fmt: skip
_FEWEST_DIFFERENT = 5

_hasher = PasswordHasher()
_NOBODYS = _hasher.hash("the password of nobody, which only takes its time")


class WeakPasswordError(TiergateError):
    """A password that is guessed too easily."""

    code = "password_too_weak"


def hash_password(password: str, email: str = "") -> str:
    """Return what is kept of a password. Raises ``WeakPasswordError``."""
    told = _weakness(password, email)
    if told:
        raise WeakPasswordError(
            told, "Take four words that do not belong together, or have a password made for you."
        )
    return _hasher.hash(password)


def fits(password: str, password_hash: str | None) -> bool:
    """Whether a password is the one of a hash; without a hash it takes as long, and never is."""
    try:
        _hasher.verify(password_hash or _NOBODYS, password[:LONGEST])
    except (Argon2Error, InvalidHashError):
        return False
    return password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Whether a hash was made under other parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


def rehash(password: str) -> str:
    """Hash a password that was right anew."""
    return _hasher.hash(password)


def _weakness(password: str, email: str) -> str:
    if len(password) < SHORTEST:
        return f"The password has fewer than {SHORTEST} characters."
    if len(password) > LONGEST:
        return f"The password has more than {LONGEST} characters."
    plain = password.casefold()
    rest = plain
    for word in (*_COMMON, *(part for part in email.casefold().split("@") if part)):
        rest = rest.replace(word, "")
    letters = {letter for letter in rest if letter.isalpha()}
    is_row = plain in "abcdefghijklmnopqrstuvwxyz0123456789" * 2 or len(set(plain)) < _FEWEST_DIFFERENT
    if is_row or (rest != plain and len(rest) < SHORTEST and len(letters) < _FEWEST_DIFFERENT):
        return "The password is one of those that are tried first."
    return "" if not plain.isdecimal() else "The password has nothing but digits."
