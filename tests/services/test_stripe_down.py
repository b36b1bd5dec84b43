"""Stripe fails in the middle of each step of each action: it is said, and pressing again does it, once."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.services.bench import ACCOUNT, Bench, Json, lost, northwind, open_bench
from tests.services.changing import ASKS_THE_BANK, PER_SEAT, break_line, desk, hear, sell
from tiergate.billing.trials import BillingTrials
from tiergate.services.checkout.lead_to_checkout import lead_to_checkout
from tiergate.services.checkout.order import Order
from tiergate.services.plans.push_plans import push_plans
from tiergate.store.migrate import upgrade as migrate
from tiergate.store.tables import operations
from tiergate.stripe_api.gateway import StripeUnavailableError

PAUSE = '[policy]\npause_days = 30\non_pause_collection = "pause"\n'
CATALOG = northwind().replace("[policy]\n", PAUSE) + PER_SEAT
EXPIRY = "expire_checkout"
"""One that was carried out unheard is closed by the next one; the session itself is seen to be over."""

MOST_CALLS = 12
"""More than any action makes."""


@dataclass(frozen=True)
class Action:
    """Something that is asked of Stripe, and how things stand before it."""

    name: str
    do: Callable[[Bench], object]
    before: Callable[[Bench], object] = lambda _bench: None
    asides: int = 0
    """How many calls at its end hold nothing up when they fail: why a payment was not made, for instance."""

    def __str__(self) -> str:
        return self.name


class TrialDesk(BillingTrials):
    """The host's calls about trials."""

    def __init__(self, bench: Bench) -> None:
        self._context = bench.context


def try_team(bench: Bench) -> None:
    """Try Team for five days."""
    TrialDesk(bench).start_trial(ACCOUNT, "team")
    bench.deliver(*bench.webhooks())
    bench.clock.advance(days=5)


def checkout(plan: str) -> Callable[[Bench], object]:
    """Press the button that buys."""
    return lambda bench: lead_to_checkout(bench.context, ACCOUNT, Order(plan))


def having(plan: str, card: str = "", *then: Callable[[Bench], object]) -> Callable[[Bench], object]:
    """Have a plan, and have done something to it."""

    def before(bench: Bench) -> None:
        sell(bench, plan, card)
        for each in then:
            each(bench)
            bench.tick()
        hear(bench)
        bench.tick()

    return before


def cancel(bench: Bench) -> object:
    """Leave with the period."""
    return desk(bench).cancel(ACCOUNT, reason="unused")


def pause(bench: Bench) -> object:
    """Pause."""
    return desk(bench).pause(ACCOUNT)


def downgrade(bench: Bench) -> object:
    """A smaller plan, at the renewal."""
    return desk(bench).change_plan(ACCOUNT, "starter")


def upgrade(bench: Bench) -> object:
    """A bigger plan, now."""
    return desk(bench).change_plan(ACCOUNT, "scale")


def add_storage(bench: Bench) -> object:
    """Two of the add-on."""
    return desk(bench).set_add_on(ACCOUNT, "storage", 2)


def remove_storage(bench: Bench) -> object:
    """None of it, from the renewal on."""
    return desk(bench).set_add_on(ACCOUNT, "storage", 0)


def resume(bench: Bench) -> object:
    """Stay, or go on."""
    return desk(bench).resume(ACCOUNT)


def undo(bench: Bench) -> object:
    """Take back what is planned, or waits."""
    return desk(bench).undo_change(ACCOUNT)


def set_email(bench: Bench) -> object:
    """Have invoices go somewhere else."""
    return desk(bench).set_billing_email(ACCOUNT, "money@acme.test")


