"""``tiergate reconcile`` and ``tiergate adopt``: the mirror against Stripe, and Stripe into the mirror."""

from typing import Annotated

import typer

from tiergate.cli.opened import opened_billing
from tiergate.rules.errors import TiergateError


class AssignmentError(TiergateError):
    """A price is assigned in a way that cannot be read."""

    code = "assignment_invalid"


def reconcile(
    account: Annotated[str | None, typer.Option(help="Only this account.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report, and repair nothing.")] = False,
) -> None:
    """Compare what is mirrored with Stripe, repair what differs, and say what it was."""
    with opened_billing() as billing:
        report = billing.reconcile(account, dry_run=dry_run, tell=lambda found: typer.echo(str(found)))
    compared = ", ".join(f"{count} {_plural(kind, count)}" for kind, count in report.looked_at.items())
    typer.echo(f"Compared: {compared or 'nothing, for there is no customer at Stripe'}.")
    if report.left_out:
        typer.echo(f"Left out, because somebody else was reading them: {', '.join(report.left_out)}.")
    if not report.count:
        typer.echo("Nothing differs.")
    else:
        done = "Nothing was repaired: this was a dry run." if dry_run else "Repaired."
        typer.echo(f"{report.count} {_plural('difference', report.count)}. {done}")


def adopt(
    account_key: Annotated[
        str, typer.Option(help="The customers' metadata key that holds your account's id.")
    ] = "account_id",
    assigned: Annotated[
        list[str] | None, typer.Option("--map", help="What a price sells: price_123=team. May be repeated.")
    ] = None,
) -> None:
    """Take over an existing Stripe account: customers, subscriptions, schedules and invoices.

    Interrupt it whenever you like: the next run goes on where this one was, or begins anew when it is given
    another key or other prices.
    """
    from tiergate.services.reconcile.adopt import Choices

    choices = Choices(account_key, dict(map(_assignment, assigned or [])))
    with opened_billing() as billing:
        adopted = billing.adopt(choices, _tell)
    for price, count in adopted.unmapped_prices.items():
        typer.echo(
            f"not mapped: {price} sells no plan, and {count} running {_plural('subscription', count)} pay "
            f"it. Map it: tiergate adopt --map {price}=PLAN"
        )
    if adopted.customers_without_account:
        some = ", ".join(adopted.some_of_them)
        typer.echo(
            f"not linked: {adopted.customers_without_account} customers have no {account_key!r} in their "
            f"metadata ({some}). Add it at Stripe and run this again."
        )
    typer.echo("Everything is read. `tiergate worker` announces what it means for each account.")


def _tell(what: str, count: int) -> None:
    typer.echo(f"{count:>9,} {_plural(what, count)}")


def _assignment(told: str) -> tuple[str, str]:
    price, _, plan = told.partition("=")
    if not price or not plan:
        raise AssignmentError(f"{told!r} assigns nothing.", "Write --map price_123=team.")
    return price.strip(), plan.strip()


def _plural(kind: str, count: int) -> str:
    word = kind.replace("_", " ")
    return word if count == 1 else f"{word}s"
