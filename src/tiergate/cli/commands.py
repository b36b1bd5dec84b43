"""The commands, each a few lines around one call of ``Billing``."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from tiergate.cli.account_commands import account
from tiergate.cli.admin_commands import admin
from tiergate.cli.doctor_command import doctor
from tiergate.cli.durations import parse_duration
from tiergate.cli.environment import environment_here
from tiergate.cli.events_commands import events
from tiergate.cli.explain_command import explain
from tiergate.cli.init_command import init, schema
from tiergate.cli.languages_commands import languages
from tiergate.cli.logs import write_logs
from tiergate.cli.opened import opened_billing
from tiergate.cli.plans_commands import plans
from tiergate.cli.reconcile_commands import adopt, reconcile
from tiergate.cli.trial_commands import trial
from tiergate.cli.webhooks_commands import webhooks
from tiergate.rules.errors import TiergateError

if TYPE_CHECKING:
    from tiergate.billing import Billing

app = typer.Typer(
    no_args_is_help=True, pretty_exceptions_enable=False, help="Self-serve billing for Python SaaS."
)
clock = typer.Typer(no_args_is_help=True, help="The Stripe test clock on which the accounts live.")
app.add_typer(plans, name="plans")
app.add_typer(clock, name="clock")
app.add_typer(admin, name="admin")
app.add_typer(account, name="account")
app.add_typer(events, name="events")
app.add_typer(webhooks, name="webhooks")
app.add_typer(trial, name="trial")
app.add_typer(languages, name="languages")
app.command()(reconcile)
app.command()(adopt)
app.command()(doctor)
app.command()(explain)
app.command()(init)
plans.command()(schema)

Host = Annotated[str, typer.Option(help="The address to listen on.")]
Port = Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65535)]


class CommandError(TiergateError):
    """A command was called in a way that cannot work."""

    code = "command_invalid"


@app.command()
def demo(
    port: Port = 8000,
    sandbox_port: Annotated[int, typer.Option(help="The sandbox's port.")] = 12111,
    reverse_trial: Annotated[
        bool, typer.Option("--reverse-trial", help="Let Acme try Team by itself from its sign-up on.")
    ] = False,
) -> None:
    """Serve a sandbox and an application with a demo product, until stopped. Needs no account and no key."""
    from tiergate.cli.demo import run_demo

    run_demo(port, sandbox_port, reverse_trial=reverse_trial)


@app.command()
def serve(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Serve the pages, the API and the webhook, with a worker beside them."""
    from tiergate.cli.serving import require_free_port, serve_app

    opened = _billing()
    require_free_port(host, port)
    write_logs(environment_here().get("TIERGATE_LOG_FILE"))
    with opened as billing:
        billing.check_schema()
        billing.start()
        serve_app(billing.asgi, host, port)


@app.command()
def worker(
    every: Annotated[float, typer.Option(help="Seconds between two looks.", min=0.1)] = 30.0,
) -> None:
    """Do what time makes due, until stopped; any number of these may run beside each other."""
    from tiergate.cli.serving import wait_until_stopped

    write_logs(environment_here().get("TIERGATE_LOG_FILE"))
    with opened_billing() as billing:
        billing.start(every)
        wait_until_stopped()


@app.command()
def migrate() -> None:
    """Create or update tiergate's tables in the database."""
    with _billing() as billing:
        billing.migrate()
    typer.echo("The database is up to date.")


@clock.command()
def advance(
    by: Annotated[str, typer.Argument(help="How far, such as 14d, 36h or 2w.")],
    test_clock: Annotated[
        str | None, typer.Option("--clock", help="Another clock than the configured one.")
    ] = None,
) -> None:
    """Move the test clock forward, and do what has become due."""
    duration = parse_duration(by)
    opened = _billing()
    chosen = test_clock or opened.settings.test_clock
    if chosen is None:
        raise CommandError(
            "There is no test clock to move.",
            "Start `tiergate demo` here, or set TIERGATE_TEST_CLOCK to a clock_… id.",
        )
    write_logs(environment_here().get("TIERGATE_LOG_FILE"), to_output=False)
    with opened as billing:
        billing.check_schema()
        shown = billing.advance_clock(chosen, duration, pause=lambda: time.sleep(0.1))
        billing.run_due()
    typer.echo(f"It is now {shown:%A, %d %B %Y, %H:%M} UTC on the test clock.")


def _billing() -> "Billing":
    """Put ``Billing`` together from the environment that holds here."""
    from tiergate.billing import Billing
    from tiergate.settings import settings_from

    return Billing(settings_from(environment_here()))
