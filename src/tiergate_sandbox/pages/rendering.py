"""Templates and the headers that protect every page."""

from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse

if TYPE_CHECKING:
    from jinja2 import Environment

POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"


@cache
def templates() -> "Environment":
    """Return the templates of this package; everything they print is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("tiergate_sandbox.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(
    template: str, *, status: int = 200, form_target: str | None = None, **values: object
) -> HTMLResponse:
    """Return a rendered page.

    Its forms may lead to this origin and, after a redirect, to that of ``form_target``.
    """
    targets = "'self'"
    parts = urlsplit(form_target or "")
    if parts.scheme in {"http", "https"} and parts.netloc:
        targets += f" {parts.scheme}://{parts.netloc}"
    return HTMLResponse(
        templates().get_template(template).render(values),
        status,
        {
            "Content-Security-Policy": f"{POLICY}; form-action {targets}",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Cache-Control": "no-store",
        },
    )


def message_page(
    heading: str,
    text: str,
    *,
    status: int = 200,
    merchant: str = "Sandbox",
    back: str | None = None,
    back_text: str = "Go back",
) -> HTMLResponse:
    """Return a page with one message and at most one way to go on."""
    return page(
        "message.html",
        status=status,
        merchant=merchant,
        heading=heading,
        text=text,
        link_url=back,
        link_text=back_text,
    )
