"""The draft in the admin: its text, what it would change, and what is done with it."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from tiergate.rules.catalog_file import CatalogError
from tiergate.rules.errors import TiergateError
from tiergate.services.plans.draft_catalog import DraftConflictError, Editing, fingerprint
from tiergate.services.plans.push_plans import OvertakenError, PushBusyError, PushInterruptedError
from tiergate.web.admin.admin_page import admin_frame, mistakes_of, render_admin
from tiergate.web.admin.guard import Admin, AdminForm, administration_of
from tiergate.web.admin.review import Review, review_of
from tiergate.web.own_cookie import mount_of

router = APIRouter(prefix="/admin/plans", include_in_schema=False, default_response_class=HTMLResponse)

_READ = ["GET", "HEAD"]


@router.api_route("/review", methods=_READ)
def show_review(request: Request, admin: Admin) -> str:
    """Show what publishing the draft would change, for whom, and what is wrong or unwise with it."""
    return _review_page(request, admin)


@router.post("/publish")
def publish(request: Request, admin: Admin, fields: AdminForm) -> Response:
    """Publish the draft as it was shown; where it is not that any more, show it again."""
    try:
        administration_of(request).publish_draft(admin.email, fields.text("seen"))
    except (DraftConflictError, OvertakenError, PushBusyError, PushInterruptedError) as error:
        return HTMLResponse(_review_page(request, admin, f"{error.message} {error.remedy}"), 409)
    except CatalogError:
        return HTMLResponse(_review_page(request, admin), 422)
    return _to(request, "?done=published")


@router.post("/discard")
def discard(request: Request, admin: Admin, _fields: AdminForm) -> Response:
    """Forget the draft."""
    administration_of(request).discard_draft(admin.email)
    return _to(request, "?done=discarded")


@router.post("/keep")
def keep(request: Request, admin: Admin, fields: AdminForm) -> Response:
    """Go on with the draft although another version was published: the one that was shown."""
    version = fields.whole("version")
    try:
        administration_of(request).keep_draft(admin.email, -1 if version is None else version)
    except DraftConflictError as error:
        return HTMLResponse(_review_page(request, admin, f"{error.message} {error.remedy}"), 409)
    return _to(request, "/review?done=kept")


@router.api_route("/text", methods=_READ)
def show_text(request: Request, admin: Admin) -> str:
    """Show the whole file."""
    editing = administration_of(request).editing()
    return _text_page(request, admin, editing, editing.text)


@router.post("/text")
def change_text(request: Request, admin: Admin, fields: AdminForm) -> Response:
    """Save the whole file, unless it is no TOML or somebody has edited it meanwhile."""
    sent, seen = fields.lines("text"), fields.text("seen")
    if sent and not sent.endswith("\n"):
        sent += "\n"

    def change(text: str) -> str:
        if text_mark(text) != seen:
            raise DraftConflictError(
                "Somebody has edited the draft since you opened it.",
                "Your text is below: copy what you need, and open the page anew.",
            )
        return sent

    administration = administration_of(request)
    try:
        administration.edit(admin.email, change)
    except CatalogError:
        return HTMLResponse(_text_page(request, admin, administration.editing(), sent, seen=seen), 422)
    except DraftConflictError as error:
        told = f"{error.message} {error.remedy}"
        return HTMLResponse(_text_page(request, admin, administration.editing(), sent, told, seen), 409)
    return _to(request, "/text?done=saved")


def text_mark(text: str) -> str:
    """Return what names a text, to find out whether it is still the same."""
    return fingerprint(0, text)


def _text_page(
    request: Request, admin: Admin, editing: Editing, text: str, trouble: str = "", seen: str = ""
) -> str:
    return render_admin(
        "admin_text.html",
        admin_frame(request, admin, editing),
        text=text,
        seen=seen or text_mark(editing.text),
        trouble=trouble,
        found=mistakes_of(text),
    )


def _review_page(request: Request, admin: Admin, trouble: str = "") -> str:
    administration = administration_of(request)
    editing = administration.editing()
    review: Review | None = None
    frame = admin_frame(request, admin, editing)
    if editing.draft and not frame.mistakes:
        try:
            review = review_of(administration.diff_draft(), frame.frame.wording)
        except TiergateError as error:  # Stripe may not answer: the draft is still there
            trouble = trouble or f"{error.message} {error.remedy}"
    mark = fingerprint(editing.draft.based_on_version, editing.draft.text) if editing.draft else ""
    return render_admin(
        "admin_review.html", frame, review=review, trouble=trouble, seen=mark, has_draft=bool(editing.draft)
    )


def _to(request: Request, where: str) -> Response:
    return RedirectResponse(f"{mount_of(request)}/admin/plans{where}", 303)
