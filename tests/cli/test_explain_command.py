"""`tiergate explain` tells of an account, a feature and an instant, as text and as JSON."""

import json

import pytest

from tests.cli.running import Tiergate, configured
from tests.services.bench import open_bench


@pytest.fixture
def database_with_account(migrated_sqlite_url: str) -> str:
    """A database that knows an account, on a test clock that shows 2030-03-17T17:46:40Z."""
    with open_bench(migrated_sqlite_url) as bench:
        clock = bench.stripe.v1.test_helpers.test_clocks.create({"frozen_time": 1_900_000_000}).id
        bench.use_test_clock(clock)
        bench.register("traveller")
    return migrated_sqlite_url


def explained(tiergate: Tiergate, database_url: str, *options: str) -> str:
    """What the command says of the account."""
    code, out, err = tiergate("explain", "traveller", *options, **configured(DATABASE_URL=database_url))
    assert (code, err) == (0, "")
    return out


def test_an_account_fits_on_a_screen(tiergate: Tiergate, database_with_account: str) -> None:
    """A plain account's explanation is text of fewer than twenty-five lines."""
    out = explained(tiergate, database_with_account)
    assert out.startswith("Account traveller, at 2030-03-17T17:46:40Z (test clock clock_")
    assert "has Free: full access, because no_subscription" in out
    assert out.count("\n") < 25


def test_a_feature_at_an_instant(tiergate: Tiergate, database_with_account: str) -> None:
    """`--feature` and `--at` choose what is told; a past instant is told as it was recorded."""
    future = explained(tiergate, database_with_account, "--feature", "projects", "--at", "2031-01-01T00:00Z")
    assert "at 2031-01-01T00:00:00Z" in future
    assert "projects is allowed: 1, until something changes." in future
    past = explained(tiergate, database_with_account, "--at", "2030-03-17T12:00+01:00")
    assert "it is older than the record" in past


def test_as_json(tiergate: Tiergate, database_with_account: str) -> None:
    """`--json` prints one document with everything in it."""
    answer = json.loads(explained(tiergate, database_with_account, "--json", "--feature", "sso"))
    assert (answer["account"], answer["phase"]["plan"]) == ("traveller", "free")
    assert (answer["decision"]["allowed"], answer["decision"]["offer"]["plan"]) == (False, "scale")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--at", "tuesday"), "2026-11-03T12:00Z"),
        (("--at", "2026-11-03T12:00"), "2026-11-03T12:00Z"),
        (("--at", ""), "2026-11-03T12:00Z"),
        (("--at", "0001-01-01T00:00+05:00"), "outside the years 1 to 9999"),
        (("--feature", "teleport"), "The features are: projects"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_understood_names_the_remedy(
    tiergate: Tiergate, database_with_account: str, options: tuple[str, ...], said: str
) -> None:
    """An instant without a time zone and an unknown feature are refused on one line."""
    code, out, err = tiergate(
        "explain", "traveller", *options, **configured(DATABASE_URL=database_with_account)
    )
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert said in err
