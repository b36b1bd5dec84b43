"""What is asked of the routes that change a subscription, and what they answer, with examples."""

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, Field
from pydantic.config import JsonDict

from tiergate.services.accounts.set_billing_email import ADDRESS, LONGEST
from tiergate.services.changes.cancel_subscription import FEEDBACK, MOST_CHARACTERS
from tiergate.services.changes.changed import Changed
from tiergate.services.changes.preview_change import Preview
from tiergate.services.changes.wish import MOST
from tiergate.services.checkout.order import OWN_PATH
from tiergate.web.idempotency_key import KeyedOrder
from tiergate.web.shown_as import shown_as, strictly_shown_as

_SHOWN = "1804759200.2032.5e47e6b877f08803"
_SEATS: JsonDict = {"minimum": 1, "maximum": MOST}
_QUANTITY: JsonDict = {"minimum": 0, "maximum": MOST}
_REASON: JsonDict = {"enum": ["", *FEEDBACK]}
_COMMENT: JsonDict = {"maxLength": MOST_CHARACTERS}
_EMAIL: JsonDict = {"pattern": rf"^\s*{ADDRESS.pattern}\s*$", "maxLength": LONGEST}
"""What the services allow, as the description says it; their refusals have words that a form can show."""

_KINDS = {"plan": "string", "seats": "integer", "add_on": "string", "quantity": "integer"}


def _only(*said: str) -> JsonDict:
    silent = [name for name in _KINDS if name not in said] + (["interval"] if "plan" not in said else [])
    kinds: JsonDict = {name: {"type": _KINDS[name]} for name in said}
    return {"required": list(said), "properties": {**kinds, **{name: {"type": "null"} for name in silent}}}


_ONE_WISH: JsonDict = {"oneOf": [_only("plan"), _only("seats"), _only("add_on", "quantity")]}
"""A plan, a number of seats, or so much of an add-on."""


class PreviewOrder(BaseModel):
    """What is to be previewed: a plan, a number of seats, or a quantity of an add-on."""

    model_config = strictly_shown_as({"plan": "team", "interval": "year"}, {"seats": 5}, more=_ONE_WISH)

    plan: str | None = None
    interval: Literal["month", "year"] | None = None
    seats: int | None = Field(None, json_schema_extra=_SEATS)
    add_on: str | None = None
    quantity: int | None = Field(None, json_schema_extra=_QUANTITY)


class ChangeOrder(KeyedOrder):
    """Which plan is wanted, paid how; ``token`` is that of the preview that was confirmed."""

    model_config = strictly_shown_as({"plan": "team", "interval": "year", "token": _SHOWN})

    plan: str
    interval: Literal["month", "year"] | None = None
    token: str | None = None


class SeatsOrder(KeyedOrder):
    """How many seats are wanted."""

    model_config = strictly_shown_as({"seats": 5, "token": _SHOWN})

    seats: int = Field(json_schema_extra=_SEATS)
    token: str | None = None


class AddOnOrder(KeyedOrder):
    """How much of an add-on is wanted; 0 is none."""

    model_config = strictly_shown_as({"add_on": "extra_projects", "quantity": 2})

    add_on: str
    quantity: int = Field(1, json_schema_extra=_QUANTITY)
    token: str | None = None


class CancelOrder(KeyedOrder):
    """Why somebody leaves; both may be left out."""

    model_config = strictly_shown_as({"reason": "too_expensive", "comment": "We will be back in spring."})

    reason: str = Field("", json_schema_extra=_REASON)
    comment: str = Field("", json_schema_extra=_COMMENT)


class EmailOrder(KeyedOrder):
    """Where invoices and receipts are to go."""

    model_config = strictly_shown_as({"email": "billing@example.com"})

    email: str = Field(json_schema_extra=_EMAIL)


