"""``tiergate explain``: what an account has, why, what comes next, and what was done about it."""

import json
from datetime import datetime
from typing import Annotated

import typer

from tiergate.cli.environment import DEMO_ACCOUNT
from tiergate.cli.opened import opened_billing
from tiergate.rules.errors import TiergateError
from tiergate.rules.instants import require_aware

_REMEDY = "Write it as 2026-11-03T12:00Z, with Z for UTC or with its offset."


class InstantError(TiergateError):
    """An instant cannot be read."""

    code = "instant_invalid"


def explain(
    account: Annotated[str, typer.Argument(help="The account's id.")] = DEMO_ACCOUNT,
    feature: Annotated[str | None, typer.Option(help="A feature, to tell whether it may be used.")] = None,
    at: Annotated[str | None, typer.Option(help="Another instant, such as 2026-11-03T12:00Z.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Everything, as JSON.")] = False,
) -> None:
    """Tell what an account has, why, what comes next, and what was done about it."""
    instant = None if at is None else parse_instant(at)
    with opened_billing() as billing:
        told = billing.explain(account, feature, instant)
    typer.echo(json.dumps(told.as_json(), indent=2) if as_json else str(told))


def parse_instant(text: str) -> datetime:
    """Read an instant in ISO 8601 with its time zone; raises ``InstantError``."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InstantError(f"{text!r} is no instant.", _REMEDY) from None
    if at.tzinfo is None:
        raise InstantError(f"{text!r} has no time zone.", _REMEDY)
    try:
        return require_aware(at)
    except ValueError as error:
        raise InstantError(str(error), _REMEDY) from None
