"""A change of what an account pays for: its kind, when it holds, what it needs first, why it is refused."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from tiergate.rules.catalog import Plan


class ChangeKind(StrEnum):
    """What a change comes to, for the customer."""

    BUY = "buy"
    """There is nothing to change yet: it is bought."""
    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"
    LONGER_INTERVAL = "longer_interval"
    """The same plan, paid by the year instead of by the month."""
    SHORTER_INTERVAL = "shorter_interval"
    MORE = "more"
    """More seats, or more of an add-on."""
    FEWER = "fewer"
    CANCEL = "cancel"
    PAUSE = "pause"
    STAY = "stay"
    """It has this already, and what was planned to follow is taken back."""
    NOTHING = "nothing"
    """It has this already, or it is planned."""


class Holds(StrEnum):
    """When a change takes effect."""

    NOW = "now"
    AT_RENEWAL = "at_renewal"


class Needs(StrEnum):
    """What has to be done before a change can be made."""

    NOTHING = "nothing"
    CHECKOUT = "checkout"
    CARD = "card"


class Refusal(StrEnum):
    """Why a change is not made: stable codes."""

    PAYMENT_OUTSTANDING = "payment_outstanding"
    SUBSCRIPTION_PAUSED = "subscription_paused"
    STATUS_UNKNOWN = "status_unknown"
    PRICE_UNKNOWN = "price_unknown"
    """The subscription's price belongs to no plan of the catalogue."""
    PLAN_BY_AGREEMENT = "plan_by_agreement"
    NOT_PER_SEAT = "not_per_seat"
    SEATS_OUT_OF_RANGE = "seats_out_of_range"
    FEWER_SEATS_THAN_MEMBERS = "fewer_seats_than_members"
    ADD_ON_NOT_SOLD_SO = "add_on_not_sold_so"
    """An add-on that the account has is not sold by the interval that is wanted."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done about a wish, and from when on it holds, in the account's time.

    ``quantity`` is that of the item that changes: the plan's seats, or how much of an add-on.
    """

    kind: ChangeKind
    plan: Plan | None
    """The plan afterwards; ``None`` where it is not known."""
    interval: str | None = None
    quantity: int = 1
    holds: Holds = Holds.NOW
    effective_at: datetime | None = None
    add_on_key: str | None = None
    needs: Needs = Needs.NOTHING
    refusal: Refusal | None = None
    in_the_way: str | None = None
    """The add-on that it is refused for, by key."""
    trial_end: datetime | Literal["now"] | None = None
    """What becomes of a running trial: it ends now, or keeps its days; ``None`` where none is running."""
    releases: str | None = None
    """The schedule that has to let the subscription go first."""
    takes_back_cancellation: bool = False
    waits_for_payment: bool = False
    """It was asked for before, and holds as soon as its payment is made."""

    @property
    def is_made(self) -> bool:
        """Whether there is something to be done at Stripe, and nothing in its way."""
        nothing_to_do = self.kind is ChangeKind.NOTHING or self.waits_for_payment
        return self.refusal is None and self.needs is Needs.NOTHING and not nothing_to_do
