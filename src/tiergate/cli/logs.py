"""Logs of the stand-alone service: one line per event, to standard output and on request to a file.

A library must not configure logging; only the commands do.
"""

import logging
import sys


def write_logs(file: str | None = None) -> None:
    """Let tiergate's log lines be written to standard output, and to ``file`` too where one is named."""
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stdout)]
    if file:
        handlers.append(logging.FileHandler(file, encoding="utf-8"))
    formatter = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    logger = logging.getLogger("tiergate")
    logger.setLevel(logging.INFO)
    for handler in handlers:
        handler.setFormatter(formatter)
        logger.addHandler(handler)
