"""Sessions of the portal: one customer's way in, for a short while.

https://docs.stripe.com/api/customer_portal/sessions
"""

from typing import Any

from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.errors import StripeError

Obj = dict[str, Any]

KIND = "billing_portal.session"


def new_session(draft: Draft, customer: Obj, configuration: Obj, now: int, **values: Any) -> Obj:
    """Return a new session; its address is a secret."""
    session_id = draft.new_id("bps_")
    token = draft.new_id("test_")
    session: Obj = {
        "id": session_id,
        "object": KIND,
        "after_expiration": None,
        "configuration": configuration["id"],
        "created": now,
        "customer": customer["id"],
        "customer_account": None,
        "flow": None,
        "livemode": False,
        "locale": None,
        "on_behalf_of": None,
        "return_url": configuration["default_return_url"],
        "url": f"{draft.settings.hosted_url}/p/session/{token}",
        "_": {"token": token, "expires_at": now + draft.settings.portal_unused_seconds, "setup": None},
    }
    session.update(values)
    return draft.add(session)


def enter(draft: Draft, token: str, now: int) -> Obj:
    """Return the session behind an address, and let it live on while it is used.

    Raises:
        StripeError: 404 for an address that leads nowhere, 410 when the session has expired.
    """
    found = draft.find(KIND, "token", token)
    customer = draft.get("customer", found[0]["customer"]) if found else None
    if customer is None or customer.get("deleted"):
        raise StripeError("There is no portal session at this address; create another one.", status=404)
    session = found[0]
    if now >= session["_"]["expires_at"]:
        raise StripeError("This portal session has expired; create another one.", status=410)
    session["_"]["expires_at"] = now + draft.settings.portal_idle_seconds
    return session
