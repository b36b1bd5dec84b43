"""The admin pages: plans, features and settings, for whoever is signed in as an admin."""

from fastapi import FastAPI

from tiergate.web.admin import draft_api, draft_routes, plan_routes, settings_routes, sign_in_routes
from tiergate.web.admin.guard import AdminSignInRequiredError


def install_admin(app: FastAPI) -> None:
    """Add the admin pages and their API; what has an address of its own goes before the plans' keys."""
    for module in (sign_in_routes, draft_routes, plan_routes, settings_routes, draft_api):
        app.include_router(module.router)
    app.exception_handler(AdminSignInRequiredError)(sign_in_routes.ask_to_sign_in)
