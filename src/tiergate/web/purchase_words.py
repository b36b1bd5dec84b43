"""The sentences that say what a purchase charges, and when: before the click."""

from tiergate.rules.purchase_terms import Charge
from tiergate.services.checkout.preview_purchase import PurchasePreview
from tiergate.web.wording import Wording


def purchase_words(wording: Wording, purchase: PurchasePreview) -> str:
    """Say what happens to the card and to the trial."""
    cost = wording.say("{price} plus any tax", price=wording.price(purchase.amount, purchase.currency))
    if purchase.charge is Charge.NOW_ENDING_TRIAL:
        return wording.count(
            "Your card is charged {cost} today, and the {count} day left of your trial ends.",
            "Your card is charged {cost} today, and the {count} days left of your trial end.",
            purchase.days_left,
            cost=cost,
        )
    if purchase.charged_at is not None:
        date = wording.date(purchase.charged_at)
        return wording.say(
            "Your card is charged {cost} on {date}, when the trial ends.", cost=cost, date=date
        )
    return wording.say("Your card is charged {cost} today.", cost=cost)
