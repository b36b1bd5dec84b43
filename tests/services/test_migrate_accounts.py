"""Accounts move to another version when somebody says so: shown before, at once or at the renewal."""

from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import update

from tests.services.bench import ACCOUNT, Bench, northwind
from tests.services.offers import at_stripe
from tiergate.rules.errors import UnknownPlanError
from tiergate.services.access.consume_usage import consume
from tiergate.services.checkout.order import Order
from tiergate.services.checkout.start_checkout import start_checkout
from tiergate.services.plans.migrate_accounts import Migration, MigrationInterruptedError, migrate_accounts
from tiergate.services.plans.plan_moves import Moving, UnknownVersionError
from tiergate.services.plans.push_plans import push_plans
from tiergate.services.reconcile.adopt import adopt
from tiergate.services.run_due import run_due
from tiergate.store.tables import (
    accounts,
    changes,
    customers,
    operations,
    subscription_schedules,
    subscriptions,
    usage,
)

DEARER = (
    northwind()
    .replace("unit_amount = 4900\n", "unit_amount = 5900\n")
    .replace('roles = true\naudit_log = "90', 'audit_log = "90')
    .replace("projects = 1,", "projects = 3,")
)
ADD_ON = '[addons.calls]\nfeatures = { api_calls = 5 }\nprices = [{ currency = "usd", unit_amount = 500 }]\n'


def people(bench: Bench, **plans: str) -> dict[str, str]:
    """Let accounts have plans, and return their subscriptions."""
    found = {}
    for account_id, plan in plans.items():
        bench.register(account_id)
        found[account_id] = bench.subscribe(plan, account_id)
    bench.deliver(*bench.webhooks())
    bench.tick()
    return found


def hear(bench: Bench) -> None:
    """Let a second pass, and hear what Stripe has to say."""
    bench.tick()
    bench.deliver(*bench.webhooks())


def renew(bench: Bench) -> None:
    """Let a month pass, and hear of it."""
    bench.clock.advance(days=32)
    bench.at_stripe("/v1/subscriptions")
    bench.deliver(*bench.webhooks())


def paid(bench: Bench, subscription_id: str) -> tuple[int, str | None]:
    """What a subscription pays at Stripe, and the version in its metadata."""
    found = bench.at_stripe(f"/v1/subscriptions/{subscription_id}")
    (item,) = found["items"]["data"]
    return item["price"]["unit_amount"], found["metadata"].get("catalog_version")


def versions(bench: Bench) -> dict[str, int]:
    """The version of each account's subscription, or else of its free plan."""
    found = {row.account_id: row.catalog_version for row in bench.rows(accounts)}
    return found | {row.account_id: row.catalog_version for row in bench.rows(subscriptions)}


def told(migration: Migration) -> list[tuple[str | None, int, int, str]]:
    """The groups of a migration, shortly."""
    return [(each.plan_key, each.from_version, each.accounts, each.why_not) for each in migration.groups]


def test_publishing_moves_nobody_and_a_preview_neither(both: Bench) -> None:
    """Who would move, what that gives and takes, and what it costs, is told; nothing is written anywhere."""
    people(both, one="team", two="team", three="starter")
    push_plans(both.context, DEARER)
    both.line.requests.clear()
    before = (both.rows(accounts), both.rows(subscriptions), both.rows(operations))
    preview = migrate_accounts(both.context)
    assert (both.rows(accounts), both.rows(subscriptions), both.rows(operations)) == before
    assert both.line.requests == []
    assert preview.concerned == 4
    assert str(preview) == (
        "To version 2, at the next renewal: 4 accounts. Nothing is done yet.\n"
        "  1 account without a subscription, on Free, version 1 (acme)\n"
        "      at once, for nothing renews\n"
        "      Projects: 1 → 3\n"
        "  1 account on Starter, version 1 (three)\n"
        "  2 accounts on Team, version 1 (one, two)\n"
        "      Roles & permissions is lost\n"
        "      per month: 49.00 USD → 59.00 USD"
    )
    assert set(versions(both).values()) == {1}
    group = preview.as_json()["groups"][2]
    assert (group["before"], group["after"], group["accounts"]) == (4900, 5900, 2)


