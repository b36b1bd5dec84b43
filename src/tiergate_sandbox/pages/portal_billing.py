"""The portal's pages for cards and billing information."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tiergate_sandbox.engine import Reply
from tiergate_sandbox.pages.checkout_form import (
    ADDRESS,
    CheckoutForm,
    FormErrors,
    card_params,
    form_errors,
    refused,
)
from tiergate_sandbox.pages.checkout_view import TEST_CARDS
from tiergate_sandbox.pages.forms import redirect, typed_in
from tiergate_sandbox.pages.portal_desk import Desk, Visit, message_of, not_here

Obj = dict[str, Any]

TAX_KINDS = {
    "eu_vat": "EU VAT number",
    "gb_vat": "UK VAT number",
    "us_ein": "US EIN",
    "ca_gst_hst": "Canadian GST/HST number",
    "au_abn": "Australian ABN",
    "ch_vat": "Swiss VAT number",
    "in_gst": "Indian GSTIN",
    "jp_trn": "Japanese tax registration number",
}


class PortalBilling(Desk):
    """The handlers."""

    async def ask_card(self, request: Request) -> Response:
        """Show the form for a new card."""
        visit = self.enter(request.path_params["token"])
        if isinstance(visit, Response):
            return visit
        return self._card_form(visit, CheckoutForm.with_test_card(request.query_params.get("card", "")))

    async def add_card(self, request: Request) -> Response:
        """Save a card; one that its bank asks about leads to the bank first."""
        visit = self.enter(request.path_params["token"])
        if isinstance(visit, Response):
            return visit
        form = CheckoutForm.typed(await typed_in(request))
        errors = form_errors(form, asks_email=False, needs_card=True)
        if errors.first:
            return self._card_form(visit, form, errors, 422)
        email = self.customer(visit)["email"] or ""
        method = self._engine.ask("POST", "/v1/payment_methods", card_params(form, email))
        if method.status != 200:
            return self._refused_card(visit, form, method)
        added = self.act(visit, "add_card", payment_method=method.json()["id"])
        if added.status != 200:
            return self._refused_card(visit, form, added)
        if added.json()["setup_intent"] is not None:
            return redirect(f"{visit.path}/cards/authenticate")
        return self.finished(visit, "card")

    async def show_authentication(self, request: Request) -> Response:
        """Show the page that stands for the customer's bank."""
        visit = self.enter(request.path_params["token"])
        if isinstance(visit, Response):
            return visit
        if visit.page["setup_intent"] is None:
            return redirect(f"{visit.path}/cards/add")
        return self.show(
            "authenticate.html", visit, path=f"{visit.path}/cards", merchant=visit.merchant, amount=""
        )

    async def authenticate(self, request: Request) -> Response:
        """Complete or fail the bank's check."""
        visit = self.enter(request.path_params["token"])
        if isinstance(visit, Response):
            return visit
        setup, form = visit.page["setup_intent"], await typed_in(request)
        if setup is None:
            return self.finished(visit, "card")
        path = f"/v1/setup_intents/{setup}/complete_authentication"
        ended = self._engine.ask("POST", path, {"outcome": form.get("outcome", "")})
        if ended.status == 402:
            return self._refused_card(visit, CheckoutForm(), ended)
        finished = self.act(visit, "finish_card")
        if finished.status != 200:
            return redirect(f"{visit.path}/cards/add")
        return self.finished(visit, "card")

    async def turn(self, request: Request) -> Response:
        """Make a card the default, or remove it."""
        visit = self.enter(request.path_params["token"])
        if isinstance(visit, Response):
            return visit
        verb, method = request.path_params["verb"], request.path_params["method"]
        done = {"default": "default", "remove": "removed"}.get(verb)
        if done is None or self.act(visit, f"{verb}_card", payment_method=method).status != 200:
            return not_here(visit)
        return self.finished(visit, done)

    async def ask_customer(self, request: Request) -> Response:
        """Show the form for the billing information."""
        visit = self.enter(request.path_params["token"])
        if isinstance(visit, Response):
            return visit
        return self._customer_form(visit, self._customer_values(visit))

    async def update_customer(self, request: Request) -> Response:
        """Save the billing information."""
        visit = self.enter(request.path_params["token"])
        if isinstance(visit, Response):
            return visit
        form = await typed_in(request)
        values = {name: str(form.get(name, "")).strip() for name in ("email", "name", "phone", *ADDRESS)}
        wanted = visit.features["customer_update"]["allowed_updates"]
        sent: Obj = {name: values[name] for name in ("email", "name", "phone") if name in wanted}
        if "address" in wanted:
            sent["address"] = {name: values[name] for name in ADDRESS}
        saved = self.act(visit, "customer_update", **sent)
        if saved.status != 200:
            return self._customer_form(visit, values, message_of(saved), saved.status)
        return self.finished(visit, "customer")

    async def tax_id(self, request: Request) -> Response:
        """Add a tax id, or take one away."""
        visit = self.enter(request.path_params["token"])
        if isinstance(visit, Response):
            return visit
        form = await typed_in(request)
        if form.get("remove"):
            changed = self.act(visit, "remove_tax_id", tax_id=form["remove"])
        else:
            sent = {name: str(form.get(name, "")).strip() for name in ("type", "value")}
            changed = self.act(visit, "add_tax_id", **sent)
        if changed.status == 200:
            return redirect(f"{visit.path}/customer")
        values = self._customer_values(visit)
        return self._customer_form(visit, values, status=changed.status, tax_error=message_of(changed))

    def _customer_values(self, visit: Visit) -> Obj:
        customer = self.customer(visit)
        values = {name: customer[name] or "" for name in ("email", "name", "phone")}
        return values | {name: (customer["address"] or {}).get(name) or "" for name in ADDRESS}

    def _customer_form(
        self, visit: Visit, values: Obj, error: str = "", status: int = 200, tax_error: str = ""
    ) -> Response:
        feature = visit.features["customer_update"]
        if not feature["enabled"]:
            return not_here(visit)
        return self.show(
            "portal_customer.html",
            visit,
            status,
            form=values,
            wanted=feature["allowed_updates"],
            tax_ids=self.read(f"/v1/customers/{visit.page['customer']}/tax_ids")["data"],
            tax_kinds=TAX_KINDS,
            tax_error=tax_error,
            errors=dict.fromkeys(values, "") | {"email": error, "first": "email" if error else ""},
        )

    def _card_form(
        self, visit: Visit, form: CheckoutForm, errors: FormErrors | None = None, status: int = 200
    ) -> Response:
        if not visit.features["payment_method_update"]["enabled"]:
            return not_here(visit)
        shown = form if status == 200 else form.without_card()
        return self.show(
            "portal_card.html",
            visit,
            status,
            form=shown,
            errors=errors or FormErrors(),
            offered=TEST_CARDS,
        )

    def _refused_card(self, visit: Visit, form: CheckoutForm, reply: Reply) -> Response:
        return self._card_form(visit, form, refused(reply.json()["error"], needs_card=True), reply.status)
