"""The part of ``Billing`` that is about trials: start, buy, extend, end."""

from tiergate.services.context import Context
from tiergate.services.start_trial import TrialOffer, TrialStarted, offer_trial, start_trial


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
