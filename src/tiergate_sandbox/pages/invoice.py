"""The hosted invoice page, at the address that an invoice's ``hosted_invoice_url`` names, and its PDF."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tiergate_sandbox.engine import Reply
from tiergate_sandbox.pages.checkout_form import (
    CheckoutForm,
    FormErrors,
    card_params,
    form_errors,
    refused,
)
from tiergate_sandbox.pages.checkout_view import TEST_CARDS
from tiergate_sandbox.pages.forms import redirect, typed_in
from tiergate_sandbox.pages.invoice_pdf import invoice_pdf
from tiergate_sandbox.pages.invoice_view import InvoiceView, invoice_view
from tiergate_sandbox.pages.rendering import message_page, page
from tiergate_sandbox.service import Service

Obj = dict[str, Any]


class InvoicePage:
    """The handlers."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def show(self, request: Request) -> Response:
        """Show an invoice, and the card form while something is due."""
        view = self._view(request)
        if view is None:
            return _unknown()
        return self._page(view, CheckoutForm.with_test_card(request.query_params.get("card", "")))

    async def pay(self, request: Request) -> Response:
        """Pay; a second submit finds the invoice paid."""
        view = self._view(request)
        if view is None:
            return _unknown()
        if not view.is_payable:
            return redirect(view.path)
        form = CheckoutForm.typed(await typed_in(request))
        errors = form_errors(form, asks_email=False, needs_card=True)
        if errors.first:
            return self._page(view, form, errors, 422)
        method = self._service.engine.ask("POST", "/v1/payment_methods", card_params(form, ""))
        if method.status != 200:
            return self._refusal(view, form, method)
        path = f"/v1/invoice_pages/{request.path_params['invoice']}/pay"
        paid = self._service.engine.ask("POST", path, {"payment_method": method.json()["id"]})
        if paid.status != 200:
            return self._refusal(view, form, paid)
        waits = paid.json()["payment_intent"] is not None
        return redirect(f"{view.path}/authenticate" if waits else view.path)

    async def show_authentication(self, request: Request) -> Response:
        """Show the page that stands for the customer's bank."""
        view = self._view(request)
        if view is None:
            return _unknown()
        if self._waiting(request) is None:
            return redirect(view.path)
        return page("authenticate.html", path=view.path, merchant=view.merchant, amount=view.due)

    async def authenticate(self, request: Request) -> Response:
        """Complete or fail the bank's check."""
        view, intent = self._view(request), self._waiting(request)
        if view is None:
            return _unknown()
        if intent is None:
            return redirect(view.path)
        form = await typed_in(request)
        path = f"/v1/payment_intents/{intent}/complete_authentication"
        ended = self._service.engine.ask("POST", path, {"outcome": form.get("outcome", "")})
        return redirect(view.path) if ended.status == 200 else self._refusal(view, CheckoutForm(), ended)

    async def pdf(self, request: Request) -> Response:
        """Return the invoice as a PDF file."""
        view = self._view(request)
        if view is None:
            return _unknown()
        headers = {
            "Content-Disposition": f'attachment; filename="Invoice-{view.number}.pdf"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(invoice_pdf(view), 200, headers, media_type="application/pdf")

    def _read(self, request: Request, **params: Any) -> Obj:
        return self._service.engine.ask(
            "GET", f"/v1/invoices/{request.path_params['invoice']}", params
        ).json()

    def _view(self, request: Request) -> InvoiceView | None:
        found = self._read(request)
        if found.get("hosted_invoice_url") is None:
            return None
        lines = found["lines"]["data"]
        if found["lines"]["has_more"]:
            path = f"/v1/invoices/{found['id']}/lines"
            lines = self._service.engine.ask("GET", path, {"limit": "100"}).json()["data"]
        return invoice_view(found, lines, self._service.engine.world.settings.account_name)

    def _waiting(self, request: Request) -> str | None:
        """Return the payment intent of the invoice that waits for 3-D Secure."""
        payments = self._read(request, expand=["payments.data.payment.payment_intent"]).get("payments")
        for payment in payments["data"] if payments else ():
            intent = payment["payment"].get("payment_intent")
            if intent and intent["status"] == "requires_action":
                return str(intent["id"])
        return None

    def _refusal(self, view: InvoiceView, form: CheckoutForm, reply: Reply) -> Response:
        return self._page(view, form, refused(reply.json()["error"], needs_card=True), reply.status)

    def _page(
        self, view: InvoiceView, form: CheckoutForm, errors: FormErrors | None = None, status: int = 200
    ) -> Response:
        shown = form if status == 200 else form.without_card()
        return page(
            "invoice.html",
            status=status,
            invoice=view,
            form=shown,
            errors=errors or FormErrors(),
            offered=TEST_CARDS,
        )


def _unknown() -> Response:
    return message_page(
        "There is no such invoice",
        "Check that the address is complete. A draft has no page before it is finalized.",
        status=404,
    )
