"""However often and however concurrently the button is pressed, one purchase can come of it."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest

from tests.services.bench import ACCOUNT, Bench, Json
from tiergate.rules.errors import UnknownAccountError, UnknownPlanError
from tiergate.services.checkout.order import Order, PriceNotAtStripeError
from tiergate.services.checkout.start_checkout import (
    AlreadySubscribedError,
    CheckoutBusyError,
    start_checkout,
)
from tiergate.services.plans.load_catalog import NoPlansError
from tiergate.services.run_due import run_due
from tiergate.store.checkout_table import checkouts
from tiergate.store.tables import catalog_versions, operations, prices
from tiergate.stripe_api.gateway import StripeRefusedError, StripeUnavailableError

VISA = "4242 4242 4242 4242"


def click(bench: Bench, plan: str = "team", interval: str = "month") -> str:
    """Press the button."""
    return start_checkout(bench.context, ACCOUNT, Order(plan, interval))


def at_stripe(bench: Bench, status: str | None = None) -> list[Json]:
    """The checkout sessions that Stripe knows, of one status or all."""
    found: list[Json] = bench.at_stripe("/v1/checkout/sessions?limit=100")["data"]
    return [session for session in found if status in (None, session["status"])]


def customers(bench: Bench) -> list[Json]:
    """The customers that Stripe knows."""
    found: list[Json] = bench.at_stripe("/v1/customers?limit=100")["data"]
    return found


def test_three_clicks_are_one_session(bench: Bench) -> None:
    """Three clicks in a row lead to the same page of one customer (pay#1027, appstrate#1325)."""
    assert len({click(bench) for _ in range(3)}) == 1
    assert len(at_stripe(bench)) == len(customers(bench)) == 1
    assert customers(bench)[0]["metadata"].items() >= {"account_id": ACCOUNT}.items()


def test_eight_clicks_at_once_are_one_session(both: Bench) -> None:
    """Eight clicks in parallel lead to the same page of one customer (stripe-firebase-extensions#80)."""
    with ThreadPoolExecutor(8) as pool:
        urls = set(pool.map(lambda _: click(both), range(8)))
    assert len(urls) == 1
    assert len(at_stripe(both)) == len(customers(both)) == 1
    assert [row.state for row in both.rows(operations) if row.state == "open"] == []


def test_clicks_on_two_plans_at_once_leave_one_open(both: Bench) -> None:
    """Two tabs with different plans end with one open session: only one can ever be paid (traceroot#2219)."""

    def click_among_others(plan: str) -> None:
        with suppress(CheckoutBusyError):
            click(both, plan)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(click_among_others, ["team", "starter"] * 2))
    click(both, "team")
    assert len(at_stripe(both, "open")) == 1
    assert len(customers(both)) == 1


def test_another_plan_expires_the_first_session(bench: Bench) -> None:
    """A click on another plan, or interval, closes the open session and opens one for the new offer."""
    first, second, third = click(bench), click(bench, "starter"), click(bench, "starter", "year")
    assert len({first, second, third}) == 3
    assert [session["url"] for session in at_stripe(bench, "open")] == [third]
    assert len(at_stripe(bench, "expired")) == 2
    assert sorted(row.status for row in bench.rows(checkouts)) == ["expired", "expired", "open"]


def test_an_expired_session_is_replaced(bench: Bench) -> None:
    """A session that Stripe let expire is noticed at the next click, webhook or not."""
    first = click(bench)
    bench.clock.advance(days=1, hours=1)
    bench.sandbox.catch_up()
    assert click(bench) != first
    assert len(at_stripe(bench, "open")) == 1


def test_what_was_bought_elsewhere_is_noticed(bench: Bench) -> None:
    """A session completed in another tab is found out at the next click, though no webhook came."""
    url = click(bench)
    bench.pay(url)
    with pytest.raises(AlreadySubscribedError) as refused:
        click(bench)
    assert "team" in refused.value.message
    assert "billing page" in refused.value.remedy
    assert (bench.explain().phase.plan_key, bench.reason()) == ("team", "trialing")


@pytest.mark.parametrize("plan", ["team", "scale"])
def test_a_subscriber_is_not_sold_a_second_one(bench: Bench, plan: str) -> None:
    """An account with a live subscription gets no checkout, and no session is opened (adcp#3184)."""
    bench.subscribe()
    bench.deliver(*bench.webhooks())
    with pytest.raises(AlreadySubscribedError):
        click(bench, plan)
    assert at_stripe(bench) == []


