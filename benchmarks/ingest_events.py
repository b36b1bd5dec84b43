"""The events that every contestant gets: the same subscriptions, changed in the same order.

Each subscription gets twenty deliveries: seventeen changes a few seconds apart, two of them delivered again
later (10 % duplicates), and one more change in the same second as the one before (5 % ties), which nobody can
order without asking Stripe. A change is a new number of seats. Those of one subscription come in order; those
of others in between.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tiergate_sandbox.signing import signature_header

SECRET = "whsec_benchmark"
LAST = 18
"""The number of the last change, in the same second as the one before it."""
ORDER = (1, 2, 3, 4, 5, 6, 5, 7, 8, 9, 10, 11, 12, 11, 13, 14, 15, 16, 17, LAST)
CHANGES = len(set(ORDER))
MIX = "10 % duplicates, 5 % ties in the same second"
_SECONDS_APART = 3
_STRETCH = 2
"""Subscriptions begin one after the other, over this many times the length of one."""
_FIRST_SEATS = 1

Json = dict[str, Any]
Signed = tuple[bytes, str]


@dataclass(frozen=True)
class Scenery:
    """What the events are about, in the shapes of Stripe: what one buyer has."""

    customer: Json
    payment_method: Json
    subscription: Json
    invoice: Json
    others: tuple[Json, ...]
    """What no event is about, but somebody may ask Stripe for."""


@dataclass(frozen=True)
class Delivery:
    """One delivery of an event, not signed yet."""

    event_id: str
    subscription_id: str
    created: int
    body: bytes

    def signed(self) -> "Signed":
        """Return the body, and a ``Stripe-Signature`` made now."""
        return self.body, signature(self.body)


class Events:
    """The events about ``subscriptions`` buyers, each with one account, one customer, one card."""

    def __init__(self, scenery: Scenery, subscriptions: int, changes: int = LAST) -> None:
        """Prepare them; the last change of each is about an hour old now, and ties."""
        self.others = scenery.others
        self.subscriptions = subscriptions
        self._scenery = scenery
        self._changes = changes
        self._last_second = changes - 1
        self._begin = int(time.time()) - 3_600 - changes * _SECONDS_APART

    def object(self, kind: str, number: int, seats: int) -> Json:
        """Return a ``customer``, ``payment_method``, ``subscription`` or ``invoice`` as Stripe shows it."""
        text = self._texts[kind].replace("<number>", f"{number:07}").replace('"<seats>"', str(seats))
        found: Json = json.loads(text.replace('"<created>"', str(self._begin - 60)))
        return found

    def newest(self, number: int) -> Json:
        """Return a subscription after all that happens to it."""
        return self.object("subscription", number, self.seats_after(self._changes))

    def continued(self, changes: int) -> "Events":
        """Return events that come after all of these: so many changes of each buyer, and no ties."""
        later = Events(self._scenery, self.subscriptions, changes)
        later._begin = self._begin + self._changes * _SECONDS_APART
        later._last_second = changes
        return later

    def of_first(self, subscriptions: int) -> "Events":
        """Return the same events, as far as they are about the first so many buyers."""
        fewer = Events(self._scenery, min(subscriptions, self.subscriptions), self._changes)
        fewer._begin, fewer._last_second = self._begin, self._last_second
        return fewer

    def newest_seats(self) -> dict[str, int]:
        """Return the number of seats that each subscription has in the end."""
        seats = self.seats_after(self._changes)
        return {subscription_id(number): seats for number in range(self.subscriptions)}

    def created(self, number: int) -> list[Delivery]:
        """Return the events by which a buyer came to be."""
        types = {
            "customer": "customer.created",
            "payment_method": "payment_method.attached",
            "subscription": "customer.subscription.created",
            "invoice": "invoice.paid",
        }
        return [self._delivery(kind, types[kind], number, 0) for kind in types]

    def changed(self, number: int, change: int) -> Delivery:
        """Return a change, counted from 1; the last shares its second with the one before."""
        return self._delivery("subscription", "customer.subscription.updated", number, change)

    def queues(self, numbers: range, connections: int) -> list[list[Delivery]]:
        """Share the deliveries of some buyers out to connections; those of one buyer go over the same."""
        queues: list[list[Delivery]] = []
        for connection in range(connections):
            mine = numbers[connection::connections]
            begins = {number: place / len(mine) * _STRETCH * len(ORDER) for place, number in enumerate(mine)}
            order = sorted(
                (begins[number] + step, number, change)
                for number in mine
                for step, change in enumerate(ORDER)
            )
            queues.append([self.changed(number, change) for _, number, change in order])
        return queues

    @staticmethod
    def seats_after(change: int) -> int:
        """Return how many seats a subscription has after a change."""
        return _FIRST_SEATS + change

    @cached_property
    def _texts(self) -> dict[str, str]:
        """The objects as text, with marks in place of what differs."""
        scenery = self._scenery
        renamed = {
            scenery.customer["id"]: "cus_<number>",
            scenery.payment_method["id"]: "pm_<number>",
            scenery.subscription["id"]: "sub_<number>",
            scenery.invoice["id"]: "in_<number>",
            scenery.subscription["items"]["data"][0]["id"]: "si_<number>",
        }
        own: dict[str, Json] = {
            "customer": {**scenery.customer, "metadata": {"account_id": "acct_<number>"}},
            "payment_method": scenery.payment_method,
            "subscription": _with_seats(scenery.subscription),
            "invoice": scenery.invoice,
        }
        return {kind: _rename(json.dumps(thing), renamed) for kind, thing in own.items()}

    @cached_property
    def _envelopes(self) -> dict[str, str]:
        """The events as text, indented as Stripe sends them."""
        return {kind: json.dumps(_envelope(json.loads(text)), indent=2) for kind, text in self._texts.items()}

    def _delivery(self, kind: str, event_type: str, number: int, change: int) -> Delivery:
        event_id = f"evt_{number:07}_{kind}_{change}"
        second = self._begin + _SECONDS_APART * min(change, self._last_second)
        text = self._envelopes[kind].replace('"<at>"', str(second)).replace("<event>", event_id)
        text = text.replace("<type>", event_type).replace("<number>", f"{number:07}")
        text = text.replace('"<seats>"', str(self.seats_after(change)))
        text = text.replace('"<before>"', str(self.seats_after(change - 1)))
        text = text.replace('"<created>"', str(self._begin - 60))
        return Delivery(event_id, subscription_id(number), second, text.encode())


def subscription_id(number: int) -> str:
    """Return the id of a subscription."""
    return f"sub_{number:07}"


def account_id(number: int) -> str:
    """Return the id of the account that a subscription belongs to."""
    return f"acct_{number:07}"


def signed(path: str, body: bytes) -> bytes:
    """Return the request that delivers a body, signed now."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)\r\n"
        f"Accept: */*; q=0.5, application/xml\r\nContent-Type: application/json; charset=utf-8\r\n"
        f"Stripe-Signature: {signature(body)}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def signature(body: bytes) -> str:
    """Return the ``Stripe-Signature`` of a body, made now."""
    return signature_header(body, [SECRET], int(time.time()))


def _with_seats(subscription: Json) -> Json:
    item = {**subscription["items"]["data"][0], "quantity": "<seats>"}
    return {
        **subscription,
        "items": {**subscription["items"], "data": [item]},
        "quantity": "<seats>",
        "created": "<created>",
        "start_date": "<created>",
    }


def _rename(text: str, names: Mapping[str, str]) -> str:
    for name, mark in names.items():
        text = text.replace(name, mark)
    return text


def _envelope(thing: Json) -> Json:
    data: Json = {"object": thing}
    if thing["object"] == "subscription":
        data["previous_attributes"] = {"quantity": "<before>"}
    return {
        "id": "<event>",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": "<at>",
        "data": data,
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": "<type>",
    }
