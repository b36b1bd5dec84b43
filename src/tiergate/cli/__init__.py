"""The command ``tiergate``."""

import sys

from tiergate.cli.commands import app
from tiergate.rules.errors import TiergateError


def main() -> None:
    """Run the command; an error of ours is one clear message and exit code 1, never a traceback."""
    try:
        app()
    except TiergateError as error:
        sys.stderr.write(f"tiergate: {error}\n")
        sys.exit(1)