def test_a_trial_is_sold_with_its_terms(bench: Bench) -> None:
    """The session carries trial, metadata and customer, so that the subscription has them (2anki#3320)."""
    bench.pay(click(bench))
    bench.deliver(*bench.webhooks())
    row = bench.mirrored(bench.explain().state.subscriptions[0].id)
    assert (row.status, row.trial_end) == ("trialing", bench.clock.now + timedelta(days=14))
    assert row.metadata == {
        "account_id": ACCOUNT,
        "plan_key": "team",
        "catalog_version": "1",
        "channel": "self_serve",
    }
    at_its_end = bench.at_stripe(f"/v1/subscriptions/{row.stripe_subscription_id}")["trial_settings"]
    assert at_its_end["end_behavior"]["missing_payment_method"] == "cancel"


def test_a_trial_is_given_once(bench: Bench) -> None:
    """Who has tried and cancelled buys without a second trial, and with a card (better-auth#4539)."""
    bench.pay(click(bench))
    bench.deliver(*bench.webhooks())
    tried = bench.explain().state.subscriptions[0].id
    bench.tick()
    bench.stripe.v1.subscriptions.cancel(tried)
    bench.deliver(*bench.webhooks())
    bench.pay(click(bench, "starter"), VISA)
    bench.deliver(*bench.webhooks())
    bought = next(found for found in bench.explain().state.subscriptions if found.id != tried)
    assert (str(bought.status), bought.trial_start, bought.plan_key) == ("active", None, "starter")
    assert [invoice.amount_paid for invoice in bench.explain().state.invoices_of(bought)] == [1900]


def test_after_the_end_one_may_buy_again(bench: Bench) -> None:
    """The way is free again once a subscription has ended."""
    subscription_id = bench.subscribe()
    bench.tick()
    bench.stripe.v1.subscriptions.cancel(subscription_id)
    bench.deliver(*bench.webhooks())
    assert click(bench, "starter").startswith("http")


@pytest.mark.parametrize(
    ("account_id", "plan", "interval", "error", "says"),
    [
        ("ghost", "team", "month", UnknownAccountError, "billing.register"),
        (ACCOUNT, "platinum", "month", UnknownPlanError, "free, starter, team, scale"),
        (ACCOUNT, "free", "month", UnknownPlanError, "it is free"),
        (ACCOUNT, "team", "week", UnknownPlanError, "month in usd/eur/gbp, year in usd/eur/gbp"),
    ],
)
def test_what_cannot_be_bought_is_said(
    bench: Bench, account_id: str, plan: str, interval: str, error: type[Exception], says: str
) -> None:
    """An unknown account, plan or interval is refused with the remedy, and nothing is made at Stripe."""
    with pytest.raises(error, match=says):
        start_checkout(bench.context, account_id, Order(plan, interval))
    assert at_stripe(bench) == customers(bench) == []
    assert bench.line.requests == []


def test_a_price_that_is_not_at_stripe_names_the_command(bench: Bench) -> None:
    """Where a plan's price was never pushed, the error says which command does it."""
    with bench.context.database.write() as tx:
        tx.execute(prices.delete())
    with pytest.raises(PriceNotAtStripeError, match="tiergate plans push"):
        click(bench)


def test_without_plans_the_command_is_named(bench: Bench) -> None:
    """Where nothing was ever published, the error says which command does it."""
    with bench.context.database.write() as tx:
        tx.execute(catalog_versions.delete())
    with pytest.raises(NoPlansError, match="tiergate plans push"):
        click(bench)


def test_stripe_unreachable_is_said_and_safe_to_repeat(bench: Bench) -> None:
    """While Stripe cannot be reached the error says so; afterwards there is one customer and one session."""
    bench.line.down = True
    for _ in range(2):
        with pytest.raises(StripeUnavailableError, match="try again"):
            click(bench)
    bench.line.down = False
    click(bench)
    assert len(at_stripe(bench)) == len(customers(bench)) == 1


@pytest.mark.parametrize("lost", ["create_customer", "checkout"])
def test_a_lost_answer_is_asked_for_again(both: Bench, lost: str) -> None:
    """Where Stripe acted and its answer was lost, the same key brings the same object, not a second one."""
    if lost == "checkout":
        both.customer()
    both.line.deaf = True
    with pytest.raises(StripeUnavailableError):
        click(both)
    unfinished = [row for row in both.rows(operations) if row.state == "open"]
    assert [row.action for row in unfinished] == [lost]
    both.line.deaf = False
    click(both)
    assert len(at_stripe(both)) == len(customers(both)) == 1
    finished = next(row for row in both.rows(operations) if row.operation_id == unfinished[0].operation_id)
    assert finished.state == "done"


