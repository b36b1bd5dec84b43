"""What a call to the sandbox costs over HTTP, and whether a large world makes it dearer."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count

from benchmarks.filled import Filler
from benchmarks.load import CONNECTIONS, Cost, Load, median_of, post
from benchmarks.row import Row
from benchmarks.served import loaded
from tiergate_sandbox.world import Settings

FEW = 100
CUSTOMER_GATE, SUBSCRIPTION_GATE, GROWTH_GATE = 8, 40, 1.25
CARD = "payment_method=pm_card_visa&invoice_settings[default_payment_method]=pm_card_visa"

_numbers = count()


def rows(quick: bool) -> Iterator[Row]:
    """Measure in rounds that take turns, so that whatever else the machine does hits all of them alike."""
    many, rounds, requests = (10_000, 5, 400) if quick else (100_000, 9, 1_600)
    with ExitStack() as stack:
        bare, small, large = (
            stack.enter_context(loaded(kind, size))
            for kind, size in (("constant", 0), ("sandbox", FEW), ("sandbox", many))
        )
        series = [Series(bare), Series(small), Series(large)]
        for _ in range(rounds):
            for one in series:
                one.measure(requests)
    constant, few, more = series
    bound = median_of(constant.customers)
    yield against("customer, against a constant answer", few.customers, bound, CUSTOMER_GATE)
    yield against("paid subscription, likewise", few.subscriptions, bound, SUBSCRIPTION_GATE)
    name = f"with {many:,} customers against {FEW}"
    yield against(f"customer, {name}", more.customers, median_of(few.customers), GROWTH_GATE)
    yield against(
        "paid subscription, likewise", more.subscriptions, median_of(few.subscriptions), GROWTH_GATE
    )


class Series:
    """The measurements of one server."""

    def __init__(self, load: Load) -> None:
        self.customers: list[Cost] = []
        self.subscriptions: list[Cost] = []
        self._load = load
        self._price = Filler(Settings()).price
        self._load.cost(new_customers(), 10 * CONNECTIONS)

    def measure(self, requests: int) -> None:
        """Add one round of each kind."""
        self.customers.append(self._load.cost(new_customers(), requests))
        payers = self._payers(requests // 4)
        self.subscriptions.append(self._load.cost(payers, requests // 4))

    def _payers(self, wanted: int) -> Iterator[bytes]:
        """Create customers with cards, and return the requests that subscribe each of them."""
        ids: list[str] = []
        while len(ids) < wanted:
            ids += (json.loads(body)["id"] for body in self._load.round(new_customers(CARD)))
        return (
            post(
                "/v1/subscriptions", f"customer={one}&items[0][price]={self._price}", f"key-{next(_numbers)}"
            )
            for one in ids
        )


def new_customers(more: str = "") -> Iterator[bytes]:
    """Yield requests that create customers."""
    for number in _numbers:
        form = f"email=new-{number}@example.com&name=Ada Lovelace&metadata[account_id]=acct-{number}&{more}"
        yield post("/v1/customers", form, f"key-{number}")


def against(name: str, measured: list[Cost], bound: Cost, gate: float) -> Row:
    """Return the row for a series, held against the same requests under other circumstances."""
    cost = median_of(measured)
    return Row(
        name, cost.wall, bound.wall, gate, note=f"{cost}; in processor time × {cost.cpu / bound.cpu:.2f}"
    )
