"""What the tests of changes have in common: what is sold, who has what, and how it is changed."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

from tests.services.bench import ACCOUNT, Bench, Json, northwind
from tiergate.billing.changes import Changes
from tiergate.rules.held import Held
from tiergate.services.changes.change_facts import load_facts
from tiergate.services.plans.push_plans import push_plans
from tiergate.services.run_due import run_due
from tiergate.store.journal_rows import Entry, entries_of
from tiergate.store.tables import operations

PER_SEAT = """
[plans.crew]
rank = 5
name = "Crew"
seats = { minimum = 2, maximum = 20 }
features = { projects = 50 }
[[plans.crew.prices]]
interval = "month"
currency = "usd"
unit_amount = 1000
[[plans.crew.prices]]
interval = "year"
currency = "usd"
unit_amount = 10000

[addons.storage]
name = "Storage"
features = { projects = 10 }
[[addons.storage.prices]]
interval = "month"
currency = "usd"
unit_amount = 500
"""

FAILS_LATER = "pm_card_chargeCustomerFail"
ASKS_THE_BANK = "pm_card_authenticationRequired"
VISA = "4242 4242 4242 4242"


class Desk(Changes):
    """The host's calls, on the database and the clock of a bench."""

    def __init__(self, bench: Bench) -> None:
        self._context = bench.context


class Killed(BaseException):
    """The process dies: nothing of ours handles that."""


def desk(bench: Bench) -> Desk:
    """Return what the host calls."""
    return Desk(bench)


def sell_crew(bench: Bench, *replacing: tuple[str, str]) -> None:
    """Put a plan per seat and an add-on on sale too, with some words of the file replaced."""
    text = northwind() + PER_SEAT
    for old, new in replacing:
        assert old in text
        text = text.replace(old, new)
    push_plans(bench.context, text)


def sell(bench: Bench, plan: str = "starter", card: str = "", **params: Any) -> str:
    """Let the account have a plan, ten days ago, and hear of it."""
    found = bench.subscribe(plan, **params)
    if card:
        use_card(bench, card)
    bench.deliver(*bench.webhooks())
    bench.clock.advance(days=10)
    return found


def use_card(bench: Bench, card: str) -> None:
    """Let the customer be charged with another card from now on."""
    customer = bench.customer_without_card()
    attached = bench.stripe.v1.payment_methods.attach(card, {"customer": customer})
    bench.stripe.v1.customers.update(customer, {"invoice_settings": {"default_payment_method": attached.id}})


def at_stripe(bench: Bench, subscription_id: str) -> Json:
    """Return a subscription as Stripe shows it, with its latest invoice."""
    return bench.at_stripe(f"/v1/subscriptions/{subscription_id}?expand[]=latest_invoice")


def prices(bench: Bench, subscription_id: str) -> dict[str, int]:
    """Return what Stripe sells: the quantity of each price, by lookup key."""
    items = at_stripe(bench, subscription_id)["items"]["data"]
    return {item["price"]["lookup_key"]: item["quantity"] for item in items}


def invoices(bench: Bench) -> list[Json]:
    """Return all invoices at Stripe, the oldest first."""
    found: list[Json] = bench.at_stripe("/v1/invoices?limit=100")["data"]
    return found[::-1]


def paid(bench: Bench) -> list[int]:
    """Return what was paid at Stripe, in order; invoices over nothing are left out."""
    return [invoice["amount_paid"] for invoice in invoices(bench) if invoice["amount_paid"]]


def held(bench: Bench) -> Held:
    """Return what the account holds, by the mirror."""
    with bench.context.database.read() as tx:
        found = load_facts(bench.context, tx, ACCOUNT).held
    assert found is not None
    return found


def noted(bench: Bench) -> list[Entry]:
    """Return what was journalled of changes."""
    with bench.context.database.read() as tx:
        return [entry for entry in entries_of(tx, ACCOUNT) if entry.kind == "subscription_changed"]


def states(bench: Bench) -> list[str]:
    """Return how far the changes have come."""
    rows = [row for row in bench.rows(operations) if row.action == "change"]
    return [row.state for row in sorted(rows, key=lambda row: row.created_at)]


def hear(bench: Bench) -> None:
    """Let everything arrive that Stripe has to say, and be looked after."""
    bench.deliver(*bench.webhooks())
    run_due(bench.context)


def travel(bench: Bench, **by: float) -> None:
    """Let time pass, at Stripe too, and hear of it."""
    bench.clock.now += timedelta(**by)
    bench.sandbox.catch_up()
    hear(bench)


def pay_invoice(bench: Bench, url: str, number: str = VISA) -> int:
    """Pay at the page of an invoice, and return how that was answered."""
    typed = {"number": number, "expiry": "12 / 34", "cvc": "123", "name": "Ada"}
    return submit(bench, url, typed)


def submit(bench: Bench, url: str, typed: Mapping[str, str]) -> int:
    """Send a form of Stripe's pages, and return the status of the answer."""
    page = bench.sandbox.request("GET", url, {}).body.decode()
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return bench.sandbox.request("POST", url, headers, urlencode({**hidden, **typed}).encode()).status


def break_line(
    bench: Bench, at: int, how: Callable[[], BaseException], *, executed: bool
) -> Callable[[], None]:
    """Let the line break at the n-th request, before or after Stripe has acted; returns what repairs it."""
    whole, left = bench.line.request, [at]

    def request(method: str, url: str, *rest: Any, **options: Any) -> tuple[str, int, Mapping[str, str]]:
        left[0] -= 1
        if left[0] == 0 and not executed:
            raise how()
        answer = whole(method, url, *rest, **options)
        if left[0] == 0:
            raise how()
        return answer

    broken = patch.object(bench.line, "request", request)
    broken.start()
    return broken.stop
