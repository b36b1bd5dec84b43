"""A trial lasts longer, by what is given again and again; and it ends early."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.services.bench import ACCOUNT, BEGIN, Bench
from tests.services.trials import DAYS, has, kinds, sell_with_reverse_trial, sign_up, trials_at_stripe
from tiergate.rules.errors import UnknownAccountError
from tiergate.services.keyed_wish import KeyReusedError
from tiergate.services.trials.extend_by_hand import NoTrialError
from tiergate.services.trials.extend_trial import ExtensionError, end_trial, extend_trial
from tiergate.services.trials.start_trial import start_trial
from tiergate.store.tables import grants
from tiergate.stripe_api.gateway import StripeUnavailableError

END = BEGIN + timedelta(days=DAYS)


def days(count: float) -> timedelta:
    """So many days."""
    return timedelta(days=count)


def try_team(bench: Bench) -> str:
    """Try Team without a card."""
    trial = start_trial(bench.context, ACCOUNT, "team").subscription_id
    bench.deliver(*bench.webhooks())
    bench.tick()
    return trial


def let_it_end(bench: Bench) -> None:
    """Let the trial end at Stripe, and hear of it."""
    bench.clock.now = END
    bench.sandbox.catch_up()
    bench.deliver(*bench.webhooks())
    assert has(bench, ACCOUNT) == ("free", "trial_ended")


def test_two_extensions_add_up_at_stripe(both: Bench) -> None:
    """Seven days and three more: Stripe does not end it before, and it ends by itself then."""
    try_team(both)
    assert extend_trial(both.context, ACCOUNT, 7, by="eve", note="asked nicely") == END + days(7)
    assert extend_trial(both.context, ACCOUNT, 3) == END + days(10)
    both.clock.now = END + days(1)
    both.sandbox.catch_up()
    both.deliver(*both.webhooks())
    assert has(both, ACCOUNT) == ("team", "trialing")
    both.clock.now = END + days(10)
    both.sandbox.catch_up()
    both.deliver(*both.webhooks())
    assert has(both, ACCOUNT) == ("free", "trial_ended")
    told = [entry.data for entry in both.explain().journal if entry.kind == "extend_trial"]
    assert [(each["by"], each["note"]) for each in told] == [("eve", "asked nicely"), ("", "")]
    assert both.rows(grants) == []


def test_extensions_at_once_add_up(both: Bench) -> None:
    """Four at the same moment are four."""
    try_team(both)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: extend_trial(both.context, ACCOUNT, 2), range(4)))
    (trial,) = trials_at_stripe(both)
    assert trial["trial_end"] == int((END + days(8)).timestamp())


def test_a_key_extends_once(both: Bench) -> None:
    """A call that is repeated under its key after a lost answer extends once."""
    try_team(both)
    both.line.deaf = True
    with pytest.raises(StripeUnavailableError):
        extend_trial(both.context, ACCOUNT, 7, key="k1")
    both.line.deaf = False
    for _ in range(3):
        assert extend_trial(both.context, ACCOUNT, 7, key="k1") == END + days(7)
    with pytest.raises(KeyReusedError):
        extend_trial(both.context, ACCOUNT, 8, key="k1")


def test_a_trial_that_is_over_is_continued_by_hand(both: Bench) -> None:
    """Stripe opens nothing again: a grant goes on from now, and a second one from its end."""
    try_team(both)
    let_it_end(both)
    both.clock.advance(days=2)
    assert extend_trial(both.context, ACCOUNT, 7, by="eve") == END + days(9)
    assert has(both, ACCOUNT) == ("team", "trial_extended")
    assert extend_trial(both.context, ACCOUNT, 3) == END + days(12)
    both.clock.now = END + days(12) - timedelta(seconds=1)
    assert has(both, ACCOUNT) == ("team", "trial_extended")
    both.clock.advance(seconds=1)
    assert has(both, ACCOUNT)[0] == "free"


def test_by_hand_a_key_extends_once_too(both: Bench) -> None:
    """The same key is the same grant."""
    try_team(both)
    let_it_end(both)
    assert {extend_trial(both.context, ACCOUNT, 7, key="k1") for _ in range(3)} == {END + days(7)}
    assert len(both.rows(grants)) == 1


def test_a_lost_answer_is_looked_up_after_a_day(bench: Bench) -> None:
    """An extension that reached Stripe is found there, and not made again."""
    try_team(bench)
    bench.line.deaf = True
    with pytest.raises(StripeUnavailableError):
        extend_trial(bench.context, ACCOUNT, 7, key="k1")
    bench.line.deaf = False
    bench.clock.advance(hours=25)
    assert extend_trial(bench.context, ACCOUNT, 7, key="k1") == END + days(7)
    assert trials_at_stripe(bench)[0]["trial_end"] == int((END + days(7)).timestamp())


@pytest.mark.parametrize("count", [0, -1, 731])
def test_so_many_days_are_not_possible(bench: Bench, count: int) -> None:
    """Less than one day, and more than Stripe allows."""
    try_team(bench)
    with pytest.raises(ExtensionError):
        extend_trial(bench.context, ACCOUNT, count)


def test_two_years_are_the_most(bench: Bench) -> None:
    """What adds up to more than Stripe allows is refused before Stripe is asked."""
    try_team(bench)
    with pytest.raises(ExtensionError, match="two years"):
        extend_trial(bench.context, ACCOUNT, 730)


def test_without_a_trial_there_is_nothing_to_extend_or_end(bench: Bench) -> None:
    """Who has never tried anything is told how to begin."""
    with pytest.raises(NoTrialError, match="tiergate trial start acme"):
        extend_trial(bench.context, ACCOUNT, 7)
    with pytest.raises(NoTrialError, match="tiergate explain acme"):
        end_trial(bench.context, ACCOUNT)
    with pytest.raises(UnknownAccountError):
        extend_trial(bench.context, "ghost", 7)


def test_a_reverse_trial_is_begun_and_extended(bench: Bench) -> None:
    """One that waits for Stripe begins there first."""
    sell_with_reverse_trial(bench)
    bench.line.down = True
    sign_up(bench, "newcomer")
    bench.line.down = False
    assert extend_trial(bench.context, "newcomer", 7) == END + days(7)


def test_without_a_card_an_early_end_is_the_end(both: Bench) -> None:
    """pay#601: ended at once, though `trial_end` is still to come; nothing is charged."""
    try_team(both)
    end_trial(both.context, ACCOUNT, by="eve")
    (trial,) = trials_at_stripe(both)
    assert trial["status"] == "canceled"
    assert has(both, ACCOUNT)[0] == "free"
    assert "end_trial" in kinds(both, ACCOUNT)
    with pytest.raises(NoTrialError):
        end_trial(both.context, ACCOUNT)


def test_with_a_card_an_early_end_is_a_purchase(both: Bench) -> None:
    """The card is charged once, also where the answer was lost."""
    both.customer()
    try_team(both)
    both.line.deaf = True
    with pytest.raises(StripeUnavailableError):
        end_trial(both.context, ACCOUNT)
    both.line.deaf = False
    end_trial(both.context, ACCOUNT)
    both.deliver(*both.webhooks())
    assert has(both, ACCOUNT) == ("team", "active")
    assert [one["amount_paid"] for one in both.at_stripe("/v1/invoices")["data"] if one["total"]] == [4900]


def test_an_early_end_whose_answer_was_lost_is_found(bench: Bench) -> None:
    """Stripe cancels once; after a lost answer what it holds is the answer."""
    try_team(bench)
    bench.line.deaf = True
    with pytest.raises(StripeUnavailableError):
        end_trial(bench.context, ACCOUNT)
    bench.line.deaf = False
    end_trial(bench.context, ACCOUNT)
    assert has(bench, ACCOUNT)[0] == "free"
