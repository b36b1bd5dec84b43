"""Policy: the decisions a founder takes about trials, grace and what follows them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum


class Afterwards(StrEnum):
    """What an account has once a plan no longer holds."""

    FREE = "free"
    """The free plan, or nothing where the catalogue has none."""
    READ_ONLY = "read_only"
    """What it had, to look at but not to use."""
    BLOCKED = "blocked"
    """Nothing at all, not even the free plan."""


class FirstCharge(StrEnum):
    """What holds between the end of a trial and its first paid invoice.

    Stripe reports ``active`` about an hour before it charges the card.
    """

    ALLOW = "allow"
    WAIT = "wait"


class OnUnknown(StrEnum):
    """What holds when nobody can tell: Stripe has been silent for longer than ``max_unconfirmed``, or a
    process has lost both the feed of changes and the database.
    """

    DENY = "deny"
    ALLOW = "allow"
    LAST_KNOWN = "last_known"
    """What was known last, for ``last_known_for`` more; then nothing."""


class OnCancelNow(StrEnum):
    """What an immediate cancellation leaves of a period that was already paid."""

    END = "end"
    KEEP_PAID = "keep_paid"


class OnPauseCollection(StrEnum):
    """What it means when Stripe is told to collect no payments for a while (``pause_collection``).

    The subscription's status stays as it is. Source: https://docs.stripe.com/billing/subscriptions/pause-payment
    """

    KEEP = "keep"
    """Access goes on: the time is a present, or is paid for later."""
    PAUSE = "pause"
    """Access rests too, as ``on_pause`` says."""


class OnDuplicate(StrEnum):
    """What follows when an account pays for two subscriptions at once."""

    ANNOUNCE = "announce"
    CANCEL = "cancel"
    """The newer one is cancelled, after it was announced."""


class OnCancel(StrEnum):
    """When a cancellation that the customer asks for takes effect."""

    PERIOD_END = "period_end"
    NOW = "now"


class FewerSeats(StrEnum):
    """What follows when fewer seats are wanted than there are people in the account."""

    REFUSE = "refuse"
    AT_RENEWAL = "at_renewal"
    """It is scheduled: until then people can be removed."""


class UpgradeInTrial(StrEnum):
    """What buying during a trial does to the days that are left of it."""

    CONVERT_NOW = "convert_now"
    KEEP_TRIAL = "keep_trial"


@dataclass(frozen=True, slots=True)
class FeaturePolicy:
    """Where one feature differs from the plan's policy; ``None`` is as the plan."""

    grace: timedelta | None = None
    grace_read_only: timedelta | None = None
    on_unknown: OnUnknown | None = None
    last_known_for: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """The policy of one plan: the defaults, what the file says for all, what it says for this plan."""

    after_trial: Afterwards = Afterwards.FREE
    after_grace: Afterwards = Afterwards.FREE
    after_cancel: Afterwards = Afterwards.FREE
    grace: timedelta = timedelta(days=3)
    """How long a failed renewal leaves access untouched, from the first failed invoice."""
    grace_read_only: timedelta = timedelta(0)
    """How long after that access is read-only, before ``after_grace``."""
    first_charge: FirstCharge = FirstCharge.ALLOW
    first_charge_grace: timedelta = timedelta(0)
    """The same for the first charge after a trial, when nothing was ever paid before it."""
    max_unconfirmed: timedelta = timedelta(days=4)
    """How long access goes on past a boundary without word from Stripe.

    Stripe may hold an invoice for up to 72 hours while an endpoint fails, so less than that would
    lock out customers who are about to pay. Source: https://docs.stripe.com/billing/subscriptions/webhooks
    """
    on_unknown: OnUnknown = OnUnknown.DENY
    last_known_for: timedelta = timedelta(hours=24)
    on_cancel_now: OnCancelNow = OnCancelNow.END
    on_pause: Afterwards = Afterwards.FREE
    """What an account has while its subscription is paused."""
    on_pause_collection: OnPauseCollection = OnPauseCollection.KEEP
    on_duplicate: OnDuplicate = OnDuplicate.ANNOUNCE
    upgrade_in_trial: UpgradeInTrial = UpgradeInTrial.CONVERT_NOW
    cancel: OnCancel = OnCancel.PERIOD_END
    fewer_seats_than_members: FewerSeats = FewerSeats.REFUSE
    pause: timedelta = timedelta(0)
    """For how long customers may pause; zero where they cannot."""
    features: Mapping[str, FeaturePolicy] = field(default_factory=dict)
    """By feature: what differs from the above."""

    def of_feature(self, feature: str) -> "Policy":
        """Return this policy as it stands for one feature."""
        own = self.features.get(feature)
        if own is None:
            return self
        return replace(
            self,
            grace=self.grace if own.grace is None else own.grace,
            grace_read_only=self.grace_read_only if own.grace_read_only is None else own.grace_read_only,
            on_unknown=own.on_unknown or self.on_unknown,
            last_known_for=self.last_known_for if own.last_known_for is None else own.last_known_for,
        )
