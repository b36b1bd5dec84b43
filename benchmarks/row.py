"""One line of the report: what was measured, what it is held against, and whether that is good enough."""

from dataclasses import dataclass
from typing import Literal

Unit = Literal["ns", "µs", "ms", "s", "MB", "", "/s"]
"""What a figure counts: of a cost less is better, of a rate (``/s``) more; without a unit it is a number."""


@dataclass(frozen=True)
class Row:
    """A cost of at most ``gate`` times ``bound``, or a rate of at least ``gate`` times ``bound``.

    ``bound`` is measured in the same run, or is the number to stay below when ``gate`` is 1. ``aim`` is what
    is wanted beyond the gate; it fails nothing. ``note`` tells what else is worth knowing, such as the same
    figure per second. ``wrong`` tells why the figure is worth nothing, such as a result that is not right:
    then the row fails whatever its figure.
    """

    name: str
    figure: float
    bound: float
    gate: float
    unit: Unit = "µs"
    note: str = ""
    aim: float | None = None
    wrong: str = ""

    @property
    def ratio(self) -> float:
        """How many times the bound the figure is; nothing at all is the equal of nothing."""
        if self.bound == 0:
            return 1.0 if self.figure == 0 else float("inf")
        return self.figure / self.bound

    @property
    def passes(self) -> bool:
        """Whether the gate is held, by a figure that is worth something."""
        return not self.wrong and self._holds(self.gate)

    @property
    def verdict(self) -> str:
        """What is said of the row."""
        if not self.passes:
            return "MISSED"
        return "ok" if self.aim is None or self._holds(self.aim) else "ok, not the aim"

    def cells(self) -> tuple[str, ...]:
        """The row as it is printed."""
        sign = "≥" if self.unit == "/s" else "≤"
        return (
            self.name,
            self._amount(self.figure),
            self._amount(self.bound),
            f"{self.ratio:.2f}",
            f"{sign} {self.gate:g}",
            "" if self.aim is None else f"{sign} {self.aim:g}",
            self.verdict,
            "; ".join(part for part in (self.wrong, self.note) if part),
        )

    def _holds(self, times: float) -> bool:
        return self.ratio >= times if self.unit == "/s" else self.ratio <= times

    def _amount(self, figure: float) -> str:
        unit = self.unit if self.unit in ("", "/s") else f" {self.unit}"
        return f"{figure:,.2f}{unit}" if figure < 10 else f"{figure:,.0f}{unit}"


HEADINGS = ("", "figure", "bound", "ratio", "gate", "aim", "verdict", "")


def table(rows: list[Row]) -> str:
    """Return the report as text."""
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return "\n".join(_line(line, widths) for line in lines)


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    name, *numbers, verdict, note = zip(cells, widths, strict=True)
    parts = [name[0].ljust(name[1]), *(cell.rjust(width) for cell, width in numbers)]
    return "  ".join([*parts, verdict[0].ljust(verdict[1]), note[0]]).rstrip()
