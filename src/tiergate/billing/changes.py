"""What a customer may change by itself, as the host calls it: a part of ``Billing``."""

from tiergate.services.accounts.open_portal import open_portal
from tiergate.services.accounts.set_billing_email import set_billing_email
from tiergate.services.changes.cancel_subscription import cancel_subscription
from tiergate.services.changes.change_plan import change_plan
from tiergate.services.changes.changed import Changed
from tiergate.services.changes.pause_subscription import pause_subscription
from tiergate.services.changes.preview_change import Preview, preview_change
from tiergate.services.changes.resume_subscription import resume_subscription
from tiergate.services.changes.run_change import Asking
from tiergate.services.changes.undo_change import undo_change
from tiergate.services.changes.wish import Wish
from tiergate.services.context import Context
from tiergate.services.keyed_wish import once


class Changes:
    """Each is one call, safe to repeat: what was done already is answered, and not done again.

    ``key`` is an idempotency key of the client's: the same key with the same wish has the same result, and
    with another wish it is refused (``KeyReusedError``). ``actor`` says in the journal who wanted it.

    They raise ``UnknownAccountError``, ``ChangeRefusedError`` (whose ``code`` says why),
    ``CheckoutRequiredError``, ``CardRequiredError``, ``ChangeBusyError``, ``StripeUnavailableError`` and
    ``StripeRefusedError``.
    """

    _context: Context

    def preview_change(
        self,
        account_id: str,
        plan: str | None = None,
        interval: str | None = None,
        *,
        seats: int | None = None,
        add_on: str | None = None,
        quantity: int | None = None,
    ) -> Preview:
        """Say what a change would cost, when it would hold, and which features it would gain and lose.

        Name a ``plan`` (per ``interval``: ``month``, ``year``, or as it is paid now), a number of ``seats``,
        or an ``add_on`` and its ``quantity``. Hand the preview's ``token`` in with the change.
        """
        return preview_change(self._context, account_id, Wish(plan, interval, seats, add_on, quantity))

    def change_plan(
        self,
        account_id: str,
        plan: str,
        interval: str | None = None,
        *,
        token: str | None = None,
        key: str | None = None,
        actor: str = "",
    ) -> Changed:
        """Change the plan: a bigger one now, a smaller one at the renewal, the free one at the period's end.

        Where the payment fails or has to be confirmed, the old plan stays in force (``payment_pending``, with
        ``pay_url``). Raises ``AmountMovedError`` where the ``token`` of a preview shows another amount.
        """
        return self._change(account_id, "change_plan", Wish(plan, interval), token, key, actor)

    def set_seats(
        self,
        account_id: str,
        seats: int,
        *,
        token: str | None = None,
        key: str | None = None,
        actor: str = "",
    ) -> Changed:
        """Set how many seats are paid for, prorated.

        Fewer than there are people are refused, or wait for the renewal, as the policy says.
        """
        return self._change(account_id, "set_seats", Wish(seats=seats), token, key, actor)

    def set_add_on(
        self,
        account_id: str,
        add_on: str,
        quantity: int = 1,
        *,
        token: str | None = None,
        key: str | None = None,
        actor: str = "",
    ) -> Changed:
        """Set how much of an add-on is paid for: more now, less (0 is none) at the renewal."""
        wish = Wish(add_on=add_on, quantity=quantity)
        return self._change(account_id, "set_add_on", wish, token, key, actor)

    def cancel(
        self,
        account_id: str,
        *,
        reason: str = "",
        comment: str = "",
        when: str | None = None,
        key: str | None = None,
        actor: str = "",
    ) -> Changed:
        """Cancel at the ``period_end`` or ``now``: as the policy says, unless ``when`` does.

        ``reason`` is one of Stripe's: ``too_expensive``, ``missing_features``, ``switched_service``,
        ``unused``, ``customer_service``, ``too_complex``, ``low_quality`` or ``other``.
        """
        asking = Asking({"action": "cancel", "when": when}, key, actor)
        return cancel_subscription(self._context, account_id, asking, reason, comment, when)

    def resume(self, account_id: str, *, key: str | None = None, actor: str = "") -> Changed:
        """Take a cancellation back that does not hold yet, or let a paused subscription go on."""
        return resume_subscription(self._context, account_id, Asking({"action": "resume"}, key, actor))

    def pause(self, account_id: str, *, key: str | None = None, actor: str = "") -> Changed:
        """Pause for the policy's ``pause_days``. Raises ``PauseNotOfferedError`` where there are none."""
        return pause_subscription(self._context, account_id, Asking({"action": "pause"}, key, actor))

    def undo_change(self, account_id: str, *, key: str | None = None, actor: str = "") -> Changed:
        """Take back what is planned for the renewal, or waits for its payment."""
        return undo_change(self._context, account_id, Asking({"action": "undo"}, key, actor))

    def open_portal(
        self,
        account_id: str,
        flow: str | None = None,
        return_url: str | None = None,
        language: str | None = None,
        *,
        key: str | None = None,
    ) -> str:
        """Return the address of Stripe's portal, where ``flow`` leads to one thing at once.

        The flows are ``payment_method_update``, ``subscription_cancel`` and ``subscription_update``. The
        customer comes back to ``return_url``, or to the billing page. The portal speaks ``language``, such as
        ``de``, or what the browser asks for. Raises ``PortalFlowError``.
        """
        wish = {"action": "portal", "flow": flow, "return_url": return_url}

        def do() -> str:
            return open_portal(self._context, account_id, flow, return_url, language)

        return once(self._context, account_id, key, wish, do)

    def set_billing_email(
        self, account_id: str, email: str, *, key: str | None = None, actor: str = ""
    ) -> str:
        """Let invoices and receipts go to an address, at Stripe too. Raises ``InvalidEmailError``."""
        wish = {"action": "billing_email", "email": email}
        context = self._context
        return once(
            context, account_id, key, wish, lambda: set_billing_email(context, account_id, email, actor)
        )

    def _change(
        self, account_id: str, action: str, wish: Wish, token: str | None, key: str | None, actor: str
    ) -> Changed:
        asking = Asking({"action": action, **wish.as_json()}, key, actor)
        return change_plan(self._context, account_id, wish, asking, token)
