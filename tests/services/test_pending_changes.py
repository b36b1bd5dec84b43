"""An upgrade whose payment fails or has to be confirmed: the old plan stays, and somebody says what to do."""

from datetime import timedelta

import pytest

from tests.services.bench import ACCOUNT, Bench, northwind
from tests.services.changing import (
    ASKS_THE_BANK,
    FAILS_LATER,
    at_stripe,
    desk,
    hear,
    held,
    invoices,
    noted,
    paid,
    pay_invoice,
    prices,
    sell,
    submit,
    travel,
    use_card,
)
from tiergate.services.changes.changed import Changed, changed_from
from tiergate.services.plans.push_plans import push_plans
from tiergate.store.tables import operations
from tiergate.stripe_api.gateway import Gateway, StripeUnavailableError
from tiergate_sandbox.world.cards import BY_NUMBER, Card

DECLINED = {
    "generic": "4000 0000 0000 0002",
    "insufficient funds": "4000 0000 0000 9995",
    "lost": "4000 0000 0000 9987",
    "stolen": "4000 0000 0000 9979",
    "expired": "4000 0000 0000 0069",
    "wrong security code": "4000 0000 0000 0127",
    "processing error": "4000 0000 0000 0119",
    "too many attempts": "4000 0000 0000 6975",
}


def upgrade_with(both: Bench, card: str) -> tuple[str, Changed]:
    """Upgrade with a card that does not simply pay."""
    subscription_id = sell(both, "starter", card)
    return subscription_id, desk(both).change_plan(ACCOUNT, "team")


def pay_url(changed: Changed) -> str:
    """Return where a change is paid for."""
    assert changed.pay_url is not None
    return changed.pay_url


@pytest.mark.parametrize("card", [FAILS_LATER, ASKS_THE_BANK], ids=["declined", "3-D Secure"])
def test_the_old_plan_stays_in_force(both: Bench, card: str) -> None:
    """Nothing is sold, nobody is past due, and there is a page to pay or confirm at, for 23 hours."""
    subscription_id, changed = upgrade_with(both, card)
    assert (changed.outcome, changed.pay_by) == ("payment_pending", both.clock.now + timedelta(hours=23))
    assert (both.explain().phase.plan_key, str(both.explain().phase.reason)) == ("starter", "active")
    assert (prices(both, subscription_id), paid(both)) == ({"starter_monthly": 1}, [1900])
    assert at_stripe(both, subscription_id)["metadata"].get("plan_key") is None
    pending = held(both).subscription.pending_update
    assert pending is not None
    assert ([item.plan_key for item in pending.items], pending.expires_at) == (["team"], changed.pay_by)
    assert at_stripe(both, subscription_id)["latest_invoice"]["hosted_invoice_url"] == changed.pay_url
    assert noted(both)[0].data["outcome"] == "payment_pending"
    hear(both)
    assert both.explain().phase.plan_key == "starter"
    assert held(both).subscription.pending_update == pending


@pytest.mark.parametrize("card", [FAILS_LATER, ASKS_THE_BANK], ids=["declined", "3-D Secure"])
def test_pressing_again_is_no_second_charge(both: Bench, card: str) -> None:
    """The same wish leads to the same page to pay at; Stripe makes no second invoice."""
    _, changed = upgrade_with(both, card)
    for _ in range(4):
        again = desk(both).change_plan(ACCOUNT, "team")
        assert (again.outcome, again.pay_url, again.pay_by) == (
            "payment_pending",
            changed.pay_url,
            changed.pay_by,
        )
    assert len(invoices(both)) == 2


def test_confirmed_at_the_bank(both: Bench) -> None:
    """Once the customer has confirmed, the new plan holds and the old invoice is no more than paid."""
    subscription_id, changed = upgrade_with(both, ASKS_THE_BANK)
    url = pay_url(changed)
    assert submit(both, f"{url}/authenticate", {"outcome": "succeed"}) == 303
    hear(both)
    assert (both.explain().phase.plan_key, held(both).subscription.pending_update) == ("team", None)
    assert (prices(both, subscription_id), paid(both)) == ({"team_monthly": 1}, [1900, 2032])
    assert desk(both).change_plan(ACCOUNT, "team").outcome == "nothing"


def test_refused_at_the_bank_and_paid_with_another_card(both: Bench) -> None:
    """A refusal of the bank leaves the page open; another card pays there."""
    _, changed = upgrade_with(both, ASKS_THE_BANK)
    url = pay_url(changed)
    submit(both, f"{url}/authenticate", {"outcome": "fail"})
    hear(both)
    assert both.explain().phase.plan_key == "starter"
    assert desk(both).change_plan(ACCOUNT, "team").pay_url == url
    both.tick()
    assert pay_invoice(both, url) == 303
    hear(both)
    assert both.explain().phase.plan_key == "team"