class PortalOrder(KeyedOrder):
    """Where in Stripe's portal to begin, and the path of this site to come back to."""

    model_config = strictly_shown_as({"flow": "payment_method_update", "return_url": "/billing"})

    flow: Literal["payment_method_update", "subscription_cancel", "subscription_update"] | None = None
    return_url: str | None = Field(None, pattern=OWN_PATH)


class PreviewLineAnswer(BaseModel):
    """A line of the invoice; a credit is negative."""

    description: str
    amount: int
    is_proration: bool


class PreviewAnswer(BaseModel):
    """What a change would cost, when it would hold, and what it means. Amounts are in minor units."""

    model_config = shown_as(
        {
            "kind": "upgrade",
            "plan": "team",
            "interval": "month",
            "quantity": 1,
            "holds": "now",
            "effective_at": "2027-03-11T10:00:00Z",
            "currency": "usd",
            "total": 2032,
            "due_now": 2032,
            "lines": [{"description": "Unused time", "amount": -1287, "is_proration": True}],
            "renews_at": "2027-04-01T10:00:00Z",
            "renewal_total": 4900,
            "features": {"projects": [5, "unlimited"]},
            "undone": [],
            "token": _SHOWN,
        }
    )

    kind: str = Field(description="upgrade, downgrade, longer_interval, shorter_interval, more, fewer, …")
    plan: str | None
    interval: str | None
    quantity: int
    holds: str = Field(description="now, or at_renewal")
    effective_at: datetime | None
    currency: str | None
    total: int = Field(description="What is invoiced now; what is negative is credited to later invoices.")
    due_now: int = Field(description="What is charged now.")
    lines: list[PreviewLineAnswer]
    renews_at: datetime | None
    renewal_total: int | None = Field(description="What the renewal afterwards is invoiced with.")
    features: dict[str, list[bool | int | str]] = Field(description="By feature: its value before, and then.")
    undone: list[str] = Field(description="What is taken back: cancellation, schedule, pending_update.")
    token: str = Field(description="To be sent with the change: what was shown is what is charged.")

    @classmethod
    def of(cls, preview: Preview) -> Self:
        """Put a preview into JSON."""
        return cls.model_validate(preview.as_json())


class ProblemAnswer(BaseModel):
    """Why a payment was not made, in words for whoever pays."""

    code: str = Field(description="Stripe's, such as insufficient_funds; card_declined without a reason.")
    message: str
    remedy: str


class ChangedAnswer(BaseModel):
    """What came of a change."""

    model_config = shown_as(
        {
            "outcome": "payment_pending",
            "kind": "upgrade",
            "plan": "team",
            "interval": "month",
            "quantity": 1,
            "effective_at": "2027-03-11T10:00:00Z",
            "pay_url": "https://invoice.stripe.com/i/acct_1/test_1",
            "pay_by": "2027-03-12T09:00:00Z",
            "undone": [],
            "subscription_id": "sub_1",
            "problem": {
                "code": "insufficient_funds",
                "message": "There is not enough money on the card.",
                "remedy": "Use another card, or try again once there is.",
            },
        }
    )

    outcome: str = Field(
        description="done; scheduled for effective_at; payment_pending: the old plan stays until the payment "
        "is made or confirmed at pay_url; nothing: it was so already"
    )
    kind: str
    plan: str | None
    interval: str | None
    quantity: int | None
    effective_at: datetime | None
    pay_url: str | None
    pay_by: datetime | None
    undone: list[str]
    subscription_id: str | None
    problem: ProblemAnswer | None = Field(description="With payment_pending: why, and what to do.")

    @classmethod
    def of(cls, changed: Changed) -> Self:
        """Put an outcome into JSON."""
        return cls.model_validate(changed.as_json())


class EmailAnswer(BaseModel):
    """Where invoices and receipts go now."""

    model_config = shown_as({"email": "billing@example.com"})

    email: str


class PortalAnswer(BaseModel):
    """Where to send the customer."""

    model_config = shown_as({"url": "https://billing.stripe.com/p/session/test_1"})

    url: str
