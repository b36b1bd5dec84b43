"""The overview at ``/``: what there is in the sandbox, and buttons that let test clocks move on."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tiergate_sandbox.delivery import Delivery
from tiergate_sandbox.faults import Faults
from tiergate_sandbox.loopback import refusal
from tiergate_sandbox.pages import wording
from tiergate_sandbox.pages.rendering import message_page, page
from tiergate_sandbox.service import Service
from tiergate_sandbox.world import Settings

SHOWN = 20
STEPS = {"1d": "1 day", "3d": "3 days", "14d": "14 days", "1mo": "1 month"}
CLOCKS_PATH = "/v1/test_helpers/test_clocks"
STATUS_TONES = {
    "active": "good",
    "trialing": "accent",
    "past_due": "warn",
    "incomplete": "warn",
    "paused": "warn",
    "unpaid": "bad",
    "canceled": "",
    "incomplete_expired": "",
    "delivered": "good",
    "failed": "bad",
    "dropped": "bad",
    "retrying": "warn",
}


class ClockRow(msgspec.Struct, frozen=True):
    """One test clock."""

    id: str
    name: str
    time: str
    advancing: bool


class SubscriptionRow(msgspec.Struct, frozen=True):
    """One subscription with its customer."""

    id: str
    customer: str
    plan: str
    status: str
    tone: str
    next: str


class DeliveryRow(msgspec.Struct, frozen=True):
    """How one event fared on its way to one destination."""

    destination: str
    status: str
    tone: str
    attempts: int


class EventRow(msgspec.Struct, frozen=True):
    """One event and its deliveries."""

    id: str
    type: str
    time: str
    deliveries: list[DeliveryRow]


class Overview:
    """The handlers of the page."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def show(self, request: Request) -> Response:
        """Show the page."""
        reason = refusal(request.headers)
        if reason is not None:
            return message_page("Only for this machine", reason, status=403)
        self._service.engine.catch_up()
        return page(
            "overview.html",
            steps=STEPS,
            clocks=[clock_row(entry) for entry in self._latest("test_helpers.test_clock")],
            customers=self._latest("customer"),
            subscriptions=[self._subscription_row(entry) for entry in self._latest("subscription")],
            events=self._event_rows(),
            endpoints=self._service.engine.world.webhook_endpoints(),
            listeners=[session for session in self._service.sessions.all() if session.is_connected],
            holding=self._service.courier.holding,
            settings=settings_facts(self._service.engine.world.settings),
            faults=fault_facts(self._service.courier.faults),
        )

    async def resend(self, request: Request) -> Response:
        """Send an event again to everybody who wants it, and show the page again."""
        reason = refusal(request.headers)
        if reason is not None:
            return message_page("Only for this machine", reason, status=403)
        event = self._service.engine.ask("GET", f"/v1/events/{request.path_params['event']}").json()
        if "error" in event:
            return message_page("There is no such event", event["error"]["message"], status=404, back="/")
        self._service.resend(event["id"], event["type"], None, listeners_only=False)
        return RedirectResponse("/#events", 303)

    async def advance(self, request: Request) -> Response:
        """Let one test clock move on and show the page again."""
        reason = refusal(request.headers)
        if reason is not None:
            return message_page("Only for this machine", reason, status=403)
        clock_path = f"{CLOCKS_PATH}/{request.path_params['clock']}"
        clock = self._service.engine.ask("GET", clock_path).json()
        form = await request.form()
        if "error" not in clock:
            target = after(clock["frozen_time"], str(form.get("by", "")))
            clock = self._service.engine.ask(
                "POST", f"{clock_path}/advance", {"frozen_time": str(target)}
            ).json()
        if "error" in clock:
            return message_page("The clock did not move", clock["error"]["message"], status=400, back="/")
        self._service.engine.catch_up()
        return RedirectResponse("/#clocks", 303)

    def _latest(self, kind: str) -> list[dict[str, Any]]:
        return list(islice(self._service.engine.world.newest(kind), SHOWN))

    def _subscription_row(self, entry: dict[str, Any]) -> SubscriptionRow:
        found = self._service.engine.ask(
            "GET", f"/v1/subscriptions/{entry['id']}", {"expand": ["customer", "items.data.price.product"]}
        ).json()
        items = found["items"]["data"]
        customer = found["customer"]
        return SubscriptionRow(
            id=found["id"],
            customer=customer.get("email") or customer.get("name") or customer["id"],
            plan=", ".join(item["price"]["product"]["name"] for item in items),
            status=found["status"],
            tone=STATUS_TONES.get(found["status"], ""),
            next=what_is_next(found),
        )

    def _event_rows(self) -> list[EventRow]:
        deliveries: dict[str, list[DeliveryRow]] = {}
        for delivery in self._service.courier.deliveries():
            deliveries.setdefault(delivery.event_id, []).append(delivery_row(delivery))
        listed = self._service.engine.ask("GET", "/v1/events", {"limit": str(SHOWN)}).json()["data"]
        return [
            EventRow(
                event["id"], event["type"], wording.minute(event["created"]), deliveries.get(event["id"], [])
            )
            for event in listed
        ]


