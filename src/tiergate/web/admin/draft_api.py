"""The JSON API under ``/api/admin``: the catalogue and its draft, for a signed-in admin.

The session is the one of the pages. What changes something bears the session's token, which reading tells,
in the header ``X-CSRF-Token``.
"""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from tiergate.services.draft_catalog import LONGEST, Editing, fingerprint
from tiergate.web.admin.admin_page import mistakes_of
from tiergate.web.admin.guard import Admin, AdminCall, administration_of

router = APIRouter(prefix="/api/admin/plans", tags=["admin"])


class DraftAnswer(BaseModel):
    """The draft, and what keeps it from being published."""

    text: str
    based_on_version: int
    edited_by: str
    updated_at: datetime
    conflict: bool
    """Whether another version was published since it was begun."""
    fingerprint: str
    """What publishing must name, so that nothing is published unseen."""
    mistakes: list[str]


class AdminPlansAnswer(BaseModel):
    """The published catalogue, and the draft of the next one."""

    version: int
    """0 where nothing was ever published."""
    text: str
    draft: DraftAnswer | None
    csrf_token: str
    """What requests that change something bear in the header ``X-CSRF-Token``."""


class DraftText(BaseModel):
    """The whole text of a catalogue."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=LONGEST)


class PublishOrder(BaseModel):
    """Which draft is to be published."""

    model_config = ConfigDict(extra="forbid")

    fingerprint: str


class PushedAnswer(BaseModel):
    """What publishing did."""

    version: int
    created: list[str]
    kept: list[str]
    others: list[str]


@router.get("")
def read_plans(request: Request, admin: Admin) -> AdminPlansAnswer:
    """Tell what is published, and what waits in the draft."""
    return _answer(administration_of(request).editing(), admin.csrf_token)


@router.put("")
def write_draft(request: Request, admin: AdminCall, draft: DraftText) -> AdminPlansAnswer:
    """Let the draft be this text. A text that is no TOML is refused; one with other mistakes is kept."""
    return _answer(administration_of(request).edit(admin.email, lambda _: draft.text), admin.csrf_token)


@router.get("/diff")
def read_diff(request: Request, _admin: Admin) -> dict[str, Any]:
    """Tell what publishing the draft would change: in the offer, at Stripe, and for whom."""
    return administration_of(request).diff_draft().as_json()


@router.post("/publish")
def publish(request: Request, admin: AdminCall, order: PublishOrder) -> PushedAnswer:
    """Publish the draft that bears this fingerprint, here and at Stripe."""
    pushed = administration_of(request).publish_draft(admin.email, order.fingerprint)
    return PushedAnswer(
        version=pushed.version,
        created=list(pushed.created),
        kept=list(pushed.kept),
        others=list(pushed.others),
    )


@router.delete("/draft")
def discard_draft(request: Request, admin: AdminCall) -> AdminPlansAnswer:
    """Forget the draft."""
    administration_of(request).discard_draft(admin.email)
    return _answer(administration_of(request).editing(), admin.csrf_token)


def _answer(editing: Editing, csrf_token: str) -> AdminPlansAnswer:
    draft = editing.draft
    return AdminPlansAnswer(
        version=editing.published_version,
        text=editing.published_text if editing.published_version else "",
        draft=DraftAnswer(
            text=draft.text,
            based_on_version=draft.based_on_version,
            edited_by=draft.edited_by,
            updated_at=draft.updated_at,
            conflict=editing.has_conflict,
            fingerprint=fingerprint(draft.based_on_version, draft.text),
            mistakes=[str(mistake) for mistake in mistakes_of(draft.text)],
        )
        if draft
        else None,
        csrf_token=csrf_token,
    )
