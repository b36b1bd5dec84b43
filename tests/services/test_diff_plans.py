"""What publishing would change, told before: in the offer, at Stripe, and for whom."""

import json
import time
from datetime import timedelta

import pytest
from sqlalchemy import insert

from tests.services.bench import ACCOUNT, BEGIN, Bench, northwind
from tests.services.offers import EVERYTHING_CHANGES
from tiergate.rules.catalog_file import CatalogError
from tiergate.services.access.grant_access import GrantDetails, grant_access
from tiergate.services.plans.check_plans import check_plans
from tiergate.services.plans.diff_plans import PlansDiff, diff_plans, find_drift
from tiergate.services.plans.push_plans import push_plans
from tiergate.store.plan_counts import PlanCount, count_by_plan
from tiergate.store.tables import accounts, catalog_versions, subscriptions

WITHOUT_ROLES = northwind().replace('roles = true\naudit_log = "90', 'audit_log = "90')


def diff(bench: Bench, text: str) -> PlansDiff:
    """Compare, and make sure that nothing was written."""
    bench.line.requests.clear()
    found = diff_plans(bench.context, text)
    assert not any(call.startswith("POST") for call in bench.line.requests)
    return found


def subscribe(bench: Bench, *account_ids: str, plan: str = "team") -> None:
    """Let accounts have a plan."""
    for account_id in account_ids:
        bench.register(account_id)
        bench.subscribe(plan, account_id)
    bench.deliver(*bench.webhooks())


def test_who_keeps_what_and_who_would_lose_what(both: Bench) -> None:
    """Accounts are counted by version and plan; the sentence a founder reads says what a move would take."""
    subscribe(both, "one", "two")
    subscribe(both, "three", plan="starter")
    push_plans(both.context, northwind() + "\n# two\n")
    subscribe(both, "late")
    grant_access(both.context, "one", GrantDetails("comp", "scale", {}, None, None, "", ""))
    found = diff(both, WITHOUT_ROLES)
    assert [(each.version, each.holding, each.plan_key, each.accounts) for each in found.keeps] == [
        (2, "granted", "scale", 1),
        (2, "subscribed", "team", 1),
        (1, "free", "free", 1),
        (1, "subscribed", "starter", 1),
        (1, "subscribed", "team", 2),
    ]
    lines = str(found).splitlines()
    assert "  1 account keeps version 2; if they were moved, 1 would lose Roles & permissions." in lines
    assert "  4 accounts keep version 1; if they were moved, 2 would lose Roles & permissions." in lines
    assert "    2 accounts on Team: moved, Roles & permissions is lost" in lines
    assert "    1 account without a subscription, on Free" in lines
    assert "    1 account given Scale" in lines


def test_what_is_shown_is_what_is_done(both: Bench) -> None:
    """The steps of a push are those that were shown before, and afterwards none is left."""
    shown = diff(both, EVERYTHING_CHANGES)
    assert (shown.version_now, shown.version_next, shown.is_published) == (1, 2, False)
    pushed = push_plans(both.context, EVERYTHING_CHANGES)
    created = [step.name for step in shown.steps if step.action == "create_price"]
    others = [str(step) for step in shown.steps if step.action != "create_price"]
    assert (list(pushed.created), list(pushed.others)) == (created, others)
    after = diff(both, EVERYTHING_CHANGES)
    assert (after.steps, after.drift, after.changes.is_empty, after.is_published) == ((), (), True, True)
    assert str(after).startswith("This is version 2, which is in force.\nStripe sells all of it already.")
    assert "Who keeps what" not in str(after)


