"""The commands about an account's data: hand it out, or erase it."""

import json
from typing import Annotated

import typer

from tiergate.cli.opened import opened_billing
from tiergate.rules.instants import isoformat

account = typer.Typer(no_args_is_help=True, help="What is kept about an account.")

AccountId = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account's id.")]


@account.command()
def export(account_id: AccountId) -> None:
    """Print everything that is kept about an account, as JSON."""
    with opened_billing() as billing:
        typer.echo(json.dumps(billing.export_account(account_id), indent=2, ensure_ascii=False))


@account.command()
def erase(
    account_id: AccountId,
    by: Annotated[str, typer.Option(help="Who erases it, for the journal.")] = "",
    at_stripe: Annotated[
        bool, typer.Option("--at-stripe", help="Delete the customer at Stripe too, for good.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase an account's personal data; amounts, dates and invoice numbers stay."""
    if not yes:
        typer.confirm(f"Erase the personal data of account {account_id}? It cannot be undone", abort=True)
    with opened_billing() as billing:
        erased = billing.erase_account(account_id, by=by, at_stripe=at_stripe)
    again = "" if erased.is_new else " (it was before)"
    typer.echo(f"The personal data of account {account_id} is erased{again}: {isoformat(erased.erased_at)}.")
