"""A trial is started directly, without a card: one, however often the button is pressed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from tests.services.bench import ACCOUNT, BEGIN, Bench, northwind
from tests.services.trials import DAYS, has, trials_at_stripe
from tiergate.rules.errors import TiergateError, UnknownAccountError, UnknownPlanError
from tiergate.rules.trial_eligibility import Eligibility
from tiergate.services.checkout.order import Order, PriceNotAtStripeError
from tiergate.services.checkout.start_checkout import start_checkout
from tiergate.services.keyed_wish import KeyReusedError
from tiergate.services.plans.push_plans import push_plans
from tiergate.services.run_due import run_due
from tiergate.services.trials.start_trial import (
    TrialNeedsCardError,
    TrialRefusedError,
    TrialStarted,
    offer_trial,
    start_trial,
)
from tiergate.store.tables import operations, prices
from tiergate.stripe_api.gateway import StripeRefusedError, StripeUnavailableError

END = BEGIN + timedelta(days=DAYS)


def press(bench: Bench, plan: str | None = "team", **more: Any) -> TrialStarted:
    """Press the button."""
    return start_trial(bench.context, ACCOUNT, plan, **more)


def give_up(bench: Bench) -> None:
    """Cancel the trial at Stripe, and hear of it."""
    (trial,) = trials_at_stripe(bench)
    bench.tick()
    bench.stripe.v1.subscriptions.cancel(trial["id"])
    bench.deliver(*bench.webhooks())
    bench.tick()


def test_a_trial_runs_before_any_webhook(both: Bench) -> None:
    """When the call returns the trial is mirrored, and it ends by itself without a card."""
    started = press(both)
    assert (started.plan, started.ends_at) == ("team", END)
    assert has(both, ACCOUNT) == ("team", "trialing")
    both.clock.now = END
    assert has(both, ACCOUNT) == ("free", "trial_ended")


def test_stripe_gets_its_terms(bench: Bench) -> None:
    """Stripe cancels it for want of a card, and its events tell whose it is."""
    press(bench)
    (trial,) = trials_at_stripe(bench)
    assert trial["trial_settings"]["end_behavior"]["missing_payment_method"] == "cancel"
    assert trial["trial_end"] == int(END.timestamp())
    assert trial["default_payment_method"] is None
    operation_id = trial["metadata"].pop("operation_id")
    assert operation_id in {row.operation_id for row in bench.rows(operations)}
    assert trial["metadata"] == {
        "account_id": ACCOUNT,
        "plan_key": "team",
        "catalog_version": "1",
        "channel": "self_serve",
    }


def test_five_clicks_are_one_trial(bench: Bench) -> None:
    """Five clicks in a row lead to the same trial."""
    assert len({press(bench) for _ in range(5)}) == 1
    assert len(trials_at_stripe(bench)) == 1


def test_five_clicks_at_once_are_one_trial(both: Bench) -> None:
    """Five clicks in parallel make one customer and one trial, and lead to it."""
    with ThreadPoolExecutor(5) as pool:
        started = set(pool.map(lambda _: press(both), range(5)))
    assert {each.subscription_id for each in started} == {trials_at_stripe(both)[0]["id"]}
    assert len(trials_at_stripe(both)) == 1
    assert len(both.at_stripe("/v1/customers")["data"]) == 1
    assert [row.state for row in both.rows(operations) if row.state == "open"] == []


def test_webhooks_change_nothing_more(bench: Bench) -> None:
    """What Stripe tells afterwards is the same trial."""
    started = press(bench)
    bench.deliver(*bench.webhooks())
    assert bench.mirrored_ids() == {started.subscription_id}
    assert [entry.kind for entry in bench.explain().journal].count("access_changed") == 2


@pytest.mark.parametrize("calls", [0, 1])
@pytest.mark.parametrize("fault", ["down", "deaf"])
def test_stripe_failing_at_each_step(both: Bench, calls: int, fault: str) -> None:
    """Whether a call does not get through or its answer is lost: tried again, it is one trial."""
    if calls:
        both.customer_without_card()
    setattr(both.line, fault, True)
    for _ in range(2):
        with pytest.raises(StripeUnavailableError):
            press(both)
    setattr(both.line, fault, False)
    started = press(both)
    (trial,) = trials_at_stripe(both)
    assert (trial["id"], has(both, ACCOUNT)) == (started.subscription_id, ("team", "trialing"))


def test_a_lost_answer_is_looked_up_after_a_day(both: Bench) -> None:
    """Stripe has forgotten the key by then: the trial that began is found, not begun again."""
    both.customer_without_card()
    both.line.deaf = True
    with pytest.raises(StripeUnavailableError):
        press(both)
    both.line.deaf = False
    both.clock.advance(hours=25)
    assert press(both).subscription_id == trials_at_stripe(both)[0]["id"]
    assert len(trials_at_stripe(both)) == 1


@pytest.mark.parametrize("step", ["trials.begin_trial.save_reading", "run_operation.close_operation"])
def test_a_crash_before_saving_is_resumed(both: Bench, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that dies between Stripe's answer and its own commit doubles nothing."""
    both.customer_without_card()

    def die(*_: object) -> None:
        raise SystemExit(137)

    with monkeypatch.context() as killed:
        killed.setattr(f"tiergate.services.{step}", die)
        with pytest.raises(SystemExit):
            press(both)
    press(both)
    assert len(trials_at_stripe(both)) == 1


