"""The commands about admins: who may open ``/admin``."""

import sys
from typing import Annotated

import typer

from tiergate.cli.opened import opened_billing
from tiergate.rules.instants import isoformat

admin = typer.Typer(no_args_is_help=True, help="Who may open the admin pages.")

Email = Annotated[str, typer.Argument(help="The admin's e-mail address.")]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


@admin.command()
def add(email: Email, password_stdin: FromStdin = False) -> None:
    """Make an admin; the password is asked for, and never shown."""
    with opened_billing() as billing:
        kept = billing.administration.add(email, _password(password_stdin))
        typer.echo(f"{kept} may sign in at {billing.settings.public_url}/admin")


@admin.command(name="list")
def list_admins() -> None:
    """List all admins."""
    with opened_billing() as billing:
        found = billing.administration.admins()
    for one in found:
        state = f"disabled since {isoformat(one.disabled_at)}" if one.disabled_at else "active"
        typer.echo(f"{one.email:<32}  since {isoformat(one.created_at)}  {state}")
    if not found:
        typer.echo("There is no admin yet: tiergate admin add EMAIL")


@admin.command()
def disable(email: Email) -> None:
    """Keep an admin from signing in, and sign the admin out everywhere."""
    with opened_billing() as billing:
        billing.administration.disable(email)
    typer.echo(f"{email} can no longer sign in.")


@admin.command()
def password(email: Email, password_stdin: FromStdin = False) -> None:
    """Give an admin another password, also one who was disabled, and end all sessions."""
    with opened_billing() as billing:
        billing.administration.change_password(email, _password(password_stdin))
    typer.echo(f"{email} has another password, and is signed out everywhere.")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    told: str = typer.prompt("Password (12 characters or more)", hide_input=True, confirmation_prompt=True)
    return told
