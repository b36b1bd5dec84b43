"""A trial without a card is bought: once, at once or keeping its days, whatever fails in between."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.services.bench import ACCOUNT, BEGIN, Bench, Json, northwind
from tests.services.trials import DAYS, has, kinds, sell_with_reverse_trial, sign_up, trials_at_stripe
from tiergate.services.checkout.follow_checkout import follow_checkout
from tiergate.services.checkout.lead_to_checkout import lead_to_checkout
from tiergate.services.checkout.order import Order
from tiergate.services.checkout.start_checkout import AlreadySubscribedError
from tiergate.services.plans.push_plans import push_plans
from tiergate.services.run_due import run_due
from tiergate.services.trials.start_trial import start_trial
from tiergate.store.checkout_table import checkouts
from tiergate.store.tables import operations
from tiergate.stripe_api.gateway import StripeUnavailableError

VISA = "4242 4242 4242 4242"
DECLINES_LATER = "4000 0000 0000 0341"
WANTS_CONFIRMATION = "4000 0027 6000 3184"
END = BEGIN + timedelta(days=DAYS)
PAID = 4900


def keep_days(bench: Bench) -> None:
    """Publish a policy under which a purchase keeps what is left of the trial."""
    text = northwind().replace("[policy]\n", '[policy]\nupgrade_in_trial = "keep_trial"\n')
    push_plans(bench.context, text)


def try_team(bench: Bench) -> str:
    """Try Team for five days."""
    trial = start_trial(bench.context, ACCOUNT, "team").subscription_id
    bench.deliver(*bench.webhooks())
    bench.clock.advance(days=5)
    bench.sandbox.catch_up()
    return trial


def click(bench: Bench, plan: str = "team", interval: str = "month") -> str:
    """Press the button that buys."""
    return lead_to_checkout(bench.context, ACCOUNT, Order(plan, interval))


def session(bench: Bench) -> Json:
    """The newest checkout session."""
    found: Json = bench.at_stripe("/v1/checkout/sessions")["data"][0]
    return found


def only(bench: Bench) -> Json:
    """The one subscription that Stripe has."""
    (found,) = trials_at_stripe(bench)
    return found


def paid(bench: Bench) -> list[int]:
    """What Stripe has received, invoice by invoice."""
    found = bench.at_stripe("/v1/invoices?limit=100")["data"]
    return [invoice["amount_paid"] for invoice in found if invoice["amount_paid"]]


def statuses(bench: Bench) -> list[str]:
    """The statuses of the checkouts."""
    return sorted(row.status for row in bench.rows(checkouts))


def test_it_asks_for_a_card_and_nothing_else(bench: Bench) -> None:
    """The page saves a card; the trial is untouched until it is completed."""
    try_team(bench)
    url = click(bench)
    assert {click(bench) for _ in range(4)} == {url}
    assert (session(bench)["mode"], session(bench)["subscription"]) == ("setup", None)
    assert has(bench, ACCOUNT) == ("team", "trialing")
    assert (statuses(bench), paid(bench)) == (["open"], [])


@pytest.mark.parametrize("by", ["webhook", "return page", "worker"])
def test_it_converts_at_once(both: Bench, by: str) -> None:
    """Whoever comes first: the trial ends, the card is charged once, and the account is a customer."""
    trial = try_team(both)
    both.pay(click(both), VISA)
    if by == "webhook":
        both.deliver(both.webhook("checkout.session.completed"))
    elif by == "return page":
        assert follow_checkout(both.context, session(both)["id"]) == "complete"
    else:
        both.clock.advance(minutes=11)
        run_due(both.context)
    assert (only(both)["id"], only(both)["status"]) == (trial, "active")
    assert paid(both) == [PAID]
    assert has(both, ACCOUNT) == ("team", "active")
    assert statuses(both) == ["complete"]
    both.deliver(*both.webhooks())
    run_due(both.context)
    assert paid(both) == [PAID]
    assert kinds(both, ACCOUNT).count("bought_in_trial") == kinds(both, ACCOUNT).count("converted") == 1


@pytest.mark.parametrize("by", ["webhook", "return page"])
def test_it_keeps_the_days(both: Bench, by: str) -> None:
    """Nothing is charged before the trial is over; then the card is."""
    keep_days(both)
    trial = try_team(both)
    both.pay(click(both), VISA)
    if by == "webhook":
        both.deliver(*both.webhooks())
    else:
        follow_checkout(both.context, session(both)["id"])
    assert (only(both)["status"], only(both)["trial_end"]) == ("trialing", int(END.timestamp()))
    assert paid(both) == []
    assert has(both, ACCOUNT) == ("team", "trialing")
    account = both.explain(ACCOUNT).state
    assert account.has_card(account.subscriptions[0]) is True
    both.clock.now = END + timedelta(hours=2)
    both.sandbox.catch_up()
    both.deliver(*both.webhooks())
    assert (only(both)["id"], paid(both)) == (trial, [PAID])
    assert has(both, ACCOUNT) == ("team", "active")


@pytest.mark.parametrize(("keeps", "reason"), [(False, "active"), (True, "trialing")])
def test_another_plan_is_bought_in_the_same_step(both: Bench, keeps: bool, reason: str) -> None:
    """Scale instead of Team, by the year: one subscription, one charge of its price or none yet."""
    if keeps:
        keep_days(both)
    trial = try_team(both)
    both.pay(click(both, "scale", "year"), VISA)
    both.deliver(*both.webhooks())
    assert (only(both)["id"], has(both, ACCOUNT)) == (trial, ("scale", reason))
    (item,) = only(both)["items"]["data"]
    assert item["price"]["id"] == both.price("scale", "yearly")
    assert only(both)["metadata"]["plan_key"] == "scale"
    assert paid(both) == ([] if keeps else [item["price"]["unit_amount"]])
    if keeps:
        assert only(both)["trial_end"] == int(END.timestamp())


@pytest.mark.parametrize("card", [DECLINES_LATER, WANTS_CONFIRMATION], ids=["declined", "to be confirmed"])
@pytest.mark.parametrize("plan", ["team", "scale"])
def test_a_charge_that_fails_leaves_the_trial(bench: Bench, card: str, plan: str) -> None:
    """The trial goes on as it was, nothing counts as converted, and there is an invoice to pay."""
    try_team(bench)
    url = click(bench, plan)
    bench.pay(url, card)
    if card == WANTS_CONFIRMATION:
        form, headers = b"outcome=succeed", {"Content-Type": "application/x-www-form-urlencoded"}
        assert bench.sandbox.request("POST", f"{url}/authenticate", headers, form).status == 303
    bench.deliver(*bench.webhooks())
    assert (only(bench)["status"], only(bench)["trial_end"]) == ("trialing", int(END.timestamp()))
    assert paid(bench) == []
    assert has(bench, ACCOUNT) == ("team", "trialing")
    assert "purchase_pending" in kinds(bench, ACCOUNT)
    assert "converted" not in kinds(bench, ACCOUNT)
    assert statuses(bench) == ["complete"]


def test_a_confirmed_payment_completes_it(bench: Bench) -> None:
    """When the invoice of the failed charge is paid with another card, the trial is bought after all."""
    try_team(bench)
    bench.pay(click(bench), DECLINES_LATER)
    bench.deliver(*bench.webhooks())
    bench.tick()
    invoice = only(bench)["latest_invoice"]
    customer = only(bench)["customer"]
    good = bench.stripe.v1.payment_methods.attach("pm_card_visa", {"customer": customer}).id
    bench.post(f"/v1/invoices/{invoice}/pay", payment_method=good)
    bench.deliver(*bench.webhooks())
    assert has(bench, ACCOUNT) == ("team", "active")
    assert paid(bench) == [PAID]


def test_another_plan_is_named_when_it_is_paid(bench: Bench) -> None:
    """The metadata follows the payment that failed at first: it names the plan that is in force."""
    try_team(bench)
    bench.pay(click(bench, "scale"), DECLINES_LATER)
    bench.deliver(*bench.webhooks())
    assert only(bench)["metadata"]["plan_key"] == "team"
    bench.tick()
    good = bench.stripe.v1.payment_methods.attach("pm_card_visa", {"customer": only(bench)["customer"]}).id
    bench.post(f"/v1/invoices/{only(bench)['latest_invoice']}/pay", payment_method=good)
    bench.deliver(*bench.webhooks())
    assert has(bench, ACCOUNT) == ("scale", "active")
    assert only(bench)["metadata"]["plan_key"] == "scale"


def test_a_card_that_cannot_even_be_saved_changes_nothing(bench: Bench) -> None:
    """The page says so itself, and stays open."""
    try_team(bench)
    url = click(bench)
    with pytest.raises(AssertionError):
        bench.pay(url, "4000 0000 0000 0002")
    bench.deliver(*bench.webhooks())
    assert (statuses(bench), click(bench)) == (["open"], url)
    assert has(bench, ACCOUNT) == ("team", "trialing")


@pytest.mark.parametrize("keeps", [False, True])
@pytest.mark.parametrize("fault", ["calls_left", "deaf"])
@pytest.mark.parametrize("calls", range(5))
def test_stripe_failing_at_each_step(bench: Bench, keeps: bool, fault: str, calls: int) -> None:
    """Wherever it fails, it is finished later: the card is saved, and charged once at most."""
    if keeps:
        keep_days(bench)
    try_team(bench)
    bench.pay(click(bench, "scale"), VISA)
    (completed,) = bench.webhooks("checkout.session.completed")
    if fault == "deaf":
        bench.line.deaf_after = calls
    else:
        bench.line.calls_left = calls
    bench.deliver(completed)
    bench.line.deaf_after = bench.line.calls_left = None
    bench.clock.advance(minutes=11)
    run_due(bench.context)
    bench.deliver(*bench.webhooks())
    assert statuses(bench) == ["complete"]
    assert has(bench, ACCOUNT) == ("scale", "trialing" if keeps else "active")
    assert paid(bench) == ([] if keeps else [14900])
    assert [row.state for row in bench.rows(operations) if row.state == "open"] == []


def test_webhook_and_return_page_at_once_charge_once(both: Bench) -> None:
    """Five who see the completed page at the same moment carry it out once."""
    try_team(both)
    both.pay(click(both), VISA)
    session_id = session(both)["id"]
    completed = both.webhooks("checkout.session.completed")
    with ThreadPoolExecutor(5) as pool:
        jobs = [pool.submit(follow_checkout, both.context, session_id) for _ in range(4)]
        jobs.append(pool.submit(lambda: both.deliver(*completed)))
        for job in jobs:
            job.result()
    run_due(both.context)
    assert (paid(both), statuses(both)) == ([PAID], ["complete"])
    assert has(both, ACCOUNT) == ("team", "active")


def test_another_offer_closes_the_first_page(bench: Bench) -> None:
    """Only one page of an account can be completed."""
    try_team(bench)
    first, second = click(bench), click(bench, "scale")
    assert first != second
    assert statuses(bench) == ["expired", "open"]


def test_a_bought_trial_is_not_bought_again(bench: Bench) -> None:
    """Once there is a card, a purchase is a change of plan."""
    keep_days(bench)
    try_team(bench)
    bench.pay(click(bench), VISA)
    bench.deliver(*bench.webhooks())
    with pytest.raises(AlreadySubscribedError):
        click(bench)


def test_a_cancelled_trial_that_is_bought_goes_on(bench: Bench) -> None:
    """dust#20964: who cancelled for the trial's end and buys then has taken that back."""
    keep_days(bench)
    trial = try_team(bench)
    bench.post(f"/v1/subscriptions/{trial}", cancel_at_period_end=True)
    bench.deliver(*bench.webhooks())
    bench.tick()
    bench.pay(click(bench), VISA)
    bench.deliver(*bench.webhooks())
    assert (only(bench)["cancel_at_period_end"], only(bench)["cancel_at"]) == (False, None)
    assert bench.explain().state.subscriptions[0].cancels_at is None


