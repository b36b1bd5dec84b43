"""What ``GET /api/plans`` answers, for one small plan: the example in the API's description."""

from pydantic.config import JsonDict

EXAMPLE: JsonDict = {
    "product": "Northwind",
    "headline": "Pricing that grows with you",
    "tagline": "",
    "language": "en",
    "locale": "en",
    "signed_in": False,
    "currency": {"shown": "usd", "because": "default", "offered": ["usd"]},
    "first_interval": "month",
    "saving": "",
    "plans": [
        {
            "key": "team",
            "name": "Team",
            "description": "For growing products",
            "highlight": True,
            "is_free": False,
            "is_current": False,
            "seats": None,
            "trial": {
                "days": 14,
                "card_required": True,
                "model": "free_trial",
                "terms": "Free for 14 days, then $49 per month until you cancel. A card is needed to start.",
            },
            "features": [
                {
                    "key": "projects",
                    "name": "Projects",
                    "kind": "limit",
                    "value": 10,
                    "text": "10 projects",
                    "included": True,
                }
            ],
            "prices": [
                {
                    "interval": "month",
                    "lookup_key": "team_monthly",
                    "tiers_mode": None,
                    "tax_behavior": "unspecified",
                    "amounts": {
                        "usd": {"unit_amount": 4900, "formatted": "$49", "tiers": [], "tiers_in_words": []}
                    },
                }
            ],
            "offers": [
                {
                    "interval": "month",
                    "currency": "usd",
                    "prefix": "",
                    "amount": "$49",
                    "per": "/ month",
                    "note": "Billed monthly",
                    "verb": "start_trial",
                    "label": "Start 14-day trial",
                    "terms": "Free for 14 days, then $49 per month until you cancel. A card is needed.",
                    "url": "https://app.example/billing-app/pricing?interval=month&currency=usd#plan-team",
                    "is_order": True,
                }
            ],
        }
    ],
    "questions": [{"question": "Can I cancel?", "answer": "Yes, at any time."}],
    "assurances": [
        {"key": "cancel", "title": "Cancel any time", "text": "What you have paid for stays yours."}
    ],
    "tax_note": "Prices exclude tax.",
    "words": {"month": "Monthly", "year": "Yearly"},
    "pricing_url": "https://app.example/billing-app/pricing",
}
