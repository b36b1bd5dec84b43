"""The commands: what they say when all is well, and the one clear line when it is not."""

from pathlib import Path

import pytest
import stripe
from sqlalchemy import insert, text

from tests.cli.running import KEY, NORTHWIND, Tiergate, configured
from tests.support.ports import free_port
from tiergate.store import Database
from tiergate.store.migrate import CODE_REVISION
from tiergate.store.tables import schema

COMMANDS = [
    ("serve",),
    ("migrate",),
    ("explain",),
    ("clock", "advance", "14d"),
    ("plans", "push", "billing.toml"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(
    ("environment", "variable", "remedy"),
    [
        ({}, "STRIPE_SECRET_KEY", "Developers > API keys"),
        ({"STRIPE_SECRET_KEY": "pk_test_public"}, "STRIPE_SECRET_KEY", "sk_ or rk_"),
        ({"STRIPE_SECRET_KEY": KEY}, "STRIPE_WEBHOOK_SECRET", "Developers > Webhooks"),
        (
            {"STRIPE_SECRET_KEY": KEY, "STRIPE_WEBHOOK_SECRET": " , "},
            "STRIPE_WEBHOOK_SECRET",
            "stripe listen",
        ),
    ],
    ids=["no key", "public key", "no secret", "blank secret"],
)
def test_a_missing_setting_is_named_with_its_source(
    tiergate: Tiergate,
    tmp_path: Path,
    command: tuple[str, ...],
    environment: dict[str, str],
    variable: str,
    remedy: str,
) -> None:
    """Exit code 1, the variable, and where to get its value, on one line; the key given is not repeated."""
    (tmp_path / "billing.toml").write_text(NORTHWIND)
    code, out, err = tiergate(*command, **environment)
    assert (code, out) == (1, "")
    assert err.startswith(f"tiergate: {variable} is missing")
    assert remedy in err
    assert err.count("\n") == 1
    assert "pk_test_public" not in err


def test_migrate_prepares_the_database(tiergate: Tiergate, database_url: str) -> None:
    """`migrate` makes the tables and the seed's views; a second time it changes nothing."""
    for _ in range(2):
        code, out, err = tiergate("migrate", **configured(DATABASE_URL=database_url))
        assert (code, out, err) == (0, "The database is up to date.\n", "")
    database = Database(database_url)
    with database.read() as tx:
        assert tx.execute(text("SELECT count(*) FROM subscriptions")).scalar() == 0
        assert tx.execute(text("SELECT count(*) FROM stripe_events")).scalar() == 0
    database.close()


def test_without_a_database_url_it_is_a_file_here(tiergate: Tiergate, tmp_path: Path) -> None:
    """Without DATABASE_URL the database is `tiergate.db` in the working folder."""
    assert tiergate("migrate", **configured())[0] == 0
    assert (tmp_path / "tiergate.db").stat().st_size > 0


@pytest.mark.parametrize("command", [c for c in COMMANDS if c != ("migrate",)], ids=" ".join)
def test_a_database_without_tables_names_the_command(
    tiergate: Tiergate, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """On a database that was never migrated every command says which one to run first."""
    (tmp_path / "billing.toml").write_text(NORTHWIND)
    clock = {"TIERGATE_TEST_CLOCK": "clock_1"}
    port = ("--port", str(free_port())) if command == ("serve",) else ()
    code, _, err = tiergate(*command, *port, **configured(**clock))
    assert code == 1
    assert "has no tables of tiergate" in err
    assert err.endswith("Run: tiergate migrate\n")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_database_that_is_too_new_is_left_alone(
    tiergate: Tiergate, tmp_path: Path, migrated_database_url: str, command: tuple[str, ...]
) -> None:
    """A database migrated by incompatibly newer code is refused with the remedy, and not touched."""
    newer = CODE_REVISION + 7
    database = Database(migrated_database_url)
    with database.write() as tx:
        tx.execute(text(f"UPDATE tiergate_alembic_version SET version_num = '{newer:04}'"))
        tx.execute(insert(schema).values(revision=newer, oldest_code_revision=newer))
    database.close()
    (tmp_path / "billing.toml").write_text(NORTHWIND)
    port = ("--port", str(free_port())) if command == ("serve",) else ()
    code, out, err = tiergate(
        *command, *port, **configured(DATABASE_URL=migrated_database_url, TIERGATE_TEST_CLOCK="clock_1")
    )
    assert (code, out) == (1, "")
    assert f"revision {newer}, which needs code of revision {newer} or newer" in err
    assert "pip install --upgrade tiergate" in err


def test_plans_push_tells_what_it_did(
    tiergate: Tiergate, tmp_path: Path, migrated_sqlite_url: str, sandbox_url: str
) -> None:
    """The first push lists what was created, the second what was kept."""
    (tmp_path / "billing.toml").write_text(NORTHWIND)
    environment = configured(sandbox_url, DATABASE_URL=migrated_sqlite_url)
    code, out, _ = tiergate("plans", "push", **environment)
    assert code == 0
    assert out.splitlines()[0] == "created  starter_monthly"
    assert out.splitlines()[-1] == "Version 1 is published."
    code, out, _ = tiergate("plans", "push", "billing.toml", **environment)
    assert [line.split()[0] for line in out.splitlines()] == ["kept"] * 6 + ["Version"]


@pytest.mark.parametrize(
    ("old", "new", "at", "mistake", "remedy"),
    [
        (
            "custom_domain = true, s",
            "custom_domian = true, s",
            "custom_domain = true, s",
            "custom_domian",
            "custom_domain",
        ),
        (
            'currency = "usd"\nunit_amount = 4900',
            "unit_amount = 4900",
            "[[plans.team.prices]]",
            "no 'currency'",
            "Add currency",
        ),
        ("[plans.team]", "[plans.starter]", "[plans.team]", "starter", ""),
        ("unit_amount = 4900", 'unit_amount = "49.00"', "unit_amount = 4900", "unit_amount", "whole number"),
        ("[product]", "[product", "[product]", "", ""),
    ],
    ids=["unknown feature", "no currency", "duplicate plan", "no number", "no TOML"],
)
def test_a_mistake_in_the_file_names_line_and_remedy(
    tiergate: Tiergate,
    tmp_path: Path,
    migrated_sqlite_url: str,
    old: str,
    new: str,
    at: str,
    mistake: str,
    remedy: str,
) -> None:
    """The file, the line and what to write instead are named; Stripe is not asked, nothing is published."""
    (tmp_path / "plans.toml").write_text(NORTHWIND.replace(old, new, 1))
    code, out, err = tiergate("plans", "push", "plans.toml", **configured(DATABASE_URL=migrated_sqlite_url))
    line = NORTHWIND[: NORTHWIND.index(at)].count("\n") + 1
    assert (code, out) == (1, "")
    assert err.startswith(f"tiergate: plans.toml, line {line}, column "), err
    assert mistake in err
    assert remedy in err


def test_a_file_that_is_not_there_is_named(tiergate: Tiergate) -> None:
    """Without the file the error says how to name one."""
    code, _, err = tiergate("plans", "push", **configured())
    assert (code, err.count("\n")) == (1, 1)
    assert err.startswith("tiergate: ")
    assert "billing.toml" in err
    assert err.endswith("Name the catalogue: tiergate plans push PATH\n")


def test_a_file_that_is_no_text_is_one_clear_line(tiergate: Tiergate, tmp_path: Path) -> None:
    """A catalogue that is not UTF-8 is named with what to save it as."""
    (tmp_path / "billing.toml").write_bytes(NORTHWIND.encode("utf-16"))
    code, out, err = tiergate("plans", "push", **configured())
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("tiergate: billing.toml cannot be read: ")
    assert err.endswith("Save it as UTF-8 text.\n")


@pytest.mark.parametrize("command", [("migrate",), ("explain",), ("serve",)], ids=" ".join)
@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        ("oracle9://somewhere/x", "postgresql://USER@HOST/NAME"),
        ("mysql+nobody://somewhere/x", "postgresql://USER@HOST/NAME"),
        ("not a url", "postgresql://USER@HOST/NAME"),
        ("sqlite:///no/such/folder/tiergate.db", "the folder of a SQLite file exists"),
        ("sqlite:///letter.txt", "the folder of a SQLite file exists"),
        ("postgresql://ada:hunter2@127.0.0.1:1/x", "that the server runs"),
    ],
    ids=["dialect", "driver", "text", "folder", "no database", "no server"],
)
def test_a_database_that_cannot_be_used_is_one_clear_line(
    tiergate: Tiergate, tmp_path: Path, command: tuple[str, ...], url: str, remedy: str
) -> None:
    """Whatever DATABASE_URL names wrongly is said on one line, with the remedy and without its password."""
    (tmp_path / "letter.txt").write_text("Dear Ada, this is no database. " * 100)
    port = ("--port", str(free_port())) if command == ("serve",) else ()
    code, out, err = tiergate(*command, *port, **configured(DATABASE_URL=url))
    assert (code, out, err.count("\n")) == (1, "", 1), err
    assert err.startswith("tiergate: ")
    assert "DATABASE_URL" in err
    assert remedy in err
    assert "hunter2" not in err


def test_stripe_unreachable_is_one_clear_line(
    tiergate: Tiergate, tmp_path: Path, migrated_sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When Stripe cannot be reached a push says so, without a traceback."""
    monkeypatch.setattr("tiergate.stripe_api.gateway.NETWORK_RETRIES", 0)
    (tmp_path / "billing.toml").write_text(NORTHWIND)
    base = f"http://127.0.0.1:{free_port()}"
    code, _, err = tiergate("plans", "push", **configured(base, DATABASE_URL=migrated_sqlite_url))
    assert (code, err.count("\n")) == (1, 1)
    assert "Stripe did not answer GET /v1/products" in err


@pytest.mark.parametrize("duration", ["14", "fortnight", "", "-3d", "1.5d", "14 d", "d"])
def test_a_duration_that_cannot_be_read(tiergate: Tiergate, duration: str) -> None:
    """A duration without a number or a unit is refused with an example."""
    code, _, err = tiergate("clock", "advance", "--", duration, **configured())
    assert code == 1
    assert "such as 14d or 36h" in err


def test_a_duration_beyond_all_time(tiergate: Tiergate) -> None:
    """A duration that no calendar holds is refused on one line."""
    code, out, err = tiergate("clock", "advance", "99999999999d", **configured())
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.endswith("Go in smaller steps.\n")


def test_a_clock_cannot_leave_the_calendar(
    tiergate: Tiergate, migrated_sqlite_url: str, sandbox_url: str
) -> None:
    """A duration that leads a clock beyond the last year there is, is refused on one line."""
    client = stripe.StripeClient(KEY, base_addresses={"api": sandbox_url})
    clock = client.v1.test_helpers.test_clocks.create({"frozen_time": 1_800_000_000}).id
    environment = configured(sandbox_url, DATABASE_URL=migrated_sqlite_url, TIERGATE_TEST_CLOCK=clock)
    code, out, err = tiergate("clock", "advance", "9999999d", **environment)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.endswith("Go in steps of at most two billing periods, such as 8w.\n")


def test_without_a_clock_there_is_nothing_to_move(tiergate: Tiergate) -> None:
    """Where no test clock is configured the error names the two ways to have one."""
    code, _, err = tiergate("clock", "advance", "1d", **configured())
    assert code == 1
    assert "`tiergate demo`" in err
    assert "TIERGATE_TEST_CLOCK" in err


def test_explaining_nobody_names_the_remedy(
    tiergate: Tiergate, migrated_sqlite_url: str, tmp_path: Path
) -> None:
    """An account that was never registered is said to be unknown."""
    code, _, err = tiergate("explain", "ghost", **configured(DATABASE_URL=migrated_sqlite_url))
    assert (code, "billing.register" in err) == (1, True)


def test_serve_refuses_a_taken_port(tiergate: Tiergate, migrated_sqlite_url: str) -> None:
    """`serve` on a taken port names it and the option that chooses another."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, err = tiergate("serve", "--port", str(port), **configured(DATABASE_URL=migrated_sqlite_url))
    assert (code, err.count("\n")) == (1, 1)
    assert f"Port {port} on 127.0.0.1 is in use." in err
    assert f"--port {port + 1}" in err


@pytest.mark.parametrize("host", ["1.2.3.4", "no.such.host.invalid"])
def test_serve_refuses_an_address_that_is_not_here(
    tiergate: Tiergate, migrated_sqlite_url: str, host: str
) -> None:
    """`serve` on an address of another machine, or of none, says so on one line."""
    port = str(free_port())
    environment = configured(DATABASE_URL=migrated_sqlite_url)
    code, out, err = tiergate("serve", "--host", host, "--port", port, **environment)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert f"Nobody can listen on port {port} of {host} here" in err
    assert "Choose an address of this machine" in err


@pytest.mark.parametrize("command", [(), ("plans",), ("clock",)], ids=["tiergate", "plans", "clock"])
def test_alone_it_shows_its_help(tiergate: Tiergate, command: tuple[str, ...]) -> None:
    """Without a command the help is shown."""
    _, out, err = tiergate(*command)
    assert "Usage: tiergate" in out + err
