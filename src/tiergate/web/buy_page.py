"""The page that shows a purchase in a trial without a card, before Stripe's page asks for one."""

from dataclasses import dataclass
from urllib.parse import urlencode

from tiergate.rules.purchase_terms import Charge
from tiergate.services.checkout.preview_purchase import PurchasePreview
from tiergate.web.billing_facts import BillingPage
from tiergate.web.billing_links import buy
from tiergate.web.change_page import Line
from tiergate.web.link import Link
from tiergate.web.order_form import SeatsField
from tiergate.web.plan_prices import paid, seats_of
from tiergate.web.purchase_words import purchase_words
from tiergate.web.render import render


@dataclass(frozen=True, slots=True)
class BuyPage:
    """What the page is made from: the account, and what the purchase comes to."""

    account: BillingPage
    purchase: PurchasePreview


@dataclass(frozen=True, slots=True)
class BuyView:
    """The whole page, ready to be shown."""

    title: str
    lead: str
    line: Line
    due: Line
    later: Line | None
    seats: SeatsField | None
    choice: tuple[tuple[str, str], ...]
    """What is chosen besides the seats."""
    buy: Link
    back_url: str


def render_buy(page: BuyPage) -> str:
    """Return the page as HTML."""
    return render("billing_buy.html", page.account.frame, view=buy_view(page))


def buy_view(page: BuyPage) -> BuyView:
    """Build what the page shows."""
    account, purchase = page.account, page.purchase
    wording, plan = account.frame.wording, account.catalog.plans[page.purchase.plan]
    amount = wording.amount(purchase.amount, purchase.currency)
    is_now = purchase.charge in (Charge.NOW, Charge.NOW_ENDING_TRIAL)
    later = None if is_now or purchase.charged_at is None else wording.date(purchase.charged_at)
    seats = seats_of(wording, plan, purchase.seats)
    sold = ", ".join(filter(None, [paid(wording, plan, purchase.interval), seats]))
    choice = {"plan": purchase.plan, "interval": purchase.interval}
    said = {**choice, "seats": str(purchase.seats)} if plan.seats else choice
    back = f"{account.frame.billing_url}/buy?{urlencode(said)}"
    return BuyView(
        title=wording.say("Buy {plan}", plan=plan.name),
        lead=purchase_words(wording, purchase),
        line=Line(sold, amount),
        due=Line(wording.say("Due today, plus any tax"), amount)
        if is_now
        else Line(wording.say("Due today"), wording.say("Nothing")),
        later=Line(wording.say("Then, on {date}, plus any tax", date=later), amount) if later else None,
        seats=SeatsField(purchase.seats, plan.seats.minimum, plan.seats.maximum) if plan.seats else None,
        choice=tuple(choice.items()),
        buy=buy(account, purchase, wording.say("Continue to payment"), back),
        back_url=account.frame.billing_url,
    )