ACTIONS = [
    Action("start a trial", lambda bench: TrialDesk(bench).start_trial(ACCOUNT, "team")),
    Action("checkout", checkout("team")),
    Action("checkout instead of another", checkout("team"), checkout("scale")),
    Action("buy in a trial", checkout("team"), try_team),
    Action("extend a trial", lambda bench: TrialDesk(bench).extend_trial(ACCOUNT, 7, key="k1"), try_team),
    Action("end a trial", lambda bench: TrialDesk(bench).end_trial(ACCOUNT), try_team),
    Action("upgrade that waits", upgrade, having("team", ASKS_THE_BANK), asides=1),
    Action("more seats", lambda bench: desk(bench).set_seats(ACCOUNT, 5), having("crew")),
    Action("an add-on", add_storage, having("team")),
    Action("no add-on", remove_storage, having("team", "", add_storage)),
    Action("cancel", cancel, having("team")),
    Action("cancel with a change planned", cancel, having("team", "", downgrade)),
    Action("resume", resume, having("team", "", cancel)),
    Action("pause", pause, having("team")),
    Action("go on after a pause", resume, having("team", "", pause)),
    Action("undo a planned change", undo, having("team", "", downgrade)),
    Action("give a waiting change up", undo, having("team", ASKS_THE_BANK, upgrade)),
    Action("the billing e-mail", set_email, having("team")),
    Action("the portal", lambda bench: bool(desk(bench).open_portal(ACCOUNT)), having("team")),
]  # fmt: skip


@contextmanager
def set_out(folder: Path, action: Action, name: str) -> Iterator[Bench]:
    """Let things stand as they do before an action."""
    url = f"sqlite:///{folder / name}.db"
    migrate(url)
    with open_bench(url) as bench:
        push_plans(bench.context, CATALOG)
        action.before(bench)
        bench.webhooks()
        bench.line.requests.clear()
        yield bench


def outcome(bench: Bench) -> list[Any]:
    """What there is at Stripe and here: all that money, access and mail depend on."""
    bench.tick()
    hear(bench)
    has = bench.explain()
    subscriptions = shown(bench, "subscriptions?status=all&limit=100")
    phase = (has.phase.plan_key, str(has.phase.reason), has.phase.ends_at)
    return [
        [each["email"] for each in shown(bench, "customers")],
        [subscription(each) for each in subscriptions],
        [(each["status"], phases(each)) for each in shown(bench, "subscription_schedules")],
        [(each["status"], each["total"], each["amount_paid"]) for each in shown(bench, "invoices")],
        [(each["mode"], each["status"]) for each in shown(bench, "checkout/sessions")],
        sorted((row.action, row.state) for row in bench.rows(operations) if row.action != EXPIRY),
        Counter(entry.kind for entry in has.journal),
        [(each.status, each.plan_key, each.cancels_at, each.trial_end) for each in has.state.subscriptions],
        phase,
    ]


def shown(bench: Bench, path: str) -> list[Json]:
    """What Stripe lists."""
    found: list[Json] = bench.at_stripe(f"/v1/{path}")["data"]
    return found


def subscription(one: Json) -> tuple[Any, ...]:
    """What matters of a subscription."""
    items = sorted((item["price"]["lookup_key"], item["quantity"]) for item in one["items"]["data"])
    plain = ("status", "cancel_at", "cancel_at_period_end", "trial_end", "pause_collection")
    waits = one["pending_update"] is not None
    details = one["cancellation_details"]["feedback"]
    return (items, *(one[name] for name in plain), waits, details, one["schedule"] is not None)


def phases(schedule: Json) -> list[list[str]]:
    """How much a schedule sells, phase by phase."""
    return [[str(item["quantity"]) for item in phase["items"]] for phase in schedule["phases"]]


@pytest.mark.parametrize("executed", [False, True], ids=["not heard", "answer lost"])
@pytest.mark.parametrize("action", ACTIONS, ids=str)
def test_stripe_down_in_the_middle(tmp_path: Path, action: Action, executed: bool) -> None:
    """Whichever call fails: it is said, and what to do; once more has the result as if nothing had failed."""
    with set_out(tmp_path, action, "whole") as bench:
        answer = action.do(bench)
        calls = len(bench.line.requests)
        expected = outcome(bench)
    assert 0 < calls <= MOST_CALLS
    for number in range(1, calls + 1 - action.asides):
        with set_out(tmp_path, action, str(number)) as bench:
            repair = break_line(bench, number, lost, executed=executed)
            with pytest.raises(StripeUnavailableError) as refused:
                action.do(bench)
            repair()
            assert refused.value.message.startswith("Stripe did not answer")
            assert "try again" in refused.value.remedy.lower()
            again = action.do(bench)
            found = outcome(bench)
        assert type(again) is type(answer)
        assert found == expected, number
