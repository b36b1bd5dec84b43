"""What an examination found: one line of a report, with its remedy."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How good or bad it is."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what was found, and what to do where that is not good."""

    check: str
    verdict: Verdict
    message: str
    remedy: str = ""
