"""The account itself: https://docs.stripe.com/api/accounts."""

from typing import Any

from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.routing import route

Obj = dict[str, Any]


def retrieve(draft: Draft, _params: Obj) -> Obj:
    """Return the account that the key belongs to."""
    settings = draft.settings
    return {
        "id": settings.account_id,
        "object": "account",
        "business_profile": {"name": settings.account_name, "url": None},
        "business_type": "company",
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "country": settings.account_country,
        "default_currency": settings.default_currency,
        "details_submitted": True,
        "email": None,
        "metadata": {},
        "payouts_enabled": True,
        "settings": {"dashboard": {"display_name": settings.account_name, "timezone": "Etc/UTC"}},
        "type": "standard",
    }


ROUTES = (route("GET", "/v1/account", retrieve),)