def test_an_open_checkout_is_closed_first(bench: Bench) -> None:
    """A page that is still open in another tab can no longer be paid beside the trial."""
    start_checkout(bench.context, ACCOUNT, Order("scale"))
    press(bench)
    (session,) = bench.at_stripe("/v1/checkout/sessions")["data"]
    assert session["status"] == "expired"


def test_what_was_bought_meanwhile_is_not_tried(bench: Bench) -> None:
    """A checkout that was paid in another tab counts: nothing is begun beside it."""
    bench.pay(start_checkout(bench.context, ACCOUNT, Order("scale")), "4242 4242 4242 4242")
    with pytest.raises(TrialRefusedError) as refused:
        press(bench)
    assert refused.value.why is Eligibility.ALREADY_SUBSCRIBED
    assert len(trials_at_stripe(bench)) == 1


def test_a_second_trial_is_refused_with_the_normal_price(both: Bench) -> None:
    """better-auth#4539: who has tried reads why not, and what the plan costs."""
    press(both)
    give_up(both)
    with pytest.raises(TrialRefusedError, match="used before") as refused:
        press(both, "starter")
    assert (refused.value.why, refused.value.code) == (Eligibility.TRIED_BEFORE, "trial_refused")
    assert refused.value.remedy == "Starter costs $19 per month."
    assert len(trials_at_stripe(both)) == 1


@pytest.mark.parametrize(
    ("email", "why"),
    [("a@yopmail.com", Eligibility.THROWAWAY_MAIL), ("AP+x@acme.test", Eligibility.MAIL_KNOWN)],
)
def test_abuse_is_refused(bench: Bench, email: str, why: Eligibility) -> None:
    """Throw-away mail, and a mailbox with which somebody tried, get no trial; Stripe hears nothing of it."""
    press(bench)
    bench.register("second", email=email)
    bench.line.requests.clear()
    with pytest.raises(TrialRefusedError) as refused:
        start_trial(bench.context, "second", "team")
    assert refused.value.why is why
    assert bench.line.requests == []
    offer = offer_trial(bench.context, "second", "team")
    assert (offer.days, offer.why, offer.words) == (0, why, refused.value.message)


def test_a_known_card_is_refused(bench: Bench) -> None:
    """A card with which somebody tried gets no second trial."""
    bench.customer()
    bench.deliver(*bench.webhooks())
    press(bench)
    bench.register("second", email="second@example.test")
    bench.customer("second")
    bench.deliver(*bench.webhooks())
    with pytest.raises(TrialRefusedError, match="with this card"):
        start_trial(bench.context, "second", "team")


def test_a_trial_with_a_card_leads_to_checkout(bench: Bench) -> None:
    """Where the trial needs a card, only checkout can ask for it."""
    with pytest.raises(TrialNeedsCardError, match="through checkout"):
        press(bench, "scale")
    assert offer_trial(bench.context, ACCOUNT, "scale").needs_card
    assert bench.line.requests == []


