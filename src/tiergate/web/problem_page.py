"""The page for what cannot be shown or done: what is wrong, and what to do about it."""

from dataclasses import dataclass

from tiergate.web.link import Link
from tiergate.web.render import Frame, render


@dataclass(frozen=True, slots=True)
class ProblemPage:
    """What the page is made from; the fields are those of a problem detail, RFC 9457, and the remedy."""

    frame: Frame
    status: int
    """The HTTP status, for instance 401, 404, 409 or 500."""
    title: str
    detail: str = ""
    remedy: str = ""
    action: Link | None = None
    """What can be done about it at once."""
    back: Link | None = None
    """Where to go on; without it, to the product or to its plans."""


def render_problem(page: ProblemPage) -> str:
    """Return the page as HTML. It shows no more than it is given: keep secrets and traces out of it."""
    return render("problem.html", page.frame, page=page)
