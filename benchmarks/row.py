"""One line of the report: what was measured, what it is held against, and whether that is good enough."""

from dataclasses import dataclass
from typing import Literal

Unit = Literal["µs", "s", "MB"]


@dataclass(frozen=True)
class Row:
    """A figure in ``unit`` (less is better), at most ``gate`` times ``bound``.

    ``bound`` is measured in the same run, or is the number to stay below when ``gate`` is 1.
    ``note`` tells what else is worth knowing, such as the same figure per second.
    """

    name: str
    figure: float
    bound: float
    gate: float
    unit: Unit = "µs"
    note: str = ""

    @property
    def ratio(self) -> float:
        """How many times the bound the figure is."""
        return self.figure / self.bound

    @property
    def passes(self) -> bool:
        """Whether the gate is held."""
        return self.ratio <= self.gate

    def cells(self) -> tuple[str, ...]:
        """The row as it is printed."""
        return (
            self.name,
            f"{self.figure:,.2f} {self.unit}" if self.figure < 10 else f"{self.figure:,.0f} {self.unit}",
            f"{self.bound:,.2f} {self.unit}" if self.bound < 10 else f"{self.bound:,.0f} {self.unit}",
            f"{self.ratio:.2f}",
            f"≤ {self.gate:g}",
            "ok" if self.passes else "MISSED",
            self.note,
        )


HEADINGS = ("", "figure", "bound", "ratio", "gate", "verdict", "")


def table(rows: list[Row]) -> str:
    """Return the report as text."""
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return "\n".join(_line(line, widths) for line in lines)


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    name, *numbers, verdict, note = zip(cells, widths, strict=True)
    parts = [name[0].ljust(name[1]), *(cell.rjust(width) for cell, width in numbers)]
    return "  ".join([*parts, verdict[0].ljust(verdict[1]), note[0]]).rstrip()
