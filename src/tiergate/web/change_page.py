"""The page that shows a change before it is made: from what to what, what it costs, what it means."""

from collections.abc import Iterator
from dataclasses import dataclass

from tiergate.rules.catalog import UNLIMITED, Feature, FeatureValue
from tiergate.rules.change import ChangeKind, Holds
from tiergate.services.changes.preview_change import Preview
from tiergate.services.changes.wish import Wish
from tiergate.translation import Sentence
from tiergate.web.billing_details import card_in_words
from tiergate.web.billing_facts import BillingPage, Terms
from tiergate.web.change_words import button, lead, planned, title, undone_in_words
from tiergate.web.order_form import amount_of
from tiergate.web.plan_prices import add_on_of, per, price_of, seats_of
from tiergate.web.render import render
from tiergate.web.stripe_words import line_in_words
from tiergate.web.wording import main_currency


@dataclass(frozen=True, slots=True)
class ChangePage:
    """What the page is made from: the account, the wish, and what that comes to."""

    account: BillingPage
    wish: Wish
    preview: Preview
    moved: bool = False
    """Whether it was confirmed already, and costs or means something else by now."""


@dataclass(frozen=True, slots=True)
class Side:
    """What is had before, or afterwards."""

    label: str
    name: str
    amount: str
    per: str
    note: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of what is charged."""

    text: str
    amount: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What becomes of a feature; ``sign`` is ``gain``, ``loss`` or ``other``."""

    sign: str
    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ChangeView:
    """The whole page, ready to be shown."""

    title: str
    lead: str
    notice: str
    sides: tuple[Side, ...]
    lines: tuple[Line, ...]
    due: Line | None
    """What is charged today, or credited; ``None`` where today nothing is."""
    renewal: Line | None
    card: str
    notes: tuple[str, ...]
    differences: tuple[Difference, ...]
    button: str
    fields: tuple[tuple[str, str], ...]
    back_url: str


MOVED = Sentence(
    "The amount, or what the change does, is different from what you saw. "
    "Nothing has been changed yet: look at it again, and confirm it."
)


def render_change(page: ChangePage) -> str:
    """Return the page as HTML."""
    return render("billing_change.html", page.account.frame, view=change_view(page))


def change_view(page: ChangePage) -> ChangeView:
    """Build what the page shows."""
    account, preview = page.account, page.preview
    fields = {name: str(value) for name, value in page.wish.as_json().items()}
    due = _due(page)
    return ChangeView(
        title=title(account, preview),
        lead=lead(account, preview),
        notice=account.say(MOVED) if page.moved else "",
        sides=tuple(_sides(page)),
        lines=tuple(_lines(page)),
        due=due,
        renewal=_renewal(page),
        card=card_in_words(account)[0] if due is not None and preview.due_now else "",
        notes=undone_in_words(account, preview),
        differences=tuple(_differences(page)),
        button=button(account, preview),
        fields=(*fields.items(), ("token", preview.token)),
        back_url=account.frame.billing_url,
    )


def _sides(page: ChangePage) -> Iterator[Side]:
    change, running = page.preview.change, page.account.running
    if running is None or change.plan is None or change.kind is ChangeKind.STAY:
        return
    if change.add_on_key is not None:
        yield from _sides_of_add_on(page, change.add_on_key, running.terms)
        return
    then = Terms(change.plan, change.interval, change.quantity)
    yield _side(page, page.account.say("Now"), running.terms)
    is_now = change.holds is Holds.NOW
    label = page.account.say("From today") if is_now else planned(page.account, change)
    yield _side(page, label, then)


def _sides_of_add_on(page: ChangePage, key: str, terms: Terms) -> Iterator[Side]:
    change, wording, catalog = page.preview.change, page.account.frame.wording, page.account.catalog
    is_now = change.holds is Holds.NOW
    then = page.account.say("From today") if is_now else planned(page.account, change)
    add_on, currency = catalog.add_ons.get(key), page.preview.currency
    amount = amount_of(add_on, terms.interval, currency) if add_on and currency else None
    for label, quantity in ((page.account.say("Now"), terms.add_ons.get(key, 0)), (then, change.quantity)):
        name = add_on_of(wording, catalog, key, quantity)
        cost = wording.price(amount.unit_amount * quantity, currency) if amount and currency else ""
        yield Side(
            label,
            f"{name[:1].upper()}{name[1:]}",
            cost,
            per(wording, terms.interval or "month") if cost else "",
            "",
        )


def _side(page: ChangePage, label: str, terms: Terms) -> Side:
    wording = page.account.frame.wording
    price = page.account.price
    currency = page.preview.currency or (price.currency if price else main_currency(page.account.catalog))
    amount, per = price_of(wording, terms, currency)
    name = terms.plan.name if terms.plan else ""
    return Side(label, name, amount, per, seats_of(wording, terms.plan, terms.quantity))


def _lines(page: ChangePage) -> Iterator[Line]:
    preview = page.preview
    for line in preview.lines:
        yield Line(line_in_words(page.account.frame.wording, line.description), _amount(page, line.amount))
    others = preview.total - sum(line.amount for line in preview.lines)
    if preview.lines and others:
        yield Line(page.account.say("Tax and discounts"), _amount(page, others))
    if preview.lines and 0 < preview.total != preview.due_now:
        yield Line(page.account.say("From your credit"), _amount(page, preview.due_now - preview.total))


def _due(page: ChangePage) -> Line | None:
    preview = page.preview
    if not preview.lines and not preview.total:
        return None
    if preview.total < 0:
        return Line(page.account.say("Credited to your next invoice"), _amount(page, -preview.total))
    return Line(page.account.say("Due today"), _amount(page, preview.due_now))


def _renewal(page: ChangePage) -> Line | None:
    preview = page.preview
    if preview.renews_at is None or preview.renewal_total is None:
        return None
    when = page.account.say("Then, on {date}", date=page.account.date(preview.renews_at))
    return Line(when, _amount(page, preview.renewal_total))


def _amount(page: ChangePage, amount: int) -> str:
    return page.account.frame.wording.amount(amount, page.preview.currency or "usd")


def _differences(page: ChangePage) -> Iterator[Difference]:
    """Tell gains first, then losses, each in the catalogue's order."""
    found = []
    for key, feature in page.account.catalog.features.items():
        pair = page.preview.features.get(key)
        if pair is not None:
            found.append(_difference(page, feature, *pair))
    order = ["gain", "other", "loss"]
    yield from sorted(found, key=lambda each: order.index(each.sign))


def _difference(page: ChangePage, feature: Feature, before: FeatureValue, after: FeatureValue) -> Difference:
    sides = (_value(page, feature, before), _value(page, feature, after))
    return Difference(_sign(before, after), feature.name, *sides)


def _value(page: ChangePage, feature: Feature, value: FeatureValue) -> str:
    if isinstance(value, bool):
        return page.account.say("Included") if value else page.account.say("Not included")
    return page.account.frame.wording.quantity(feature, value)


def _sign(before: FeatureValue, after: FeatureValue) -> str:
    if not before or after == UNLIMITED:
        return "gain"
    if not after or before == UNLIMITED:
        return "loss"
    if isinstance(before, int) and isinstance(after, int):
        return "gain" if after > before else "loss"
    return "other"
