"""The command ``tiergate-sandbox``."""

import json
import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

DEFAULT_PORT = 12111

app = typer.Typer(
    name="tiergate-sandbox",
    help="A small Stripe on this machine, for the Stripe SDK and CLI, with clocks that can be moved.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def fail(message: str) -> typer.Exit:
    """Say in one line what is wrong, and return the exit with code 1."""
    typer.echo(f"tiergate-sandbox: {message}", err=True)
    return typer.Exit(1)


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
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """Serve the sandbox until it is interrupted."""
    from tiergate_sandbox.journal import StateFileError
    from tiergate_sandbox.server import Options, PortInUseError, serve

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
    options = Options(host=host, port=port, seed=seed, state=state, retry_after_seconds=delays)
    try:
        serve(options, announce)
    except (PortInUseError, StateFileError) as error:
        raise fail(str(error)) from error


@app.command()
def faults(
    drop: Annotated[float, typer.Option(help="Share of webhooks that are lost (0 to 1).")] = 0,
    duplicate: Annotated[float, typer.Option(help="Share of webhooks that are sent twice (0 to 1).")] = 0,
    reorder: Annotated[bool, typer.Option(help="Shuffle the webhooks of one second.")] = False,
    delay_seconds: Annotated[float, typer.Option(help="Longest wait before a webhook is sent.")] = 0,
    answer_delay_seconds: Annotated[float, typer.Option(help="Wait before each API answer.")] = 0,
    seed: Annotated[int, typer.Option(help="Number that decides which webhooks are hit.")] = 0,
    port: Annotated[int, typer.Option(help="Port of the running sandbox.")] = DEFAULT_PORT,
) -> None:
    """Switch faults of a running sandbox on; without options, all of them off."""
    wanted = {
        "drop": drop,
        "duplicate": duplicate,
        "reorder": reorder,
        "delay_seconds": delay_seconds,
        "answer_delay_seconds": answer_delay_seconds,
        "seed": seed,
    }
    typer.echo(json.dumps(tool(port, "faults", wanted)))


@app.command()
def hold(port: Annotated[int, typer.Option(help="Port of the running sandbox.")] = DEFAULT_PORT) -> None:
    """Let a running sandbox collect webhooks instead of sending them."""
    typer.echo(json.dumps(tool(port, "deliveries/hold", {})))


@app.command()
def release(
    ids: Annotated[
        list[str] | None, typer.Argument(help="Deliveries or events, in order; none for all.")
    ] = None,
    port: Annotated[int, typer.Option(help="Port of the running sandbox.")] = DEFAULT_PORT,
) -> None:
    """Send webhooks that a running sandbox has held back."""
    typer.echo(json.dumps(tool(port, "deliveries/release", {"ids": ids} if ids else {})))


def tool(port: int, route: str, body: Mapping[str, object]) -> object:
    """Call one of the running sandbox's tools and return its answer."""
    from http.client import HTTPConnection

    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", f"/_sandbox/{route}", json.dumps(body))
        response = connection.getresponse()
        answered = json.loads(response.read())
    except (OSError, ValueError):
        raise fail(f"no sandbox answers on port {port}; start one with 'tiergate-sandbox serve'") from None
    finally:
        connection.close()
    if response.status != 200:
        raise fail(answered["error"]["message"])
    return answered


def announce(url: str) -> None:
    """Tell where the sandbox is and how to use it."""
    typer.echo(f"tiergate-sandbox listens on {url}")
    typer.echo(f"  SDK  stripe.StripeClient('sk_test_sandbox', base_addresses={{'api': '{url}'}})")
    typer.echo(f"  CLI  stripe trigger invoice.paid --api-base {url} --api-key sk_test_sandbox")


def main() -> None:
    """Run the command line."""
    app()
