"""The portal's home page, and the pages on which a subscription is changed, canceled or paused."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tiergate_sandbox.pages import portal_view as view
from tiergate_sandbox.pages import wording
from tiergate_sandbox.pages.forms import redirect, typed_in
from tiergate_sandbox.pages.portal_desk import Desk, Visit, message_of, not_here
from tiergate_sandbox.pages.portal_plans import change_of, choice_of

Obj = dict[str, Any]

FLOW_PAGES = {
    "customer_update": "customer",
    "payment_method_update": "cards/add",
    "subscription_cancel": "subscriptions/{}/cancel",
    "subscription_pause": "subscriptions/{}/pause",
    "subscription_update": "subscriptions/{}/change",
    "subscription_update_confirm": "subscriptions/{}/confirm",
}


class Portal(Desk):
    """The handlers."""

    async def home(self, request: Request) -> Response:
        """Show the home page, or the page that a deep link leads to."""
        visit = self.enter(request.path_params["token"])
        if isinstance(visit, Response):
            return visit
        flow, done = visit.page["flow"], request.query_params.get("done")
        if flow is not None and done is None:
            about = flow.get(flow["type"]) or {}
            return redirect(f"{visit.path}/{FLOW_PAGES[flow['type']].format(about.get('subscription'))}")
        customer = self.customer(visit)
        methods = self._methods(visit)
        default = customer["invoice_settings"]["default_payment_method"]
        in_use = visit.page["cards_in_use"]
        return self.show(
            "portal_home.html",
            visit,
            plans=self._plans(visit, customer, methods),
            cards=[view.card_row(method, default, in_use) for method in methods.values()],
            invoices=self._invoices(visit),
            customer=view.address_lines(customer),
            notice=view.DONE.get(done or "", ""),
        )

    async def done(self, request: Request) -> Response:
        """Show that a flow is finished."""
        visit = self.enter(request.path_params["token"])
        if isinstance(visit, Response):
            return visit
        flow = visit.page["flow"] or {"after_completion": {"hosted_confirmation": None}}
        said = (flow["after_completion"]["hosted_confirmation"] or {}).get("custom_message")
        notice = view.DONE.get(request.query_params.get("done", ""), "Done.")
        return self.show("portal_done.html", visit, notice=notice, message=said or "")

    async def choose(self, request: Request) -> Response:
        """Show the plans that can be chosen."""
        found = self._enter_subscription(request)
        if isinstance(found, Response):
            return found
        visit, sub = found
        return self._choice(visit, sub, request.query_params.get("every", ""))

    async def confirm(self, request: Request) -> Response:
        """Show what a change would cost."""
        found = self._enter_subscription(request)
        if isinstance(found, Response):
            return found
        visit, sub = found
        return self._confirmation(visit, sub, self._asked(visit, sub, dict(request.query_params)))

    async def change(self, request: Request) -> Response:
        """Change a subscription; the same change a second time changes nothing."""
        found = self._enter_subscription(request)
        if isinstance(found, Response):
            return found
        visit, sub = found
        form = await typed_in(request)
        asked = self._asked(visit, sub, form)
        date = form.get("proration_date") or None
        changed = self.act(visit, "subscription_update", subscription=sub["id"], proration_date=date, **asked)
        if changed.status != 200:
            return self._confirmation(visit, sub, asked, message_of(changed), changed.status)
        return self.finished(visit, "updated" if self._took_effect(visit, sub, asked) else "scheduled")

    async def ask_cancel(self, request: Request) -> Response:
        """Ask whether the plan shall really be canceled."""
        found = self._enter_subscription(request)
        if isinstance(found, Response):
            return found
        visit, sub = found
        return self._cancel_page(visit, sub)

    async def cancel(self, request: Request) -> Response:
        """Cancel, and ask why."""
        found = self._enter_subscription(request)
        if isinstance(found, Response):
            return found
        visit, sub = found
        form = await typed_in(request)
        if form.get("do") == "stay":
            kept = self.act(visit, "subscription_stay", subscription=sub["id"])
            return (
                self.finished(visit, "stayed")
                if kept.status == 200
                else self._cancel_page(visit, sub, message_of(kept), kept.status)
            )
        canceled = self.act(visit, "subscription_cancel", subscription=sub["id"])
        if canceled.status != 200:
            return self._cancel_page(visit, sub, message_of(canceled), canceled.status)
        if visit.features["subscription_cancel"]["cancellation_reason"]["enabled"]:
            return redirect(f"{visit.path}/subscriptions/{sub['id']}/reason")
        return self.finished(visit, "canceled")

    async def ask_reason(self, request: Request) -> Response:
        """Ask why the plan was canceled."""
        found = self._enter_subscription(request)
        if isinstance(found, Response):
            return found
        visit, sub = found
        return self._reason_page(visit, sub)

    async def reason(self, request: Request) -> Response:
        """Note why the plan was canceled, if the customer says so."""
        found = self._enter_subscription(request)
        if isinstance(found, Response):
            return found
        visit, sub = found
        form = await typed_in(request)
        if form.get("do") == "skip":
            return self.finished(visit, "canceled")
        said = {name: form[name] for name in ("comment", "feedback") if form.get(name)}
        told = self.act(visit, "subscription_cancel_reason", subscription=sub["id"], **said)
        if told.status != 200:
            return self._reason_page(visit, sub, message_of(told), told.status)
        return self.finished(visit, "told" if said else "canceled")

    async def ask_pause(self, request: Request) -> Response:
        """Ask whether the plan shall really be paused."""
        found = self._enter_subscription(request)
        if isinstance(found, Response):
            return found
        visit, sub = found
        return self.show("portal_pause.html", visit, plan=view.plan_of(sub, visit.page, "", None), error="")

    async def turn(self, request: Request) -> Response:
        """Renew, pause or resume a subscription."""
        found = self._enter_subscription(request)
        if isinstance(found, Response):
            return found
        visit, sub = found
        verb = request.path_params["verb"]
        done = {"renew": "renewed", "pause": "paused", "resume": "resumed"}.get(verb)
        if done is None:
            return not_here(visit)
        reply = self.act(visit, f"subscription_{verb}", subscription=sub["id"])
        if reply.status == 200:
            return self.finished(visit, done)
        plan = view.plan_of(sub, visit.page, "", None)
        return self.show("portal_pause.html", visit, reply.status, plan=plan, error=message_of(reply))

    # what the pages show

    def _enter_subscription(self, request: Request) -> tuple[Visit, Obj] | Response:
        visit = self.enter(request.path_params["token"])
        if isinstance(visit, Response):
            return visit
        sub = self.subscription(visit, request.path_params["subscription"])
        return not_here(visit) if sub is None else (visit, sub)

    def _methods(self, visit: Visit) -> dict[str, Obj]:
        listed = self.read(f"/v1/customers/{visit.page['customer']}/payment_methods", limit="100")["data"]
        return {method["id"]: method for method in listed}

    def _plans(self, visit: Visit, customer: Obj, methods: dict[str, Obj]) -> list[view.Plan]:
        listed = self.read("/v1/subscriptions", customer=customer["id"], limit="20")["data"]
        plans = []
        for one in listed:
            sub = self.subscription(visit, one["id"])
            if sub is None or sub["status"] == "incomplete_expired":
                continue
            default = sub["default_payment_method"] or customer["invoice_settings"]["default_payment_method"]
            card = view.card_name(methods[default]) if default in methods else ""
            plans.append(view.plan_of(sub, visit.page, card, self._upcoming(sub)))
        return plans

    def _upcoming(self, sub: Obj) -> Obj | None:
        reply = self._engine.ask("POST", "/v1/invoices/create_preview", {"subscription": sub["id"]})
        return reply.json() if reply.status == 200 else None

    def _invoices(self, visit: Visit) -> list[view.InvoiceRow]:
        if not visit.features["invoice_history"]["enabled"]:
            return []
        listed = self.read("/v1/invoices", customer=visit.page["customer"], limit="24")["data"]
        return [view.invoice_row(invoice) for invoice in listed if invoice["status"] != "draft"]

    def _choice(self, visit: Visit, sub: Obj, every: str) -> Response:
        if sub["id"] not in visit.page["updatable"]:
            return not_here(visit)
        offered = visit.features["subscription_update"]["products"]
        prices = [
            self.read(f"/v1/prices/{price}", expand=["product"])
            for offer in offered
            for price in offer["prices"]
        ]
        choice = choice_of(sub, visit.features, prices, every)
        return self.show("portal_choose.html", visit, sub_id=sub["id"], choice=choice)

    def _asked(self, visit: Visit, sub: Obj, form: Obj) -> Obj:
        """Return price, quantity and promotion code: typed in, of the flow, or as they are."""
        item = sub["items"]["data"][0]
        flow = visit.flow("subscription_update_confirm")
        named = flow["items"][0] if flow else {"price": item["price"]["id"], "quantity": item["quantity"]}
        asked: Obj = {
            "price": form.get("price") or named["price"],
            "quantity": form.get("quantity") or str(named["quantity"]),
            "promotion_code": (form.get("promotion_code") or "").strip() or None,
        }
        for offer in visit.features["subscription_update"]["products"]:
            if asked["price"] in offer["prices"] and not offer["adjustable_quantity"]["enabled"] and not flow:
                asked["quantity"] = str(item["quantity"])
        return asked

    def _confirmation(
        self, visit: Visit, sub: Obj, asked: Obj, error: str = "", status: int = 200
    ) -> Response:
        preview = self.act(visit, "subscription_preview", subscription=sub["id"], **asked)
        values = {name: value for name, value in asked.items() if value is not None}
        back = f"{visit.path}/subscriptions/{sub['id']}/change"
        if preview.status != 200:
            said = error or message_of(preview)
            return self.show(
                "portal_confirm.html", visit, preview.status, change=None, error=said, asked=values, back=back
            )
        offer = preview.json()
        price = self.read(f"/v1/prices/{asked['price']}", expand=["product"])
        if offer["proration_date"] is not None:
            values["proration_date"] = str(offer["proration_date"])
        return self.show(
            "portal_confirm.html",
            visit,
            status,
            change=change_of(sub, price, int(asked["quantity"]), offer),
            sub_id=sub["id"],
            asked=values,
            error=error,
            back=back,
            ends_trial=sub["status"] == "trialing"
            and visit.features["subscription_update"]["trial_update_behavior"] == "end_trial",
        )

    def _took_effect(self, visit: Visit, sub: Obj, asked: Obj) -> bool:
        now = self.subscription(visit, sub["id"])
        return now is None or now["items"]["data"][0]["price"]["id"] == asked["price"]

    def _cancel_page(self, visit: Visit, sub: Obj, error: str = "", status: int = 200) -> Response:
        feature = visit.features["subscription_cancel"]
        if not feature["enabled"]:
            return not_here(visit)
        ends_at = min(item["current_period_end"] for item in sub["items"]["data"])
        flow = visit.flow("subscription_cancel")
        coupon = None
        if flow and flow["retention"] and flow["subscription"] == sub["id"]:
            coupon = self.read(f"/v1/coupons/{flow['retention']['coupon_offer']['coupon']}")
        return self.show(
            "portal_cancel.html",
            visit,
            status,
            plan=view.plan_of(sub, visit.page, "", None),
            is_over=sub["status"] == "canceled" or sub["cancel_at"] is not None,
            at_once=feature["mode"] == "immediately",
            ends=wording.day(ends_at),
            offer=wording.coupon(coupon) if coupon else "",
            error=error,
        )

    def _reason_page(self, visit: Visit, sub: Obj, error: str = "", status: int = 200) -> Response:
        reasons = visit.features["subscription_cancel"]["cancellation_reason"]
        if not reasons["enabled"] or (sub["cancel_at"] is None and sub["status"] != "canceled"):
            return not_here(visit)
        ends = wording.day(sub["cancel_at"]) if sub["cancel_at"] else ""
        options = {key: words for key, words in view.REASONS.items() if key in reasons["options"]}
        return self.show(
            "portal_reason.html", visit, status, sub_id=sub["id"], ends=ends, options=options, error=error
        )
