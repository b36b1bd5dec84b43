"""The commands ``tiergate trial start``, ``extend`` and ``end``."""

from typing import Annotated

import typer

from tiergate.cli.opened import opened_billing
from tiergate.rules.instants import isoformat

trial = typer.Typer(no_args_is_help=True, help="Trials of single accounts.")

Account = Annotated[str, typer.Argument(help="The account's id.")]
By = Annotated[str, typer.Option(help="Who does this, for the journal.")]


@trial.command()
def start(
    account: Account,
    plan: Annotated[
        str | None, typer.Option(help="The plan; the one that is tried first by default.")
    ] = None,
    interval: Annotated[str, typer.Option(help="month or year: how it would go on.")] = "month",
) -> None:
    """Start a trial without a card, as if the account had asked for it."""
    with opened_billing() as billing:
        started = billing.start_trial(account, plan, interval)
    until = isoformat(started.ends_at) if started.ends_at else "Stripe ends it"
    typer.echo(f"{account} tries {started.plan} until {until} ({started.subscription_id}).")


@trial.command()
def extend(
    account: Account,
    days: Annotated[int, typer.Argument(help="How many days more.", min=1)],
    by: By = "",
    note: Annotated[str, typer.Option(help="Why, for the journal.")] = "",
) -> None:
    """Let a trial last longer, also one that is over; extensions add up."""
    with opened_billing() as billing:
        until = billing.extend_trial(account, days, by=by, note=note)
    typer.echo(f"The trial of {account} lasts until {isoformat(until)}.")


@trial.command()
def end(account: Account, by: By = "") -> None:
    """End a trial now: a card is charged, and without one the trial is over."""
    with opened_billing() as billing:
        billing.end_trial(account, by=by)
    typer.echo(f"The trial of {account} has ended.")
