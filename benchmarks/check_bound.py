"""The check as it would be written by hand: two look-ups in dictionaries, a clock, and a compare."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

_A_DAY_SECONDS = 86_400


@dataclass(slots=True)
class Entitlement:
    """What one account has of one feature, until an instant (seconds since 1970)."""

    valid_until: float
    used: int
    limit: int
    reason: str = "included"


class Answer(msgspec.Struct, gc=False):
    """The answer with its grounds."""

    allowed: bool
    remaining: int
    reason: str
    valid_until: float


class HandWritten:
    """Entitlements by account and feature, and nothing that would keep them true."""

    def __init__(self, account_ids: Iterable[str], features: Iterable[str]) -> None:
        """Let all accounts have much of all features for a day."""
        until, keys = time.time() + _A_DAY_SECONDS, list(features)
        self.accounts = {
            account_id: {key: Entitlement(until + number, number, 1_000_000) for key in keys}
            for number, account_id in enumerate(account_ids)
        }

    def allowed(self, account_id: str, feature: str) -> bool:
        """Answer yes or no."""
        found = self.accounts[account_id][feature]
        return time.time() < found.valid_until and found.used < found.limit

    def check(self, account_id: str, feature: str) -> Answer:
        """Answer with the grounds."""
        found = self.accounts[account_id][feature]
        until, remaining = found.valid_until, found.limit - found.used
        return Answer(time.time() < until and remaining > 0, remaining, found.reason, until)