def test_at_the_renewal(both: Bench) -> None:
    """Price and version stay until the period that is paid for is over; then both are the new ones."""
    subs = people(both, one="team", two="starter")
    push_plans(both.context, DEARER)
    done = migrate_accounts(both.context, preview=False)
    assert (done.moved, done.refused) == (3, ())
    assert versions(both) == {"one": 1, "two": 1, ACCOUNT: 2}
    why = "a change of it is scheduled at Stripe already"
    assert sorted(told(migrate_accounts(both.context))) == [("starter", 1, 1, why), ("team", 1, 1, why)]
    hear(both)
    assert (paid(both, subs["one"]), both.explain("one").phase.plan_key) == ((4900, None), "team")
    assert migrate_accounts(both.context).concerned == 0
    renew(both)
    assert paid(both, subs["one"]) == (5900, "2")
    assert paid(both, subs["two"]) == (1900, "2")
    assert versions(both) == {"one": 2, "two": 2, ACCOUNT: 2}
    invoices = [each for each in both.explain("one").state.invoices if each.total == 5900]
    assert len(invoices) == 1
    both.clock.advance(days=2)
    both.at_stripe("/v1/subscriptions")
    both.deliver(*both.webhooks())
    assert both.at_stripe(f"/v1/subscriptions/{subs['one']}")["schedule"] is None
    assert str(migrate_accounts(both.context)) == "Everybody is in version 2."
    assert len(at_stripe(both, "prices", active=True)) == 6


def test_at_the_renewal_in_another_currency(bench: Bench) -> None:
    """Who pays in euro is moved in euro."""
    bench.subscribe("team", currency="eur")
    bench.deliver(*bench.webhooks())
    push_plans(bench.context, DEARER)
    done = migrate_accounts(bench.context, preview=False)
    assert (done.moved, done.refused) == (1, ())


def test_at_once(both: Bench) -> None:
    """The price follows with its proration, the metadata names the version, and access is that of it."""
    subs = people(both, one="team")
    push_plans(both.context, DEARER)
    assert both.explain("one").phase.plan is not None
    done = migrate_accounts(both.context, Moving(when="now"), preview=False)
    assert (done.moved, versions(both)) == (2, {"one": 2, ACCOUNT: 2})
    assert paid(both, subs["one"]) == (5900, "2")
    pending = both.at_stripe("/v1/invoiceitems")["data"]
    assert sorted(each["amount"] > 0 for each in pending) == [False, True]
    plan = both.explain("one").phase.plan
    assert plan is not None
    assert "roles" not in plan.features
    hear(both)
    assert versions(both) == {"one": 2, ACCOUNT: 2}
    (entry,) = [each for each in both.explain("one").journal if each.kind == "migrated"]
    assert (entry.data["from_version"], entry.data["catalog_version"]) == (1, 2)
    assert {f"account:{each}" for each in ("one", ACCOUNT)} <= {row.topic for row in both.rows(changes)}


def test_without_proration(bench: Bench) -> None:
    """Where it is wished nothing is charged for the rest of the period."""
    people(bench, one="team")
    push_plans(bench.context, DEARER)
    migrate_accounts(bench.context, Moving(when="now", prorate=False), preview=False)
    assert bench.at_stripe("/v1/invoiceitems")["data"] == []


def test_where_the_price_stays_only_the_metadata_changes(bench: Bench) -> None:
    """No item is sent, so that nothing is charged and no period changes."""
    subs = people(bench, one="starter")
    before = bench.at_stripe(f"/v1/subscriptions/{subs['one']}")["items"]
    push_plans(bench.context, DEARER)
    migrate_accounts(bench.context, Moving(when="now"), preview=False)
    assert bench.at_stripe(f"/v1/subscriptions/{subs['one']}")["items"] == before
    assert paid(bench, subs["one"]) == (1900, "2")


@pytest.mark.parametrize("when", ["now", "renewal"])
def test_seats_and_add_ons_come_along(bench: Bench, when: Any) -> None:
    """Quantities stay what they were, and add-ons are moved to their new price too."""
    push_plans(bench.context, northwind() + ADD_ON)
    bench.register("one")
    add_on = bench.stripe.v1.prices.list({"lookup_keys": ["calls_monthly"]}).data[0].id
    items = [{"price": bench.price("team"), "quantity": 7}, {"price": add_on, "quantity": 2}]
    subscription = bench.subscribe("team", "one", items=items)
    hear(bench)
    push_plans(bench.context, DEARER + ADD_ON.replace("500", "600"))
    migrate_accounts(bench.context, Moving(account="one", when=when), preview=False)
    renew(bench)
    found = bench.at_stripe(f"/v1/subscriptions/{subscription}")["items"]["data"]
    assert sorted((each["price"]["unit_amount"], each["quantity"]) for each in found) == [(600, 2), (5900, 7)]


