"""A life that is told: each step says what must happen, and nothing else may.

Every step names all events that Stripe must send, in any order, and what the account may do afterwards. An
event or an entry of the journal that no step has named fails the story, and so does one that is missing.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.story.stage import ACCOUNT, Stage
from tiergate.rules.instants import isoformat
from tiergate.services.accounts.acting import Acting

VISA = "4242 4242 4242 4242"
DECLINES_LATER = "4000 0000 0000 0341"
"""Attaches without trouble, and declines every charge."""

PREMIUM = "custom_domain"
"""A feature of every paid plan, and not of the free one."""

Tell = Callable[[str], None]


class Astray(AssertionError):
    """The story did not go as it must."""


@dataclass
class Life:
    """One account's life, from the first click on."""

    stage: Stage
    tell: Tell = print
    _journal_seen: int = 0
    _events_seen: set[str] = field(default_factory=set)

    def begin(self, title: str) -> None:
        """Open the story; what happened while the stage was set is not part of it."""
        self.tell(f"\n{title}")
        self.settle()
        self._new_events()
        self._journal_seen = len(self.stage.billing.explain(ACCOUNT).journal)

    def click(self, plan: str, interval: str = "month") -> str:
        """Press the button of a page of ours, be it one that has changed since, and return where it leads."""
        answer = self.stage.http.post(
            f"{self.stage.app_url}/api/billing/checkout",
            data={
                "plan": plan,
                "interval": interval,
                "form_token": self.stage.billing.form_token(Acting(ACCOUNT)),
            },
        )
        require(answer.status_code == 303, f"the button answered {answer.status_code}: {answer.text}")
        return str(answer.headers["location"])

    def pay(self, checkout_url: str, card: str | None = None) -> str:
        """Fill in Stripe's checkout page, and return where it sends the customer."""
        page = self.stage.http.get(checkout_url).text
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        typed = {"number": card, "expiry": "12 / 34", "cvc": "123", "name": "Ada Lovelace"} if card else {}
        answer = self.stage.http.post(checkout_url, data={**hidden, "email": "ap@acme.test", **typed})
        require(answer.status_code == 303, f"checkout answered {answer.status_code}")
        return str(answer.headers["location"])

    def come_back(self, return_url: str) -> str:
        """Follow Stripe's redirect to the application, and return the page."""
        answer = self.stage.http.get(return_url)
        require(answer.status_code == 200, f"the way back answered {answer.status_code}")
        return answer.text

    def advance(self, *, days: float = 0, hours: float = 0) -> None:
        """Let time pass on the account's test clock, and let the worker do what has become due."""
        self.advance_only(days=days, hours=hours)
        self.stage.billing.run_due()

    def advance_only(self, *, days: float = 0, hours: float = 0) -> None:
        """Let time pass, with the worker asleep."""
        by = timedelta(days=days, hours=hours)
        self.stage.billing.advance_clock(self.stage.test_clock, by, pause=self.settle)
        self.settle()

    def advance_to(self, at: datetime) -> None:
        """Let time pass until an instant."""
        self.advance(hours=(at - self.now()) / timedelta(hours=1))

    def now(self) -> datetime:
        """Return what time it is for the account."""
        return self.stage.billing.explain(ACCOUNT).at

    def hold_webhooks(self) -> None:
        """Keep webhooks back from now on."""
        self.stage.sandbox("POST", "/deliveries/hold", {})

    def release_webhooks(self, *, only: str = "", times: int = 1, backwards: bool = False) -> None:
        """Send the webhooks that were kept back: all of them, or only one type, or the last one first."""
        held = self.stage.sandbox("GET", "/deliveries?status=held")["data"]
        chosen = [delivery for delivery in held if only in ("", delivery["event_type"])]
        for delivery in reversed(chosen) if backwards else chosen:
            for _ in range(times - 1):
                self.stage.deliver(delivery["event_id"])
            self.stage.sandbox("POST", "/deliveries/release", {"ids": [delivery["id"]]})
            self.settle()

    def customer_id(self) -> str:
        """Return the account's customer at Stripe."""
        return str(self._at_stripe()["customer"])

    def subscription_id(self) -> str:
        """Return the account's subscription at Stripe."""
        return str(self._at_stripe()["id"])

    def period_end(self) -> datetime:
        """Return the end of the paid period, as Stripe itself says."""
        return datetime.fromtimestamp(self._at_stripe()["items"]["data"][0]["current_period_end"], UTC)

    def cancels_at(self) -> datetime | None:
        """Return when the mirrored subscription ends, if that is decided."""
        subscription = self.stage.billing.describe(ACCOUNT).subscription
        return subscription.cancels_at if subscription else None

    def open_invoice_id(self) -> str:
        """Return the invoice that waits to be paid."""
        found = self.stage.stripe_get("/v1/invoices", customer=self.customer_id(), status="open")["data"]
        return str(found[0]["id"])

    def _at_stripe(self) -> Any:
        found = self.stage.stripe_get("/v1/subscriptions", test_clock=self.stage.test_clock, status="all")
        return found["data"][0]

    def settle(self) -> None:
        """Wait until no webhook is on its way, and what they led to is told."""
        self.stage.sandbox("POST", "/quiesce", {})
        require(self.stage.billing.wait_until_told(), "what the webhooks led to was not told in time")

    def expect(
        self,
        what: str,
        events: Iterable[str] = (),
        *,
        plan: str | None = "free",
        reason: str,
        access: str = "full",
        premium: bool = False,
        until: datetime | None = None,
        entries: Iterable[str] = (),
    ) -> None:
        """Tell a step: every event that Stripe must have emitted, and what the account may do now.

        ``entries`` are the journal's new entries, each as ``kind`` or ``kind:detail``.
        """
        self.settle()
        sent = self._new_events()
        require_same("events", events, sent)
        answer = self._get("/api/billing/subscription")
        found = (answer["plan"], answer["reason"], answer["access"])
        require(found == (plan, reason, access), f"{what}: expected {(plan, reason, access)}, found {found}")
        require(
            answer["valid_until"] == isoformat_or_none(until), f"{what}: holds until {answer['valid_until']}"
        )
        allowed = self._get("/api/billing/check", feature=PREMIUM)["allowed"]
        require(allowed is premium, f"{what}: {PREMIUM} is {'allowed' if allowed else 'refused'}")
        require_same("journal entries", entries, self._new_entries())
        self._tell_step(what, answer, sent, premium=premium)

    def _tell_step(self, what: str, answer: Any, sent: list[str], *, premium: bool) -> None:
        day = (datetime.fromisoformat(answer["at"]) - self.stage.starts_at) / timedelta(days=1)
        may = "premium" if premium else "no premium"
        line = f"  day {day:6.2f}  {what:<46}  {answer['plan'] or '-':<7} {answer['access']:<9} {may:<10}"
        self.tell(f"{line}  {answer['reason']}")
        for name, count in sorted(Counter(sent).items()):
            self.tell(f"              · {name}{f' x{count}' if count > 1 else ''}")

    def _new_events(self) -> list[str]:
        """Return the types of the events that Stripe has emitted since the last look."""
        found: list[str] = []
        after: dict[str, str] = {}
        while True:
            page = self.stage.stripe_get("/v1/events", limit=100, **after)
            new = [event for event in page["data"] if event["id"] not in self._events_seen]
            self._events_seen.update(event["id"] for event in new)
            found += [event["type"] for event in new]
            if not page["has_more"] or len(new) < len(page["data"]):
                return [name for name in found if not name.startswith("test_helpers.")]
            after = {"starting_after": page["data"][-1]["id"]}

    def _new_entries(self) -> list[str]:
        journal = self.stage.billing.explain(ACCOUNT).journal
        new, self._journal_seen = journal[self._journal_seen :], len(journal)
        return [entry_name(entry.kind, entry.data) for entry in new]

    def _get(self, path: str, **params: str) -> Any:
        answer = self.stage.http.get(f"{self.stage.app_url}{path}", params=params)
        require(answer.status_code == 200, f"{path} answered {answer.status_code}: {answer.text}")
        return answer.json()


def entry_name(kind: str, data: dict[str, Any]) -> str:
    """Name a journal entry by its kind and what matters of it."""
    if kind == "access_changed":
        return f"access:{data['to']['reason']}"
    return f"{kind}:{data['step']}" if "step" in data else kind


def isoformat_or_none(at: datetime | None) -> str | None:
    """Write an instant as the API does."""
    return None if at is None else isoformat(at)


def require(holds: bool, otherwise: str) -> None:
    """Stop the story where something does not hold."""
    if not holds:
        raise Astray(otherwise)


def require_same(what: str, expected: Iterable[str], found: Iterable[str]) -> None:
    """Stop the story where something is missing or extra."""
    wanted, got = Counter(expected), Counter(found)
    require(
        wanted == got,
        f"{what}: missing {sorted((wanted - got).elements())}, extra {sorted((got - wanted).elements())}",
    )
