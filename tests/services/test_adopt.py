"""Adopt: an existing Stripe account, taken over."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.services.bench import Bench, Json
from tiergate.rules.errors import UnknownPlanError
from tiergate.rules.instants import to_unix_seconds
from tiergate.services.reconcile.adopt import Adopted, AdoptingError, Choices, adopt
from tiergate.services.reconcile.reconcile import reconcile
from tiergate.store.job_rows import find_job
from tiergate.store.lease_rows import take_lease
from tiergate.store.tables import accounts, payment_methods, subscriptions
from tiergate.stripe_api.gateway import StripeUnavailableError

LEGACY = "legacy_monthly"


def existing_customer(
    bench: Bench, price: str, metadata: dict[str, str], test_clock: str | None = None
) -> Json:
    """Make a customer with a subscription at Stripe, as it was before tiergate came."""
    customer = bench.post(
        "/v1/customers",
        metadata=metadata,
        email="old@acme.test",
        payment_method="pm_card_visa",
        invoice_settings={"default_payment_method": "pm_card_visa"},
        **({"test_clock": test_clock} if test_clock else {}),
    )
    return bench.post("/v1/subscriptions", customer=customer["id"], items=[{"price": price}])


def legacy_price(bench: Bench) -> str:
    """Make a price at Stripe that the catalogue does not know."""
    product = bench.stripe.v1.products.create({"name": "Old plan"})
    price = {"product": product.id, "currency": "usd", "unit_amount": 900, "recurring": {"interval": "month"}}
    return str(bench.post("/v1/prices", **price)["id"])


def reason(bench: Bench, account_id: str) -> str:
    """Return the reason of an account's access."""
    return bench.reason(account_id)


def test_accounts_are_made_and_linked_by_metadata(both: Bench) -> None:
    """A customer that names an account brings it, with plan and access; a second run changes nothing."""
    existing_customer(both, both.price("team"), {"account_id": "globex"})
    both.webhooks()
    both.tick()
    report = adopt(both.context)
    assert (report.unmapped_prices, report.customers_without_account) == ({}, 0)
    told = both.explain("globex")
    assert (told.phase.plan_key, told.account.email, told.account.channel) == (
        "team",
        "old@acme.test",
        "adopted",
    )
    before = both.rows(subscriptions)
    assert adopt(both.context).looked_at == report.looked_at
    assert both.rows(subscriptions) == before


def test_another_metadata_key_can_name_the_account(both: Bench) -> None:
    """The host says under which key its customers carry the account."""
    existing_customer(both, both.price("team"), {"workspace": "initech"})
    adopt(both.context, Choices(account_key="workspace"))
    assert reason(both, "initech") == "active"


def test_what_cannot_be_mapped_is_named(both: Bench) -> None:
    """A stranger's customer and a price without a plan are mirrored, give nothing, and are named."""
    price = legacy_price(both)
    existing_customer(both, price, {"account_id": "globex"})
    stranger = existing_customer(both, both.price("team"), {})
    report = adopt(both.context)
    assert report.unmapped_prices == {price: 1}
    assert (report.customers_without_account, report.some_of_them) == (1, (stranger["customer"],))
    assert reason(both, "globex") == "unmapped_price"
    assert stranger["id"] in both.mirrored_ids()


def test_a_price_can_be_assigned(both: Bench) -> None:
    """A price that nothing maps is assigned to a plan by hand, also after everything was read."""
    price = legacy_price(both)
    existing_customer(both, price, {"account_id": "globex"})
    adopt(both.context)
    report = adopt(both.context, Choices(prices={price: "starter"}))
    assert report.unmapped_prices == {}
    assert both.explain("globex").phase.plan_key == "starter"


def test_a_price_is_not_assigned_to_a_plan_that_is_not_there(bench: Bench) -> None:
    """A plan of another name is refused before anything is read."""
    bench.line.requests.clear()
    with pytest.raises(UnknownPlanError, match="platinum"):
        adopt(bench.context, Choices(prices={"price_1": "platinum"}))
    assert bench.line.requests == []


def test_it_goes_on_where_it_was_interrupted(both: Bench) -> None:
    """When Stripe falls silent half-way, the next run reads only what is left, and counts all."""
    existing_customer(both, both.price("team"), {"account_id": "globex"})
    both.line.calls_left = 2
    with pytest.raises(StripeUnavailableError):
        adopt(both.context)
    both.line.calls_left = None
    both.line.requests.clear()
    report = adopt(both.context)
    assert both.line.requests[0] == "GET /v1/subscriptions"
    assert report.looked_at["customer"] == 1
    assert reason(both, "globex") == "active"


def adopt_half(bench: Bench, choices: Choices | None = None) -> None:
    """Let Stripe fall silent after the prices and the customers were read."""
    bench.line.calls_left = 2
    with pytest.raises(StripeUnavailableError):
        adopt(bench.context, choices)
    bench.line.calls_left = None


