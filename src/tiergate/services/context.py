"""What every use case works with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tiergate.store import Database
from tiergate.stripe_api.gateway import Gateway


@dataclass(frozen=True, slots=True)
class Context:
    """The outside world of the use cases, put together once by ``Billing``.

    ``now`` reads real time. ``test_clock`` is the Stripe test clock on which new customers are put.
    """

    database: Database
    gateway: Gateway
    now: Callable[[], datetime]
    webhook_secrets: tuple[str, ...]
    public_url: str
    test_clock: str | None = None

    @property
    def livemode(self) -> bool:
        """Whether real money moves: events of the other mode are never applied."""
        return self.gateway.livemode
