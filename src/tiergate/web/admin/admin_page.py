"""What surrounds the admin pages: who is signed in, where one is, and the draft that waits."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import Request

from tiergate.rules.catalog_file import CatalogError, Mistake, parse_catalog
from tiergate.services.administration.sign_in import AdminSession
from tiergate.services.plans.draft_catalog import Editing
from tiergate.web.page_frame import english_frame_of
from tiergate.web.render import Frame, render

_TOLD = {
    "saved": "Saved in the draft. Customers see it once it is published.",
    "unchanged": "Nothing was changed.",
    "removed": "Removed in the draft. Customers see it until the draft is published.",
    "discarded": "The draft was discarded.",
    "kept": "The draft was kept, and is compared with the newest version now.",
    "published": "Published. New customers buy this version from now on.",
}
"""What a page says of what was just done, by the word in its address."""


@dataclass(frozen=True, slots=True)
class AdminFrame:
    """What every admin page shows around its own content."""

    frame: Frame
    email: str
    csrf_token: str
    version: int
    """The published version; 0 where there is none."""
    edited_by: str
    """Who edited the draft last; empty where there is no draft."""
    has_conflict: bool
    mistakes: Sequence[Mistake]
    """What keeps the draft from being published."""
    told: str = ""

    @property
    def url(self) -> str:
        """Where the admin pages are."""
        return f"{self.frame.base_path}/admin"


def admin_frame(request: Request, admin: AdminSession, editing: Editing) -> AdminFrame:
    """Return what surrounds the page that is asked for."""
    return AdminFrame(
        frame=english_frame_of(request),
        email=admin.email,
        csrf_token=admin.csrf_token,
        version=editing.published_version,
        edited_by=editing.draft.edited_by if editing.draft else "",
        has_conflict=editing.has_conflict,
        mistakes=mistakes_of(editing.draft.text) if editing.draft else (),
        told=_TOLD.get(request.query_params.get("done", ""), ""),
    )


def mistakes_of(text: str) -> Sequence[Mistake]:
    """Return what is wrong with the text of a catalogue."""
    try:
        parse_catalog(text)
    except CatalogError as error:
        return error.mistakes
    return ()


def render_admin(
    template: str, admin: AdminFrame, mistakes: Mapping[str, str] | None = None, **view: object
) -> str:
    """Fill the template of an admin page; ``mistakes`` are told beside the fields that they name."""
    return render(template, admin.frame, admin=admin, mistakes=defaultdict(str, mistakes or {}), **view)
