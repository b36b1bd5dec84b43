"""What an explanation says of the past is what a check answered then, whoever was late or down meanwhile."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

import pytest

from tests.services.bench import ACCOUNT, BEGIN, Bench, northwind
from tiergate.services.access.access_change import AccessChange
from tiergate.services.access.answer_check import answer_check
from tiergate.services.access.deliver_changes import deliver_changes, listen
from tiergate.services.access.explain import explain
from tiergate.services.access.grant_access import GrantDetails, grant_access, revoke_grant
from tiergate.services.access.recall_phases import Recalled
from tiergate.services.plans.push_plans import push_plans
from tiergate.services.run_due import run_due

FEATURE = "projects"
HOUR = timedelta(hours=1)


class Answer(NamedTuple):
    """What there was to say of the feature at an instant."""

    plan: str | None
    reason: str
    value: object
    phase: str


@dataclass
class Life:
    """An account's life: what checks answered while it went on."""

    bench: Bench
    answered: dict[datetime, Answer] = field(default_factory=dict)
    told: list[AccessChange] = field(default_factory=list)

    def go_to(self, at: datetime, *, worker: bool = False) -> None:
        """Move the clock, let the worker run if there is one, and ask."""
        self.bench.clock.now = at
        if worker:
            run_due(self.bench.context)
        found = answer_check(self.bench.context, ACCOUNT, FEATURE)
        self.answered[at] = Answer(found.plan, str(found.reason), found.value, str(found.phase))

    def recalled(self, at: datetime) -> Recalled:
        """What is said of an instant now."""
        recalled = explain(self.bench.context, ACCOUNT, FEATURE, at).recalled
        assert recalled is not None
        return recalled

    def remembered(self, at: datetime) -> Answer:
        """What is remembered of an instant now."""
        held = self.recalled(at).held
        assert held is not None
        feature = held.features[FEATURE]
        return Answer(held.plan_key, feature.reason, feature.value, held.reason)

    def check_memory(self) -> None:
        """Every answer that was given is remembered, once it is past."""
        self.bench.clock.advance(seconds=1)
        assert {at: self.remembered(at) for at in self.answered} == self.answered


@pytest.fixture
def life(both: Bench) -> Life:
    """A life that has just begun, with a host that listens."""
    begun = Life(both)
    listen(both.context, begun.told.append, in_transaction=False)
    deliver_changes(both.context)
    begun.told.clear()
    return begun


def renewed(bench: Bench) -> datetime:
    """Let the account have Team, known from its webhooks, and return the end of its period."""
    subscription_id = bench.subscribe("team")
    bench.deliver(*bench.webhooks())
    ends_at = bench.mirrored(subscription_id).current_period_end
    assert isinstance(ends_at, datetime)
    return ends_at


def declined(bench: Bench) -> datetime:
    """Let the renewal of Team fail, as its webhooks tell, and return the end of the paid period."""
    ends_at = renewed(bench)
    customer = bench.explain().account.stripe_customer_id
    card = bench.stripe.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": str(customer)})
    bench.stripe.v1.customers.update(str(customer), {"invoice_settings": {"default_payment_method": card.id}})
    bench.clock.now = ends_at + timedelta(hours=2)
    bench.sandbox.catch_up()
    bench.deliver(*bench.webhooks())
    return ends_at


def subscription_of(bench: Bench) -> str:
    """Return the id of the account's subscription."""
    return bench.explain().state.subscriptions[0].id


def test_what_a_grant_gave_until_it_was_revoked(life: Life) -> None:
    """A comp that is taken back held until then: the host is told of that instant, and the past stays."""
    bench = life.bench
    bench.clock.advance(days=1)
    given_at = bench.clock.now
    grant_id = grant_access(bench.context, ACCOUNT, GrantDetails("comp", plan_key="team"))
    life.go_to(given_at + timedelta(days=5))
    bench.clock.advance(days=4)
    revoked_at = bench.clock.now
    revoke_grant(bench.context, ACCOUNT, grant_id)
    life.check_memory()
    assert [(change.at, change.after.plan) for change in life.told] == [
        (given_at, "team"),
        (revoked_at, "free"),
    ]
    assert life.recalled(given_at + timedelta(days=5)).learned_later == ()
    phases = [(phase.plan_key, phase.starts_at) for phase in bench.explain().phases[1:]]
    assert phases == [("team", given_at), ("free", revoked_at)]