def test_a_page_that_outlives_the_trial_charges_nothing(bench: Bench) -> None:
    """Completed when the trial is over, it leaves a card and no charge; the way to buy is free again."""
    try_team(bench)
    bench.clock.now = END - timedelta(minutes=10)
    url = click(bench)
    bench.clock.now = END + timedelta(minutes=5)
    bench.pay(url, VISA)
    bench.sandbox.catch_up()
    bench.deliver(*bench.webhooks())
    assert "purchase_lapsed" in kinds(bench, ACCOUNT)
    assert (has(bench, ACCOUNT), paid(bench)) == (("free", "trial_ended"), [])
    lead_to_checkout(bench.context, ACCOUNT, Order("team"))
    assert session(bench)["mode"] == "subscription"


def test_a_page_is_open_no_longer_than_the_trial(bench: Bench) -> None:
    """With hours left the page closes with the trial; with days left after a day."""
    try_team(bench)
    click(bench)
    assert session(bench)["expires_at"] - bench.clock.now.timestamp() == 23 * 3600
    bench.clock.now = END - timedelta(hours=2)
    bench.sandbox.catch_up()
    click(bench)
    assert session(bench)["expires_at"] == int(END.timestamp())


def test_a_reverse_trial_is_bought_like_any_other(both: Bench) -> None:
    """Also where Stripe gets to know of it only now."""
    sell_with_reverse_trial(both)
    both.line.down = True
    sign_up(both, "newcomer")
    both.line.down = False
    url = lead_to_checkout(both.context, "newcomer", Order("team"))
    assert session(both)["mode"] == "setup"
    both.pay(url, VISA)
    both.deliver(*both.webhooks())
    assert has(both, "newcomer") == ("team", "active")
    assert len(trials_at_stripe(both)) == 1


def test_stripe_down_at_the_click_is_safe_to_repeat(bench: Bench) -> None:
    """While Stripe cannot be reached the error says so; afterwards there is one page."""
    try_team(bench)
    bench.line.deaf = True
    with pytest.raises(StripeUnavailableError):
        click(bench)
    bench.line.deaf = False
    click(bench)
    assert len(bench.at_stripe("/v1/checkout/sessions")["data"]) == 1


def test_a_strangers_session_is_none_of_ours(bench: Bench) -> None:
    """A card that somebody saves by another route buys nothing."""
    try_team(bench)
    customer = only(bench)["customer"]
    made = bench.post(
        "/v1/checkout/sessions",
        mode="setup",
        currency="usd",
        customer=customer,
        success_url="https://a.example",
    )
    bench.pay(made["url"], VISA)
    bench.deliver(*bench.webhooks())
    assert (has(bench, ACCOUNT), paid(bench)) == (("team", "trialing"), [])
