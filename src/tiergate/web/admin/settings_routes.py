"""Settings in the admin: checkout and billing, in the same draft as the plans."""

from collections.abc import Mapping
from typing import Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from tiergate.services.plans.edit_catalog import read_table, set_settings
from tiergate.web.admin.admin_page import admin_frame, render_admin
from tiergate.web.admin.form_fields import SEEN_FIELD, mark_of, require_as_seen
from tiergate.web.admin.guard import Admin, AdminForm, administration_of
from tiergate.web.admin.settings_form import (
    BILLING,
    CHECKOUT,
    SettingsTable,
    read_settings,
    sent_settings,
    shown_settings,
)
from tiergate.web.own_cookie import mount_of

router = APIRouter(prefix="/admin/settings", include_in_schema=False, default_response_class=HTMLResponse)

_READ = ["GET", "HEAD"]
_TABLES = {"checkout": CHECKOUT, "billing": BILLING}
Which = Literal["checkout", "billing"]


@router.api_route("", methods=_READ)
def show_settings(request: Request, _admin: Admin) -> Response:
    """Lead to the first of the settings."""
    return RedirectResponse(f"{mount_of(request)}/admin/settings/checkout", 303)


@router.api_route("/{which}", methods=_READ)
def show_table(request: Request, admin: Admin, which: Which) -> str:
    """Show what is set."""
    now = read_table(administration_of(request).editing().text, which)
    return _page(request, admin, _TABLES[which], shown_settings(_TABLES[which], now), {}, mark_of(now))


@router.post("/{which}")
def change_table(request: Request, admin: Admin, fields: AdminForm, which: Which) -> Response:
    """Change settings in the draft."""
    table = _TABLES[which]
    now = read_table(administration_of(request).editing().text, which)
    _, mistakes = read_settings(table, fields, now)
    if mistakes:
        shown, seen = sent_settings(table, fields), fields.text(SEEN_FIELD)
        return HTMLResponse(_page(request, admin, table, shown, mistakes, seen), 422)

    def change(text: str) -> str:
        before = read_table(text, which)
        require_as_seen(fields, before)
        return set_settings(text, which, read_settings(table, fields, before)[0])

    administration_of(request).edit(admin.email, change)
    return RedirectResponse(f"{mount_of(request)}/admin/settings/{which}?done=saved", 303)


def _page(
    request: Request,
    admin: Admin,
    table: SettingsTable,
    shown: Mapping[str, str],
    mistakes: Mapping[str, str],
    seen: str,
) -> str:
    frame = admin_frame(request, admin, administration_of(request).editing())
    return render_admin("admin_settings.html", frame, table=table, shown=shown, mistakes=mistakes, seen=seen)