@pytest.mark.parametrize(
    ("account_id", "plan", "interval", "error"),
    [
        ("ghost", "team", "month", UnknownAccountError),
        (ACCOUNT, "platinum", "month", UnknownPlanError),
        (ACCOUNT, "team", "week", UnknownPlanError),
        (ACCOUNT, "free", "month", TrialRefusedError),
    ],
)
def test_what_cannot_be_tried_is_said(
    bench: Bench, account_id: str, plan: str, interval: str, error: type[TiergateError]
) -> None:
    """An unknown account, plan or interval, and a plan without a trial; nothing is made at Stripe."""
    with pytest.raises(error):
        start_trial(bench.context, account_id, plan, interval)
    assert bench.line.requests == []


def test_without_any_trial_nothing_can_be_tried(bench: Bench) -> None:
    """Where no plan has a trial, the remedy says where to write one."""
    text = "\n".join(line for line in northwind().splitlines() if not line.startswith("trial"))
    push_plans(bench.context, text)
    with pytest.raises(UnknownPlanError, match=r"billing\.toml"):
        press(bench, None)


def test_without_a_name_the_first_plan_is_tried(bench: Bench) -> None:
    """The first plan that asks for no card."""
    assert press(bench, None).plan == "starter"


def test_a_price_that_is_not_at_stripe_names_the_command(bench: Bench) -> None:
    """Where a plan's price was never pushed, the error says which command does it."""
    with bench.context.database.write() as tx:
        tx.execute(prices.delete())
    with pytest.raises(PriceNotAtStripeError, match="tiergate plans push"):
        press(bench)


def test_a_refusal_of_stripes_is_final_and_told(bench: Bench) -> None:
    """What Stripe refuses closes the operation; the next click is a new one."""
    bench.customer_without_card()
    bench.stripe.v1.prices.update(bench.price("team"), {"active": False})
    for _ in range(2):
        with pytest.raises(StripeRefusedError):
            press(bench)
    assert [row.state for row in bench.rows(operations) if row.action == "start_trial"] == ["refused"] * 2


def test_a_deleted_customer_is_replaced(both: Bench) -> None:
    """An account whose customer was deleted at Stripe, without a word, tries as a new customer."""
    deleted = both.customer_without_card()
    both.stripe.v1.customers.delete(deleted)
    press(both)
    assert trials_at_stripe(both)[0]["customer"] != deleted


def test_a_key_leads_to_the_same_trial_for_good(both: Bench) -> None:
    """The same key gives the same trial, also when that is over; for another wish it is refused."""
    started = press(both, key="k1")
    give_up(both)
    assert press(both, key="k1").subscription_id == started.subscription_id
    with pytest.raises(KeyReusedError):
        press(both, "starter", key="k1")


def test_seats_are_tried_for_all_members(bench: Bench) -> None:
    """A plan that is sold per seat is tried with a seat for each member, as far as the plan allows."""
    text = northwind().replace("[plans.team]\n", "[plans.team]\nseats = { minimum = 2, maximum = 5 }\n")
    push_plans(bench.context, text)
    for members, seats in ((None, 2), (3, 3), (9, 5)):
        account_id = f"of_{members}"
        bench.register(account_id, email=f"{account_id}@example.test", members=members)
        trial = start_trial(bench.context, account_id, "team").subscription_id
        assert bench.at_stripe(f"/v1/subscriptions/{trial}")["items"]["data"][0]["quantity"] == seats


def test_a_trial_ends_by_the_worker_too(bench: Bench) -> None:
    """No webhook ever: reminders fall due and the end is announced all the same."""
    press(bench)
    for days in (11, 13, 14):
        bench.clock.now = BEGIN + timedelta(days=days)
        bench.sandbox.catch_up()
        run_due(bench.context)
    kinds = [entry.kind for entry in bench.explain().journal]
    assert kinds.count("trial_reminder") == 2
    assert has(bench, ACCOUNT) == ("free", "trial_ended")