@pytest.mark.parametrize(
    ("moving", "moved"),
    [
        (Moving(plan="team"), {"one"}),
        (Moving(plan="free"), {ACCOUNT}),
        (Moving(account="two"), {"two"}),
        (Moving(account=ACCOUNT), {ACCOUNT}),
        (Moving(from_version=2), {"late"}),
        (Moving(to=2), {"one", "two", ACCOUNT, "late"}),
    ],
)
def test_whom_it_concerns_is_chosen(bench: Bench, moving: Moving, moved: set[str]) -> None:
    """By plan, by account, by the version they come from; and to which version, be it not the newest."""
    people(bench, one="team", two="starter")
    push_plans(bench.context, northwind() + "\n# two\n")
    people(bench, late="starter")
    push_plans(bench.context, northwind() + "\n# three\n")
    told_of: set[str] = set()
    chosen = Moving(moving.to, moving.plan, moving.from_version, moving.account, "now")
    if moving.to == 2:
        migrate_accounts(bench.context, Moving(when="now"), preview=False)
    done = migrate_accounts(
        bench.context, chosen, preview=False, tell=lambda move: told_of.add(move.account_id)
    )
    assert (told_of, done.moved) == (moved, len(moved))


def test_who_cannot_be_moved_is_told_with_the_reason(bench: Bench) -> None:
    """A plan or a price that the version does not have, and what ends or changes anyhow."""
    subs = people(bench, gone="scale", ends="team", planned="team", yearly="starter")
    bench.stripe.v1.subscriptions.update(subs["ends"], {"cancel_at_period_end": True})
    bench.post("/v1/subscription_schedules", from_subscription=subs["planned"])
    yearly = bench.price("starter", "yearly")
    (item,) = bench.at_stripe(f"/v1/subscriptions/{subs['yearly']}")["items"]["data"]
    bench.post(f"/v1/subscriptions/{subs['yearly']}", items=[{"id": item["id"], "price": yearly}])
    hear(bench)
    year = '[[plans.starter.prices]]\ninterval = "year"\ncurrency = "usd"\nunit_amount = 18000\n'
    year += "currency_options = { eur = 16800, gbp = 15000 }\n"
    text = DEARER.partition("[plans.scale]")[0].replace(year, "")
    push_plans(bench.context, text)
    preview = migrate_accounts(bench.context)
    assert {why for _, _, _, why in told(preview) if why} == {
        "version 2 has no plan Scale",
        "it ends before it would renew",
        "a change of it is scheduled at Stripe already",
        "version 2 does not sell starter per year in usd",
    }
    assert "      stays: it ends before it would renew" in str(preview)
    assert migrate_accounts(bench.context, preview=False).moved == preview.concerned == 1


def test_a_price_that_is_not_sold_any_more(bench: Bench) -> None:
    """A version between cannot be moved to where its price was replaced since."""
    people(bench, one="team")
    push_plans(bench.context, DEARER)
    push_plans(bench.context, DEARER.replace("unit_amount = 5900", "unit_amount = 6900"))
    why = "the price team_monthly of version 2 is not sold any more"
    assert ("team", 1, 1, why) in told(migrate_accounts(bench.context, Moving(to=2)))


def test_what_does_not_exist_is_named(bench: Bench) -> None:
    """A version that was never published, a plan that no version has."""
    with pytest.raises(UnknownVersionError, match=r"no version 7\. The versions are: 1\."):
        migrate_accounts(bench.context, Moving(to=7))
    with pytest.raises(UnknownPlanError, match="no plan 'giant' in any version"):
        migrate_accounts(bench.context, Moving(plan="giant"))


def test_a_new_version_without_a_free_plan(bench: Bench) -> None:
    """Who has bought nothing cannot be moved there: they would be left with nothing."""
    push_plans(bench.context, northwind().replace("[plans.free]\n", '[plans.free]\ncontact_url = "/talk"\n'))
    assert told(migrate_accounts(bench.context)) == [("free", 1, 1, "the new version has no free plan")]
    assert migrate_accounts(bench.context, preview=False).moved == 0
    assert versions(bench) == {ACCOUNT: 1}


@pytest.mark.parametrize("when", ["now", "renewal"])
@pytest.mark.parametrize("how", ["down", "deaf"])
def test_broken_off_it_goes_on(both: Bench, when: Any, how: str) -> None:
    """Wherever Stripe stops answering, the next run completes it: everybody is moved once."""
    subs = people(both, one="team", two="team")
    push_plans(both.context, DEARER)
    moving = Moving(when=when)
    for calls in range(12):
        both.line.calls_left = calls if how == "down" else None
        both.line.deaf = how == "deaf" and calls % 3 == 0
        with suppress(MigrationInterruptedError):
            migrate_accounts(both.context, moving, preview=False)
        both.line.calls_left, both.line.deaf = None, False
        both.tick()
    assert migrate_accounts(both.context, moving, preview=False).refused == ()
    hear(both)
    if when == "renewal":
        assert len(both.rows(subscription_schedules)) == 2
        renew(both)
    assert [paid(both, each) for each in subs.values()] == [(5900, "2")] * 2
    assert {row.state for row in both.rows(operations)} == {"done"}
    journalled = [e for each in subs for e in both.explain(each).journal if e.kind == "migrated"]
    assert len(journalled) == 2


