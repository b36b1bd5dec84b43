"""What the benchmark of the backfill rests on: canned pages, the bare loop, and counted rows."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from benchmarks.backfill import Contest, bare_backfill, what_is_wrong
from benchmarks.backfill_limits import CALLS_PER_SECOND, pace_row
from benchmarks.backfill_stripe import Copies, canned_stripe
from benchmarks.backfill_written import count_written, written
from benchmarks.canned import asked
from benchmarks.check_accounts import Paying, deliver, make_account, settings
from tiergate.billing import Billing

CUSTOMER = {
    "id": "cus_0000000",
    "object": "customer",
    "created": 1,
    "metadata": {"account_id": "account-0000000"},
    "invoice_settings": {"default_payment_method": "pm_0000000"},
}
CARD = {"id": "pm_0000000", "object": "payment_method", "customer": "cus_0000000", "created": 1}
INVOICE = {"id": "in_0000000", "object": "invoice", "created": 1}
ITEM = {"id": "si_0000000", "price": {"id": "price_1"}, "current_period_end": 9}
SUBSCRIPTION = {
    "id": "sub_0000000",
    "object": "subscription",
    "customer": "cus_0000000",
    "status": "active",
    "created": 1,
    "metadata": {},
    "latest_invoice": "in_0000000",
    "items": {"data": [ITEM]},
}
PRICES = [{"id": "price_1", "lookup_key": "team_monthly"}, {"id": "price_2", "lookup_key": "team_yearly"}]
PRODUCTS = [{"id": "prod_1", "name": "Team"}]
COUNT = 205


@pytest.fixture(name="copies")
def fixture_copies() -> Copies:
    """Copies of one customer."""
    return Copies({"prices": PRICES, "products": PRODUCTS}, [CUSTOMER, SUBSCRIPTION, CARD, INVOICE], COUNT)


@pytest.fixture(name="address", scope="module")
def fixture_address() -> Iterator[str]:
    """Where such copies are served."""
    with canned_stripe(Paying(SUBSCRIPTION, CUSTOMER, INVOICE, CARD, PRICES, PRODUCTS), COUNT) as address:
        yield address


def shown(copies: Copies, target: str) -> Any:
    """What a request is answered with."""
    return json.loads(copies.answer(target))


def test_pages(copies: Copies) -> None:
    """A list holds every copy once, a hundred on a page, and says when it ends."""
    ids, after, pages = [], "", 0
    while True:
        page = shown(copies, f"/v1/customers?limit=100{after}")
        ids += [entry["id"] for entry in page["data"]]
        pages += 1
        if not page["has_more"]:
            break
        after = f"&starting_after={ids[-1]}"
    assert ids == [f"cus_{number:07d}" for number in range(COUNT)]
    assert pages == 3


@pytest.mark.parametrize(
    ("target", "ids"),
    [
        ("/v1/subscriptions?customer=cus_0000007&status=all", ["sub_0000007"]),
        ("/v1/customers/cus_0000007/payment_methods", ["pm_0000007"]),
        ("/v1/prices?lookup_keys[0]=team_yearly", ["price_2"]),
        ("/v1/products?active=true&limit=100", ["prod_1"]),
        ("/v1/invoices?status=open", []),
        ("/v1/subscription_schedules?limit=100", []),
    ],
)
def test_lists(copies: Copies, target: str, ids: list[str]) -> None:
    """What belongs to one customer, or to nobody, is listed without anything else."""
    page = shown(copies, target)
    assert [entry["id"] for entry in page["data"]] == ids
    assert not page["has_more"]


def test_one_object(copies: Copies) -> None:
    """An object is found by its id, and names what belongs to it."""
    found = shown(copies, "/v1/subscriptions/sub_0000204?expand[0]=latest_invoice")
    assert found["customer"] == "cus_0000204"
    assert found["latest_invoice"] == {**INVOICE, "id": "in_0000204"}


def test_expanded_in_a_list(copies: Copies) -> None:
    """What is asked to be expanded comes along, however deep it lies."""
    expand = "expand[0]=data.invoice_settings.default_payment_method"
    page = shown(copies, f"/v1/customers?limit=2&{expand}")
    cards = [entry["invoice_settings"]["default_payment_method"]["id"] for entry in page["data"]]
    assert cards == ["pm_0000000", "pm_0000001"]


def test_bare_loop(address: str, database_url: str) -> None:
    """The bare loop stores every object of every page, and brings up to date what is there."""
    before = len(asked(address))
    engine = create_engine(database_url, poolclass=NullPool)
    assert bare_backfill(database_url, address) == COUNT
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE bare_subscriptions SET status = 'old', raw = '{}'")
    assert bare_backfill(database_url, address) == COUNT
    assert len(asked(address)) - before == 2 * 2 * 3
    with engine.connect() as connection:
        for name in ("customers", "subscriptions", "invoices", "payment_methods"):
            assert connection.execute(text(f"SELECT count(*) FROM bare_{name}")).scalar() == COUNT
        last = connection.execute(
            text(
                "SELECT customer, current_period_end, status FROM bare_subscriptions WHERE id = 'sub_0000204'"
            )
        ).one()
    assert tuple(last) == ("cus_0000204", 9, "active")


@pytest.mark.parametrize(
    ("statement", "count"),
    [
        ("INSERT INTO tiergate_changes VALUES ('a', 1), ('b', 2)", 2),
        ("UPDATE tiergate_changes SET changed_in = 3", 1),
        ("INSERT INTO tiergate_changes VALUES ('here', 9) ON CONFLICT (topic) DO NOTHING", 0),
        ("DELETE FROM tiergate_changes", 1),
        ("DELETE FROM tiergate_leases", 0),
    ],
    ids=["inserted", "changed", "left as it is", "deleted", "bookkeeping"],
)
def test_written_rows_are_counted(migrated_database_url: str, statement: str, count: int) -> None:
    """Each row that is written counts; one that is left as it is does not, nor does bookkeeping."""
    engine = create_engine(migrated_database_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO tiergate_changes VALUES ('here', 1)")
        connection.exec_driver_sql("INSERT INTO tiergate_leases VALUES ('a', 'me', '2027-01-01 00:00:00Z')")
    count_written(migrated_database_url)
    assert written(migrated_database_url) == 0
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)
    assert written(migrated_database_url) == count


def test_what_is_wrong(tmp_path: Path) -> None:
    """An account that is not on the plan it pays for makes the row fail."""
    url = f"sqlite:///{tmp_path / 'tiergate.db'}"
    gone = {**make_account(url).subscription, "status": "canceled"}
    with Billing(settings(url)) as billing:
        assert what_is_wrong(billing, 1) == ""
        deliver(billing, "customer.subscription.deleted", gone, gone["created"] + 60)
        assert what_is_wrong(billing, 1) == "account-0000000 is on plan free"


@pytest.mark.parametrize(
    ("seconds", "passes"),
    [(10.0, True), (10.5, True), (10.6, False), (9.8, False)],
    ids=["exact", "almost", "too slow", "too fast"],
)
def test_pace(seconds: float, passes: bool) -> None:
    """A pace is kept when it is nearly reached, and never when it is passed."""
    calls = 10 * CALLS_PER_SECOND
    assert pace_row([7 + seconds * call / calls for call in range(calls + 1)]).passes is passes


def test_contest() -> None:
    """What is not right afterwards fails the row of the adoption, and a single written row its own."""
    contest = Contest("SQLite", 0.2, 0.4, str)
    contest.bare, contest.adopted, contest.compared, contest.written = [100.0], [20.0], [20.0], [0, 0]
    assert [row.passes for row in contest.rows(COUNT)] == [True, True, True]
    contest.compared, contest.written, contest.wrong = [19.0], [0, 1], "one account is on no plan"
    assert [row.passes for row in contest.rows(COUNT)] == [False, False, False]
