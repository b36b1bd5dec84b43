"""A trial is given once: to an account, to a mailbox, to a card."""

from typing import Any

import pytest

from tests.services.bench import ACCOUNT, Bench, northwind
from tiergate.rules.trial_eligibility import Eligibility
from tiergate.services.accounts.erase_account import erase_account
from tiergate.services.checkout.order import Order
from tiergate.services.checkout.start_checkout import start_checkout
from tiergate.services.plans.load_catalog import load_catalog
from tiergate.services.plans.push_plans import push_plans
from tiergate.services.run_due import run_due
from tiergate.services.trials.judge_trial import judge_trial
from tiergate.store.account_rows import find_account, load_state
from tiergate.store.tables import accounts, payment_methods, subscriptions
from tiergate.store.tries_table import tries

VISA, MASTERCARD = "pm_card_visa", "pm_card_mastercard"
E = Eligibility


def verdict(bench: Bench, account_id: str, plan: str = "team") -> Eligibility:
    """Whether an account may try a plan."""
    with bench.context.database.read() as tx:
        account = find_account(tx, account_id)
        assert account is not None
        catalog = load_catalog(tx)
        return judge_trial(tx, account, load_state(tx, account), catalog, catalog.plan(plan))


def try_and_cancel(bench: Bench, account_id: str = ACCOUNT, plan: str = "team") -> str:
    """Let an account try a plan and give it up, told by webhooks; returns the trial."""
    customer = bench.customer_without_card(account_id)
    order: dict[str, Any] = {"customer": customer, "items": [{"price": bench.price(plan)}]}
    trial = str(bench.post("/v1/subscriptions", trial_period_days=14, **order)["id"])
    bench.deliver(*bench.webhooks())
    bench.tick()
    bench.stripe.v1.subscriptions.cancel(trial)
    bench.deliver(*bench.webhooks())
    bench.tick()
    return trial


def give_card(bench: Bench, account_id: str, card: str = VISA) -> None:
    """Let an account leave a card with Stripe."""
    customer = bench.customer_without_card(account_id)
    bench.stripe.v1.payment_methods.attach(card, {"customer": customer})
    bench.deliver(*bench.webhooks())


def test_who_has_tried_may_not_try_again(both: Bench) -> None:
    """An account that tried a plan may try no other, and a stranger still may."""
    both.register("stranger", email="s@example.test")
    assert verdict(both, ACCOUNT) is E.ELIGIBLE
    try_and_cancel(both)
    assert verdict(both, ACCOUNT) is verdict(both, ACCOUNT, "starter") is E.TRIED_BEFORE
    assert verdict(both, "stranger") is E.ELIGIBLE
    assert verdict(both, "stranger", "free") is E.NO_TRIAL


def test_erasing_an_account_gives_no_second_trial(both: Bench) -> None:
    """Who erases and signs up again has tried; what is kept for that names no mailbox."""
    both.register(ACCOUNT, email="ada@acme.test")
    both.register("second", email="Ada+again@acme.test")
    give_card(both, ACCOUNT)
    try_and_cancel(both)
    erase_account(both.context, ACCOUNT)
    assert verdict(both, "second") is E.MAIL_KNOWN
    both.register("third", email="somebody@else.test")
    give_card(both, "third")
    assert verdict(both, "third") is E.CARD_KNOWN
    assert "acme.test" not in repr([tuple(row) for row in both.rows(tries)])


def test_the_same_mailbox_in_another_spelling_has_tried(both: Bench) -> None:
    """A plus-address, capitals, and dots at Gmail make no new person."""
    both.register(ACCOUNT, email="ada.l@gmail.com")
    both.register("second", email="A.D.A.L+again@googlemail.com")
    both.register("third", email="adal@example.test")
    try_and_cancel(both)
    assert verdict(both, "second") is E.MAIL_KNOWN
    assert verdict(both, "third") is E.ELIGIBLE


def test_the_same_card_has_tried(both: Bench) -> None:
    """A card with which another account tried gets no second trial; another card does."""
    give_card(both, ACCOUNT)
    try_and_cancel(both)
    for account_id, card in (("second", VISA), ("third", MASTERCARD)):
        both.register(account_id, email=f"{account_id}@example.test")
        give_card(both, account_id, card)
    assert verdict(both, "second") is E.CARD_KNOWN
    assert verdict(both, "third") is E.ELIGIBLE


def test_a_card_that_came_after_the_trial_counts(bench: Bench) -> None:
    """Who tries without a card and leaves one later has tried with it."""
    try_and_cancel(bench)
    give_card(bench, ACCOUNT)
    bench.register("second", email="second@example.test")
    give_card(bench, "second")
    assert verdict(bench, "second") is E.CARD_KNOWN


def test_it_outlives_the_rows(both: Bench) -> None:
    """better-auth#4539: whoever deletes the account and signs up anew has tried all the same."""
    give_card(both, ACCOUNT)
    try_and_cancel(both)
    with both.context.database.write() as tx:
        for table in (subscriptions, payment_methods, accounts):
            tx.execute(table.delete())
    both.register(ACCOUNT, email="else@example.test")
    both.register("second", email="AP@acme.test")
    both.register("third", email="third@example.test")
    give_card(both, "third")
    assert verdict(both, ACCOUNT) is E.TRIED_BEFORE
    assert verdict(both, "second") is E.MAIL_KNOWN
    assert verdict(both, "third") is E.CARD_KNOWN


def test_of_a_mailbox_only_a_digest_is_kept(bench: Bench) -> None:
    """What outlives an account names no address."""
    try_and_cancel(bench)
    noted = {row.mark.partition(":")[0]: row for row in bench.rows(tries)}
    assert noted.keys() == {"account", "mail"}
    assert "acme.test" not in noted["mail"].mark


def test_trials_of_the_past_are_noted_by_the_worker(bench: Bench) -> None:
    """A trial that was mirrored before anybody noted trials is noted at the next look."""
    try_and_cancel(bench)
    with bench.context.database.write() as tx:
        tx.execute(tries.delete())
        tx.execute(accounts.update().values(next_due_at=bench.clock.now))
    run_due(bench.context)
    assert {row.plan_key for row in bench.rows(tries)} == {"team"}


def test_one_trial_of_each_plan(bench: Bench) -> None:
    """Where plans are tried one by one, another plan may still be tried."""
    push_plans(bench.context, northwind() + '\n[trials]\nonce_per = "plan"\n')
    try_and_cancel(bench)
    assert verdict(bench, ACCOUNT) is E.TRIED_BEFORE
    assert verdict(bench, ACCOUNT, "starter") is E.ELIGIBLE


@pytest.mark.parametrize(
    ("email", "says"),
    [
        ("ap+2@acme.test", "used before with this e-mail address"),
        ("x@mailinator.com", "needs an e-mail address that lasts"),
    ],
)
def test_checkout_sells_at_the_normal_price_and_says_why(bench: Bench, email: str, says: str) -> None:
    """Who may not try is sold the plan without a trial, and reads the reason on Stripe's page."""
    try_and_cancel(bench)
    bench.register("second", email=email)
    url = start_checkout(bench.context, "second", Order("team"))
    (session,) = bench.at_stripe("/v1/checkout/sessions")["data"]
    assert says in session["custom_text"]["submit"]["message"]
    bench.pay(url, "4242 4242 4242 4242")
    bench.deliver(*bench.webhooks())
    assert (bench.explain("second").phase.plan_key, bench.reason("second")) == ("team", "active")
    assert bench.explain("second").state.subscriptions[0].trial_start is None
