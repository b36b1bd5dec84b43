"""A small writer of PDF files: A4 pages with text in Helvetica, and lines.

It knows just enough of ISO 32000 for an invoice: the standard fonts, the WinAnsi encoding, no compression.
"""

from collections.abc import Iterator

PAGE_WIDTH = 595.0
PAGE_HEIGHT = 842.0

# Advance widths of Helvetica and Helvetica-Bold for the codes 32 to 126, in thousandths of the size
_PLAIN = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 "
    "556 556 278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 "
    "667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 "
    "556 222 222 500 222 833 556 556 556 556 333 500 278 556 500 722 500 500 500 334 260 334 584"
)
_BOLD = (
    "278 333 474 556 556 889 722 238 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 "
    "556 556 333 333 584 584 584 611 975 722 722 722 722 667 611 778 722 278 556 722 611 833 722 778 "
    "667 778 722 667 611 722 667 944 667 667 611 333 278 333 584 556 333 556 611 556 611 556 333 611 "
    "611 278 278 556 278 889 611 611 611 611 389 556 333 611 556 778 556 556 500 389 280 389 584"
)
_WIDTHS = {False: [int(width) for width in _PLAIN.split()], True: [int(width) for width in _BOLD.split()]}
_OTHER_WIDTH = 556

Colour = tuple[float, float, float]
INK: Colour = (0.08, 0.09, 0.1)
SOFT: Colour = (0.35, 0.36, 0.42)
GOOD: Colour = (0.06, 0.42, 0.27)


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide a text is, in points."""
    widths = _WIDTHS[bold]
    codes = (code - 32 for code in _encoded(text))
    return sum(widths[code] if 0 <= code < len(widths) else _OTHER_WIDTH for code in codes) * size / 1000


def wrapped(text: str, size: float, width: float) -> list[str]:
    """Return a text in lines that are not wider than ``width``, broken between words."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and width_of(longer, size) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


class Document:
    """Pages in the making. Points are counted from the top left corner."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._pages: list[list[str]] = [[]]

    def new_page(self) -> None:
        """Begin the next page."""
        self._pages.append([])

    def text(
        self, x: float, y: float, text: str, *, size: float = 10, bold: bool = False, colour: Colour = INK
    ) -> None:
        """Write one line of text that begins at ``x`` and stands on ``y``."""
        paint = " ".join(f"{part:g}" for part in colour)
        shown = _encoded(text).replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
        self._pages[-1].append(
            f"BT {paint} rg /F{2 if bold else 1} {size:g} Tf {x:.2f} {PAGE_HEIGHT - y:.2f} Td "
            f"({shown.decode('cp1252')}) Tj ET"
        )

    def text_to(
        self, x: float, y: float, text: str, *, size: float = 10, bold: bool = False, colour: Colour = INK
    ) -> None:
        """Write one line of text that ends at ``x``."""
        self.text(x - width_of(text, size, bold=bold), y, text, size=size, bold=bold, colour=colour)

    def rule(self, x: float, y: float, to_x: float) -> None:
        """Draw a thin line from left to right."""
        y = PAGE_HEIGHT - y
        self._pages[-1].append(f"0.85 0.85 0.88 RG 0.7 w {x:.2f} {y:.2f} m {to_x:.2f} {y:.2f} l S")

    def render(self) -> bytes:
        """Return the file."""
        body, places = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
        for number, content in enumerate(self._objects(), start=1):
            places.append(len(body))
            body += b"%d 0 obj\n" % number + content + b"\nendobj\n"
        start = len(body)
        body += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
        body += b"".join(b"%010d 00000 n \n" % place for place in places)
        body += b"trailer\n<< /Size %d /Root 1 0 R /Info 3 0 R >>\n" % (len(places) + 1)
        body += b"startxref\n%d\n%%%%EOF\n" % start
        return bytes(body)

    def _objects(self) -> Iterator[bytes]:
        numbers = [6 + 2 * index for index in range(len(self._pages))]
        kids = " ".join(f"{number} 0 R" for number in numbers)
        title = self._title.encode("utf-16-be").hex().upper()
        yield b"<< /Type /Catalog /Pages 2 0 R /Lang (en-US) >>"
        yield f"<< /Type /Pages /Kids [{kids}] /Count {len(numbers)} >>".encode()
        yield f"<< /Title <FEFF{title}> >>".encode()
        for name in ("Helvetica", "Helvetica-Bold"):
            yield f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>".encode()
        for number, commands in zip(numbers, self._pages, strict=True):
            stream = "\n".join(commands).encode("cp1252")
            yield (
                f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {PAGE_WIDTH:g} {PAGE_HEIGHT:g}] "
                f"/Resources << /Font << /F1 4 0 R /F2 5 0 R >> >> /Contents {number + 1} 0 R >>"
            ).encode()
            yield b"<< /Length %d >>\nstream\n" % len(stream) + stream + b"\nendstream"


def _encoded(text: str) -> bytes:
    """Return a text in the font's encoding; what it does not have becomes a question mark."""
    return text.encode("cp1252", "replace")
