"""What a Stripe account owner sets in the Dashboard, and the few habits of Stripe that are not documented."""

from typing import Literal

import msgspec

DAY_SECONDS = 86_400
HOUR_SECONDS = 3_600

TerminalAction = Literal["cancel", "mark_unpaid", "leave_past_due"]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one account.

    ``retry_after_days`` are the days between one failed automatic attempt and the next; when they are used
    up, ``after_retries`` happens to the subscription
    (https://docs.stripe.com/billing/revenue-recovery/smart-retries).
    """

    account_id: str = "acct_1SandboxTiergate"
    account_name: str = "Sandbox"
    account_country: str = "US"
    default_currency: str = "usd"
    default_version: str = "2026-10-28.endive"
    hosted_url: str = "http://127.0.0.1:12111"
    retry_after_days: tuple[int, ...] = (3, 5, 7)
    after_retries: TerminalAction = "cancel"
    upcoming_days: int = 7
    draft_seconds: int = HOUR_SECONDS
    incomplete_seconds: int = 23 * HOUR_SECONDS
    relaxed_clocks: bool = False
