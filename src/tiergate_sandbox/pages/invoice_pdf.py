"""An invoice as a PDF file."""

from tiergate_sandbox.pages.invoice_view import InvoiceView
from tiergate_sandbox.pages.pdf import GOOD, PAGE_WIDTH, SOFT, Document, wrapped

LEFT, RIGHT = 50.0, PAGE_WIDTH - 50.0
QUANTITY, UNIT = 360.0, 450.0
BOTTOM = 770.0


def invoice_pdf(view: InvoiceView) -> bytes:
    """Return the file."""
    document = Document(f"Invoice {view.number}")
    y = _head(document, view)
    y = _lines(document, view, y)
    y = _totals(document, view, y)
    for text in (view.memo, view.footer):
        y += 14 if text else 0
        for part in wrapped(text, 9, RIGHT - LEFT) if text else ():
            y = _room(document, y, 14)
            document.text(LEFT, y, part, size=9, colour=SOFT)
    document.text(LEFT, 805, "Made by a sandbox for tests. No money has moved.", size=8, colour=SOFT)
    return document.render()


def _head(document: Document, view: InvoiceView) -> float:
    document.text(LEFT, 70, "Invoice", size=22, bold=True)
    document.text_to(RIGHT, 68, view.merchant, size=13, bold=True)
    if view.status == "Paid":
        document.text_to(RIGHT, 88, "PAID", size=13, bold=True, colour=GOOD)
    y = 100.0
    for name, value in view.dates:
        document.text(LEFT, y, name, size=9, colour=SOFT)
        document.text(LEFT + 95, y, value, size=9, bold=True)
        y += 15
    y += 20
    document.text(LEFT, y, view.merchant, size=10, bold=True)
    document.text(300, y, "Bill to", size=10, bold=True)
    for line in view.bill_to:
        y += 14
        document.text(300, y, line, size=9, colour=SOFT)
    y += 40
    headline = view.summary if view.is_payable else f"{view.amount}: {view.summary}"
    document.text(LEFT, y, headline, size=14, bold=True)
    return y + 34


def _lines(document: Document, view: InvoiceView, y: float) -> float:
    document.text(LEFT, y, "Description", size=8, colour=SOFT)
    for x, name in ((QUANTITY, "Quantity"), (UNIT, "Unit price"), (RIGHT, "Amount")):
        document.text_to(x, y, name, size=8, colour=SOFT)
    y += 8
    document.rule(LEFT, y, RIGHT)
    for line in view.lines:
        y = _room(document, y, 46)
        document.text_to(QUANTITY, y, line.quantity)
        document.text_to(UNIT, y, line.unit)
        document.text_to(RIGHT, y, line.amount)
        for index, part in enumerate(wrapped(line.description, 10, QUANTITY - LEFT - 60)):
            y += 13 if index else 0
            document.text(LEFT, y, part)
        if line.period:
            y += 13
            document.text(LEFT, y, line.period, size=8, colour=SOFT)
        y += 4
    return y + 6


def _totals(document: Document, view: InvoiceView, y: float) -> float:
    document.rule(300, y, RIGHT)
    rows = [*view.totals, ("Amount due", view.due)]
    for name, amount in rows:
        y = _room(document, y, 18)
        bold = name in ("Total", "Amount due")
        document.text(300, y, name, size=10, bold=bold)
        document.text_to(RIGHT, y, amount, size=10, bold=bold)
    return y + 16


def _room(document: Document, y: float, height: float) -> float:
    """Return where the next row stands, on a new page when the present one is full."""
    if y + height > BOTTOM:
        document.new_page()
        return 70.0
    return y + min(height, 20)
