"""Links and tokens: what is signed opens, and nothing else does."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.services.bench import BEGIN, PUBLIC_URL, Bench
from tiergate.rules.errors import UnknownAccountError
from tiergate.services.accounts.access_tokens import (
    AccessExpiredError,
    AccessInvalidError,
    LinkWishError,
    Use,
    make_link,
    make_session,
    make_token,
    read_token,
)
from tiergate.services.accounts.acting import Acting, ActingError
from tiergate.services.accounts.erase_account import erase_account
from tiergate.services.accounts.require_account import AccountErasedError
from tiergate.services.form_tokens import form_token, is_form_token
from tiergate.services.signed_text import sign, unsign
from tiergate.settings import SettingsError

OLD, NEW = "o" * 32, "n" * 32
ADA = Acting("acme", "owner", "ada@acme.test")
BOB = Acting("acme", "member", "bob@acme.test")


@pytest.fixture
def keyed(bench: Bench) -> Bench:
    """A bench with a key to sign with."""
    bench.context = replace(bench.context, secret_keys=(NEW,), form_keys=(NEW,))
    return bench


def test_a_token_says_who_acts_and_until_when(keyed: Bench) -> None:
    """Account, role and person come back as they were signed, and the end to the second."""
    found = read_token(keyed.context, Use.API, make_token(keyed.context, Use.API, BOB))
    assert (found.acting, found.expires_at) == (BOB, BEGIN + timedelta(minutes=15))


def test_a_link_leads_to_the_public_address(keyed: Bench) -> None:
    """Its address is absolute, and what it opens is signed with it."""
    link = urlsplit(make_link(keyed.context, ADA, timedelta(minutes=5), "/billing/plans?plan=team"))
    assert f"{link.scheme}://{link.netloc}{link.path}" == f"{PUBLIC_URL}/access"
    (token,) = parse_qs(link.query)["token"]
    assert read_token(keyed.context, Use.LINK, token).path == "/billing/plans?plan=team"


def test_it_ends_at_its_instant(keyed: Bench) -> None:
    """One second before the end it is good, at the end it is not."""
    token = make_token(keyed.context, Use.API, ADA, timedelta(minutes=1))
    keyed.clock.advance(seconds=59)
    assert read_token(keyed.context, Use.API, token).acting == ADA
    keyed.tick()
    with pytest.raises(AccessExpiredError, match="once more"):
        read_token(keyed.context, Use.API, token)


def test_a_session_lasts_half_a_day(keyed: Bench) -> None:
    """A link's session outlives the link, and ends after twelve hours."""
    link = read_token(keyed.context, Use.LINK, make_token(keyed.context, Use.LINK, BOB))
    session, ends_at = make_session(keyed.context, link)
    assert ends_at == BEGIN + timedelta(hours=12)
    keyed.clock.advance(hours=11, minutes=59)
    assert read_token(keyed.context, Use.SESSION, session).acting == BOB
    keyed.clock.advance(minutes=1)
    with pytest.raises(AccessExpiredError, match="visit has ended"):
        read_token(keyed.context, Use.SESSION, session)


@pytest.mark.parametrize("made", list(Use))
@pytest.mark.parametrize("read", list(Use))
def test_each_use_has_its_own_tokens(keyed: Bench, made: Use, read: Use) -> None:
    """A link is no token of the API and no session, nor the other way round, also under another prefix."""
    token = make_token(keyed.context, made, ADA)
    if made is read:
        assert read_token(keyed.context, read, token).acting == ADA
        return
    for tried in (token, token.replace(made, read, 1)):
        with pytest.raises(AccessInvalidError):
            read_token(keyed.context, read, tried)


def test_another_audience_is_refused(keyed: Bench) -> None:
    """What another installation with the same key signed opens nothing here."""
    elsewhere = replace(keyed.context, public_url="https://staging.example")
    with pytest.raises(AccessInvalidError):
        read_token(keyed.context, Use.API, make_token(elsewhere, Use.API, ADA))