@pytest.mark.parametrize("number", DECLINED.values(), ids=DECLINED)
def test_declined_cards_of_every_kind(bench: Bench, number: str) -> None:
    """Each is told at the page, sells nothing, and leaves the page open for a card that pays."""
    _, changed = upgrade_with(bench, FAILS_LATER)
    url = pay_url(changed)
    assert pay_invoice(bench, url, number) == 402
    hear(bench)
    assert (bench.explain().phase.plan_key, paid(bench)) == ("starter", [1900])
    bench.tick()
    assert pay_invoice(bench, url) == 303
    hear(bench)
    assert (bench.explain().phase.plan_key, paid(bench)) == ("team", [1900, 2032])


CARDS = [card for card in BY_NUMBER.values() if card.decline is not None]


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_the_reason_of_every_decline_is_told(bench: Bench, card: Card) -> None:
    """Whatever card is refused: the old plan stays, and pressing again says why, and what to do."""
    _, changed = upgrade_with(bench, FAILS_LATER)
    assert changed.problem
    assert (changed.problem.code, changed.problem.message[:9]) == ("card_declined", "Your bank")
    asks_first = pay_invoice(bench, pay_url(changed), card.number) == 303
    if asks_first:
        submit(bench, f"{pay_url(changed)}/authenticate", {"outcome": "succeed"})
    hear(bench)
    again = desk(bench).change_plan(ACCOUNT, "team")
    assert (again.outcome, again.pay_url) == ("payment_pending", changed.pay_url)
    assert bench.explain().phase.plan_key == "starter"
    assert again.problem
    assert card.decline
    untold = ("lost_card", "stolen_card", "generic_decline")
    code = card.decline.decline_code or card.decline.code
    assert again.problem.code == ("card_declined" if code in untold else code)
    assert again.problem.message.endswith(".")
    assert "card" in again.problem.remedy
    assert card.decline.message not in str(again.problem)


def test_a_bank_that_asks_is_told(both: Bench) -> None:
    """A payment to confirm says so; once it is made there is no problem left."""
    _, changed = upgrade_with(both, ASKS_THE_BANK)
    assert changed.problem
    assert changed.problem.code == "authentication_required"
    assert noted(both)[0].data["problem"]["code"] == "authentication_required"
    assert changed_from(changed.as_json()) == changed
    submit(both, f"{pay_url(changed)}/authenticate", {"outcome": "succeed"})
    hear(both)
    assert desk(both).change_plan(ACCOUNT, "team").problem is None


