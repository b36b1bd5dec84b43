"""Where invoices go: at Stripe and here, once, whatever breaks on the way."""

import pytest

from tests.services.bench import ACCOUNT, Bench
from tests.services.changing import Killed, break_line, desk, hear, sell
from tiergate.services.accounts.set_billing_email import InvalidEmailError
from tiergate.store.tables import operations
from tiergate.stripe_api.gateway import StripeUnavailableError

NEW = "money@acme.test"


def at_stripe(bench: Bench) -> str | None:
    """Return the address that Stripe has."""
    found: str | None = bench.at_stripe(f"/v1/customers/{bench.customer_without_card()}")["email"]
    return found


def here(bench: Bench) -> tuple[str | None, str | None]:
    """Return the address of the account, and that of its customer in the mirror."""
    told = bench.explain()
    return told.account.email, told.state.customer.email if told.state.customer else None


def asked(bench: Bench) -> int:
    """Return how often Stripe was asked to change it."""
    return len([row for row in bench.rows(operations) if row.action == "billing_email"])


def test_it_is_set_at_stripe_and_here(both: Bench) -> None:
    """Pressed five times, Stripe is asked once; spaces around it do not count."""
    sell(both)
    for _ in range(5):
        assert desk(both).set_billing_email(ACCOUNT, f"  {NEW} ") == NEW
    assert (at_stripe(both), here(both), asked(both)) == (NEW, (NEW, NEW), 1)
    hear(both)
    assert here(both) == (NEW, NEW)
    kinds = [entry.kind for entry in both.explain().journal]
    assert kinds.count("billing_email_changed") == 1


def test_before_the_first_purchase_it_is_kept_here(both: Bench) -> None:
    """An account that Stripe does not know yet brings its address along when it buys."""
    desk(both).set_billing_email(ACCOUNT, NEW)
    assert here(both) == (NEW, None)
    assert asked(both) == 0
    assert at_stripe(both) == NEW


@pytest.mark.parametrize("executed", [False, True], ids=["before", "after"])
def test_stripe_may_be_down(both: Bench, *, executed: bool) -> None:
    """Lost before or after Stripe acted: nothing is half-done, and pressing again finishes it."""
    sell(both)
    repair = break_line(both, 1, Killed, executed=executed)
    with pytest.raises(Killed):
        desk(both).set_billing_email(ACCOUNT, NEW)
    repair()
    assert here(both)[0] != NEW
    assert desk(both).set_billing_email(ACCOUNT, NEW) == NEW
    assert (at_stripe(both), here(both), asked(both)) == (NEW, (NEW, NEW), 1)


def test_another_wish_wins_over_one_that_was_interrupted(both: Bench) -> None:
    """What was begun is finished first, and what was wanted last stands."""
    sell(both)
    both.line.down = True
    with pytest.raises(StripeUnavailableError):
        desk(both).set_billing_email(ACCOUNT, "old@acme.test")
    both.line.down = False
    desk(both).set_billing_email(ACCOUNT, NEW)
    assert (at_stripe(both), here(both)) == (NEW, (NEW, NEW))


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "acme",
        "a@b",
        "a b@c.test",
        "a@b.test,c@d.test",
        "a\n@b.test",
        f"{'a' * 250}@b.test",
        "a@@b.test",
        "ü@b.test",
    ],
)
def test_what_is_no_address_is_refused(both: Bench, wrong: str) -> None:
    """A letter could not arrive there, so nothing is changed."""
    with pytest.raises(InvalidEmailError):
        desk(both).set_billing_email(ACCOUNT, wrong)
    assert asked(both) == 0