def test_a_grant_that_is_revoked_before_it_began_never_held(life: Life) -> None:
    """A comp for next week that is taken back today leaves nothing, and nobody is told of it."""
    bench = life.bench
    details = GrantDetails("comp", plan_key="team", starts_at=BEGIN + timedelta(days=7))
    grant_id = grant_access(bench.context, ACCOUNT, details)
    bench.tick()
    revoke_grant(bench.context, ACCOUNT, grant_id)
    life.go_to(BEGIN + timedelta(days=8), worker=True)
    life.check_memory()
    assert life.told == []
    assert bench.explain().state.grants == ()


def test_a_grant_is_revoked_at_its_accounts_time(both: Bench) -> None:
    """On a test clock that is years ahead, what a grant gave ends when it is taken back there."""
    frozen_at = BEGIN + timedelta(days=900)
    clock = both.post("/v1/test_helpers/test_clocks", frozen_time=int(frozen_at.timestamp()))
    both.use_test_clock(clock["id"])
    both.register("traveller")
    given_at = frozen_at - timedelta(days=3)
    details = GrantDetails("comp", plan_key="team", starts_at=given_at)
    grant_id = grant_access(both.context, "traveller", details)
    revoke_grant(both.context, "traveller", grant_id)
    phases = [(phase.plan_key, phase.starts_at) for phase in both.explain("traveller").phases[1:]]
    assert phases == [("team", given_at), ("free", frozen_at)]


@pytest.mark.parametrize("worker", [True, False])
def test_what_was_unconfirmed_is_remembered_so(life: Life, *, worker: bool) -> None:
    """Until a late cancellation was heard the account had Team; afterwards that is corrected, not denied."""
    bench = life.bench
    ends_at = renewed(bench)
    bench.tick()
    bench.post(f"/v1/subscriptions/{subscription_of(bench)}", cancel_at_period_end=True)
    bench.webhooks()
    bench.line.down = True
    life.go_to(ends_at + timedelta(hours=3), worker=worker)
    bench.line.down = False
    life.go_to(ends_at + timedelta(hours=6), worker=True)
    life.check_memory()
    (silent, corrected) = life.answered.values()
    assert (silent.plan, silent.phase, corrected.plan) == ("team", "unconfirmed", "free")
    (later,) = life.recalled(ends_at + timedelta(hours=3)).learned_later
    assert (later.plan_key, later.starts_at, later.known_at) == ("free", ends_at, ends_at + 6 * HOUR)
    assert [change.after.plan for change in life.told] == ["team", "free"]
    journal = [entry.data["to"]["reason"] for entry in bench.explain().journal if "to" in entry.data]
    assert "unconfirmed" not in journal


def test_a_limit_that_was_in_force_is_remembered(life: Life) -> None:
    """What a trial limits stays limited until its first payment is heard of, and is remembered as that."""
    bench = life.bench
    card = 'trial = { days = 14, card = "not_required" }'
    begin = northwind().index("[plans.team]")
    limited = northwind()[begin:].replace(card, card[:-2] + ", features = { projects = 2 } }", 1)
    push_plans(bench.context, northwind()[:begin] + limited)
    trial_end = BEGIN + timedelta(days=14)
    subscription_id = bench.subscribe("team", trial_end=int(trial_end.timestamp()))
    bench.deliver(*bench.webhooks())
    bench.line.down = True
    life.go_to(trial_end + timedelta(hours=3), worker=True)
    bench.line.down = False
    bench.clock.now = trial_end + timedelta(hours=6)
    bench.at_stripe(f"/v1/subscriptions/{subscription_id}")
    bench.deliver(*bench.webhooks())
    life.go_to(trial_end + timedelta(hours=6), worker=True)
    life.check_memory()
    assert [answer.value for answer in life.answered.values()] == [2, "unlimited"]


