"""What the hosted checkout page says, worked out from the session."""

from typing import Any

import msgspec

from tiergate_sandbox.pages import wording

DAY_SECONDS = 86_400


class TestCard(msgspec.Struct, frozen=True):
    """A card that the page offers to fill in."""

    key: str
    number: str
    effect: str


class Line(msgspec.Struct, frozen=True):
    """One line of the order."""

    name: str
    detail: str
    amount: str
    item_id: str = ""
    quantity: int | None = None
    least: int = 0
    most: int = 99


class Trial(msgspec.Struct, frozen=True):
    """A trial: its length, and the unix second at which it ends."""

    days: int
    ends_at: int


class CheckoutView(msgspec.Struct, frozen=True):
    """Everything that the template shows. ``email`` is empty when it has to be asked for.

    ``asks_place`` says that the tax, and so the amount, is not known before the billing address is.
    """

    path: str
    merchant: str
    cancel_url: str | None
    heading: str
    price: str
    per: str
    terms: str
    lines: list[Line]
    due_today: str
    expected_amount: int
    email: str
    needs_card: bool
    needs_address: bool
    asks_place: bool
    place: str
    takes_code: bool
    code: str
    subtotal: str
    discount: str
    tax: str
    form_label: str
    action: str
    consent: str
    message: str
    """What the seller says beside the button."""
    test_cards: tuple[TestCard, ...]


TEST_CARDS = (
    TestCard("succeeds", "4242 4242 4242 4242", "succeeds"),
    TestCard("declined", "4000 0000 0000 0002", "is declined"),
    TestCard("funds", "4000 0000 0000 9995", "lacks funds"),
    TestCard("fails-later", "4000 0000 0000 0341", "fails later"),
    TestCard("authenticate", "4000 0027 6000 3184", "asks to confirm"),
)


def checkout_view(payment_page: dict[str, Any], *, merchant: str, at: int) -> CheckoutView:
    """Return the page for an open session.

    ``payment_page`` is what ``GET /v1/payment_pages/{session}`` answers, ``at`` the present (unix seconds)
    in the time in which the customer lives.
    """
    mode, items = payment_page["mode"], payment_page["line_items"]
    currency = payment_page["currency"] or "usd"
    due = wording.money(payment_page["amount_due"], currency)
    trial = trial_of(payment_page, at)
    needs_card = payment_page["payment_method_required"]
    price, per, terms = price_words(items, currency, trial)
    return CheckoutView(
        path=f"/c/pay/{payment_page['session_id']}",
        merchant=merchant,
        cancel_url=payment_page["cancel_url"],
        heading=heading(mode, items, trial),
        price=price,
        per=per,
        terms=terms,
        lines=[line(item) for item in items],
        due_today=due,
        expected_amount=payment_page["amount_due"],
        email=payment_page["customer_email"] or "",
        needs_card=needs_card,
        needs_address=needs_card
        and payment_page["billing_address_collection"] == "required"
        and payment_page["address"] is None,
        asks_place=payment_page["address_required"],
        place=place_words(payment_page["address"]),
        takes_code=payment_page["allow_promotion_codes"],
        code=payment_page["promotion_code"] or "",
        subtotal=wording.money(payment_page["amount_subtotal"] or 0, currency),
        discount=_if_any(-payment_page["amount_discount"], currency),
        tax=_if_any(payment_page["amount_tax"], currency),
        form_label="Payment details" if needs_card else "Your details",
        action=action_words(mode, due, trial),
        consent=consent(mode, merchant, needs_card, trial),
        message=payment_page["submit_message"],
        test_cards=TEST_CARDS,
    )


def place_words(address: dict[str, str | None] | None) -> str:
    """Return a billing address on one line."""
    names = ("line1", "line2", "postal_code", "city", "state", "country")
    return ", ".join(part for name in names if (part := (address or {}).get(name)))


def trial_of(payment_page: dict[str, Any], at: int) -> Trial | None:
    """Return the trial that the session offers, if any."""
    if payment_page["trial_period_days"]:
        trial_days = int(payment_page["trial_period_days"])
        return Trial(trial_days, at + trial_days * DAY_SECONDS)
    if payment_page["trial_end"]:
        ends_at = int(payment_page["trial_end"])
        return Trial(max(1, round((ends_at - at) / DAY_SECONDS)), ends_at)
    return None


def heading(mode: str, items: list[dict[str, Any]], trial: Trial | None) -> str:
    """Return what the customer is about to do."""
    if mode == "setup":
        return "Save a card"
    names = " and ".join(item["description"] for item in items[:2])
    if mode == "payment":
        return f"Pay for {names}"
    return f"Try {names}" if trial else f"Subscribe to {names}"


def price_words(items: list[dict[str, Any]], currency: str, trial: Trial | None) -> tuple[str, str, str]:
    """Return the price in large letters, what it is per, and the terms in a sentence."""
    recurring = [item for item in items if item["price"]["recurring"]]
    once = sum(item["amount_total"] for item in items if not item["price"]["recurring"])
    if not items:
        return "Your card", "", "It is saved for payments that you agree to."
    if not recurring:
        return wording.money(once, currency), "", ""
    rhythm = wording.interval(recurring[0]["price"]["recurring"])
    amount = wording.money(sum(item["amount_total"] for item in recurring), currency)
    plus = f"Plus {wording.money(once, currency)} once, today." if once else ""
    usual = sum(item["amount_subtotal"] for item in recurring)
    if usual != sum(item["amount_total"] for item in recurring):
        plus = f"Before discounts and taxes: {wording.money(usual, currency)} {rhythm}. {plus}".strip()
    if trial is None:
        return amount, rhythm, plus
    terms = f"Then {amount} {rhythm} starting {wording.day(trial.ends_at)}. {plus}"
    return f"{wording.days(trial.days)} free", "", terms.strip()


def action_words(mode: str, due: str, trial: Trial | None) -> str:
    """Return what the button says."""
    if mode == "setup":
        return "Save card"
    if mode == "payment":
        return f"Pay {due}"
    return "Start trial" if trial else f"Subscribe and pay {due}"


def consent(mode: str, merchant: str, needs_card: bool, trial: Trial | None) -> str:
    """Return what the customer agrees to by pressing the button."""
    if mode == "payment":
        return "You pay once."
    if mode == "setup":
        return f"You allow {merchant} to charge this card for later payments."
    if not needs_card:
        return "You need no card now. Without one, nothing is charged later either."
    when = "before the trial ends and nothing is charged" if trial else "at any time"
    return f"You allow {merchant} to charge this card on every renewal. Cancel {when}."


def line(item: dict[str, Any]) -> Line:
    """Return one line of the order as the page shows it."""
    price, limits = item["price"], item["adjustable_quantity"]
    unit = wording.money(wording.unit_price(price), item["currency"])
    rhythm = wording.interval(price["recurring"])
    detail = f"{item['quantity']} × {unit} {rhythm or 'once'}"
    amount = wording.money(item["amount_subtotal"], item["currency"])
    if limits is None or not limits["enabled"]:
        return Line(item["description"], detail, amount)
    least, most = limits.get("minimum"), limits.get("maximum")
    return Line(
        item["description"],
        detail,
        amount,
        item_id=item["id"],
        quantity=item["quantity"],
        least=0 if least is None else least,
        most=99 if most is None else most,
    )


def _if_any(amount: int, currency: str) -> str:
    return wording.money(amount, currency) if amount else ""
