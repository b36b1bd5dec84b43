"""The command ``tiergate-sandbox``."""

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from tiergate_sandbox.cli_tools import COMMANDS, DEFAULT_PORT, fail, pairs
from tiergate_sandbox.parent import end_with_stdin

app = typer.Typer(
    name="tiergate-sandbox",
    help="A small Stripe on this machine, for the Stripe SDK and CLI, with clocks that can be moved.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


for name, command in COMMANDS.items():
    app.command(name)(command)


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = DEFAULT_PORT,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    state: Annotated[
        Path | None, typer.Option(help="File that keeps everything; without it all ends with the process.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Number that all ids are derived from.")] = 0,
    retry_after: Annotated[
        str, typer.Option(help="Seconds before each further attempt of a failed webhook.")
    ] = "1,5,30",
    setting: Annotated[
        list[str] | None,
        typer.Option(help="A setting of the account, as in relaxed_clocks=true; may be repeated."),
    ] = None,
    fault: Annotated[
        list[str] | None, typer.Option(help="A fault to begin with, as in drop=0.1; may be repeated.")
    ] = None,
    while_stdin_open: Annotated[
        bool, typer.Option("--while-stdin-open", help="End when standard input closes.")
    ] = False,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """Serve the sandbox until it is interrupted."""
    import msgspec

    from tiergate_sandbox.faults import Faults
    from tiergate_sandbox.journal import StateFileError
    from tiergate_sandbox.server import Options, PortInUseError, serve
    from tiergate_sandbox.world.settings import Settings, changed

    level = logging.getLevelNamesMapping().get(log_level.upper())
    if level is None:
        raise fail(f"there is no log level {log_level}; choose debug, info, warning or error")
    logging.basicConfig(level=level, stream=sys.stdout, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    for quiet in ("httpx2", "httpcore2", "uvicorn"):
        logging.getLogger(quiet).setLevel(max(level, logging.WARNING))
    try:
        delays = tuple(float(part) for part in retry_after.split(",") if part)
    except ValueError:
        raise fail(f"--retry-after takes seconds with commas between them, not {retry_after}") from None
    try:
        settings = changed(Settings(), pairs(setting or []))
        faults = msgspec.convert(pairs(fault or []), Faults)
    except ValueError as error:
        raise fail(f"{error}") from None
    if while_stdin_open:
        end_with_stdin()
    options = Options(
        host=host,
        port=port,
        seed=seed,
        state=state,
        settings=settings,
        faults=faults,
        retry_after_seconds=delays,
    )
    try:
        serve(options, announce)
    except (PortInUseError, StateFileError) as error:
        raise fail(str(error)) from error


def announce(url: str) -> None:
    """Tell where the sandbox is and how to use it."""
    typer.echo(f"tiergate-sandbox listens on {url}")
    typer.echo(f"  SDK  stripe.StripeClient('sk_test_sandbox', base_addresses={{'api': '{url}'}})")
    typer.echo(f"  CLI  stripe trigger invoice.paid --api-base {url} --api-key sk_test_sandbox")


def main() -> None:
    """Run the command line."""
    app()