def test_boundaries_that_nobody_wrote_down_are_remembered(life: Life) -> None:
    """A comp that came and went while the worker was down is remembered day by day, as foreseen."""
    bench = life.bench
    day = timedelta(days=1)
    details = GrantDetails("comp", plan_key="team", starts_at=BEGIN + 2 * day, ends_at=BEGIN + 4 * day)
    grant_access(bench.context, ACCOUNT, details)
    for days in (1, 2, 3, 4, 5):
        life.go_to(BEGIN + days * day)
    life.go_to(BEGIN + 10 * day, worker=True)
    life.check_memory()
    assert [answer.plan for answer in life.answered.values()] == ["free", "team", "team", *["free"] * 3]
    assert life.told == []
    text = str(explain(bench.context, ACCOUNT, at=BEGIN + 3 * day))
    assert "This was foreseen at 2027-03-01T10:00:00Z, by grant grant_" in text
    assert all(life.recalled(at).learned_later == () for at in life.answered)


def test_a_grace_that_ran_out_meanwhile_is_remembered(life: Life) -> None:
    """Grace, read-only days and what follows are remembered where each held, though nobody wrote then."""
    bench = life.bench
    policy = "\n[plans.team.policy]\ngrace_days = 3\ngrace_read_only_days = 4\n"
    push_plans(bench.context, northwind() + policy)
    ends_at = declined(bench)
    bench.line.down = True
    for days in (1, 4, 6, 8):
        life.go_to(ends_at + timedelta(days=days))
    life.go_to(ends_at + timedelta(days=10), worker=True)
    life.check_memory()
    assert [(answer.plan, answer.reason) for answer in life.answered.values()] == [
        ("team", "included"),
        ("team", "read_only"),
        ("team", "read_only"),
        ("free", "included"),
        ("free", "included"),
    ]
    assert [(change.after.plan, change.after.access) for change in life.told[1:]] == [
        ("team", "full"),
        ("free", "full"),
    ]


def test_a_foreseen_change_is_known_since_it_was_foreseen(life: Life) -> None:
    """That the worker noted an end later, when it came, does not make it known only then."""
    bench = life.bench
    details = GrantDetails("comp", plan_key="team", ends_at=BEGIN + timedelta(days=2))
    grant_access(bench.context, ACCOUNT, details)
    life.go_to(BEGIN + timedelta(days=3), worker=True)
    life.go_to(BEGIN + timedelta(days=4), worker=True)
    life.check_memory()
    held = life.recalled(BEGIN + timedelta(days=4)).held
    assert held is not None
    assert (held.known_at, held.is_foreseen, held.starts_at) == (BEGIN, True, details.ends_at)
    assert [(change.at, change.after.plan) for change in life.told] == [
        (BEGIN, "team"),
        (details.ends_at, "free"),
    ]


def test_an_upgrade_counts_from_its_instant(life: Life) -> None:
    """What a subscription sells from today on it did not sell before, for the host and for the record."""
    bench = life.bench
    subscription_id = bench.subscribe("starter")
    bench.deliver(*bench.webhooks())
    life.go_to(BEGIN + timedelta(days=3), worker=True)
    bench.clock.now = BEGIN + timedelta(days=5)
    (item,) = bench.at_stripe(f"/v1/subscriptions/{subscription_id}")["items"]["data"]
    bench.post(
        f"/v1/subscriptions/{subscription_id}", items=[{"id": item["id"], "price": bench.price("team")}]
    )
    bench.deliver(*bench.webhooks())
    life.go_to(BEGIN + timedelta(days=6), worker=True)
    life.check_memory()
    assert [(change.at, change.after.plan) for change in life.told] == [
        (BEGIN, "starter"),
        (BEGIN + timedelta(days=5), "team"),
    ]
    assert life.recalled(BEGIN + timedelta(days=3)).learned_later == ()


def test_a_boundary_of_one_feature_counts_from_its_instant(life: Life) -> None:
    """A feature with a grace of its own is told as read-only from the end of that, and was not before."""
    bench = life.bench
    grace = "grace_days = 1\ngrace_read_only_days = 6\n"
    push_plans(bench.context, f"{northwind()}\n[plans.team.policy.features.projects]\n{grace}")
    ends_at = declined(bench)
    life.go_to(ends_at + timedelta(hours=12))
    life.go_to(ends_at + timedelta(days=2), worker=True)
    life.check_memory()
    assert [answer.reason for answer in life.answered.values()] == ["included", "read_only"]
    assert life.told[-1].at == ends_at + timedelta(days=1, hours=1)
    assert life.recalled(ends_at + timedelta(hours=12)).learned_later == ()