def clock_row(clock: dict[str, Any]) -> ClockRow:
    """Return what the page shows of a test clock."""
    time = wording.minute(clock["frozen_time"])
    return ClockRow(clock["id"], clock.get("name") or "Test clock", time, clock["status"] == "advancing")


def delivery_row(delivery: Delivery) -> DeliveryRow:
    """Return what the page shows of a delivery."""
    tone = STATUS_TONES.get(delivery.status, "")
    url = delivery.url.partition("?")[0]
    return DeliveryRow(url, delivery.status.replace("_", " "), tone, len(delivery.attempts))


def settings_facts(settings: Settings) -> list[tuple[str, str]]:
    """Return the settings of the account that most often matter."""
    days = ", ".join(str(day) for day in settings.retry_after_days)
    return [
        ("API version without a header", settings.default_version),
        ("Failed payments are tried again", f"{days} days after one another" if days else "never"),
        ("After the last try", settings.after_retries.replace("_", " ")),
        ("Upcoming invoices are announced", f"{wording.days(settings.upcoming_days)} before"),
        ("Limits of test clocks", "off" if settings.relaxed_clocks else "as at Stripe"),
    ]


def fault_facts(faults: Faults) -> list[tuple[str, str]]:
    """Return the faults that are switched on, by their names in ``/_sandbox/faults``."""
    plain, usual = msgspec.to_builtins(faults), msgspec.to_builtins(Faults())
    changed = {name: value for name, value in plain.items() if value != usual[name]}
    return [(name, str(value)) for name, value in changed.items()]


def what_is_next(subscription: dict[str, Any]) -> str:
    """Return what will happen to a subscription next, and on which day."""
    ends_at = subscription["cancel_at"]
    if subscription["status"] in {"canceled", "incomplete_expired"}:
        return ""
    if ends_at is not None:
        return f"Ends {wording.day(ends_at)}"
    if subscription["status"] == "trialing":
        return f"Trial ends {wording.day(subscription['trial_end'])}"
    if subscription["status"] != "active":
        return ""
    ends_at = min(item["current_period_end"] for item in subscription["items"]["data"])
    return f"Renews {wording.day(ends_at)}"


def after(at: int, step: str) -> int:
    """Return the unix second that lies one step after ``at``; a month ends no later than its last day."""
    moment = datetime.fromtimestamp(at, UTC)
    if step == "1mo":
        year, month = (moment.year + 1, 1) if moment.month == 12 else (moment.year, moment.month + 1)
        return int(
            moment.replace(
                year=year, month=month, day=min(moment.day, monthrange(year, month)[1])
            ).timestamp()
        )
    return int((moment + timedelta(days={"3d": 3, "14d": 14}.get(step, 1))).timestamp())
