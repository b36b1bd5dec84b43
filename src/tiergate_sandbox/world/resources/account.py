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
        "settings": {
            "branding": dict.fromkeys(("icon", "logo", "primary_color", "secondary_color")),
            "card_payments": dict.fromkeys(
                (
                    "statement_descriptor_prefix",
                    "statement_descriptor_prefix_kana",
                    "statement_descriptor_prefix_kanji",
                )
            ),
            "dashboard": {"display_name": settings.account_name, "timezone": "Etc/UTC"},
            "payments": dict.fromkeys(
                ("statement_descriptor", "statement_descriptor_kana", "statement_descriptor_kanji")
            ),
        },
        "type": "standard",
    }


ROUTES = (route("GET", "/v1/account", retrieve),)
