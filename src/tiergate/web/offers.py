"""What is offered to whoever is looking: each plan at each interval, in a currency, with the right verb.

Page, API and embed show the same offers.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from tiergate.rules.catalog import Catalog, Plan
from tiergate.rules.money import MinorUnits, monthly_share, saving_percent
from tiergate.rules.next_step import CHANGES, NOBODY, PURCHASES, NextStep, Position, Verb, next_step
from tiergate.rules.price import INTERVALS, Amount, Interval, Price
from tiergate.web.plan_prices import per
from tiergate.web.pricing_words import (
    cost_in_words,
    first_unit,
    offer_terms,
    period,
    seats_terms,
    verb_label,
)
from tiergate.web.render import Frame
from tiergate.web.wording import Wording

MONTHS_PER_YEAR = 12


@dataclass(frozen=True, slots=True)
class Storefront:
    """What offers are worked out from: the catalogue, and who is looking at it."""

    frame: Frame
    catalog: Catalog
    currency: str
    """What prices are shown in wherever a plan is sold in it."""
    position: Position = NOBODY
    """What the visitor's account has."""
    members: int | None = None
    """How many people are in it."""

    @property
    def wording(self) -> Wording:
        """How figures are written for the visitor."""
        return self.frame.wording

    @property
    def plans(self) -> tuple[Plan, ...]:
        """The plans to show: the public ones, and the visitor's own in any case."""
        own = (self.position.plan_key, self.position.subscribed_key)
        return tuple(plan for plan in self.catalog if plan.is_public or plan.key in own)


@dataclass(frozen=True, slots=True)
class Sold:
    """A price of a plan, and what it costs in the currency that is shown."""

    price: Price
    amount: Amount

    def per_month(self, minor_units: MinorUnits) -> MinorUnits:
        """Return what an amount of this interval comes to per month."""
        return minor_units if self.price.interval == "month" else monthly_share(minor_units, self.currency)

    @property
    def currency(self) -> str:
        """The currency that is charged."""
        return self.amount.currency


@dataclass(frozen=True, slots=True)
class Offer:
    """A plan at one interval. ``url`` is where its button leads; empty for an order, or for nothing to do."""

    interval: Interval | None
    is_only: bool
    """Whether the plan has no other: then it is shown whatever the switch says."""
    step: NextStep
    sold: Sold | None
    prefix: str
    amount: str
    per: str
    note: str
    label: str
    terms: str
    url: str

    @property
    def is_for_owners(self) -> bool:
        """Whether its button changes what the account pays for."""
        return self.step.verb in PURCHASES | CHANGES

    @property
    def is_order(self) -> bool:
        """Whether its button posts an order to the checkout."""
        return self.step.verb in PURCHASES and not self.url


def offers_of(store: Storefront, plan: Plan) -> tuple[Offer, ...]:
    """Return the offers of a plan, the month before the year; every plan has one at least."""
    if not plan.prices:
        return (_unpriced(store, plan),)
    sold = sold_prices(plan, store.currency)
    return tuple(_priced(store, plan, each, is_only=len(sold) == 1) for each in sold)


def sold_prices(plan: Plan, currency: str) -> tuple[Sold, ...]:
    """Return the plan's price for each interval in a currency, or in its own where it is not sold in that."""
    found: list[Sold] = []
    for interval in INTERVALS:
        prices = [price for price in plan.prices if price.interval == interval]
        wanted = (Sold(price, amount) for price in prices if (amount := price.amount_in(currency)))
        own = (Sold(price, price.amount) for price in prices)
        found.extend([*wanted, *own][:1])
    return tuple(found)


def yearly_saving(plan: Plan, currency: str) -> tuple[int, MinorUnits, str]:
    """Return what a year saves against twelve months: whole percent, minor units, and their currency."""
    amounts = {sold.price.interval: sold.amount for sold in sold_prices(plan, currency)}
    if not amounts.keys() >= {"month", "year"} or amounts["month"].currency != amounts["year"].currency:
        return 0, 0, currency
    monthly, yearly = (first_unit(plan, amounts[interval]) for interval in INTERVALS)
    saved = max(0, monthly * MONTHS_PER_YEAR - yearly)
    return saving_percent(monthly, yearly), saved, amounts["year"].currency