def test_keys_are_replaced_without_an_interruption(keyed: Bench) -> None:
    """The old key's tokens are good as long as it stands beside the new one, which signs."""
    before = replace(keyed.context, secret_keys=(OLD,))
    both = replace(keyed.context, secret_keys=(NEW, OLD))
    assert read_token(both, Use.API, make_token(before, Use.API, ADA)).acting == ADA
    assert read_token(keyed.context, Use.API, make_token(both, Use.API, ADA)).acting == ADA
    with pytest.raises(AccessInvalidError):
        read_token(keyed.context, Use.API, make_token(before, Use.API, ADA))


def test_without_a_key_there_are_no_links(bench: Bench) -> None:
    """The refusal names the variable; and what anybody signs with no key is worth nothing."""
    with pytest.raises(SettingsError, match=r"TIERGATE_SECRET_KEY.*openssl"):
        make_token(bench.context, Use.API, ADA)
    with pytest.raises(AccessInvalidError):
        read_token(bench.context, Use.API, sign([""], Use.API, b"{}"))


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/billing\n",
        "billing",
        "/billing/../admin",
        "/admin",
        "/billing#x",
        "/billing?next=//evil.example",
        "",
    ],
)
def test_a_link_leads_to_our_own_pages_alone(keyed: Bench, path: str) -> None:
    """No link leads to another site, or anywhere but the pages of customers."""
    with pytest.raises(LinkWishError):
        make_link(keyed.context, ADA, timedelta(minutes=5), path)


@pytest.mark.parametrize("minutes", [-1, 0, 24 * 60 + 1])
def test_a_link_is_short_lived(keyed: Bench, minutes: int) -> None:
    """It lasts a while, and never longer than a day."""
    with pytest.raises(LinkWishError, match="up to"):
        make_token(keyed.context, Use.LINK, ADA, timedelta(minutes=minutes))


def test_only_known_accounts_and_roles_get_one(keyed: Bench) -> None:
    """A slip in the account or the role is told where the link is made."""
    with pytest.raises(UnknownAccountError):
        make_token(keyed.context, Use.API, Acting("acne"))
    with pytest.raises(ActingError, match="owner, member"):
        Acting("acme", "admin")  # type: ignore[arg-type]  # what a host may pass all the same
    with pytest.raises(ActingError):
        Acting("acme", "owner", "a\nb")
    erase_account(keyed.context, "acme")
    with pytest.raises(AccountErasedError):
        make_token(keyed.context, Use.API, ADA)


TOKEN = sign([NEW], "tga1", b'{"account_id":"acme","role":"member"}')


@given(place=st.integers(0, len(TOKEN) * 8 - 1))
def test_any_flipped_bit_is_refused(place: int) -> None:
    """Whichever bit of a token is another, it opens nothing: also those that its encoding leaves unused."""
    raw = bytearray(TOKEN.encode())
    raw[place // 8] ^= 1 << place % 8
    assert unsign([NEW], "tga1", raw.decode("latin-1")) is None


@given(
    text=st.text() | st.text().map("tga1.{}.x".format) | st.binary().map(lambda raw: raw.decode("latin-1"))
)
def test_whatever_is_sent_is_refused_and_breaks_nothing(text: str) -> None:
    """Text that we have not signed is never anything else than refused."""
    assert unsign([NEW, OLD], "tga1", text) is None


@given(payload=st.binary(max_size=600), key=st.sampled_from([NEW, OLD]))
def test_what_was_signed_comes_back(payload: bytes, key: str) -> None:
    """Each payload comes back byte for byte, whichever of the keys signed it."""
    assert unsign([NEW, OLD], "tga1", sign([key], "tga1", payload)) == payload


def test_a_forms_token_is_bound_to_who_sends_it(keyed: Bench) -> None:
    """Another account's, role's or person's token is refused, nobody's too, and an old one."""
    token = form_token(keyed.context, ADA)
    assert is_form_token(keyed.context, ADA, token)
    others = [None, BOB, Acting("rival", "owner", ADA.person), replace(ADA, role="member"), Acting("acme")]
    assert not any(is_form_token(keyed.context, other, token) for other in others)
    assert not any(is_form_token(keyed.context, ADA, form_token(keyed.context, other)) for other in others)
    assert not is_form_token(keyed.context, ADA, "")
    assert not is_form_token(keyed.context, ADA, "\udcff")
    keyed.clock.advance(days=1)
    assert is_form_token(keyed.context, ADA, token)
    keyed.clock.advance(days=1)
    assert not is_form_token(keyed.context, ADA, token)