def test_a_reason_that_cannot_be_read_holds_nothing_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stripe fails just when it is asked why: the change waits for its payment all the same."""
    sell(bench, "starter", FAILS_LATER)

    def fail(*_: object) -> None:
        raise StripeUnavailableError("Stripe did not answer.", "Try again in a moment.")

    monkeypatch.setattr(Gateway, "fetch_payment_intents", fail)
    changed = desk(bench).change_plan(ACCOUNT, "team")
    assert (changed.outcome, changed.problem) == ("payment_pending", None)
    assert changed.pay_url


def test_what_nobody_confirms_expires(both: Bench) -> None:
    """After 23 hours Stripe drops it: the old plan goes on, nothing is owed, and it can be wished anew."""
    subscription_id, changed = upgrade_with(both, ASKS_THE_BANK)
    travel(both, hours=23, seconds=1)
    assert (both.explain().phase.plan_key, str(both.explain().phase.reason)) == ("starter", "active")
    assert held(both).subscription.pending_update is None
    assert invoices(both)[-1]["status"] == "void"
    again = desk(both).change_plan(ACCOUNT, "team")
    assert again.outcome == "payment_pending"
    assert again.pay_url != changed.pay_url
    assert prices(both, subscription_id) == {"starter_monthly": 1}


TEAM_IS_NAMED = {"plan_key": "team", "catalog_version": "1"}


def names_at_stripe(bench: Bench, subscription_id: str) -> dict[str, str]:
    """Return what the metadata says of the plan."""
    told = at_stripe(bench, subscription_id)["metadata"]
    return {name: told[name] for name in TEAM_IS_NAMED if name in told}


def updates(bench: Bench, subscription_id: str) -> int:
    """Count the calls that changed the subscription."""
    return bench.line.requests.count(f"POST /v1/subscriptions/{subscription_id}")


@pytest.mark.parametrize("card", [FAILS_LATER, ASKS_THE_BANK], ids=["declined", "3-D Secure"])
def test_what_is_paid_is_named_once(both: Bench, card: str) -> None:
    """The metadata names the new plan when it is paid, not before, by one call however often one looks."""
    subscription_id, changed = upgrade_with(both, card)
    hear(both)
    assert names_at_stripe(both, subscription_id) == {}
    both.tick()
    both.line.requests.clear()
    pay_invoice(both, pay_url(changed))
    paid_for = both.webhooks()
    for _ in range(3):
        both.deliver(*paid_for)
        hear(both)
    assert names_at_stripe(both, subscription_id) == TEAM_IS_NAMED
    assert updates(both, subscription_id) == 1
    assert held(both).subscription.metadata.items() >= TEAM_IS_NAMED.items()


def test_it_is_named_under_the_version_it_was_bought(both: Bench) -> None:
    """What was published between the order and the payment is not what was sold."""
    subscription_id, changed = upgrade_with(both, FAILS_LATER)
    push_plans(both.context, northwind().replace("api_calls = 100000", "api_calls = 90000"))
    both.tick()
    pay_invoice(both, pay_url(changed))
    hear(both)
    assert names_at_stripe(both, subscription_id) == TEAM_IS_NAMED
    assert held(both).subscription.catalog_version == 1


@pytest.mark.parametrize("deaf", [False, True], ids=["not reached", "answer lost"])
def test_the_name_follows_when_stripe_is_back(both: Bench, deaf: bool) -> None:
    """Where Stripe cannot be reached at that moment, the worker does it later, with one outcome."""
    subscription_id, changed = upgrade_with(both, FAILS_LATER)
    both.tick()
    pay_invoice(both, pay_url(changed))
    webhooks = both.webhooks()
    both.line.deaf, both.line.down = deaf, not deaf
    both.deliver(*webhooks)
    both.line.deaf = both.line.down = False
    hear(both)
    hear(both)
    assert names_at_stripe(both, subscription_id) == TEAM_IS_NAMED
    waiting = [row.state for row in both.rows(operations) if row.action == "name_plan"]
    assert waiting == ["done", "done"]


def test_what_is_given_up_is_never_named(both: Bench) -> None:
    """An undone upgrade leaves the metadata as it was, also once the plan is bought by other means."""
    subscription_id, _ = upgrade_with(both, ASKS_THE_BANK)
    both.tick()
    desk(both).undo_change(ACCOUNT)
    both.tick()
    use_card(both, "pm_card_visa")
    desk(both).change_plan(ACCOUNT, "scale")
    hear(both)
    assert names_at_stripe(both, subscription_id)["plan_key"] == "scale"
    assert [row.state for row in both.rows(operations) if row.action == "name_plan"] == ["lapsed"]


def test_the_last_of_two_wishes_is_named(both: Bench) -> None:
    """Another wish that waits takes the place of the first, in the metadata too."""
    subscription_id, _ = upgrade_with(both, ASKS_THE_BANK)
    both.tick()
    instead = desk(both).change_plan(ACCOUNT, "scale")
    both.tick()
    pay_invoice(both, pay_url(instead))
    hear(both)
    assert names_at_stripe(both, subscription_id)["plan_key"] == "scale"
    assert held(both).subscription.plan_key == "scale"


def test_another_wish_takes_its_place(both: Bench) -> None:
    """A bigger plan while one waits: Stripe voids the older invoice, and the preview says so."""
    _, changed = upgrade_with(both, ASKS_THE_BANK)
    both.tick()
    shown = desk(both).preview_change(ACCOUNT, "scale")
    assert shown.undone == ("pending_update",)
    instead = desk(both).change_plan(ACCOUNT, "scale", token=shown.token)
    assert (instead.outcome, instead.pay_url != changed.pay_url) == ("payment_pending", True)
    assert [invoice["status"] for invoice in invoices(both)] == ["paid", "void", "open"]


def test_it_can_be_given_up(both: Bench) -> None:
    """Undoing voids the invoice; the plan stays, and a second click finds nothing to undo."""
    _, _changed = upgrade_with(both, ASKS_THE_BANK)
    both.tick()
    undone = desk(both).undo_change(ACCOUNT)
    assert (undone.outcome, undone.undone) == ("done", ("pending_update",))
    assert invoices(both)[-1]["status"] == "void"
    assert held(both).subscription.pending_update is None
    assert desk(both).undo_change(ACCOUNT).outcome == "nothing"
    hear(both)
    assert both.explain().phase.plan_key == "starter"


def test_a_cancellation_is_taken_back_with_the_payment_only(both: Bench) -> None:
    """Who was leaving and cannot pay for more is still leaving; once it is paid, nobody leaves."""
    subscription_id = sell(both, "starter", FAILS_LATER)
    desk(both).cancel(ACCOUNT)
    both.tick()
    changed = desk(both).change_plan(ACCOUNT, "team")
    assert changed.outcome == "payment_pending"
    assert at_stripe(both, subscription_id)["cancel_at_period_end"] is True
    both.tick()
    pay_invoice(both, pay_url(changed))
    hear(both)
    assert (held(both).is_ending, both.explain().phase.plan_key) == (False, "team")


def test_a_trial_that_cannot_be_paid_goes_on(both: Bench) -> None:
    """Converting a trial with a card that is declined leaves the trial as it was."""
    sell(both, "team", FAILS_LATER, trial_period_days=14)
    trial_end = held(both).subscription.trial_end
    changed = desk(both).change_plan(ACCOUNT, "scale")
    assert changed.outcome == "payment_pending"
    hear(both)
    assert (held(both).subscription.trial_end, both.explain().phase.plan_key) == (trial_end, "team")
    assert str(both.explain().phase.reason) == "trialing"
