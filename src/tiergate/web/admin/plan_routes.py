"""Plans and features in the admin: each change goes into the draft."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from tiergate.rules.catalog import FeatureKind
from tiergate.services.plans.draft_catalog import DraftConflictError
from tiergate.services.plans.edit_catalog import (
    EditError,
    move_plan,
    plans_by_rank,
    read_tables,
    remove_feature,
    remove_plan,
    set_feature,
    set_plan,
)
from tiergate.web.admin.admin_page import admin_frame, render_admin
from tiergate.web.admin.form_fields import Fields, mark_of, put, require_as_seen
from tiergate.web.admin.guard import Admin, AdminForm, administration_of
from tiergate.web.admin.plan_form import KEY, RESERVED, PlanForm, plan_form, read_plan, sent_form
from tiergate.web.admin.plan_list import plan_lines
from tiergate.web.own_cookie import mount_of

router = APIRouter(prefix="/admin", include_in_schema=False, default_response_class=HTMLResponse)

_READ = ["GET", "HEAD"]
Key = Annotated[str, Path(max_length=200)]
Table = dict[str, Any]


@router.api_route("/plans", methods=_READ)
def show_plans(request: Request, admin: Admin) -> str:
    """List the plans of the draft, or of the published version where there is none."""
    administration = administration_of(request)
    editing = administration.editing()
    around = admin_frame(request, admin, editing)
    counts, wording = administration.accounts_by_plan(), around.frame.wording
    lines = plan_lines(plans_by_rank(editing.text), counts, wording)
    return render_admin("admin_plans.html", around, plans=lines)


@router.api_route("/plans/new", methods=_READ)
def show_new_plan(request: Request, admin: Admin) -> str:
    """Show an empty form."""
    editing = administration_of(request).editing()
    form = plan_form("", {"public": True}, read_tables(editing.text, "features"), is_new=True)
    return _plan_page(request, admin, form)


@router.post("/plans")
def create_plan(request: Request, admin: Admin, fields: AdminForm) -> Response:
    """Put a new plan into the draft."""
    editing = administration_of(request).editing()
    features, key = read_tables(editing.text, "features"), fields.text("key")
    plan, mistakes = read_plan(fields, {}, features, key)
    mistakes |= _key_mistakes(key, read_tables(editing.text, "plans"), RESERVED)
    if mistakes:
        form = sent_form(key, fields, {}, features, mistakes, is_new=True)
        return HTMLResponse(_plan_page(request, admin, form), 422)
    administration_of(request).edit(admin.email, lambda text: set_plan(text, key, plan, new=True))
    return _back(request, "plans", "saved")


@router.api_route("/plans/{key}", methods=_READ)
def show_plan(request: Request, admin: Admin, key: Key) -> str:
    """Show a plan's form."""
    text = administration_of(request).editing().text
    plan = _found(read_tables(text, "plans"), key)
    return _plan_page(request, admin, plan_form(key, plan, read_tables(text, "features"), is_new=False))


@router.post("/plans/{key}")
def change_plan(request: Request, admin: Admin, fields: AdminForm, key: Key) -> Response:
    """Change a plan in the draft."""
    text = administration_of(request).editing().text
    features, before = read_tables(text, "features"), _found(read_tables(text, "plans"), key)
    _, mistakes = read_plan(fields, before, features, key)
    if mistakes:
        form = sent_form(key, fields, before, features, mistakes, is_new=False)
        return HTMLResponse(_plan_page(request, admin, form), 422)

    def change(text: str) -> str:
        now = _found(read_tables(text, "plans"), key)
        require_as_seen(fields, now)
        return set_plan(text, key, read_plan(fields, now, read_tables(text, "features"), key)[0])

    try:
        administration_of(request).edit(admin.email, change)
    except DraftConflictError as error:
        form = sent_form(key, fields, before, features, mistakes, is_new=False)
        return HTMLResponse(_plan_page(request, admin, form, f"{error.message} {error.remedy}"), 409)
    return _back(request, "plans", "saved")


@router.post("/plans/{key}/delete")
def delete_plan(request: Request, admin: Admin, _fields: AdminForm, key: Key) -> Response:
    """Take a plan out of the draft."""
    administration_of(request).edit(admin.email, lambda text: remove_plan(text, key))
    return _back(request, "plans", "removed")


@router.post("/plans/{key}/move")
def change_order(request: Request, admin: Admin, fields: AdminForm, key: Key) -> Response:
    """Move a plan by one place in the order of upgrades."""
    by = -1 if fields.text("direction") == "up" else 1
    administration_of(request).edit(admin.email, lambda text: move_plan(text, key, by))
    return _back(request, "plans", "saved")


@router.api_route("/features", methods=_READ)
def show_features(request: Request, admin: Admin) -> str:
    """List the features, with a form for one more."""
    return _features_page(request, admin, {"kind": FeatureKind.SWITCH.value}, {})


