"""The addresses of the pages."""

from pathlib import Path

from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from tiergate_sandbox.pages.checkout import Checkout
from tiergate_sandbox.pages.invoice import InvoicePage
from tiergate_sandbox.pages.overview import Overview
from tiergate_sandbox.pages.portal import Portal
from tiergate_sandbox.pages.portal_billing import PortalBilling
from tiergate_sandbox.service import Service

STATIC = Path(__file__).parent / "static"


def page_routes(service: Service) -> list[BaseRoute]:
    """Return the routes of all pages and of what they load."""
    checkout, overview = Checkout(service), Overview(service)
    return [
        Route("/", overview.show),
        Route("/events/{event}/resend", overview.resend, methods=["POST"]),
        Route("/clocks/{clock}/advance", overview.advance, methods=["POST"]),
        Route("/c/pay/{session}", checkout.show, methods=["GET"]),
        Route("/c/pay/{session}", checkout.submit, methods=["POST"]),
        Route("/c/pay/{session}/adjust/{what}", checkout.adjust, methods=["POST"]),
        Route("/c/pay/{session}/place", checkout.place, methods=["POST"]),
        Route("/c/pay/{session}/authenticate", checkout.show_authentication, methods=["GET"]),
        Route("/c/pay/{session}/authenticate", checkout.authenticate, methods=["POST"]),
        *_portal_routes(service),
        *_invoice_routes(service),
        Mount("/_static", StaticFiles(directory=STATIC)),
    ]


def _portal_routes(service: Service) -> list[BaseRoute]:
    home, billing = Portal(service), PortalBilling(service)
    at = "/p/session/{token}"
    sub = f"{at}/subscriptions/{{subscription}}"
    return [
        Route(at, home.home),
        Route(f"{at}/done", home.done),
        Route(f"{sub}/change", home.choose, methods=["GET"]),
        Route(f"{sub}/change", home.change, methods=["POST"]),
        Route(f"{sub}/confirm", home.confirm),
        Route(f"{sub}/cancel", home.ask_cancel, methods=["GET"]),
        Route(f"{sub}/cancel", home.cancel, methods=["POST"]),
        Route(f"{sub}/reason", home.ask_reason, methods=["GET"]),
        Route(f"{sub}/reason", home.reason, methods=["POST"]),
        Route(f"{sub}/pause", home.ask_pause, methods=["GET"]),
        Route(f"{sub}/{{verb}}", home.turn, methods=["POST"]),
        Route(f"{at}/cards/add", billing.ask_card, methods=["GET"]),
        Route(f"{at}/cards/add", billing.add_card, methods=["POST"]),
        Route(f"{at}/cards/authenticate", billing.show_authentication, methods=["GET"]),
        Route(f"{at}/cards/authenticate", billing.authenticate, methods=["POST"]),
        Route(f"{at}/cards/{{method}}/{{verb}}", billing.turn, methods=["POST"]),
        Route(f"{at}/customer", billing.ask_customer, methods=["GET"]),
        Route(f"{at}/customer", billing.update_customer, methods=["POST"]),
        Route(f"{at}/customer/tax_id", billing.tax_id, methods=["POST"]),
    ]


def _invoice_routes(service: Service) -> list[BaseRoute]:
    invoice, at = InvoicePage(service), "/i/{invoice}"
    return [
        Route(at, invoice.show, methods=["GET"]),
        Route(at, invoice.pay, methods=["POST"]),
        Route(f"{at}/pdf", invoice.pdf),
        Route(f"{at}/authenticate", invoice.show_authentication, methods=["GET"]),
        Route(f"{at}/authenticate", invoice.authenticate, methods=["POST"]),
    ]
