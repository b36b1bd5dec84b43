"""A customer who has nothing but HTTP: the API of the application, and the forms of Stripe's pages."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.story.stage import ACCOUNT, Stage

VISA = "4242 4242 4242 4242"
DECLINES_LATER = "4000 0000 0000 0341"

Json = dict[str, Any]


@dataclass
class HttpCustomer:
    """Each call is one request, answered with JSON or refused with a problem."""

    stage: Stage

    def get(self, path: str, **params: str) -> Json:
        """Read."""
        answer = self.stage.http.get(f"{self.stage.app_url}/api/billing/{path}", params=params)
        assert answer.status_code == 200, answer.text
        told: Json = answer.json()
        return told

    def post(self, path: str, body: Json | None = None, *, status: int = 200, key: str = "") -> Json:
        """Do something, and say how that must be answered."""
        headers = {"Idempotency-Key": key} if key else {}
        answer = self.stage.http.post(
            f"{self.stage.app_url}/api/billing/{path}", json=body or {}, headers=headers
        )
        assert answer.status_code == status, answer.text
        self.settle()
        told: Json = answer.json()
        return told

    def at_stripe(self, url: str, card: str) -> str:
        """Type a card into one of Stripe's pages, and return where that leads."""
        page = self.stage.http.get(url)
        assert page.status_code == 200, page.text
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
        typed = {"number": card, "expiry": "12 / 34", "cvc": "123", "name": "Ada", "email": "ap@acme.test"}
        answer = self.stage.http.post(url, data={**hidden, **typed})
        assert answer.status_code == 303, answer.text
        self.settle()
        return str(answer.headers["location"])

    def use_card(self, card: str) -> None:
        """Leave another card at Stripe, through its portal."""
        portal = self.post("portal", {"flow": "payment_method_update"})["url"]
        self.at_stripe(f"{portal}/cards/add", card)

    def settle(self) -> None:
        """Let all webhooks arrive."""
        self.stage.sandbox("POST", "/quiesce", {})
        assert self.stage.billing.wait_until_told()

    def travel_to(self, at: datetime) -> None:
        """Let time pass until an instant, and let the worker do what has become due."""
        by = at - self.stage.billing.explain(ACCOUNT).at
        assert by > timedelta(0)
        self.stage.billing.advance_clock(self.stage.test_clock, by, pause=self.settle)
        self.settle()
        self.stage.billing.run_due()

    def charged(self) -> list[int]:
        """Return what Stripe has taken, the oldest first, in cents."""
        customer = self.get("subscription")["stripe_customer_id"]
        found = self.stage.stripe_get("/v1/invoices", customer=customer, limit=100)["data"]
        return [each["amount_paid"] for each in reversed(found) if each["amount_paid"]]


def at(text: str) -> datetime:
    """Read an instant of these stories: ``2027-03-15 10:00`` in UTC."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
