"""The part of ``Billing`` that is about trials: start, buy, extend, end."""

from collections.abc import Mapping
from datetime import datetime

from tiergate.services.checkout.order import Order
from tiergate.services.checkout.preview_purchase import PurchasePreview, preview_purchase
from tiergate.services.context import Context
from tiergate.services.trials.extend_trial import end_trial, extend_trial
from tiergate.services.trials.start_trial import TrialOffer, TrialStarted, offer_trial, start_trial


class BillingTrials:
    """What ``Billing`` does with trials; most of it calls Stripe."""

    _context: Context

    def start_trial(
        self, account_id: str, plan: str | None = None, interval: str = "month", key: str | None = None
    ) -> TrialStarted:
        """Start the trial of a plan, without a card; of the plan that is tried first where none is named.

        Safe to call again and again: who tries already gets the trial that runs. ``key`` is a name of your
        own for this wish, and leads to the same result for good. Raises ``TrialRefusedError`` (its ``why`` is
        a stable code), ``TrialNeedsCardError`` where it is started through checkout, ``UnknownPlanError`` and
        ``UnknownAccountError``.
        """
        return start_trial(self._context, account_id, plan, interval, key)

    def trial_offer(self, account_id: str, plan: str | None = None) -> TrialOffer:
        """Say whether an account may try a plan, for how long, and otherwise why not; Stripe is not asked.

        Raises ``UnknownPlanError`` and ``UnknownAccountError``.
        """
        return offer_trial(self._context, account_id, plan)

    def preview_purchase(
        self,
        account_id: str,
        plan: str,
        interval: str = "month",
        *,
        seats: int | None = None,
        currency: str | None = None,
        add_ons: Mapping[str, int] | None = None,
    ) -> PurchasePreview:
        """Say in words and figures what buying a plan charges, and when; Stripe is not asked.

        The order is that of ``start_checkout``. Raises ``AlreadySubscribedError`` where it is a change,
        ``SeatsError``, ``UnknownPlanError``, ``UnknownAddOnError`` and ``UnknownAccountError``.
        """
        order = Order(plan, interval, seats, currency, add_ons or {})
        return preview_purchase(self._context, account_id, order)

    def extend_trial(
        self, account_id: str, days: int, *, by: str = "", note: str = "", key: str | None = None
    ) -> datetime:
        """Let an account try for so many days more, and return until when that is; extensions add up.

        A trial that runs is extended at Stripe, one that is over by a grant. ``key`` names the wish, so that
        a repeated call extends once. Raises ``NoTrialError``, ``ExtensionError`` and ``UnknownAccountError``.
        """
        return extend_trial(self._context, account_id, days, by=by, note=note, key=key)

    def end_trial(self, account_id: str, *, by: str = "") -> None:
        """End the trial that runs, now: a card is charged, and without one it is over.

        Raises ``NoTrialError`` and ``UnknownAccountError``.
        """
        end_trial(self._context, account_id, by=by)