def test_an_interrupted_move_is_settled_after_stripe_has_told_of_it(bench: Bench) -> None:
    """Where the webhook was quicker than the next run, the move is noted as done all the same."""
    people(bench, one="team")
    push_plans(bench.context, DEARER)
    bench.line.calls_left = 1
    bench.line.deaf = False
    with pytest.raises(MigrationInterruptedError, match=r"0 accounts were moved\. Run it again"):
        migrate_accounts(bench.context, Moving(plan="team", when="now"), preview=False)
    bench.line.calls_left = None
    (open_one,) = [row for row in bench.rows(operations) if row.state == "open"]
    told_to = open_one.parameters
    bench.post(
        f"/v1/subscriptions/{told_to['subscription']}",
        metadata={"plan_key": "team", "catalog_version": "2"},
    )
    hear(bench)
    bench.clock.advance(days=2)
    migrate_accounts(bench.context, Moving(plan="team", when="now"), preview=False)
    assert {row.state for row in bench.rows(operations)} == {"done"}


def test_a_refusal_stops_nobody_else(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is reported with what Stripe said, leaves no schedule behind, and the others are moved."""
    subs = people(bench, one="team", two="team")
    push_plans(bench.context, DEARER)
    ask = bench.line.request
    refused: list[str] = []

    def request(method: str, url: str, *rest: Any, **options: Any) -> tuple[str, int, Any]:
        if method == "post" and "/subscription_schedules/" in url and not refused:
            refused.append(url)
            return '{"error": {"type": "invalid_request_error", "message": "Not this one."}}', 400, {}
        return ask(method, url, *rest, **options)

    monkeypatch.setattr(bench.line, "request", request)
    done = migrate_accounts(bench.context, Moving(plan="team"), preview=False)
    assert done.moved == 1
    ((account_id, message),) = done.refused
    assert "Not this one" in message
    assert f"refused: {account_id}: " in str(done)
    assert bench.at_stripe(f"/v1/subscriptions/{subs[account_id]}")["schedule"] is None
    hear(bench)
    assert migrate_accounts(bench.context, Moving(plan="team"), preview=False).moved == 1


def test_a_schedule_that_somebody_else_made_is_left_alone(bench: Bench) -> None:
    """One that nobody here has heard of yet is found at Stripe, and the move is refused."""
    subs = people(bench, one="team")
    push_plans(bench.context, DEARER)
    schedule = bench.post("/v1/subscription_schedules", from_subscription=subs["one"])
    bench.post(f"/v1/subscription_schedules/{schedule['id']}", metadata={"whose": "sales"})
    done = migrate_accounts(bench.context, Moving(plan="team"), preview=False)
    assert done.moved == 0
    assert "scheduled at Stripe already" in done.refused[0][1]
    assert bench.at_stripe(f"/v1/subscriptions/{subs['one']}")["schedule"] == schedule["id"]


def test_usage_stays(bench: Bench) -> None:
    """What was used is not counted anew, and no balance is touched, by a move at once."""
    people(bench, one="team")
    consume(bench.context, "one", "api_calls", 7, key="k")
    used = bench.rows(usage)
    push_plans(bench.context, DEARER)
    migrate_accounts(bench.context, Moving(when="now", prorate=False), preview=False)
    assert bench.rows(usage) == used
    customer = bench.rows(customers)[0].stripe_customer_id
    assert bench.at_stripe(f"/v1/customers/{customer}")["balance"] == 0


def test_versions_outlive_the_database(both: Bench) -> None:
    """From an empty database, the file and Stripe's metadata, everybody is in the version they were in."""
    for account_id in ("one", "two"):
        both.register(account_id)
        both.pay(start_checkout(both.context, account_id, Order("starter")))
    hear(both)
    push_plans(both.context, DEARER)
    migrate_accounts(both.context, Moving(account="two", when="now"), preview=False)
    hear(both)
    known = versions(both)
    assert (known["one"], known["two"]) == (1, 2)
    with both.context.database.write() as tx:
        for table in (subscriptions, customers, accounts, operations):
            tx.execute(table.delete())
    adopt(both.context)
    again = {row.account_id: row.catalog_version for row in both.rows(subscriptions)}
    assert again == {"one": 1, "two": 2}


def test_a_new_version_recomputes_what_is_due(both: Bench) -> None:
    """Publishing makes every account due, so that what follows from the new policy is worked out."""
    people(both, one="team")
    run_due(both.context)
    with both.context.database.write() as tx:
        tx.execute(update(accounts).values(next_due_at=None))
    push_plans(both.context, DEARER)
    assert run_due(both.context) == 2
