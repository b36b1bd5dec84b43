"""The settings of checkout and billing as fields of a form: each with what it means, and where it acts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tiergate.rules.billing_settings import RETRIES_AT_STRIPE, AfterLastRetry, BillingSettings
from tiergate.rules.checkout_settings import BillingAddress, CheckoutSettings
from tiergate.web.admin.form_fields import Fields, is_whole, put

Table = dict[str, Any]
Mistakes = dict[str, str]
Kind = Literal["flag", "choice", "text", "whole", "days"]

_SAME_AT_STRIPE = (
    f"Set the same in Stripe’s dashboard, under {RETRIES_AT_STRIPE}: Stripe acts on what stands there."
)


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its key in the file, what it is called, and what it does, in plain English."""

    key: str
    label: str
    kind: Kind
    help: str
    choices: Mapping[str, str] = field(default_factory=dict)
    placeholder: str = ""
    at_stripe: str = ""
    """What must be done in Stripe's dashboard too, and where."""


@dataclass(frozen=True, slots=True)
class SettingsTable:
    """A table of the file, and the page that edits it."""

    name: str
    title: str
    lead: str
    usual: object
    groups: Mapping[str, tuple[Setting, ...]]

    @property
    def settings(self) -> tuple[Setting, ...]:
        """All settings, in the order of the page."""
        return tuple(setting for group in self.groups.values() for setting in group)


CHECKOUT = SettingsTable(
    "checkout",
    "Checkout",
    "How customers choose a plan and pay for it.",
    CheckoutSettings(),
    {
        "Hosted checkout": (
            Setting("hosted", "Let customers buy by themselves", "flag",
                    "They pay on Stripe’s own page, which takes all major cards and keeps them safe. "
                    "Off, nothing can be bought, and the pricing page says so."),
            Setting("promotion_codes", "Accept promotion codes", "flag",
                    "Stripe’s page gets a field for a code that you have made at Stripe."),
            Setting("automatic_tax", "Work out tax", "flag",
                    "Stripe Tax adds what is due where the customer lives.",
                    at_stripe="First say in Stripe’s dashboard, under Tax > Settings, where you are and "
                              "where you are registered."),
            Setting("tax_ids", "Ask businesses for their tax id", "flag",
                    "It is checked and printed on their invoices."),
            Setting("billing_address", "Billing address", "choice",
                    "Fewer fields are filled in by more people; some need the address for their books.",
                    {BillingAddress.AUTO: "Ask where it is needed", BillingAddress.REQUIRED: "Always ask"}),
        ),
        "Plan selection": (
            Setting("first_interval", "Prices shown first", "choice",
                    "What the pricing page shows until a visitor switches.",
                    {"month": "Monthly", "year": "Yearly"}),
        ),
        "Where customers go": (
            Setting("success_url", "After a purchase", "text",
                    "Where to go on once the purchase is confirmed. Empty: the billing page.",
                    placeholder="https://app.example.com/welcome"),
            Setting("cancel_url", "After turning back", "text",
                    "Where somebody ends up who leaves the checkout. Empty: the pricing page.",
                    placeholder="https://example.com/pricing"),
        ),
    },
)  # fmt: skip

BILLING = SettingsTable(
    "billing",
    "Billing",
    "How renewals are charged, and what happens when that fails.",
    BillingSettings(),
    {
        "Renewals": (
            Setting("auto_charge", "Charge renewals automatically", "flag",
                    "The card on file pays each renewal. Off, customers of new subscriptions are sent "
                    "invoices and pay these themselves; who has a subscription already goes on as before."),
            Setting("days_until_due", "Days to pay an invoice", "whole",
                    "How long an invoice that was sent may wait, where renewals are not charged."),
        ),
        "Failed payments (dunning)": (
            Setting("dunning", "Tell customers of failed payments", "flag",
                    "They learn on the billing page and by e-mail what failed, and how to set it right. "
                    "If Stripe is to send such e-mails as well, customers hear of it twice."),
            Setting("retry_after_days", "Retry after, in days", "days",
                    "When a failed payment is tried again, in days after the attempt before: 3, 5, 7.",
                    placeholder="3, 5, 7", at_stripe=_SAME_AT_STRIPE),
            Setting("after_last_retry", "After the last retry", "choice",
                    "What becomes of a subscription that is never paid.",
                    {AfterLastRetry.CANCEL: "Cancel the subscription",
                     AfterLastRetry.UNPAID: "Mark it unpaid",
                     AfterLastRetry.PAST_DUE: "Leave it past due"},
                    at_stripe=_SAME_AT_STRIPE),
        ),
    },
)  # fmt: skip


def shown_settings(table: SettingsTable, now: Mapping[str, Any]) -> dict[str, str]:
    """Return what the fields show."""
    return {each.key: _shown(now.get(each.key, getattr(table.usual, each.key))) for each in table.settings}


def sent_settings(table: SettingsTable, fields: Fields) -> dict[str, str]:
    """Return what was sent, to be shown again."""
    return {
        each.key: _shown(fields.flag(each.key)) if each.kind == "flag" else fields.text(each.key)
        for each in table.settings
    }


def read_settings(table: SettingsTable, fields: Fields, now: Mapping[str, Any]) -> tuple[Table, Mistakes]:
    """Return the table that a form asks for, and what cannot be read of it, by the field."""
    wanted, mistakes = {**now}, {}
    for each in table.settings:
        try:
            value = _read(each, fields)
        except ValueError as error:
            mistakes[each.key] = str(error)
        else:
            usual = getattr(table.usual, each.key)
            put(wanted, each.key, value, list(usual) if isinstance(usual, tuple) else usual)
    return wanted, mistakes


def _read(setting: Setting, fields: Fields) -> Any:
    told = fields.text(setting.key)
    if setting.kind == "flag":
        return fields.flag(setting.key)
    if setting.kind == "choice":
        if told not in setting.choices:
            raise ValueError("Choose one of these.")
        return told
    if setting.kind == "whole":
        return _whole(told)
    if setting.kind == "days":
        return [_whole(part) for part in told.replace(",", " ").split()]
    return told


def _whole(told: str) -> int:
    if not is_whole(told):
        raise ValueError("Write whole numbers of days.")
    return int(told)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return str(value)
