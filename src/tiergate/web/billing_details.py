"""How the account pays, and where its invoices go: the billing page's card about that."""

from dataclasses import dataclass

from tiergate.translation import Sentence
from tiergate.web.billing_facts import BillingPage
from tiergate.web.billing_links import buy
from tiergate.web.link import Link
from tiergate.web.purchase_words import purchase_words


@dataclass(frozen=True, slots=True)
class DetailsView:
    """How invoices are paid, and where they go."""

    card: str
    card_note: str
    update: Link | None
    words: str
    """What a card that is added now is charged with, and when."""
    email: str
    email_url: str
    tax: Link | None


def details_view(page: BillingPage) -> DetailsView:
    """Build what the card shows; a member sees no buttons."""
    card, note = card_in_words(page)
    if not page.frame.may_change:
        return DetailsView(card, note, None, "", page.billing_email, "", None)
    is_new = page.card is None and not page.has_card
    label = page.say("Add card") if is_new else page.say("Update card")
    update = Link(label, page.portal_url, (("flow", "payment_method_update"),))
    words = purchase_words(page.frame.wording, page.purchase) if page.purchase else ""
    return DetailsView(
        card,
        note,
        buy(page, page.purchase, label) if page.purchase else update,
        words,
        page.billing_email,
        page.act_url("email"),
        Link(page.say("Edit at Stripe"), page.portal_url, ()),
    )


def card_in_words(page: BillingPage) -> tuple[str, str]:
    """Name what invoices are charged to, and say until when it is good."""
    card = page.card
    if card is None or card.last4 is None:
        return page.say(_KNOWN[page.has_card]), ""
    name = _BRANDS.get(card.brand or "", (card.brand or card.type).replace("_", " ").title())
    told = page.say("{brand} ending in {digits}", brand=name, digits=card.last4)
    if card.exp_month is None or card.exp_year is None:
        return told, ""
    expiry = f"{card.exp_month:02}/{card.exp_year % 100:02}"
    if (card.exp_year, card.exp_month) < (page.at.year, page.at.month):
        return told, page.say("Expired {month}", month=expiry)
    return told, page.say("Expires {month}", month=expiry)


_KNOWN = {True: Sentence("On file"), False: Sentence("None on file"), None: Sentence("Being checked")}
_BRANDS = {"visa": "Visa", "mastercard": "Mastercard", "amex": "American Express", "jcb": "JCB"}
