"""The commands that speak to a running sandbox: its faults, settings, clocks, webhooks and snapshots."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

DEFAULT_PORT = 12111
CLI_KEY = "sk_test_sandbox_command"
UNIT_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}

Port = Annotated[int, typer.Option(help="Port of the running sandbox.")]


def fail(message: str) -> typer.Exit:
    """Say in one line what is wrong, and return the exit with code 1."""
    typer.echo(f"tiergate-sandbox: {message}", err=True)
    return typer.Exit(1)


def faults(
    changes: Annotated[
        list[str] | None,
        typer.Argument(help="drop, duplicate, reorder, delay_seconds …, as in drop=0.1; none for none."),
    ] = None,
    answer: Annotated[
        list[str] | None,
        typer.Option(help="What goes wrong with API answers: 'kind=error share=0.1 path=/v1/invoices/*'."),
    ] = None,
    port: Port = DEFAULT_PORT,
) -> None:
    """Switch faults of a running sandbox on; those that are not named are switched off."""
    say(tool(port, "faults", wanted_faults(changes, answer)))


def settings(
    changes: Annotated[list[str] | None, typer.Argument(help="name=value; none to see them all.")] = None,
    port: Port = DEFAULT_PORT,
) -> None:
    """Show or change the account's settings: retries, default version, relaxed clocks and more."""
    say(tool(port, "settings", pairs(changes)) if changes else tool(port, "settings", None))


def advance(
    by: Annotated[str, typer.Argument(help="How far, as in 14d or 12h, or a unix second.")],
    clock: Annotated[str | None, typer.Argument(help="Test clock; none if there is only one.")] = None,
    port: Port = DEFAULT_PORT,
) -> None:
    """Advance a test clock of a running sandbox."""
    clocks = api(port, "GET", "/v1/test_helpers/test_clocks?limit=100")["data"]
    chosen = [one for one in clocks if clock in (None, one["id"])]
    if len(chosen) != 1:
        known = ", ".join(one["id"] for one in clocks) or "none yet"
        raise fail(f"name the test clock to advance; there are: {known}")
    target = instant(by, chosen[0]["frozen_time"])
    path = f"/v1/test_helpers/test_clocks/{chosen[0]['id']}"
    api(port, "POST", f"{path}/advance", {"frozen_time": target})
    say(api(port, "GET", path))


def hold(port: Port = DEFAULT_PORT) -> None:
    """Let a running sandbox collect webhooks instead of sending them."""
    say(tool(port, "deliveries/hold", {}))


def release(
    ids: Annotated[
        list[str] | None, typer.Argument(help="Deliveries or events, in order; none for all.")
    ] = None,
    port: Port = DEFAULT_PORT,
) -> None:
    """Send webhooks that a running sandbox has held back."""
    say(tool(port, "deliveries/release", {"ids": ids} if ids else {}))


def roll_secret(
    endpoint: Annotated[str, typer.Argument(help="Webhook endpoint, as in we_1….")],
    old_valid_seconds: Annotated[int, typer.Option(help="How long the old secret still signs.")] = 86_400,
    port: Port = DEFAULT_PORT,
) -> None:
    """Give a webhook endpoint a new signing secret."""
    wanted = {"old_valid_seconds": old_valid_seconds}
    say(tool(port, f"webhook_endpoints/{endpoint}/roll_secret", wanted))


def reset(port: Port = DEFAULT_PORT) -> None:
    """Begin again with an empty sandbox."""
    say(tool(port, "reset", {}))


def snapshot(
    file: Annotated[Path, typer.Argument(help="Where to write the whole state.")], port: Port = DEFAULT_PORT
) -> None:
    """Write the whole state of a running sandbox to a file."""
    file.write_text(json.dumps(tool(port, "snapshot", None)))


def restore(
    file: Annotated[Path, typer.Argument(help="What snapshot wrote.")], port: Port = DEFAULT_PORT
) -> None:
    """Bring a running sandbox back to a state that was written to a file."""
    try:
        state = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise fail(f"{file} is no snapshot ({error}); write one with 'tiergate-sandbox snapshot'") from None
    say(tool(port, "snapshot", state))


COMMANDS: dict[str, Callable[..., None]] = {
    "faults": faults,
    "settings": settings,
    "advance": advance,
    "hold": hold,
    "release": release,
    "roll-secret": roll_secret,
    "reset": reset,
    "snapshot": snapshot,
    "restore": restore,
}


def wanted_faults(changes: list[str] | None, answers: list[str] | None) -> dict[str, Any]:
    """Return the faults that ``name=value`` texts mean, and such lines, one for each answer fault."""
    return {**pairs(changes or []), "answers": [pairs(line.split()) for line in answers or []]}


def pairs(texts: list[str]) -> dict[str, Any]:
    """Return ``name=value`` texts as a dict; a value is read as JSON where it is JSON, else as text."""
    found = {}
    for text in texts:
        name, given, value = text.partition("=")
        if not given:
            raise fail(f"write name=value, not {text}")
        found[name] = read_value(value)
    return found


def read_value(text: str) -> object:
    """Return the value that a text stands for: JSON such as ``3`` or ``true``, anything else as it is."""
    try:
        value: object = json.loads(text)
    except ValueError:
        return text
    return value


def instant(text: str, now: int) -> int:
    """Return the unix second that is meant by ``14d``, ``12h`` or a number of unix seconds."""
    unit = UNIT_SECONDS.get(text[-1:])
    number = text if unit is None else text[:-1]
    if not number.isdigit():
        raise fail(f"write how far as in 14d, 12h or 30m, or as a unix second, not {text}")
    return int(number) if unit is None else now + int(number) * unit


def tool(port: int, route: str, body: Mapping[str, object] | None) -> Any:
    """Call one of the running sandbox's tools and return its answer; ``body`` None only asks."""
    method = "GET" if body is None else "POST"
    return request(port, method, f"/_sandbox/{route}", None if body is None else json.dumps(body), {})


def api(port: int, method: str, path: str, params: Mapping[str, object] | None = None) -> Any:
    """Call the running sandbox's API and return its answer."""
    headers = {
        "Authorization": f"Bearer {CLI_KEY}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    return request(port, method, path, urlencode(params) if params else None, headers)


def request(port: int, method: str, path: str, body: str | None, headers: Mapping[str, str]) -> Any:
    """Make one request to the running sandbox and return the decoded answer."""
    from http.client import HTTPConnection

    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        answered = json.loads(response.read())
    except (OSError, ValueError):
        raise fail(f"no sandbox answers on port {port}; start one with 'tiergate-sandbox serve'") from None
    finally:
        connection.close()
    if response.status != 200:
        raise fail(answered["error"]["message"])
    return answered


def say(answered: object) -> None:
    """Print an answer."""
    typer.echo(json.dumps(answered))
