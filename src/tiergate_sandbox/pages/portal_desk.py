"""What all pages of the portal share: the way in, what they ask the API, and where they lead."""

from typing import Any
from urllib.parse import urlencode

import msgspec
from starlette.responses import Response

from tiergate_sandbox.engine import Engine, Reply
from tiergate_sandbox.pages.forms import redirect
from tiergate_sandbox.pages.rendering import message_page, page
from tiergate_sandbox.service import Service

Obj = dict[str, Any]


class Visit(msgspec.Struct, frozen=True):
    """One look at the portal: the address of its session, and what the API says about it."""

    path: str
    token: str
    page: Obj
    merchant: str

    @property
    def return_url(self) -> str | None:
        """The way back to the application."""
        url: str | None = self.page["return_url"]
        return url

    @property
    def features(self) -> Obj:
        """What the configuration allows."""
        found: Obj = self.page["features"]
        return found

    def flow(self, kind: str) -> Obj | None:
        """Return what the session's flow says, when it is of this kind."""
        flow: Obj | None = self.page["flow"]
        return (flow.get(kind) or {}) if flow and flow["type"] == kind else None


class Desk:
    """Asks the API on behalf of a customer, and turns refusals into pages."""

    def __init__(self, service: Service) -> None:
        self._service = service

    @property
    def _engine(self) -> Engine:
        return self._service.engine

    def enter(self, token: str) -> Visit | Response:
        """Return the visit, or the page that says why there is none."""
        reply = self._engine.ask("POST", f"/v1/portal_pages/{token}")
        if reply.status == 200:
            merchant = self._engine.world.settings.account_name
            return Visit(f"/p/session/{token}", token, reply.json(), merchant)
        if reply.status == 410:
            return message_page(
                "This page has expired",
                "For your security, billing pages close after a while. Go back to the application and open "
                "your billing page again.",
                status=410,
            )
        return message_page(
            "There is no such page",
            "Check that the address is complete, or go back to the application and open your billing page "
            "again.",
            status=404,
        )

    def act(self, visit: Visit, action: str, **params: Any) -> Reply:
        """Carry out one action of the portal."""
        sent = {name: value for name, value in params.items() if value is not None}
        return self._engine.ask("POST", f"/v1/portal_pages/{visit.token}/{action}", sent)

    def read(self, path: str, **params: Any) -> Obj:
        """Read something that exists."""
        return self._engine.ask("GET", path, params).json()

    def subscription(self, visit: Visit, sub_id: str) -> Obj | None:
        """Return one of the customer's subscriptions with its prices and products."""
        found = self.read(f"/v1/subscriptions/{sub_id}", expand=["items.data.price.product"])
        return found if found.get("customer") == visit.page["customer"] else None

    def customer(self, visit: Visit) -> Obj:
        """Return the customer."""
        return self.read(f"/v1/customers/{visit.page['customer']}")

    def show(self, template: str, visit: Visit, status: int = 200, **values: object) -> Response:
        """Return a page of the portal."""
        target = _target(visit)
        return page(template, status=status, form_target=target, visit=visit, **values)

    def finished(self, visit: Visit, done: str) -> Response:
        """Lead on after an action: home, or where the session's flow wants to go."""
        flow = visit.page["flow"]
        after: Obj = flow["after_completion"] if flow else {"type": "portal_homepage"}
        if after["type"] == "redirect":
            return redirect(after["redirect"]["return_url"])
        query = urlencode({"done": done})
        if after["type"] == "hosted_confirmation":
            return redirect(f"{visit.path}/done?{query}")
        return redirect(f"{visit.path}?{query}")


def message_of(reply: Reply) -> str:
    """Return what the API says about a refusal."""
    return str(reply.json()["error"].get("message", "This did not work."))


def not_here(visit: Visit) -> Response:
    """Return the page for an address within the portal that leads nowhere."""
    return message_page(
        "There is no such page",
        "What you are looking for has been changed or is not part of your billing page.",
        status=404,
        merchant=visit.merchant,
        back=visit.path,
        back_text="Back to billing",
    )


def _target(visit: Visit) -> str | None:
    flow = visit.page["flow"]
    after = flow["after_completion"] if flow else None
    return after["redirect"]["return_url"] if after and after["type"] == "redirect" else None
