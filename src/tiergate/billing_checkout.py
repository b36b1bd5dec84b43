"""The part of ``Billing`` that is about buying: Stripe's checkout, and what became of it."""

from tiergate.services.context import Context
from tiergate.services.follow_checkout import follow_checkout
from tiergate.services.keyed_wish import once
from tiergate.services.lead_to_checkout import lead_to_checkout
from tiergate.store.checkout_rows import Checkout, find_checkout


class BillingCheckout:
    """What ``Billing`` does with checkouts; most of it calls Stripe."""

    _context: Context

    def start_checkout(
        self,
        account_id: str,
        plan: str,
        interval: str = "month",
        *,
        seats: int | None = None,
        currency: str | None = None,
        key: str | None = None,
    ) -> str:
        """Return the address of Stripe's checkout page for a plan; safe to call again and again.

        In a trial without a card that page asks for one, and the trial is bought, be it for another plan.
        ``seats``: by default one for each member; ``currency``: as long as the account pays in none. ``key``
        is a name of your own for this wish, and leads to the same page for good, also when that is closed.
        Raises ``AlreadySubscribedError``, ``CheckoutClosedError``, ``SeatsError``, ``UnknownPlanError`` and
        ``KeyReusedError``.
        """
        context, terms = self._context, {"seats": seats, "currency": currency}
        wish = {"action": "checkout", "plan": plan, "interval": interval, **terms}

        def do() -> str:
            return lead_to_checkout(context, account_id, plan, interval, seats=seats, currency=currency)

        return once(context, account_id, key, wish, do)

    def follow_checkout(self, session_id: str) -> str | None:
        """Ask Stripe what became of a checkout and mirror it; returns the session's status.

        ``None`` for a session that was not started here.
        """
        return follow_checkout(self._context, session_id)

    def checkout(self, session_id: str) -> Checkout | None:
        """Return a checkout that was started here, as far as it is known."""
        with self._context.database.read() as tx:
            return find_checkout(tx, session_id)