def saving_text(plans: tuple[Plan, ...], currency: str, wording: Wording) -> str:
    """Say what the yearly switch saves: what holds for every plan, else the best case, else nothing."""
    savings = [yearly_saving(plan, currency)[0] for plan in plans if plan.prices]
    if not any(savings):
        return ""
    if min(savings):
        return wording.say("Save {percent}", percent=wording.percent(min(savings)))
    return wording.say("Save up to {percent}", percent=wording.percent(max(savings)))


def _step(store: Storefront, plan: Plan, interval: Interval | None) -> NextStep:
    return next_step(
        plan,
        interval,
        store.position,
        is_for_sale=store.catalog.checkout.hosted,
        can_ask=bool(store.catalog.product.support_email),
    )


def _unpriced(store: Storefront, plan: Plan) -> Offer:
    step = _step(store, plan, None)
    wording = store.wording
    amount, behind, note = wording.say("Let’s talk"), "", wording.say("Priced for what you need")
    if plan.is_free:
        amount, behind = wording.price(0, store.currency), per(wording, "month")
        note = wording.say("Free forever")
    return Offer(
        interval=None,
        is_only=True,
        step=step,
        sold=None,
        prefix="",
        amount=amount,
        per=behind,
        note=note,
        label=verb_label(wording, plan, step),
        terms=offer_terms(wording, store.catalog, plan, step, "", ""),
        url=_url(store, plan, step, None, None),
    )


def _priced(store: Storefront, plan: Plan, sold: Sold, *, is_only: bool) -> Offer:
    wording, interval = store.wording, sold.price.interval
    step = _step(store, plan, interval)
    first = first_unit(plan, sold.amount)
    cost = cost_in_words(wording, plan, sold.price, sold.amount)
    _, saved, currency = yearly_saving(plan, store.currency)
    saving = wording.price(saved, currency) if saved else ""
    terms = offer_terms(wording, store.catalog, plan, step, cost, saving)
    seats = seats_terms(wording, plan.seats) if step.verb in PURCHASES else ""
    return Offer(
        interval=interval,
        is_only=is_only,
        step=step,
        sold=sold,
        prefix=wording.say("from") if sold.amount.tiers else "",
        amount=wording.price(sold.per_month(first), sold.currency),
        per=period(wording, plan),
        note=_note(store, sold, wording.price(first, sold.currency)),
        label=verb_label(wording, plan, step),
        terms=" ".join(filter(None, [terms, seats])),
        url=_url(store, plan, step, interval, sold.currency),
    )


def _note(store: Storefront, sold: Sold, total: str) -> str:
    """Say how it is billed, and in what where that is not what the visitor sees elsewhere."""
    wording, code = store.wording, sold.currency.upper()
    is_elsewhere = sold.currency != store.currency
    if sold.price.interval == "month":
        elsewhere = wording.say("Billed monthly in {currency}", currency=code)
        return elsewhere if is_elsewhere else wording.say("Billed monthly")
    if is_elsewhere:
        return wording.say("Billed yearly in {currency} · {total}", currency=code, total=total)
    return wording.say("Billed yearly · {total}", total=total)


def _url(
    store: Storefront, plan: Plan, step: NextStep, interval: Interval | None, currency: str | None
) -> str:
    frame = store.frame
    if step.verb in PURCHASES | CHANGES and not frame.may_change:
        return f"{frame.pricing_url}#plan-{plan.key}"  # where a member asks an owner
    if step.verb in CHANGES:
        return f"{frame.billing_url}/change?{_query(plan, interval, None)}"
    if step.verb is Verb.CONTACT:
        return plan.contact_url or f"mailto:{store.catalog.product.support_email}"
    if step.verb is Verb.START_FREE and frame.signed_in:
        return frame.billing_url
    if step.verb in PURCHASES and not frame.signed_in and frame.sign_up_url:
        joint = "&" if "?" in frame.sign_up_url else "?"
        return f"{frame.sign_up_url}{joint}{_query(plan, interval, currency)}"
    return ""


def _query(plan: Plan, interval: Interval | None, currency: str | None) -> str:
    wish = {"plan": plan.key, "interval": interval, "currency": currency}
    return urlencode({name: value for name, value in wish.items() if value})
