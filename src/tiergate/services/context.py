"""What every use case works with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tiergate.services.access.access_change import Listening
from tiergate.services.do_later import DoLater
from tiergate.services.mirror.take_turns import TakeTurns
from tiergate.services.webhooks.commit_together import CommitTogether
from tiergate.services.webhooks.delivery import Arrival, Need, Outcome
from tiergate.store import Database
from tiergate.stripe_api.gateway import Gateway
from tiergate.stripe_api.pace import no_hurry
from tiergate.translation import Translation
from tiergate.translation_files import read_translations


@dataclass(frozen=True, slots=True)
class Context:
    """The outside world of the use cases, put together once by ``Billing``.

    ``now`` reads real time. ``test_clock`` is the Stripe test clock on which new customers are put.
    ``listening`` holds the host's callback, whenever it is registered. ``pace`` returns when the next call
    of a long series may be made. ``reconcile_every`` is how often all is compared with Stripe, if ever.
    """

    database: Database
    gateway: Gateway
    now: Callable[[], datetime]
    webhook_secrets: tuple[str, ...]
    public_url: str
    test_clock: str | None = None
    listening: Listening = field(default_factory=Listening)
    pace: Callable[[], None] = no_hurry
    reconcile_every: timedelta | None = None
    secret_keys: tuple[str, ...] = field(default=(), repr=False)
    """What links and sessions are signed with: the first signs, all are believed."""
    form_keys: tuple[str, ...] = field(default=("",), repr=False)
    """What the tokens of forms are made with, likewise."""
    stripe_prices: Mapping[str, str] = field(default_factory=dict)
    """The environment variables that hold the id of a price at Stripe: ``STRIPE_PRICE_TEAM_MONTHLY``."""
    translations: Mapping[str, Translation] = field(default_factory=read_translations)
    """The languages that customers are spoken to in, by tag."""
    deliveries: CommitTogether[Arrival, Outcome] = field(init=False, default_factory=CommitTogether)
    """The webhooks that are arriving."""
    telling: DoLater[str, str] = field(
        init=False, default_factory=lambda: DoLater("tiergate-telling", at_once=1)
    )
    """The accounts that a webhook changed, each with the events that did."""
    finishing: DoLater[tuple[Need, ...], Arrival] = field(
        init=False, default_factory=lambda: DoLater("tiergate-finishing", at_once=64)
    )
    """The events for which something has to be read from Stripe, by what that is."""
    starting: DoLater[str, str] = field(
        init=False, default_factory=lambda: DoLater("tiergate-starting", at_once=1)
    )
    """The accounts whose reverse trial is to begin at Stripe."""
    turns: TakeTurns = field(init=False, default_factory=TakeTurns)
    """Who is reading which object."""

    @property
    def livemode(self) -> bool:
        """Whether real money moves: events of the other mode are never applied."""
        return self.gateway.livemode
