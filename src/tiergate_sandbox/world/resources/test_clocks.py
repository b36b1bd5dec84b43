"""Test clocks: https://docs.stripe.com/billing/testing/test-clocks."""

from typing import Any

from tiergate_sandbox.world.billing import ending
from tiergate_sandbox.world.blanks import blank
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import StripeError, invalid
from tiergate_sandbox.world.pagination import PAGE, page_of
from tiergate_sandbox.world.params import ref, required, string, timestamp
from tiergate_sandbox.world.periods import Interval, boundary
from tiergate_sandbox.world.protocol import Call
from tiergate_sandbox.world.routing import route
from tiergate_sandbox.world.settings import DAY_SECONDS

Obj = dict[str, Any]

KIND = "test_helpers.test_clock"
URL = "/v1/test_helpers/test_clocks"
CLOCK_CUSTOMERS = 3
CLOCK_LIFE_DAYS = 30


def is_advance(call: Call) -> bool:
    """Tell whether a call asks to advance a clock."""
    return call.path.startswith(URL) and call.path.endswith("/advance")


def check_room(draft: Draft, clock_id: str) -> None:
    """Check that a clock can take one more customer.

    Raises:
        StripeError: when there is no such clock, or when it has three customers already.
    """
    draft.need(KIND, clock_id, "test_clock", 400)
    if draft.settings.relaxed_clocks:
        return
    if len(draft.find("customer", "test_clock", clock_id)) >= CLOCK_CUSTOMERS:
        raise invalid(
            f"A test clock can have at most {CLOCK_CUSTOMERS} customers. "
            "Create another clock, or start the sandbox with relaxed clocks.",
            "test_clock",
        )


def create(draft: Draft, params: Obj) -> Obj:
    """Create a clock that stands still."""
    now = draft.now_on(None)
    clock = blank(
        KIND,
        draft.new_id("clock_"),
        created=now,
        deletes_after=now + CLOCK_LIFE_DAYS * DAY_SECONDS,
        frozen_time=params["frozen_time"],
        name=params.get("name"),
    )
    draft.add(clock)
    draft.emit("test_helpers.test_clock.created", clock)
    if params.get("customer") is not None:
        _take_over(draft, clock, params["customer"])
    return clock


def retrieve(draft: Draft, _params: Obj, clock_id: str) -> Obj:
    """Return a clock."""
    return draft.need(KIND, clock_id, "test_clock")


def list_all(draft: Draft, params: Obj) -> Obj:
    """List the clocks."""
    return page_of(draft, KIND, URL, params)


def advance(draft: Draft, params: Obj, clock_id: str) -> Obj:
    """Begin to advance a clock; what becomes due on the way is played afterwards."""
    clock = draft.need(KIND, clock_id, "test_clock")
    target = params["frozen_time"]
    if clock["status"] == "advancing":
        raise StripeError(
            "The test clock is still advancing. Wait until its status is ready, then advance it again.",
            status=429,
            code="rate_limit",
        )
    _check_target(draft, clock, target)
    clock.update(status="advancing", status_details={"advancing": {"target_frozen_time": target}})
    draft.emit("test_helpers.test_clock.advancing", clock)
    return clock


def delete(draft: Draft, _params: Obj, clock_id: str) -> Obj:
    """Delete a clock with its customers; their subscriptions end."""
    clock = draft.need(KIND, clock_id, "test_clock")
    for customer in draft.find("customer", "test_clock", clock_id):
        ending.remove_customer(draft, customer)
    draft.emit("test_helpers.test_clock.deleted", clock)
    draft.remove(clock)
    return {"id": clock_id, "object": KIND, "deleted": True}


def finish_advance(draft: Draft, clock_id: str, target: int) -> None:
    """Set a clock to its target, after everything until then has been played."""
    clock = draft.the(KIND, clock_id)
    clock.update(status="ready", status_details={}, frozen_time=target)
    draft.emit("test_helpers.test_clock.ready", clock)


def _check_target(draft: Draft, clock: Obj, target: int) -> None:
    now = clock["frozen_time"]
    if target <= now:
        raise invalid(f"A test clock only moves forward; pass a frozen_time later than {now}.", "frozen_time")
    if draft.settings.relaxed_clocks:
        return
    latest = boundary(now, Interval("year", 1), 2)
    for sub in draft.find("subscription", "test_clock", clock["id"]):
        if sub["status"] in ending.OVER:
            continue
        for item in sub["items"]:
            interval = Interval.of(draft.glance("price", item["price"]))
            latest = min(latest, boundary(now, interval, 2))
    if target > latest:
        raise invalid(
            "You can advance a test clock at most two intervals of its shortest subscription at a time; "
            f"pass a frozen_time of at most {latest}, or start the sandbox with relaxed clocks.",
            "frozen_time",
        )


def _take_over(draft: Draft, clock: Obj, customer_id: str) -> None:
    """Move an existing customer, with all that belongs to it, from real time to the clock."""
    customer = draft.need("customer", customer_id, "customer", 400)
    if customer.get("deleted") or customer["test_clock"] is not None:
        raise invalid("The customer is deleted or has a test clock already; pass another one.", "customer")
    customer["test_clock"] = clock["id"]
    for kind in ("subscription", "subscription_schedule", "invoice", "invoiceitem"):
        for obj in draft.find(kind, "customer", customer_id):
            obj["test_clock"] = clock["id"]
    for kind in ("payment_method", "payment_intent", "setup_intent", "charge"):
        for obj in draft.find(kind, "customer", customer_id):
            obj["_"]["test_clock"] = clock["id"]


ROUTES = (
    route("POST", URL, create, frozen_time=required(timestamp()), name=string(300), customer=ref()),
    route("GET", URL, list_all, **PAGE),
    route("GET", f"{URL}/{{id}}", retrieve),
    route("DELETE", f"{URL}/{{id}}", delete),
    route("POST", f"{URL}/{{id}}/advance", advance, frozen_time=required(timestamp())),
)
