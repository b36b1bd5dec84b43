"""Finds out at Stripe what became of a checkout, when nobody has told us.

The browser's return proves nothing: it is only a reason to ask.
"""

from tiergate.services.checkout.finish_purchase import finish_purchase
from tiergate.services.context import Context
from tiergate.services.mirror.read_from_stripe import BeingReadError, read_object
from tiergate.services.webhooks.delivery import Need
from tiergate.store.checkout_rows import find_checkout, set_checkout_status, touch_checkout
from tiergate.store.mirror import is_mirrored


def follow_checkout(context: Context, session_id: str) -> str | None:
    """Ask Stripe about a session, mirror the subscription it led to, and return the session's status.

    One that saved a card for a trial has the purchase carried out, by whoever comes first.

    A session that we did not create is none of our business: ``None``.
    """
    with context.database.read() as tx:
        checkout = find_checkout(tx, session_id)
    if checkout is None:
        return None
    if checkout.mode == "setup":
        return finish_purchase(context, checkout)
    answer = context.gateway.fetch_checkout_session(session_id)
    status = str(answer.body["status"]) if answer else "expired"
    subscription_id = answer.body.get("subscription") if answer else None
    is_mirroring = isinstance(subscription_id, str) and not _mirror(context, subscription_id)
    with context.database.write() as tx:
        if status == "open" or is_mirroring:
            touch_checkout(tx, session_id, context.now())
        else:
            set_checkout_status(tx, session_id, status, context.now())
    return status


def _mirror(context: Context, subscription_id: str) -> bool:
    """Mirror a subscription; returns false where somebody else is reading it at this moment."""
    with context.database.read() as tx:
        known = is_mirrored(tx, "subscription", subscription_id)
    if not known:
        try:
            read_object(context, Need("subscription", subscription_id), cause="checkout")
        except BeingReadError:
            return False
    return True
