"""What the pages do with forms: read what was typed in, and send the browser on."""

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tiergate_sandbox.form import FormError, decode_form


async def typed_in(request: Request) -> dict[str, Any]:
    """Return the fields of a submitted form; one that cannot be read counts as empty."""
    try:
        return decode_form((await request.body()).decode(errors="replace"))
    except FormError:
        return {}


def redirect(url: str) -> Response:
    """Return the answer that sends a browser on after a submitted form."""
    return RedirectResponse(url, 303, {"Cache-Control": "no-store", "Referrer-Policy": "same-origin"})
