"""Logs of the stand-alone service: one line per event, to standard output and on request to a file.

A library must not configure logging; only the commands do.
"""

import logging
import sys


def write_logs(file: str | None = None, *, to_output: bool = True) -> None:
    """Let tiergate's log lines be written to standard output, and to ``file`` too where one is named.

    A command that says something else on standard output leaves that out.
    """
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stdout)] if to_output else []
    if file:
        handlers.append(logging.FileHandler(file, encoding="utf-8"))
    formatter = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    logger = logging.getLogger("tiergate")
    for handler in handlers:
        logger.setLevel(logging.INFO)
        handler.setFormatter(formatter)
        logger.addHandler(handler)
