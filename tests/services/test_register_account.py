"""Accounts are made known once, and brought up to date as often as the host likes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from tests.services.bench import ACCOUNT, BEGIN, Bench
from tiergate.services.accounts.register_account import (
    Details,
    DetailsError,
    UnknownTimeZoneError,
    register_account,
)
from tiergate.store.tables import accounts


def test_registering_again_changes_nothing(both: Bench) -> None:
    """The same call again leaves the same account, and its journal as it was."""
    before, journal = both.explain().account, both.explain().journal
    both.clock.advance(days=1)
    both.register(ACCOUNT, email="ap@acme.test", name="Acme Inc.")
    assert both.explain().account == before
    assert both.explain().journal == journal


def test_what_is_not_told_stays(both: Bench) -> None:
    """A later call changes what it names and keeps the rest."""
    signed_up_at = datetime(2026, 12, 24, 18, tzinfo=UTC)
    both.register(
        ACCOUNT, locale="de", time_zone="Europe/Berlin", members=3, signed_up_at=signed_up_at, channel="sales"
    )
    both.register(ACCOUNT, members=4)
    account = both.explain().account
    assert (account.email, account.name, account.locale) == ("ap@acme.test", "Acme Inc.", "de")
    assert (account.time_zone, account.members, account.channel) == ("Europe/Berlin", 4, "sales")
    assert account.signed_up_at == signed_up_at


def test_a_new_account_signed_up_now(bench: Bench) -> None:
    """Without being told, an account signed up when it was first made known."""
    bench.clock.advance(days=2)
    bench.register("newcomer")
    assert bench.explain("newcomer").account.signed_up_at == BEGIN + timedelta(days=2)
    assert (bench.explain("newcomer").phase.plan_key, bench.reason("newcomer")) == ("free", "no_subscription")


def test_eight_at_once_are_one_account(both: Bench) -> None:
    """Eight parallel calls for a new account make one, with one entry in its journal."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: both.register("newcomer", email="n@example.test"), range(8)))
    assert [row.account_id for row in both.rows(accounts)].count("newcomer") == 1
    assert [entry.kind for entry in both.explain("newcomer").journal] == ["access_changed"]


@pytest.mark.parametrize("name", ["Berlin", "CEST", "", "Europe/Atlantis"])
def test_a_time_zone_that_does_not_exist_is_refused(bench: Bench, name: str) -> None:
    """An unknown time zone names the remedy, and the account stays unknown."""
    with pytest.raises(UnknownTimeZoneError, match="IANA name, such as Europe/Berlin"):
        register_account(bench.context, "newcomer", Details(time_zone=name))
    assert [row.account_id for row in bench.rows(accounts)] == [ACCOUNT]


@pytest.mark.parametrize("account_id", ["", "a\0b", "a\nb", "\ud800", "x" * 300], ids=ascii)
def test_an_id_that_cannot_be_kept_is_refused(both: Bench, account_id: str) -> None:
    """An id that is empty, too long or not printable names the remedy, and nothing is stored."""
    with pytest.raises(DetailsError, match="1 to 255 printable characters"):
        both.register(account_id)
    assert [row.account_id for row in both.rows(accounts)] == [ACCOUNT]


def test_the_longest_id_can_be_kept(both: Bench) -> None:
    """An id of 255 characters is an account like any other."""
    both.register("ü" * 255)
    assert both.reason("ü" * 255) == "no_subscription"


@pytest.mark.parametrize("locale", ["", "e", "english please", "de-", "../de", "de\n", "de\0"], ids=ascii)
def test_a_locale_that_is_none_is_refused(bench: Bench, locale: str) -> None:
    """What is not written as a locale names the remedy, and the account stays unknown."""
    with pytest.raises(DetailsError, match="such as en or de-CH"):
        bench.register("newcomer", locale=locale)
    assert [row.account_id for row in bench.rows(accounts)] == [ACCOUNT]


def test_a_naive_instant_is_refused(bench: Bench) -> None:
    """An instant without a time zone is refused, not guessed."""
    naive = datetime(2027, 1, 1)  # noqa: DTZ001 - that is what is tested
    with pytest.raises(DetailsError, match="UTC-aware"):
        bench.register("newcomer", signed_up_at=naive)
    assert [row.account_id for row in bench.rows(accounts)] == [ACCOUNT]


def test_without_plans_an_account_can_be_known_already(bench: Bench) -> None:
    """A host may register its accounts before any plan is published."""
    from tiergate.store.tables import catalog_versions

    with bench.context.database.write() as tx:
        tx.execute(catalog_versions.delete())
    bench.register("early")
    assert "early" in {row.account_id for row in bench.rows(accounts)}