def test_a_plan_that_goes_is_told_of(bench: Bench) -> None:
    """Its accounts are named as such: they keep it, and could be moved nowhere."""
    subscribe(bench, "big", plan="scale")
    text = str(diff(bench, EVERYTHING_CHANGES))
    assert "  - plan Scale is gone\n" in text
    assert "1 have a plan that is gone (Scale)" in text
    assert "    1 account on Scale: the plan is gone, so they cannot be moved\n" in text
    assert "      per month: 49.00 USD → 59.00 USD\n      per month: 45.00 EUR → 55.00 EUR\n" in text
    assert "  + plan Vast is new\n" in text
    assert "  + add-on Calls is new\n" in text


def test_the_first_version_is_all_new(bench: Bench) -> None:
    """Before anything is published there is nobody to keep anything, and nothing to have drifted."""
    with bench.context.database.write() as tx:
        tx.execute(catalog_versions.delete())
    found = diff(bench, northwind())
    assert (found.version_now, found.version_next, found.keeps, found.drift) == (None, 1, (), ())
    assert all(change.is_new for change in found.changes.offers)
    assert str(found).startswith("Nothing is published yet; this would be version 1.")


def test_a_comment_alone_is_no_change_of_the_offer(bench: Bench) -> None:
    """It becomes a version all the same, and says so."""
    text = str(diff(bench, northwind() + "\n# a word\n"))
    assert text.startswith("Only the text differs from version 1; it would become 2.")


def test_as_json(bench: Bench) -> None:
    """Everything is there for programs too: changes, holders, steps, drift, advice."""
    subscribe(bench, "one")
    bench.stripe.v1.products.update("northwind_team", {"name": "Crew"})
    told = json.loads(
        json.dumps(diff(bench, WITHOUT_ROLES.replace("unit_amount = 4900", "unit_amount = 5900")).as_json())
    )
    (team,) = told["offers"]
    assert (team["key"], team["features"][0]["effect"], team["features"][0]["before"]) == (
        "team",
        "lost",
        True,
    )
    assert team["prices"][0]["after"] == {"unit_amount": 5900, "tiers": []}
    assert [step["action"] for step in told["steps"]] == ["rename_product", "create_price", "archive_price"]
    assert told["drift"][0]["kind"] == "renamed"
    keeps = {each["plan"]: each for each in told["keeps"]}
    assert keeps["team"]["if_moved"]["features"] == team["features"]
    assert (keeps["team"]["accounts"], keeps["free"]["accounts"], told["version_next"]) == (1, 1, 2)


def test_prices_that_would_be_refused_are_told_of(bench: Bench) -> None:
    """What `stripe_price` names and is not there is shown with the rest, instead of in its place."""
    text = northwind().replace(
        "unit_amount = 4900\n", 'unit_amount = 4900\nstripe_price = "STRIPE_PRICE_TEAM"\n'
    )
    found = diff(bench, text)
    assert found.problems == (
        "STRIPE_PRICE_TEAM, which the price 'team_monthly' names, is not set: "
        "set it to the price's id (price_…).",
    )
    assert "A push would be refused:\n  STRIPE_PRICE_TEAM" in str(found)


def test_drift_is_found(bench: Bench) -> None:
    """Archived, moved, renamed and edited at Stripe since the version was published."""
    push_plans(bench.context, EVERYTHING_CHANGES)
    prices = bench.stripe.v1.prices
    prices.update(bench.price("starter"), {"active": False})
    bench.post(f"/v1/prices/{bench.price('team')}", currency_options={"eur": {"unit_amount": 1}})
    moved = bench.price("team", "yearly")
    bench.post(
        "/v1/prices", product="northwind_team", currency="usd", unit_amount=46800,
        recurring={"interval": "year"}, lookup_key="team_yearly", transfer_lookup_key=True,
    )  # fmt: skip
    bench.stripe.v1.products.update("northwind_vast", {"name": "Huge", "active": False})
    assert {each.kind: each.name for each in find_drift(bench.context)} == {
        "archived": "starter_monthly",
        "differs": "team_monthly",
        "lookup_key_moved": "team_yearly",
        "renamed": "northwind_vast",
        "product_archived": "northwind_vast",
    }
    assert any(moved in each.message for each in find_drift(bench.context))
    assert "Stripe differs from the version in force:" in str(diff(bench, EVERYTHING_CHANGES))
    push_plans(bench.context, EVERYTHING_CHANGES)
    assert find_drift(bench.context) == ()


