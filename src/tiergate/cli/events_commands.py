"""The commands about events: what Stripe sent, what became of it, and once more."""

import json
from enum import StrEnum
from typing import Annotated

import typer

from tiergate.billing import Billing
from tiergate.cli.opened import opened_billing
from tiergate.rules.instants import isoformat
from tiergate.store.event_log import LoggedEvent

_MOST = 10_000

events = typer.Typer(no_args_is_help=True, help="The events that Stripe sent.")


class State(StrEnum):
    """What may have become of an event."""

    RECEIVED = "received"
    APPLIED = "applied"
    NOTED = "noted"
    FAILED = "failed"


@events.command(name="list")
def list_events(
    state: Annotated[State | None, typer.Option(help="Only those in this state.")] = None,
    event_type: Annotated[str | None, typer.Option("--type", help="Only of this type.")] = None,
    account: Annotated[str | None, typer.Option(help="Only of this account.")] = None,
    limit: Annotated[int, typer.Option(help="How many at most.", min=1, max=_MOST)] = 20,
) -> None:
    """List the newest events, the newest first."""
    with opened_billing() as billing:
        found = billing.events(
            state=state and str(state), event_type=event_type, account_id=account, limit=limit
        )
    for event in found:
        typer.echo(_line(event))
    if not found and state is State.FAILED:
        typer.echo("No event was given up. One that fails is `received` until then: it is tried again.")
    elif not found:
        typer.echo("No event fits. `tiergate doctor` tells whether webhooks arrive at all.")


@events.command()
def show(event: Annotated[str, typer.Argument(help="The event's id, evt_….")]) -> None:
    """Show one event: what became of it, and its payload."""
    with opened_billing() as billing:
        logged, payload = billing.event(event)
    for name in LoggedEvent.__dataclass_fields__:
        value = getattr(logged, name)
        typer.echo(f"{name:<18}{isoformat(value) if hasattr(value, 'tzinfo') else value}")
    typer.echo(json.dumps(json.loads(payload), indent=2))


@events.command()
def replay(
    event: Annotated[str | None, typer.Argument(help="The event's id, evt_….")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="All that have failed.")] = False,
) -> None:
    """Apply an event once more, or all that have failed; ends with 1 where one fails again."""
    if (event is None) is not failed:
        raise typer.BadParameter("Name one event, or say --failed.")
    with opened_billing() as billing:
        wanted = [event] if event else _failed(billing)
        results = []
        for event_id in wanted:
            results.append(billing.replay_event(event_id))
            typer.echo(_line(results[-1]))
    if not wanted:
        typer.echo("No event has failed.")
    if any(_has_failed(result) for result in results):
        raise typer.Exit(1)


def _failed(billing: Billing) -> list[str]:
    """Return the events that have failed, also those that are tried again by themselves; the oldest first."""
    states = ("failed", "received")
    found = [one for state in states for one in billing.events(state=state, limit=_MOST)]
    return [one.event_id for one in sorted(found, key=lambda one: one.received_at) if _has_failed(one)]


def _has_failed(event: LoggedEvent) -> bool:
    return event.state == "failed" or (event.state == "received" and event.attempts > 0)


def _line(event: LoggedEvent) -> str:
    told = f"  {event.note}" if event.note else ""
    tries = f"  after {event.attempts} attempts" if event.attempts else ""
    again = ""
    if event.attempts and event.next_attempt_at:
        again = f"  again at {isoformat(event.next_attempt_at)}"
    owner = event.account_id or "-"
    return (
        f"{isoformat(event.received_at)}  {event.event_id}  {event.event_type}  {event.state}  {owner}"
        f"{tries}{again}{told}"
    )
