"""What a Stripe account owner sets in the Dashboard, and the few habits of Stripe that are not documented."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from tiergate_sandbox.world.api_version import NEWEST, is_api_version

DAY_SECONDS = 86_400
HOUR_SECONDS = 3_600

TerminalAction = Literal["cancel", "mark_unpaid", "leave_past_due", "pause"]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one account.

    ``retry_after_days`` are the days between one failed automatic attempt and the next; when they are used
    up, ``after_retries`` happens to the subscription
    (https://docs.stripe.com/billing/revenue-recovery/smart-retries), and
    ``invoice_after_retries`` to the invoice.
    A sent invoice that is still not paid ``overdue_days`` after its due date does ``after_overdue`` to its
    subscription (0: never). ``invoice.upcoming`` comes ``upcoming_days`` before a renewal (0: not at all).
    ``schedule_ends_as`` is the status of a schedule that lets its subscription go on.
    ``free_invoice_spends_coupon`` says whether
    a coupon that works once is used up by an invoice over nothing, such as that of a trial. ``after_dispute``
    is what a dispute does to the subscription whose invoice is disputed; refunds of the cards 7726 and 5126
    settle after ``refund_settles_seconds``. Subscriptions in ``entitling_statuses`` give their features.
    ``portal_saved`` says that the owner has saved a default configuration of the billing portal; its sessions
    end after ``portal_unused_seconds`` without a visit, and later ``portal_idle_seconds`` after the last one
    (https://docs.stripe.com/customer-management). A card that becomes the default there is charged for the
    customer, and for subscriptions that name a card of their own if ``portal_default_card`` says so.
    """

    account_id: str = "acct_1SandboxTiergate"
    account_name: str = "Sandbox"
    account_country: str = "US"
    default_currency: str = "usd"
    default_version: str = NEWEST
    hosted_url: str = "http://127.0.0.1:12111"
    retry_after_days: tuple[int, ...] = (3, 5, 7)
    after_retries: TerminalAction = "cancel"
    invoice_after_retries: Literal["leave_open", "mark_uncollectible"] = "leave_open"
    overdue_days: int = 0
    after_overdue: Literal["cancel", "mark_unpaid", "leave_past_due"] = "leave_past_due"
    upcoming_days: int = 7
    draft_seconds: int = HOUR_SECONDS
    incomplete_seconds: int = 23 * HOUR_SECONDS
    relaxed_clocks: bool = False
    schedule_ends_as: Literal["released", "completed"] = "released"
    free_invoice_spends_coupon: bool = False
    after_dispute: Literal["leave", "cancel", "cancel_at_period_end"] = "leave"
    refund_settles_seconds: int = 60
    entitling_statuses: tuple[str, ...] = ("active", "trialing", "past_due")
    portal_saved: bool = True
    portal_unused_seconds: int = 5 * 60
    portal_idle_seconds: int = HOUR_SECONDS
    portal_default_card: Literal["customer_and_subscriptions", "customer"] = "customer_and_subscriptions"


def changed(settings: Settings, changes: Mapping[str, object]) -> Settings:
    """Return the settings with some of them changed.

    Raises:
        msgspec.ValidationError: there is no such setting, or it cannot have that value.
    """
    unknown = sorted(set(changes) - set(Settings.__struct_fields__))
    if unknown:
        names = ", ".join(Settings.__struct_fields__)
        raise msgspec.ValidationError(f"there is no setting {unknown[0]}; there are {names}")
    found = msgspec.convert({**msgspec.to_builtins(settings), **changes}, Settings)
    if not is_api_version(found.default_version):
        raise msgspec.ValidationError(f"{found.default_version} is no API version; name one like {NEWEST}")
    return found
