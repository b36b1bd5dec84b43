"""The JSON API under ``/api/admin``: the catalogue and its draft, for a signed-in admin.

The session is the one of the pages. What changes something bears the session's token, which reading tells,
in the header ``X-CSRF-Token``.
"""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from tiergate.services.plans.draft_catalog import LONGEST, Editing, fingerprint
from tiergate.web.admin.admin_page import mistakes_of
from tiergate.web.admin.guard import Admin, AdminCall, administration_of
from tiergate.web.api_description import ANYBODY, Responses, refuses
from tiergate.web.shown_as import shown_as, strictly_shown_as

router = APIRouter(prefix="/api/admin/plans", tags=["admin"])

_READ = (*ANYBODY, "admin_sign_in_required")
_WRITE = (*_READ, "cross_site", "csrf_failed", "request_invalid")
_AT_STRIPE = ("stripe_refused", "stripe_unavailable", "stripe_price_invalid")
_PUBLISHED = (
    "catalog_invalid",
    "draft_conflict",
    "no_draft",
    "plans_overtaken",
    "push_busy",
    "push_interrupted",
)

_TEXT = '[product]\nname = "Northwind"\n'
_DRAFT: dict[str, Any] = {
    "text": _TEXT,
    "based_on_version": 3,
    "edited_by": "ada@northwind.example",
    "updated_at": "2027-03-11T10:00:00Z",
    "conflict": False,
    "fingerprint": "3f0a6a0d",
    "mistakes": [],
}

_DIFF: Responses = {200: {"content": {"application/json": {"example": {
    "version_now": 3, "version_next": 4, "published": False, "offers": [], "settings": [], "keeps": [],
    "steps": [{"action": "create", "name": "price team_monthly", "why": "it is new", "object": None}],
    "problems": [], "drift": [], "advice": [],
}}}}}  # fmt: skip


class DraftAnswer(BaseModel):
    """The draft, and what keeps it from being published."""

    model_config = shown_as(_DRAFT)

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

    model_config = shown_as({"version": 3, "text": _TEXT, "draft": _DRAFT, "csrf_token": "bQ3v…"})

    version: int
    """0 where nothing was ever published."""
    text: str
    draft: DraftAnswer | None
    csrf_token: str
    """What requests that change something bear in the header ``X-CSRF-Token``."""


class DraftText(BaseModel):
    """The whole text of a catalogue."""

    model_config = strictly_shown_as({"text": _TEXT})

    text: str = Field(max_length=LONGEST)


class PublishOrder(BaseModel):
    """Which draft is to be published."""

    model_config = strictly_shown_as({"fingerprint": _DRAFT["fingerprint"]})

    fingerprint: str


class PushedAnswer(BaseModel):
    """What publishing did."""

    model_config = shown_as({"version": 4, "created": ["price team_monthly"], "kept": [], "others": []})

    version: int
    created: list[str]
    kept: list[str]
    others: list[str]


@router.get("", responses=refuses(*_READ))
def read_plans(request: Request, admin: Admin) -> AdminPlansAnswer:
    """Tell what is published, and what waits in the draft."""
    return _answer(administration_of(request).editing(), admin.csrf_token)


@router.put("", responses=refuses(*_WRITE, "catalog_invalid", "draft_too_long"))
def write_draft(request: Request, admin: AdminCall, draft: DraftText) -> AdminPlansAnswer:
    """Let the draft be this text. A text that is no TOML is refused; one with other mistakes is kept."""
    return _answer(administration_of(request).edit(admin.email, lambda _: draft.text), admin.csrf_token)


@router.get("/diff", responses=_DIFF | refuses(*_READ, *_AT_STRIPE, "no_draft", "catalog_invalid"))
def read_diff(request: Request, _admin: Admin) -> dict[str, Any]:
    """Tell what publishing the draft would change: in the offer, at Stripe, and for whom."""
    return administration_of(request).diff_draft().as_json()


@router.post("/publish", responses=refuses(*_WRITE, *_AT_STRIPE, *_PUBLISHED))
def publish(request: Request, admin: AdminCall, order: PublishOrder) -> PushedAnswer:
    """Publish the draft that bears this fingerprint, here and at Stripe."""
    pushed = administration_of(request).publish_draft(admin.email, order.fingerprint)
    return PushedAnswer(
        version=pushed.version,
        created=list(pushed.created),
        kept=list(pushed.kept),
        others=list(pushed.others),
    )


@router.delete("/draft", responses=refuses(*_WRITE))
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
