"""E-mail addresses in one spelling, and those that are thrown away."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiergate.rules.normal_email import normal_email
from tiergate.rules.throwaway_domains import THROWAWAY_DOMAINS
from tiergate.rules.throwaway_mail import is_throwaway


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("ada@example.test", "ada@example.test"),
        (" Ada@Example.TEST ", "ada@example.test"),
        ("ada+trial2@example.test", "ada@example.test"),
        ("a.d.a@example.test", "a.d.a@example.test"),
        ("a.d.a+x@gmail.com", "ada@gmail.com"),
        ("A.da@GoogleMail.com", "ada@gmail.com"),
        ("ada@bücher.test", "ada@xn--bcher-kva.test"),
        ("ada@BÜCHER.test.", "ada@xn--bcher-kva.test"),
        ("\uff41\uff44\uff41@example.test", "ada@example.test"),
        ('"a@b"@example.test', '"a@b"@example.test'),
        ("", None),
        (None, None),
        ("ada", None),
        ("@example.test", None),
        ("+x@example.test", None),
        ("...@gmail.com", None),
        ("ada@", None),
        ("ada@a..b", None),
    ],
)
def test_one_mailbox_has_one_spelling(written: str | None, normal: str | None) -> None:
    """Case, plus-addresses, Gmail's dots and the spelling of the domain make no difference."""
    assert normal_email(written) == normal


@given(st.text(max_size=40) | st.emails())
def test_the_spelling_is_stable(written: str) -> None:
    """Whatever is written can be read, and an address in its one spelling stays as it is."""
    normal = normal_email(written)
    if normal is not None and "+" not in normal:
        assert normal_email(normal) == normal


@pytest.mark.parametrize(
    ("email", "thrown_away"),
    [
        ("ada@mailinator.com", True),
        ("ada@x.y.mailinator.com", True),
        ("ada@notmailinator.example", False),
        ("ada@mailinator.com.example", False),
        ("ada@gmail.com", False),
        (None, False),
    ],
)
def test_services_for_throwaway_mail_are_known(email: str | None, thrown_away: bool) -> None:
    """An address at such a service, or below one, is thrown away; any other is not."""
    assert is_throwaway(email) is thrown_away


def test_the_list_names_domains_as_they_are_compared() -> None:
    """Every entry is in the spelling that addresses are brought into, or it would never match."""
    assert {normal_email(f"a@{domain}") for domain in THROWAWAY_DOMAINS} == {
        f"a@{domain}" for domain in THROWAWAY_DOMAINS
    }
    assert THROWAWAY_DOMAINS.isdisjoint(
        {"gmail.com", "outlook.com", "yahoo.com", "gmx.de", "proton.me", "icloud.com", "web.de"}
    )
