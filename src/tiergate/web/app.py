"""The web application: JSON API, pages and webhook, to be mounted in a host or served by itself."""

from typing import Any

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tiergate.billing import Billing
from tiergate.services.examination.webhook_endpoints import WEBHOOK_PATH
from tiergate.web import (
    access_routes,
    api_routes,
    billing_routes,
    change_routes,
    page_routes,
    plans_routes,
    return_routes,
    trial_routes,
)
from tiergate.web.admin import install_admin
from tiergate.web.identity import AccountOf, nobody
from tiergate.web.problems import DefectProblems, install_problems
from tiergate.web.same_origin import SameOrigin
from tiergate.web.security_headers import SecurityHeaders
from tiergate.web.visitor_language import Languages, translations_of
from tiergate.web.webhook_route import WebhookRoute, is_delivery

_CHECKOUT_ORIGIN = "https://checkout.stripe.com https://billing.stripe.com https://invoice.stripe.com"
"""Where forms lead: to Stripe's checkout, its portal, and the pages of its invoices."""


def create_app(billing: Billing, account_of: AccountOf = nobody) -> FastAPI:
    """Create the application around a ``Billing``.

    ``account_of`` is the host's way of saying which account a request acts for. Hosts mount
    ``billing.asgi``, which is made by this. Raises ``TranslationError`` where the file of a language cannot
    be used.
    """
    checkout_origin = billing.settings.stripe_api_base or _CHECKOUT_ORIGIN
    webhook = WebhookRoute(billing, lambda answer: SecurityHeaders(DefectProblems(answer), checkout_origin))
    app = _Application(
        deliveries=webhook,
        title="tiergate",
        description="Self-serve billing: what the signed-in account has, and how it buys more.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        routes=[Route(WEBHOOK_PATH, webhook, methods=["POST"])],
        redirect_slashes=False,  # such a redirect would lead to whatever host the request names
    )
    app.state.billing = billing
    app.state.account_of = account_of
    app.add_route("/healthz", _healthz)
    app.add_route("/readyz", _readyz)
    app.add_route("/", _home)
    app.include_router(api_routes.router)
    app.include_router(plans_routes.router)
    app.include_router(change_routes.router)
    app.include_router(trial_routes.router)
    app.include_router(billing_routes.router)
    app.include_router(access_routes.router)
    app.include_router(page_routes.router)
    app.include_router(return_routes.router)
    install_admin(app)
    install_problems(app)
    app.add_middleware(SameOrigin)
    app.add_middleware(DefectProblems)
    app.add_middleware(
        Languages, offered=translations_of(billing.settings), public_url=billing.settings.public_url
    )
    app.add_middleware(SecurityHeaders, checkout_origin=checkout_origin)
    return app


class _Application(FastAPI):
    """All routes; but Stripe's deliveries go straight to theirs.

    They are by far the most frequent requests, and need nothing of what is done for people: no route with
    parameters, no language, no protection from other websites. Nor does middleware that somebody adds to this
    application see them; around it, it does.
    """

    def __init__(self, *, deliveries: ASGIApp, **options: Any) -> None:
        """Have deliveries answered by ``deliveries``, and everything else by FastAPI with these options."""
        super().__init__(**options)
        self._deliveries = deliveries

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if not is_delivery(scope):
            await super().__call__(scope, receive, send)
            return
        scope["app"] = self
        await self._deliveries(scope, receive, send)


async def _healthz(_request: Request) -> Response:
    """Say that the process is alive."""
    return JSONResponse({"status": "ok"})


async def _readyz(request: Request) -> Response:
    """Say whether the database answers."""
    try:
        await run_in_threadpool(request.app.state.billing.ping)
    except Exception:
        return JSONResponse({"status": "the database does not answer"}, 503)
    return JSONResponse({"status": "ok"})


async def _home(request: Request) -> Response:
    """Lead to the pricing page."""
    return RedirectResponse(f"{request.scope.get('root_path', '')}/pricing", 307)
