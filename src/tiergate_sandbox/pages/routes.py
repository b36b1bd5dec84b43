"""The addresses of the pages."""

from pathlib import Path

from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from tiergate_sandbox.pages.checkout import Checkout
from tiergate_sandbox.pages.overview import Overview
from tiergate_sandbox.service import Service

STATIC = Path(__file__).parent / "static"


def page_routes(service: Service) -> list[BaseRoute]:
    """Return the routes of all pages and of what they load."""
    checkout, overview = Checkout(service), Overview(service)
    return [
        Route("/", overview.show),
        Route("/clocks/{clock}/advance", overview.advance, methods=["POST"]),
        Route("/c/pay/{session}", checkout.show, methods=["GET"]),
        Route("/c/pay/{session}", checkout.submit, methods=["POST"]),
        Route("/c/pay/{session}/authenticate", checkout.show_authentication, methods=["GET"]),
        Route("/c/pay/{session}/authenticate", checkout.authenticate, methods=["POST"]),
        Mount("/_static", StaticFiles(directory=STATIC)),
    ]