@router.post("/features")
def create_feature(request: Request, admin: Admin, fields: AdminForm) -> Response:
    """Put a new feature into the draft."""
    text, key = administration_of(request).editing().text, fields.text("key")
    mistakes = _key_mistakes(key, read_tables(text, "features"), frozenset())
    feature, wrong = _read_feature(fields, {}, key)
    if mistakes | wrong:
        sent = {name: fields.text(name) for name in ("key", "name", "kind", "unit", "description")}
        return HTMLResponse(_features_page(request, admin, sent, mistakes | wrong), 422)
    administration_of(request).edit(admin.email, lambda text: set_feature(text, key, feature, new=True))
    return _back(request, "features", "saved")


@router.api_route("/features/{key}", methods=_READ)
def show_feature(request: Request, admin: Admin, key: Key) -> str:
    """Show a feature's form."""
    editing = administration_of(request).editing()
    feature = _found(read_tables(editing.text, "features"), key)
    frame = admin_frame(request, admin, editing)
    shown = {**_shown_feature(key, feature), "seen": mark_of(feature)}
    return render_admin("admin_feature.html", frame, shown=shown, kinds=list(FeatureKind), mistakes={})


@router.post("/features/{key}")
def change_feature(request: Request, admin: Admin, fields: AdminForm, key: Key) -> Response:
    """Change a feature in the draft."""

    def change(text: str) -> str:
        before = _found(read_tables(text, "features"), key)
        require_as_seen(fields, before)
        feature, mistakes = _read_feature(fields, before, key)
        if mistakes:
            raise EditError(*mistakes.values())
        return set_feature(text, key, feature)

    administration_of(request).edit(admin.email, change)
    return _back(request, "features", "saved")


@router.post("/features/{key}/delete")
def delete_feature(request: Request, admin: Admin, _fields: AdminForm, key: Key) -> Response:
    """Take a feature, and its values in all plans, out of the draft."""
    administration_of(request).edit(admin.email, lambda text: remove_feature(text, key))
    return _back(request, "features", "removed")


def _plan_page(request: Request, admin: Admin, form: PlanForm, trouble: str = "") -> str:
    frame = admin_frame(request, admin, administration_of(request).editing())
    return render_admin("admin_plan.html", frame, form=form, mistakes=form.mistakes, trouble=trouble)


def _features_page(
    request: Request, admin: Admin, shown: Mapping[str, str], mistakes: Mapping[str, str]
) -> str:
    editing = administration_of(request).editing()
    plans = read_tables(editing.text, "plans")
    features = [
        {**_shown_feature(key, feature), "plans": [
            str(plan.get("name", name.capitalize())) for name, plan in plans.items()
            if isinstance(plan.get("features"), dict) and plan["features"].get(key, False) is not False
        ]}
        for key, feature in read_tables(editing.text, "features").items()
    ]  # fmt: skip
    empty = {"key": "", "name": "", "unit": "", "description": ""}
    return render_admin(
        "admin_features.html",
        admin_frame(request, admin, editing),
        features=features,
        shown={**empty, **shown},
        kinds=list(FeatureKind),
        mistakes=mistakes,
    )


def _shown_feature(key: str, feature: Table) -> dict[str, Any]:
    shown = {name: str(feature.get(name, "")) for name in ("unit", "description")}
    name, kind = feature.get("name", key.replace("_", " ").capitalize()), feature.get("kind", "switch")
    return {**shown, "key": key, "name": str(name), "kind": str(kind)}


def _read_feature(fields: Fields, before: Table, key: str) -> tuple[Table, dict[str, str]]:
    feature, kind = {**before}, fields.text("kind")
    put(feature, "name", fields.text("name"), key.replace("_", " ").capitalize())
    put(feature, "kind", kind, FeatureKind.SWITCH.value)
    put(feature, "unit", fields.text("unit"), "")
    put(feature, "description", fields.text("description"), "")
    mistakes = {} if kind in list(FeatureKind) else {"kind": "Choose one of these."}
    return feature, mistakes if fields.text("name") else {**mistakes, "name": "Give the feature a name."}


def _key_mistakes(key: str, taken: Mapping[str, object], reserved: frozenset[str]) -> dict[str, str]:
    if not re.fullmatch(KEY, key):
        return {"key": "Write small letters, digits, - and _, beginning with a letter: 40 at most."}
    if key in taken:
        return {"key": f"There is {key} already."}
    return {"key": f"{key} is the address of a page here. Choose another key."} if key in reserved else {}


def _found(tables: Mapping[str, Table], key: str) -> Table:
    if key not in tables:
        raise HTTPException(404)
    return tables[key]


def _back(request: Request, where: str, done: str) -> Response:
    return RedirectResponse(f"{mount_of(request)}/admin/{where}?done={done}", 303)