@pytest.mark.parametrize(
    "step",
    [
        "checkout.start_checkout.save_checkout",
        "accounts.ensure_customer.save_reading",
        "run_operation.close_operation",
    ],
)
def test_a_crash_before_saving_is_resumed(both: Bench, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that dies between Stripe's answer and its own commit loses nothing and doubles nothing."""

    def die(*_: object) -> None:
        raise SystemExit(137)

    with monkeypatch.context() as killed:
        killed.setattr(f"tiergate.services.{step}", die)
        with pytest.raises(SystemExit):
            click(both)
    known = {session["url"] for session in at_stripe(both)}
    url = click(both)
    assert url in (known or {url})
    assert len(at_stripe(both)) == len(customers(both)) == 1


def test_a_resumed_operation_does_not_sell_what_nobody_wants_any_more(bench: Bench) -> None:
    """An unfinished checkout of one plan is finished first, and expired for a click on another."""
    bench.customer()
    bench.line.deaf = True
    with pytest.raises(StripeUnavailableError):
        click(bench, "starter")
    bench.line.deaf = False
    click(bench, "team")
    assert [row.plan_key for row in bench.rows(checkouts) if row.status == "open"] == ["team"]
    assert len(at_stripe(bench, "open")) == 1


def test_a_refusal_is_final_and_told(bench: Bench) -> None:
    """What Stripe refuses closes the operation with Stripe's reason; the next click is a new one."""
    bench.customer()
    bench.stripe.v1.prices.update(bench.price("team"), {"active": False})
    for _ in range(2):
        with pytest.raises(StripeRefusedError, match="Stripe refused POST /v1/checkout/sessions"):
            click(bench)
    refused = [row for row in bench.rows(operations) if row.action == "checkout"]
    assert [row.state for row in refused] == ["refused", "refused"]
    assert "inactive" in refused[0].result["error"]


@pytest.mark.parametrize("is_told", [True, False], ids=["told", "untold"])
def test_a_deleted_customer_is_replaced(both: Bench, is_told: bool) -> None:
    """An account whose customer was deleted at Stripe buys as a new customer, webhook or not."""
    deleted = both.customer()
    both.deliver(*both.webhooks())
    both.tick()
    both.stripe.v1.customers.delete(deleted)
    if is_told:
        both.deliver(both.webhook("customer.deleted"))
    url = click(both)
    (session,) = at_stripe(both)
    assert session["customer"] != deleted
    assert both.explain().account.stripe_customer_id == session["customer"]
    assert click(both) == url
    both.pay(url)
    both.deliver(*both.webhooks())
    assert (both.explain().phase.plan_key, both.reason()) == ("team", "trialing")


def test_a_purchase_that_is_not_mirrored_yet_is_not_made_twice(both: Bench) -> None:
    """While the subscription of a completed session cannot be fetched, no second session is opened."""
    both.pay(click(both))
    both.line.down = True
    both.deliver(both.webhook("checkout.session.completed"))
    with pytest.raises(StripeUnavailableError):
        click(both, "scale")
    both.line.down = False
    with pytest.raises(AlreadySubscribedError):
        click(both, "scale")
    assert [session["status"] for session in at_stripe(both)] == ["complete"]
    assert [row.status for row in both.rows(checkouts)] == ["complete"]


def test_a_key_in_use_leaves_the_operation_open(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stripe's `idempotency_key_in_use` says nothing of the outcome: the operation stays open."""
    bench.customer()
    monkeypatch.setattr(bench.line, "request", in_use)
    with pytest.raises(StripeUnavailableError, match="in a moment"):
        click(bench)
    monkeypatch.undo()
    assert [row.state for row in bench.rows(operations) if row.action == "checkout"] == ["open"]
    click(bench)
    assert len(at_stripe(bench)) == 1


def in_use(*_: object, **__: object) -> tuple[str, int, dict[str, str]]:
    """What Stripe answers while another request with the same key is being worked on."""
    error = '{"error": {"type": "idempotency_error", "code": "idempotency_key_in_use", "message": "In use."}}'
    return error, 409, {}


def test_an_open_session_is_watched_by_the_worker(bench: Bench) -> None:
    """A purchase whose webhooks never came is found by the worker after ten minutes, not before."""
    bench.pay(click(bench))
    bench.clock.advance(minutes=9)
    run_due(bench.context)
    assert bench.reason() == "no_subscription"
    bench.clock.advance(minutes=2)
    run_due(bench.context)
    assert bench.reason() == "trialing"
    assert [row.status for row in bench.rows(checkouts)] == ["complete"]
