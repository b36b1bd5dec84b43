"""The commands below ``plans``: check, compare and publish a file, fetch it, and move accounts."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from tiergate.cli.opened import opened_billing
from tiergate.rules.errors import TiergateError

plans = typer.Typer(no_args_is_help=True, help="The plans of billing.toml.")

File = Annotated[Path, typer.Argument(help="The catalogue file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
BILLING_TOML = Path("billing.toml")


class Chosen(StrEnum):
    """When accounts are moved."""

    NOW = "now"
    RENEWAL = "renewal"


class Source(StrEnum):
    """Where plans are pulled from."""

    DATABASE = "database"
    STRIPE = "stripe"


class PlansFileError(TiergateError):
    """The catalogue file cannot be read or written."""

    code = "plans_file_invalid"


@plans.command()
def check(file: File = BILLING_TOML, as_json: AsJson = False) -> None:
    """Look for mistakes in a file, each with its place and remedy; ends with 1 where there are any."""
    from tiergate.services.plans.check_plans import check_plans

    found = check_plans(read_plans(file), file.name)
    if as_json:
        print_json(found.as_json())
    else:
        for mistake in found.mistakes:
            typer.echo(f"{file.name}, {mistake}")
        for advice in found.advice:
            typer.echo(f"{file.name}, advice, {advice}")
        if found.is_valid:
            typer.echo("The plans can be published.")
    if not found.is_valid:
        raise typer.Exit(1)


@plans.command()
def diff(file: File = BILLING_TOML, as_json: AsJson = False) -> None:
    """Tell what publishing a file would change: in the offer, at Stripe, and for whom."""
    text = read_plans(file)
    with opened_billing() as billing:
        found = billing.diff_plans(text, file.name)
    if as_json:
        print_json(found.as_json())
    else:
        typer.echo(str(found))


@plans.command()
def push(file: File = BILLING_TOML) -> None:
    """Publish the plans of a file, here and at Stripe. Pushing the same file again changes nothing."""
    text = read_plans(file)
    with opened_billing() as billing:
        pushed = billing.push_plans(text, file.name)
    for lookup_key in pushed.created:
        typer.echo(f"created  {lookup_key}")
    for lookup_key in pushed.kept:
        typer.echo(f"kept     {lookup_key}")
    for step in pushed.others:
        typer.echo(f"done     {step}")
    typer.echo(f"Version {pushed.version} is published.")


@plans.command()
def pull(
    source: Annotated[
        Source, typer.Option("--from", help="Where the plans are taken from.")
    ] = Source.DATABASE,
    version: Annotated[int | None, typer.Option(help="An earlier version, from the database.")] = None,
    output: Annotated[Path, typer.Option(help="The file to write; - prints it.")] = BILLING_TOML,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what was never published.")] = False,
) -> None:
    """Write the file: the published text as it is, or from what Stripe sells; comments are kept."""
    there = read_plans(output) if output.is_file() else None
    with opened_billing() as billing:
        pulled = billing.pull_plans(
            source="stripe" if source is Source.STRIPE else "database", version=version, existing=there
        )
        is_kept = there is None or billing.is_published(there)
    if str(output) == "-":
        typer.echo(pulled.text, nl=False)
    elif pulled.text == there:
        typer.echo(f"{output} is up to date.")
    elif is_kept or force:
        write_plans(output, pulled.text)
        typer.echo(f"{output} is written.")
    else:
        raise PlansFileError(
            f"{output} was changed and never published: it would be lost.",
            "Use --force, or write another file with --output.",
        )
    for note in pulled.notes:
        typer.echo(f"note: {note}", err=True)


@plans.command()
def migrate(
    to: Annotated[int | None, typer.Option(help="The version to move to; the newest by default.")] = None,
    plan: Annotated[str | None, typer.Option(help="Only who has this plan.")] = None,
    from_version: Annotated[int | None, typer.Option("--from", help="Only who is in this version.")] = None,
    account: Annotated[str | None, typer.Option(help="Only this account.")] = None,
    when: Annotated[Chosen, typer.Option(help="At once, or when it next renews.")] = Chosen.RENEWAL,
    prorate: Annotated[bool, typer.Option(help="With --when now: charge the rest of the period.")] = True,
    yes: Annotated[bool, typer.Option("--yes/--dry-run", help="Do it, or only show it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Move accounts to a newer version of the plans; without --yes, show who and what changes for them."""
    with opened_billing() as billing:
        done = billing.migrate_accounts(
            to=to,
            plan=plan,
            from_version=from_version,
            account=account,
            when="now" if when is Chosen.NOW else "renewal",
            prorate=prorate,
            preview=not yes,
        )
    if as_json:
        print_json(done.as_json())
    else:
        typer.echo(str(done))
        if not yes and done.concerned:
            typer.echo("To do it, say --yes.")
    if done.refused:
        raise typer.Exit(1)


def read_plans(file: Path) -> str:
    """Read the text of a catalogue file. Raises ``PlansFileError``."""
    if not file.is_file():
        raise PlansFileError(f"{file} is not a file.", "Name the catalogue: tiergate plans push PATH")
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PlansFileError(f"{file} cannot be read: {error}.", "Save it as UTF-8 text.") from None


def write_plans(file: Path, text: str) -> None:
    """Write a file whole or not at all. Raises ``PlansFileError``."""
    beside = file.with_name(f".{file.name}.new")
    try:
        beside.write_text(text, encoding="utf-8", newline="")
        beside.replace(file)
    except OSError as error:
        raise PlansFileError(f"{file} cannot be written: {error}.", "Name another with --output.") from None


def print_json(told: dict[str, Any]) -> None:
    """Print JSON as people can read it too."""
    typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
