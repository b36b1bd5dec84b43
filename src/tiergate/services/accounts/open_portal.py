"""Opens Stripe's portal for an account: its home page, or one of its flows."""

import uuid
from typing import Any
from urllib.parse import urljoin

from tiergate.rules.change import Change, ChangeKind, Needs
from tiergate.rules.errors import TiergateError
from tiergate.services.accounts.stripe_locale import stripe_locale
from tiergate.services.changes.change_errors import CheckoutRequiredError, require_possible
from tiergate.services.changes.change_facts import Facts
from tiergate.services.changes.preview_change import current_facts
from tiergate.services.context import Context
from tiergate.services.plans.portal_features import MARK, allows_updates, portal_configuration

FLOWS = ("payment_method_update", "subscription_cancel", "subscription_update")


class PortalFlowError(TiergateError):
    """Stripe's portal cannot do this for the account as things are."""

    code = "portal_flow_not_possible"


def open_portal(
    context: Context,
    account_id: str,
    flow: str | None = None,
    return_url: str | None = None,
    language: str | None = None,
) -> str:
    """Return the address of the portal; ``flow`` leads to one of ``FLOWS`` at once.

    The portal's configuration is made where there is none yet, and found again by its metadata. A path as
    ``return_url`` is one of this application's own; without it the customer comes back to the billing page.
    The portal speaks ``language``, or what the browser asks it for.
    Raises ``PortalFlowError``, ``CheckoutRequiredError`` and ``UnknownAccountError``.
    """
    facts = current_facts(context, account_id)
    customer_id = facts.account.stripe_customer_id
    if customer_id is None or (facts.state.customer is not None and facts.state.customer.deleted):
        raise CheckoutRequiredError(
            "This account has never bought anything.", "Buy a plan: start a checkout."
        )
    params: dict[str, Any] = {
        "customer": customer_id,
        "configuration": _configuration(context, facts),
        "locale": stripe_locale(language),
        "return_url": urljoin(f"{context.public_url}/", return_url or f"{context.public_url}/billing"),
    }
    if flow is not None:
        params["flow_data"] = _flow_data(facts, flow, params["return_url"])
    # Opening it twice opens two doors to the same room: no key is needed that outlives the call.
    return str(context.gateway.create_portal_session(params, uuid.uuid4().hex).body["url"])


def _configuration(context: Context, facts: Facts) -> str:
    wanted = portal_configuration(facts)
    mark = wanted["metadata"][MARK]
    for answer in context.gateway.list_portal_configurations():
        if (answer.body.get("metadata") or {}).get(MARK) == mark:
            return str(answer.body["id"])
    return str(context.gateway.create_portal_configuration(wanted, f"portal:{mark}").body["id"])


def _flow_data(facts: Facts, flow: str, return_url: str) -> dict[str, Any]:
    if flow not in FLOWS:
        raise PortalFlowError(f"There is no flow {flow!r}.", f"The flows are: {', '.join(FLOWS)}.")
    data: dict[str, Any] = {
        "type": flow,
        "after_completion": {"type": "redirect", "redirect": {"return_url": return_url}},
    }
    if flow == "payment_method_update":
        return data
    held = facts.held
    if held is None:
        require_possible(Change(ChangeKind.BUY, None, needs=Needs.CHECKOUT), facts)
        return data
    if held.schedule_id is not None:
        raise PortalFlowError(
            "A change is scheduled, and Stripe's portal can do nothing meanwhile.", "Undo it first."
        )
    if flow == "subscription_cancel" and held.is_ending:
        raise PortalFlowError("It is cancelled already.", "Resume it, if it was not meant so.")
    is_simple = len(held.subscription.items) == 1 and not held.subscription.is_sent_invoices
    if flow == "subscription_update" and not (is_simple and allows_updates(facts)):
        raise PortalFlowError("Stripe's portal cannot change this plan.", "Change it on the billing page.")
    return {**data, flow: {"subscription": held.subscription.id}}
