"""The way in and out of the admin pages."""

from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool

from tiergate.services.administration.sign_in import SignInFailedError, TooManyAttemptsError
from tiergate.web.admin.form_fields import read_fields
from tiergate.web.admin.guard import (
    Admin,
    AdminForm,
    AdminSignInRequiredError,
    administration_of,
    forget_session,
    keep_session,
    own_page,
    token_of,
)
from tiergate.web.own_cookie import mount_of
from tiergate.web.page_frame import english_frame_of
from tiergate.web.problems import STATUS_OF_CODE, tiergate_problem, wants_page
from tiergate.web.render import render

router = APIRouter(prefix="/admin", include_in_schema=False, default_response_class=HTMLResponse)

_READ = ["GET", "HEAD"]


@router.api_route("", methods=_READ)
def show_admin(request: Request, _admin: Admin) -> Response:
    """Lead to the plans."""
    return RedirectResponse(f"{mount_of(request)}/admin/plans", 303)


@router.api_route("/sign-in", methods=_READ)
def show_sign_in(request: Request, next: str = "") -> str:
    """Ask who it is."""
    return _page(request, own_page(next))


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Sign an admin in, or say that it is not possible, in the same words whatever is wrong."""
    fields = await read_fields(request)
    email, wanted = fields.text("email"), own_page(fields.text("next"))
    address = request.client.host if request.client else ""
    try:
        session = await run_in_threadpool(
            administration_of(request).sign_in,
            email,
            fields.given.get("password", ""),
            address,
            token_of(request),
        )
    except (SignInFailedError, TooManyAttemptsError) as error:
        shown = await run_in_threadpool(_page, request, wanted, email, f"{error.message} {error.remedy}")
        return HTMLResponse(shown, STATUS_OF_CODE[error.code])
    response = RedirectResponse(f"{mount_of(request)}{wanted}", 303)
    keep_session(request, response, session)
    return response


@router.post("/sign-out")
async def sign_out(request: Request, _form: AdminForm) -> Response:
    """End the session."""
    response = RedirectResponse(f"{mount_of(request)}/admin/sign-in", 303)
    await forget_session(request, response)
    return response


async def ask_to_sign_in(request: Request, error: AdminSignInRequiredError) -> Response:
    """Lead a browser to the sign-in page, and from there back; a program gets the problem."""
    here = request.url.path.removeprefix(mount_of(request))
    if request.method not in _READ or not wants_page(request) or not here.startswith("/admin"):
        return tiergate_problem(request, error)
    wanted = urlencode({"next": own_page(here)})
    return RedirectResponse(f"{mount_of(request)}/admin/sign-in?{wanted}", 303)


def _page(request: Request, wanted: str, email: str = "", mistake: str = "") -> str:
    frame = english_frame_of(request)
    return render("admin_sign_in.html", frame, wanted=wanted, email=email, mistake=mistake)
