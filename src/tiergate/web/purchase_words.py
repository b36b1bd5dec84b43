"""The sentences that say what a purchase charges, and when: before the click."""

from tiergate.rules.purchase_terms import Charge
from tiergate.services.preview_purchase import PurchasePreview
from tiergate.web.wording import Wording


def purchase_words(wording: Wording, purchase: PurchasePreview) -> str:
    """Say what happens to the card and to the trial."""
    cost = f"{wording.price(purchase.amount, purchase.currency)} plus any tax"
    if purchase.charge is Charge.NOW_ENDING_TRIAL:
        left = "day left of your trial ends" if purchase.days_left == 1 else "days left of your trial end"
        return f"Your card is charged {cost} today, and the {purchase.days_left} {left}."
    if purchase.charged_at is not None:
        return f"Your card is charged {cost} on {wording.date(purchase.charged_at)}, when the trial ends."
    return f"Your card is charged {cost} today."
