"""Billing meters and what is reported to them: https://docs.stripe.com/api/billing/meter."""

from decimal import Decimal, InvalidOperation
from typing import Any

from tiergate_sandbox.world import ids
from tiergate_sandbox.world.billing import metering
from tiergate_sandbox.world.billing.methods import need_customer
from tiergate_sandbox.world.blanks import blank
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import invalid
from tiergate_sandbox.world.pagination import PAGE, page_of, part_of
from tiergate_sandbox.world.params import choice, hash_of, map_of, ref, required, string, timestamp
from tiergate_sandbox.world.routing import route
from tiergate_sandbox.world.settings import DAY_SECONDS, HOUR_SECONDS

Obj = dict[str, Any]

METER = "billing.meter"
URL = "/v1/billing/meters"
EVENTS = "/v1/billing/meter_events"
OLDEST_DAYS = 35
AHEAD_SECONDS = 5 * 60
WINDOW_SECONDS = {"hour": HOUR_SECONDS, "day": DAY_SECONDS}
MOST_WINDOWS = 10_000


def create(draft: Draft, params: Obj) -> Obj:
    """Create a meter for an event name that no active meter has."""
    if _active(draft, params["event_name"]) is not None:
        raise invalid(
            f"An active meter for {params['event_name']} exists already; use it or deactivate it.",
            "event_name",
        )
    now = draft.now_on(None)
    meter = blank(METER, draft.new_id("mtr_"), created=now, updated=now)
    for name in ("display_name", "event_name", "event_time_window", "default_aggregation"):
        meter[name] = params.get(name)
    for name in ("customer_mapping", "value_settings"):
        meter[name] |= params.get(name) or {}
    draft.add(meter)
    draft.emit("billing.meter.created", meter)
    return meter


def retrieve(draft: Draft, _params: Obj, meter_id: str) -> Obj:
    """Return a meter."""
    return draft.need(METER, meter_id)


def update(draft: Draft, params: Obj, meter_id: str) -> Obj:
    """Rename a meter."""
    meter = draft.need(METER, meter_id)
    meter.update(params, updated=draft.now_on(None))
    return meter


def deactivate(draft: Draft, _params: Obj, meter_id: str) -> Obj:
    """Let a meter take no more events."""
    return _switch(draft, meter_id, "inactive", "billing.meter.deactivated")


def reactivate(draft: Draft, _params: Obj, meter_id: str) -> Obj:
    """Let a meter take events again."""
    return _switch(draft, meter_id, "active", "billing.meter.reactivated")


def list_all(draft: Draft, params: Obj) -> Obj:
    """List meters."""
    by = {"status": params["status"]} if params.get("status") else None
    return page_of(draft, METER, URL, params, by=by)


def report(draft: Draft, params: Obj) -> Obj:
    """Take one event of usage; what Stripe would reject later, in the background, is refused at once."""
    name, payload = params["event_name"], params["payload"]
    meter = _active(draft, name)
    if meter is None:
        raise invalid(f"No active meter found for event name {name}; create one first.", "event_name")
    customer = need_customer(draft, _from_payload(meter, payload, "customer_mapping"), "payload")
    now = draft.now_for(customer)
    at = params.get("timestamp") or now
    if not now - OLDEST_DAYS * DAY_SECONDS <= at <= now + AHEAD_SECONDS:
        raise invalid(
            "The timestamp must be within the past 35 days or up to 5 minutes in the future.", "timestamp"
        )
    identifier = params.get("identifier") or draft.new_id("meter_event_")
    if any(one["created"] > now - DAY_SECONDS for one in _events(draft, identifier)):
        raise invalid(f"An event already exists with identifier {identifier}.", "identifier")
    event = blank(
        metering.METER_EVENT,
        draft.new_id("mtrevt_"),
        created=now,
        event_name=name,
        identifier=identifier,
        payload=payload,
        timestamp=at,
    )
    event["_"] = {
        "meter": meter["id"],
        "customer": customer["id"],
        "value": _value(meter, payload),
        "canceled": False,
    }
    return draft.add(event)


def adjust(draft: Draft, params: Obj) -> Obj:
    """Cancel an event of the past day."""
    identifier = (params.get("cancel") or {}).get("identifier")
    found = [one for one in _events(draft, identifier or "") if one["event_name"] == params["event_name"]]
    if not found:
        raise invalid(f"No event has the identifier {identifier}.", "cancel[identifier]", "resource_missing")
    found[-1]["_"]["canceled"] = True
    return {
        "object": "billing.meter_event_adjustment",
        "cancel": {"identifier": identifier},
        "event_name": params["event_name"],
        "livemode": False,
        "status": "complete",
        "type": "cancel",
    }


