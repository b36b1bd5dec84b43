"""The part of ``Billing`` that leads to Stripe's checkout, and back."""

from collections.abc import Mapping
from dataclasses import asdict, replace

from tiergate.services.checkout.follow_checkout import follow_checkout
from tiergate.services.checkout.lead_to_checkout import lead_to_checkout
from tiergate.services.checkout.order import Order
from tiergate.services.context import Context
from tiergate.services.keyed_wish import once
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
        add_ons: Mapping[str, int] | None = None,
        return_to: str | None = None,
        language: str | None = None,
        key: str | None = None,
    ) -> str:
        """Return the address of Stripe's checkout page for a plan; safe to call again and again.

        In a trial without a card that page asks for one, and the trial is bought, be it for another plan.
        ``seats``: by default one for each member; ``currency``: as long as the account pays in none;
        ``add_ons``: how much of each, by key; ``return_to``: the path of this site for whoever turns back, by
        default the pricing page as it was; ``language``: what Stripe's page is in, by default what the
        browser asks for. ``key`` is a name of your own for this wish, and leads to the same page for good,
        also when that is closed. Raises ``AlreadySubscribedError``, ``CheckoutClosedError``, ``SeatsError``,
        ``InvalidOrderError``, ``UnknownPlanError``, ``UnknownAddOnError`` and ``KeyReusedError``.
        """
        order = Order(plan, interval, seats, currency, add_ons or {}, return_to, language)
        wish = {"action": "checkout", **asdict(replace(order, language=None))}

        def do() -> str:
            return lead_to_checkout(self._context, account_id, order)

        return once(self._context, account_id, key, wish, do)

    def follow_checkout(self, session_id: str) -> str | None:
        """Ask Stripe what became of a checkout and mirror it; returns the session's status.

        ``None`` for a session that was not started here.
        """
        return follow_checkout(self._context, session_id)

    def checkout(self, session_id: str) -> Checkout | None:
        """Return a checkout that was started here, as far as it is known."""
        with self._context.database.read() as tx:
            return find_checkout(tx, session_id)
