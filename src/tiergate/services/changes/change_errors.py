"""Why a change is not made: each with a stable code, and with a remedy that a page can show as a button."""

from collections.abc import Mapping
from typing import Any

from tiergate.rules.change import Change, Needs, Refusal
from tiergate.rules.errors import TiergateError
from tiergate.rules.state import AccountState, Invoice, InvoiceStatus
from tiergate.services.changes.change_facts import Facts


class ChangeRefusedError(TiergateError):
    """The change is not possible as things are; its kinds say why. ``pay_url`` is where a debt is paid."""

    code = "change_refused"

    def __init__(self, message: str, remedy: str, pay_url: str | None = None) -> None:
        super().__init__(message, remedy)
        self.pay_url = pay_url
        self.details: Mapping[str, Any] = {"pay_url": pay_url} if pay_url else {}


class PaymentOutstandingError(ChangeRefusedError):
    """A payment has failed or was never made: it is settled first."""

    code = "payment_outstanding"


class SubscriptionPausedError(ChangeRefusedError):
    """The subscription is paused: it is resumed first."""

    code = "subscription_paused"


class StatusUnknownError(ChangeRefusedError):
    """Stripe's status is one that this code does not know."""

    code = "status_unknown"


class PriceUnknownError(ChangeRefusedError):
    """The subscription's price belongs to no plan."""

    code = "price_unknown"


class PlanByAgreementError(ChangeRefusedError):
    """The plan has no price: it is agreed upon."""

    code = "plan_by_agreement"


class NotPerSeatError(ChangeRefusedError):
    """The plan is not charged per seat."""

    code = "not_per_seat"


class SeatsOutOfRangeError(ChangeRefusedError):
    """The plan is not sold with so many seats."""

    code = "seats_out_of_range"


class FewerSeatsThanMembersError(ChangeRefusedError):
    """There are more people than seats are wanted."""

    code = "fewer_seats_than_members"


class AddOnNotSoldSoError(ChangeRefusedError):
    """An add-on of the account's is not sold by the interval that is wanted."""

    code = "add_on_not_sold_so"


class CheckoutRequiredError(TiergateError):
    """There is no subscription that could be changed: it has to be bought first."""

    code = "checkout_required"


class CardRequiredError(TiergateError):
    """The trial has no card, and this would have to be paid for."""

    code = "card_required"


class ChangeBusyError(TiergateError):
    """Others are changing the same subscription at this very moment."""

    code = "change_busy"


_REFUSED: Mapping[Refusal, tuple[type[ChangeRefusedError], str, str]] = {
    Refusal.PAYMENT_OUTSTANDING: (
        PaymentOutstandingError,
        "A payment of this subscription is outstanding.",
        "Pay the open invoice first, then change the plan.",
    ),
    Refusal.SUBSCRIPTION_PAUSED: (
        SubscriptionPausedError,
        "The subscription is paused.",
        "Resume it first, then change it.",
    ),
    Refusal.STATUS_UNKNOWN: (
        StatusUnknownError,
        "The subscription is in a state that this version does not know.",
        "Update tiergate, or change it in Stripe's dashboard.",
    ),
    Refusal.PRICE_UNKNOWN: (
        PriceUnknownError,
        "The subscription's price belongs to no plan that is known here.",
        "Map it with: tiergate plans push, or change it in Stripe's dashboard.",
    ),
    Refusal.PLAN_BY_AGREEMENT: (
        PlanByAgreementError,
        "This plan is sold by agreement.",
        "Get in touch: see the pricing page.",
    ),
    Refusal.NOT_PER_SEAT: (
        NotPerSeatError,
        "This plan is not charged per seat.",
        "Choose a plan with seats to add some.",
    ),
    Refusal.SEATS_OUT_OF_RANGE: (
        SeatsOutOfRangeError,
        "The plan cannot be bought with so many seats.",
        "Choose a number of seats that the plan allows, or another plan.",
    ),
    Refusal.FEWER_SEATS_THAN_MEMBERS: (
        FewerSeatsThanMembersError,
        "There are more people in the account than seats are wanted.",
        "Remove people first, then reduce the seats.",
    ),
    Refusal.ADD_ON_NOT_SOLD_SO: (
        AddOnNotSoldSoError,
        "An add-on of this account cannot be paid by that interval.",
        "Remove the add-on first; once it is gone, change the interval.",
    ),
}


def require_possible(change: Change, facts: Facts) -> None:
    """Raise what stands in a change's way: ``ChangeRefusedError``, ``CheckoutRequiredError`` or
    ``CardRequiredError``.
    """
    if change.refusal is not None:
        kind, message, remedy = _REFUSED[change.refusal]
        refused = kind(message, remedy, pay_url(facts) if kind is PaymentOutstandingError else None)
        if change.in_the_way is not None:
            refused.details = {"add_on": change.in_the_way}
        raise refused
    if change.needs is Needs.CHECKOUT:
        raise CheckoutRequiredError("This account has no subscription yet.", "Buy a plan: start a checkout.")
    if change.needs is Needs.CARD:
        raise CardRequiredError("The trial has no card yet.", "Add a card first, then choose the plan.")


def pay_url(facts: Facts) -> str | None:
    """Return the page at which the held subscription's open invoice is paid or confirmed."""
    if facts.held is None:
        return None
    return open_invoice_url(facts.state, facts.held.subscription.id)


def open_invoice_url(state: AccountState, subscription_id: str) -> str | None:
    """Return the page at which the newest open invoice of a subscription is paid."""
    newest = open_invoice(state, subscription_id)
    return newest.hosted_invoice_url if newest else None


def open_invoice(state: AccountState, subscription_id: str) -> Invoice | None:
    """Return the newest open invoice of a subscription."""
    open_ones = [
        invoice
        for invoice in state.invoices
        if invoice.subscription_id == subscription_id and invoice.status is InvoiceStatus.OPEN
    ]
    return max(open_ones, key=lambda invoice: (invoice.created_at, invoice.id), default=None)