def summaries(draft: Draft, params: Obj, meter_id: str) -> Obj:
    """Tell what was used in a span of time, as a whole or by hours or days, the newest first."""
    meter = draft.need(METER, meter_id)
    since, until = params["start_time"], params["end_time"]
    if until <= since:
        raise invalid("end_time must be after start_time.", "end_time")
    window = WINDOW_SECONDS.get(params.get("value_grouping_window") or "", until - since)
    if (until - since) // window > MOST_WINDOWS:
        raise invalid(f"A summary can have at most {MOST_WINDOWS} windows; ask for less time.", "end_time")
    for name, value in (("start_time", since), ("end_time", until)):
        if value % 60:
            raise invalid(f"{name} must be aligned with minute boundaries.", name)
    data = []
    for start in range(since, until, window):
        end = min(start + window, until)
        value = metering.aggregated(draft, meter, params["customer"], start, end)
        if value or window == until - since:
            data.append(_summary(draft, meter, start, end, float(value)))
    return part_of(data[::-1], f"{URL}/{meter_id}/event_summaries", params)


def _summary(draft: Draft, meter: Obj, start: int, end: int, value: float) -> Obj:
    return {
        "id": ids.derive(draft.state.seed, start, "mtrusg_"),
        "object": "billing.meter_event_summary",
        "aggregated_value": value,
        "end_time": end,
        "livemode": False,
        "meter": meter["id"],
        "start_time": start,
    }


def _switch(draft: Draft, meter_id: str, status: str, event: str) -> Obj:
    meter = draft.need(METER, meter_id)
    now = draft.now_on(None)
    ended_at = now if status == "inactive" else None
    meter.update(status=status, updated=now, status_transitions={"deactivated_at": ended_at})
    draft.emit(event, meter)
    return meter


def _active(draft: Draft, event_name: str) -> Obj | None:
    found = draft.find(METER, "event_name", event_name)
    return next((meter for meter in found if meter["status"] == "active"), None)


def _events(draft: Draft, identifier: str) -> list[Obj]:
    return draft.find(metering.METER_EVENT, "identifier", identifier)


def _from_payload(meter: Obj, payload: Obj, settings: str) -> str:
    key = meter[settings]["event_payload_key"]
    if not payload.get(key):
        raise invalid(f"The payload needs the key {key}, as the meter says.", "payload")
    return str(payload[key])


def _value(meter: Obj, payload: Obj) -> str:
    if meter["default_aggregation"]["formula"] == "count":
        return "1"
    text = _from_payload(meter, payload, "value_settings")
    try:
        finite = Decimal(text).is_finite()
    except InvalidOperation:
        finite = False
    if not finite:
        raise invalid(f"The payload's value must be a number, not {text}.", "payload")
    return text


ROUTES = (
    route(
        "POST",
        URL,
        create,
        customer_mapping=hash_of(event_payload_key=required(string(100)), type=required(choice("by_id"))),
        default_aggregation=required(hash_of(formula=required(choice("count", "last", "sum")))),
        display_name=required(string(250)),
        event_name=required(string(100)),
        event_time_window=choice("day", "hour"),
        value_settings=hash_of(event_payload_key=required(string(100))),
    ),
    route("GET", URL, list_all, **PAGE, status=choice("active", "inactive")),
    route("GET", f"{URL}/{{id}}", retrieve),
    route("POST", f"{URL}/{{id}}", update, display_name=string(250)),
    route("POST", f"{URL}/{{id}}/deactivate", deactivate),
    route("POST", f"{URL}/{{id}}/reactivate", reactivate),
    route(
        "GET",
        f"{URL}/{{id}}/event_summaries",
        summaries,
        **PAGE,
        customer=required(ref()),
        end_time=required(timestamp()),
        start_time=required(timestamp()),
        value_grouping_window=choice("day", "hour"),
    ),
    route(
        "POST",
        EVENTS,
        report,
        event_name=required(string(100)),
        identifier=string(100),
        payload=required(map_of(string(100))),
        timestamp=timestamp(),
    ),
    route(
        "POST",
        "/v1/billing/meter_event_adjustments",
        adjust,
        cancel=hash_of(identifier=required(string(100))),
        event_name=required(string(100)),
        type=required(choice("cancel")),
    ),
)
