"""What customers may do in Stripe's portal: what our rules would do too, and nothing else."""

import hashlib
import json
from collections import defaultdict
from itertools import pairwise
from typing import Any

from tiergate.rules.catalog import Catalog, Plan
from tiergate.rules.policy import OnCancel, Policy, UpgradeInTrial
from tiergate.rules.price import INTERVALS
from tiergate.services.changes.cancel_subscription import FEEDBACK
from tiergate.services.changes.change_facts import Facts

Json = dict[str, Any]

MARK = "tiergate_portal"
"""The metadata by which a configuration is found again; its value names what is allowed."""

_MOST_PRODUCTS = 10


def portal_configuration(facts: Facts) -> Json:
    """Return the portal's configuration for an account, marked with what it allows.

    Source: https://docs.stripe.com/api/customer_portal/configurations/create
    """
    held = facts.held
    policy = held.plan.policy if held and held.plan else Policy()
    features = {
        "customer_update": {
            "enabled": True,
            "allowed_updates": ["email", "name", "address", "phone", "tax_id"],
        },
        "invoice_history": {"enabled": True},
        "payment_method_update": {"enabled": True},
        "subscription_cancel": {
            "enabled": True,
            "mode": "immediately" if policy.cancel is OnCancel.NOW else "at_period_end",
            "proration_behavior": "none",
            "cancellation_reason": {"enabled": True, "options": list(FEEDBACK)},
        },
        "subscription_update": _update(facts, policy),
    }
    text = json.dumps(features, sort_keys=True)
    mark = hashlib.sha256(text.encode()).hexdigest()[:16]
    return {
        "features": features,
        "metadata": {MARK: mark},
        "name": f"{facts.catalog.product.name} (tiergate)",
    }


def allows_updates(facts: Facts) -> bool:
    """Whether the portal would change plans as our rules do.

    It knows prices and no ranks, and no people who need seats: where a bigger plan is not the dearer one, or
    a plan is charged per seat, it would do otherwise.
    """
    sold = [plan for plan in facts.catalog if plan.prices and plan.is_public]
    return (
        0 < len(sold) <= _MOST_PRODUCTS
        and all(plan.seats is None for plan in sold)
        and all(price.lookup_key in facts.for_sale for plan in sold for price in plan.prices)
        and _is_by_price(facts.catalog, sold)
    )


def _is_by_price(catalog: Catalog, sold: list[Plan]) -> bool:
    for currency in catalog.currencies:
        for interval in INTERVALS:
            amounts = [
                amount.unit_amount
                for plan in sold
                for price in plan.prices
                if price.interval == interval and (amount := price.amount_in(currency)) is not None
            ]
            if any(smaller >= bigger for smaller, bigger in pairwise(amounts)):
                return False
    return True


def _update(facts: Facts, policy: Policy) -> Json:
    if not allows_updates(facts):
        return {"enabled": False}
    keeps_trial = policy.upgrade_in_trial is UpgradeInTrial.KEEP_TRIAL
    products = defaultdict(list)
    for plan in facts.catalog:
        for price in plan.prices if plan.is_public else ():
            found = facts.for_sale[price.lookup_key]
            products[found.stripe_product_id].append(found.stripe_price_id)
    return {
        "enabled": True,
        "default_allowed_updates": ["price"],
        "proration_behavior": "always_invoice",
        "schedule_at_period_end": {
            "conditions": [{"type": "decreasing_item_amount"}, {"type": "shortening_interval"}]
        },
        "trial_update_behavior": "continue_trial" if keeps_trial else "end_trial",
        "products": [{"product": product, "prices": prices} for product, prices in products.items()],
    }