def test_a_mistake_is_refused_as_ever(bench: Bench) -> None:
    """A file that cannot be published is not compared."""
    with pytest.raises(CatalogError):
        diff_plans(bench.context, northwind().replace("seats = 10", "seats = -1"))


def test_a_hundred_thousand_accounts_are_counted_by_the_database(both: Bench) -> None:
    """One grouped query, whatever the number: it takes moments, and loads no account."""
    many = 100_000
    person = {
        "locale": "en",
        "time_zone": "UTC",
        "signed_up_at": BEGIN,
        "created_at": BEGIN,
        "updated_at": BEGIN,
    }
    bought = {
        "stripe_customer_id": "cus_1", "plan_key": "team", "status": "active", "items": [], "metadata": {},
        "collection_method": "charge_automatically", "raw": {}, "as_of": BEGIN, "created_at": BEGIN,
        "updated_at": BEGIN,
    }  # fmt: skip
    with both.context.database.write() as tx:
        for begin in range(0, many, 10_000):
            numbers = range(begin, begin + 10_000)
            tx.execute(
                insert(accounts),
                [{**person, "account_id": f"a{n}", "catalog_version": 1 + n % 2} for n in numbers],
            )
            tx.execute(
                insert(subscriptions),
                [
                    {**bought, "stripe_subscription_id": f"sub_{n}", "account_id": f"a{n}",
                     "catalog_version": 1 + n % 4}
                    for n in numbers if n % 2
                ],
            )  # fmt: skip
    with both.context.database.read() as tx:
        began = time.monotonic()
        found = count_by_plan(tx, False, both.clock.now)
        assert time.monotonic() - began < 5
    assert sorted(found, key=str) == [
        PlanCount("free", None, 1, many // 2 + 1),
        PlanCount("subscribed", "team", 2, many // 4),
        PlanCount("subscribed", "team", 4, many // 4),
    ]


def test_who_is_counted(both: Bench) -> None:
    """What is over, of the other mode, revoked or not begun is not counted; who has two is counted once."""
    subscribe(both, "one")
    both.subscribe("team", "one")
    both.register("gone")
    ended = both.subscribe("team", "gone")
    both.stripe.v1.subscriptions.cancel(ended)
    both.deliver(*both.webhooks())
    for starts_at in (both.clock.now, both.clock.now + timedelta(days=1)):
        grant_access(both.context, ACCOUNT, GrantDetails("comp", "scale", {}, starts_at, None, "", ""))
    with both.context.database.read() as tx:
        now = count_by_plan(tx, False, both.clock.now)
        live = count_by_plan(tx, True, both.clock.now)
    assert sorted(now, key=str) == [
        PlanCount("free", None, 1, 2),
        PlanCount("granted", "scale", 1, 1),
        PlanCount("subscribed", "team", 1, 1),
    ]
    assert sorted(live, key=str) == [PlanCount("free", None, 1, 3), PlanCount("granted", "scale", 1, 1)]


def test_a_check_has_places_and_advice() -> None:
    """Mistakes have line and column; where there are none there may be advice, which keeps nobody back."""
    wrong = northwind().replace("seats = 10", "seats = -1")
    found = check_plans(wrong)
    (mistake,) = found.mistakes
    assert wrong.split("\n")[mistake.line - 1][mistake.column - 1 :].startswith("seats = -1")
    assert (found.is_valid, found.advice) == (False, ())
    unwise = check_plans(northwind().replace("unit_amount = 18000", "unit_amount = 99000"))
    assert unwise.is_valid
    assert [each["line"] for each in unwise.as_json()["advice"]] == [59, 65]
    assert check_plans("x = ").mistakes[0].line == 1
