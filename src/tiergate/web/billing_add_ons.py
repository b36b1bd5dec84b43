"""The add-ons of the billing page: what is had, what can be had, and what each step leads to."""

from collections.abc import Iterator
from dataclasses import dataclass

from tiergate.web.billing_facts import BillingPage, Running
from tiergate.web.link import Link
from tiergate.web.order_form import amount_of
from tiergate.web.plan_prices import per
from tiergate.web.wording import main_currency


@dataclass(frozen=True, slots=True)
class AddOnRow:
    """An add-on with the field for how much of it is wanted."""

    key: str
    name: str
    description: str
    cost: str
    """What one of it costs; empty where it is not sold any more."""
    quantity: int
    held: str
    """How much of it is had, and what becomes of that; empty for none."""
    remove: Link | None


def add_on_rows(page: BillingPage) -> tuple[AddOnRow, ...]:
    """Return what can be had besides the plan, and what is: own first. A member sees no other."""
    running = page.running
    if running is None or not running.is_changeable:
        return ()
    return tuple(sorted(_rows(page, running), key=lambda row: not row.held))


def _rows(page: BillingPage, running: Running) -> Iterator[AddOnRow]:
    currency = page.price.currency if page.price else main_currency(page.catalog)
    keys = dict.fromkeys([*page.catalog.add_ons, *running.terms.add_ons])
    for key in keys:
        add_on, quantity = page.catalog.add_ons.get(key), running.terms.add_ons.get(key, 0)
        amount = amount_of(add_on, running.terms.interval, currency) if add_on else None
        if not quantity and (amount is None or not page.frame.may_change):
            continue
        cost = page.frame.wording.price(amount.unit_amount, currency) if amount else ""
        yield AddOnRow(
            key,
            add_on.name if add_on else key,
            add_on.description if add_on else "",
            f"{cost} {per(page.frame.wording, running.terms.interval or 'month')}" if cost else "",
            quantity,
            _held(page, running, key),
            _remove(page, running, key),
        )


def _held(page: BillingPage, running: Running, key: str) -> str:
    quantity = running.terms.add_ons.get(key, 0)
    if not quantity:
        return ""
    number, write = page.frame.wording.number(quantity), page.frame.wording.number
    had = page.say("You have {number}", number=number)
    if running.coming is None or running.coming_at is None:
        return had
    then = running.coming.add_ons.get(key, 0)
    if then == quantity:
        return had
    date = page.date(running.coming_at)
    if then:
        return page.say(
            "You have {number}, and {left} from {date}", number=number, left=write(then), date=date
        )
    return page.say("You have {number}, and none from {date}", number=number, date=date)


def _remove(page: BillingPage, running: Running, key: str) -> Link | None:
    is_leaving = running.coming is not None and not running.coming.add_ons.get(key)
    is_removable = page.frame.may_change and not is_leaving and not running.is_ending
    if not running.terms.add_ons.get(key) or not is_removable:
        return None
    return Link(page.say("Remove"), f"{page.frame.billing_url}/change?add_on={key}&quantity=0")
