"""The hosted checkout page, at the address that a session's ``url`` names."""

from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from tiergate_sandbox.engine import Engine, Reply
from tiergate_sandbox.pages.checkout_form import (
    CheckoutForm,
    FormErrors,
    address_of,
    card_params,
    form_errors,
    place_errors,
    refused,
)
from tiergate_sandbox.pages.checkout_view import CheckoutView, checkout_view
from tiergate_sandbox.pages.forms import redirect, typed_in
from tiergate_sandbox.pages.rendering import message_page, page
from tiergate_sandbox.service import Service

PaymentPage = dict[str, Any]

NOTHING_WRONG = {"promotion_code": "", "quantity": "", "typed": ""}


class Checkout:
    """The handlers of the page and of the authentication that some cards ask for."""

    def __init__(self, service: Service) -> None:
        self._service = service

    @property
    def _engine(self) -> Engine:
        return self._service.engine

    async def show(self, request: Request) -> Response:
        """Show the form of an open session; a finished or expired one has a page of its own."""
        asked = self._payment_page(request)
        if asked is None or asked["status"] != "open":
            return self._closed(asked)
        form = CheckoutForm.with_test_card(request.query_params.get("card", ""))
        return self._form(asked, form, FormErrors())

    async def submit(self, request: Request) -> Response:
        """Pay; a second submit of the same session leads where the first one led."""
        asked = self._payment_page(request)
        if asked is not None and asked["status"] == "complete":
            return redirect(success_url(asked))
        if asked is None or asked["status"] != "open":
            return self._closed(asked)
        form = CheckoutForm.typed(await typed_in(request))
        view = self._view(asked)
        if view.asks_place:
            return self._form(asked, form, place_errors(form), 422)
        errors = form_errors(
            form,
            asks_email=not view.email,
            needs_card=view.needs_card,
            needs_address=view.needs_address,
        )
        if errors.first:
            return self._form(asked, form, errors, 422)
        return self._pay(asked, form)

    async def adjust(self, request: Request) -> Response:
        """Apply or take away a promotion code, or change a quantity, and show the page again."""
        asked = self._payment_page(request)
        if asked is None or asked["status"] != "open":
            return self._closed(asked)
        what, form = request.path_params["what"], await typed_in(request)
        names = {"promotion_code": ("promotion_code",), "quantity": ("item", "quantity")}.get(what, ())
        path = f"/v1/payment_pages/{asked['session_id']}/{what}"
        adjusted = self._engine.ask("POST", path, {name: str(form.get(name, "")) for name in names})
        if adjusted.status == 200:
            return redirect(f"/c/pay/{asked['session_id']}")
        message = str(adjusted.json()["error"].get("message", ""))
        typed = str(form.get("promotion_code", ""))
        return self._form(
            asked, CheckoutForm(), FormErrors(), adjusted.status, wrong={what: message, "typed": typed}
        )

    async def place(self, request: Request) -> Response:
        """Take the billing address that decides the tax, or ask for another one, and show the page again."""
        asked = self._payment_page(request)
        if asked is None or asked["status"] != "open":
            return self._closed(asked)
        values = await typed_in(request)
        form = CheckoutForm.typed(values)
        errors = FormErrors() if "change" in values else place_errors(form)
        if errors.first:
            return self._form(asked, form, errors, 422)
        path = f"/v1/payment_pages/{asked['session_id']}/address"
        taken = self._engine.ask("POST", path, address_of(form))
        if taken.status != 200:
            errors.summary, errors.country = "This did not work.", str(taken.json()["error"]["message"])
            return self._form(asked, form, errors, taken.status)
        return redirect(f"/c/pay/{asked['session_id']}")

    async def show_authentication(self, request: Request) -> Response:
        """Show the page that stands for the customer's bank."""
        asked = self._payment_page(request)
        if asked is None or asked["status"] != "open":
            return self._closed(asked)
        view = self._view(asked)
        if asked["next_action"] is None:
            return redirect(view.path)
        target = success_url(asked)
        amount = view.due_today if asked["amount_due"] else ""
        return page(
            "authenticate.html", form_target=target, path=view.path, merchant=view.merchant, amount=amount
        )

    async def authenticate(self, request: Request) -> Response:
        """Complete or fail the authentication, as the customer chooses."""
        asked = self._payment_page(request)
        if asked is None or asked["status"] != "open" or asked["next_action"] is None:
            return await self.submit(request) if asked is None else redirect(self._next(asked))
        form = await typed_in(request)
        kind = "payment_intents" if asked["payment_intent"] else "setup_intents"
        intent = asked["payment_intent"] or asked["setup_intent"]
        path = f"/v1/{kind}/{intent}/complete_authentication"
        ended = self._engine.ask("POST", path, {"outcome": form.get("outcome", "")})
        if ended.status != 200:
            return self._refusal(asked, CheckoutForm(), ended)
        return redirect(success_url(asked))

    def _next(self, asked: PaymentPage) -> str:
        return success_url(asked) if asked["status"] == "complete" else f"/c/pay/{asked['session_id']}"

    def _pay(self, asked: PaymentPage, form: CheckoutForm) -> Response:
        email = asked["customer_email"] or form.email
        params = {"expected_amount": form.expected_amount, "email": email}
        if asked["payment_method_required"]:
            method = self._engine.ask("POST", "/v1/payment_methods", card_params(form, email))
            if method.status != 200:
                return self._refusal(asked, form, method)
            params |= {"payment_method": method.json()["id"], "name": form.name}
        confirmed = self._engine.ask("POST", f"/v1/payment_pages/{asked['session_id']}/confirm", params)
        if confirmed.status != 200:
            return self._refusal(asked, form, confirmed)
        if confirmed.json()["next_action"] is not None:
            return redirect(f"/c/pay/{asked['session_id']}/authenticate")
        return redirect(success_url(asked))

    def _refusal(self, asked: PaymentPage, form: CheckoutForm, reply: Reply) -> Response:
        errors = refused(reply.json()["error"], needs_card=asked["payment_method_required"])
        return self._form(asked, form, errors, reply.status)

    def _form(
        self,
        asked: PaymentPage,
        form: CheckoutForm,
        errors: FormErrors,
        status: int = 200,
        *,
        wrong: dict[str, str] | None = None,
    ) -> Response:
        shown = form if status == 200 else form.without_card()
        view, target = self._view(asked), success_url(asked)
        return page(
            "checkout.html",
            status=status,
            form_target=target,
            page=view,
            form=shown,
            errors=errors,
            wrong=NOTHING_WRONG | (wrong or {}),
        )

    def _view(self, asked: PaymentPage) -> CheckoutView:
        merchant = self._engine.world.settings.account_name
        return checkout_view(asked, merchant=merchant, at=self._at_for(asked["customer"]))

    def _at_for(self, customer_id: str | None) -> int:
        """Return the present in the time in which a customer lives: a test clock's, or real time."""
        if customer_id is not None:
            found = self._engine.ask("GET", f"/v1/customers/{customer_id}", {"expand": ["test_clock"]}).json()
            if found.get("test_clock"):
                return int(found["test_clock"]["frozen_time"])
        return self._engine.at()

    def _payment_page(self, request: Request) -> PaymentPage | None:
        path = f"/v1/payment_pages/{quote(request.path_params['session'], safe='')}"
        reply = self._engine.ask("GET", path)
        return reply.json() if reply.status == 200 else None

    def _closed(self, asked: PaymentPage | None) -> Response:
        if asked is None:
            text = "Check that the address is complete, or go back to the shop and start again."
            return message_page("There is no such checkout", text, status=404)
        merchant = self._engine.world.settings.account_name
        if asked["status"] == "complete":
            return message_page(
                "You are all set",
                "This checkout is finished. Nothing will be charged a second time.",
                merchant=merchant,
                back=success_url(asked),
                back_text="Continue",
            )
        return message_page(
            "This checkout has expired",
            "Nothing was charged. Go back to the shop to start again.",
            status=410,
            merchant=merchant,
            back=asked["cancel_url"],
            back_text="Back to the shop",
        )


def success_url(asked: PaymentPage) -> str:
    """Return where the customer goes after paying, with the session's id in its place."""
    url = str(asked["success_url"] or asked["return_url"] or "/")
    return url.replace("{CHECKOUT_SESSION_ID}", asked["session_id"])