def test_a_price_assigned_after_an_interruption_counts(both: Bench) -> None:
    """Interrupted and run again with a price assigned, it does not go on where the prices are done."""
    price = legacy_price(both)
    existing_customer(both, price, {"account_id": "globex"})
    adopt_half(both)
    report = adopt(both.context, Choices(prices={price: "starter"}))
    assert (report.unmapped_prices, report.looked_at["customer"]) == ({}, 1)
    assert both.explain("globex").phase.plan_key == "starter"


def test_another_key_after_an_interruption_counts(both: Bench) -> None:
    """So it is with the key that names the account; that choice is kept while it is interrupted again."""
    existing_customer(both, both.price("team"), {"workspace": "globex"})
    adopt_half(both)
    adopt_half(both, Choices(account_key="workspace"))
    both.line.requests.clear()
    report = adopt(both.context, Choices(account_key="workspace"))
    assert both.line.requests[0] == "GET /v1/subscriptions"
    assert report.customers_without_account == 0
    assert reason(both, "globex") == "active"


def test_customers_on_test_clocks_come_in(both: Bench) -> None:
    """Stripe's lists leave them out: they are read clock by clock, with all they have."""
    ahead = both.clock.now + timedelta(days=40)
    clock = both.post("/v1/test_helpers/test_clocks", frozen_time=to_unix_seconds(ahead))["id"]
    on_clock = existing_customer(both, both.price("team"), {"account_id": "globex"}, test_clock=clock)
    stranger = existing_customer(both, both.price("team"), {}, test_clock=clock)
    existing_customer(both, both.price("team"), {"account_id": "initech"})
    both.webhooks()
    both.tick()
    both.line.calls_left = 7
    with pytest.raises(StripeUnavailableError):
        adopt(both.context)
    both.line.calls_left = None
    report = adopt(both.context)
    assert (report.looked_at["customer"], report.looked_at["subscription"]) == (3, 3)
    assert (report.customers_without_account, report.some_of_them) == (1, (stranger["customer"],))
    told = both.explain("globex")
    assert (told.account.test_clock, told.at, told.phase.reason) == (clock, ahead, "active")
    assert [invoice.status for invoice in told.state.invoices] == ["paid"]
    assert {row.test_clock for row in both.rows(payment_methods)} == {clock, None}
    assert both.mirrored(on_clock["id"]).account_id == "globex"
    both.tick()
    assert reconcile(both.context).count == 0


def test_only_one_process_adopts(bench: Bench) -> None:
    """While one process adopts, another is refused; a lease that was left behind runs out."""
    now = bench.clock.now
    with bench.context.database.write() as tx:
        take_lease(tx, "adopt", "another", now, now.replace(hour=now.hour + 1))
    with pytest.raises(AdoptingError):
        adopt(bench.context)
    bench.clock.advance(hours=2)
    assert isinstance(adopt(bench.context), Adopted)


def test_progress_is_told_page_by_page(bench: Bench) -> None:
    """After each page the caller hears what was read and how much of it."""
    for number in range(3):
        existing_customer(bench, bench.price("team"), {"account_id": f"account_{number}"})
    told: list[tuple[str, int]] = []
    adopt(bench.context, progress=lambda what, count: told.append((what, count)))
    assert ("customer", 3) in told
    assert ("subscription", 3) in told
    with bench.context.database.read() as tx:
        job = find_job(tx, "adopt")
        assert job is not None
        assert job.finished_at is not None
        assert len(tx.execute(select(accounts)).all()) == 4


def test_a_strangers_objects_are_linked_later(both: Bench) -> None:
    """What webhooks mirrored for nobody belongs to the account once its customer names it."""
    subscription = existing_customer(both, both.price("team"), {})
    both.deliver(*both.webhooks())
    assert both.mirrored(subscription["id"]).account_id is None
    both.stripe.v1.customers.update(subscription["customer"], {"metadata": {"account_id": "globex"}})
    both.tick()
    adopt(both.context)
    assert both.mirrored(subscription["id"]).account_id == "globex"
    assert both.explain("globex").phase.plan_key == "team"


@pytest.mark.parametrize("key", ["account_id", "workspace"])
def test_every_customer_that_names_an_account_counts(both: Bench, key: str) -> None:
    """Of two customers that name one account the paying one gives access, whichever is linked."""
    existing_customer(both, both.price("team"), {key: "globex"})
    both.stripe.v1.customers.create({"metadata": {key: "globex"}})
    report = adopt(both.context, Choices(account_key=key))
    assert report.customers_without_account == 0
    assert both.explain("globex").phase.plan_key == "team"


def test_reconcile_finds_the_owner_as_events_do(both: Bench) -> None:
    """A second customer that names an account gives it what it pays for, also where only lists told of it."""
    both.customer()
    existing_customer(both, both.price("team"), {"account_id": "acme"})
    both.webhooks()
    both.tick()
    reconcile(both.context)
    assert both.explain().phase.plan_key == "team"
