"""The explanation of an account says what it has, why, until when, and what was done about it."""

import json
import re
from datetime import datetime, timedelta

import pytest

from tests.services.bench import ACCOUNT, BEGIN, Bench, northwind
from tiergate.rules.access import Reason
from tiergate.rules.errors import UnknownAccountError, UnknownFeatureError
from tiergate.rules.state import Grant, GrantKind
from tiergate.services.access.consume_usage import consume
from tiergate.services.access.describe_account import describe_account
from tiergate.services.access.explain import Explanation, explain
from tiergate.services.plans.push_plans import push_plans
from tiergate.services.run_due import run_due
from tiergate.store.grant_rows import save_grant
from tiergate.store.journal_rows import Entry, append

STRANGER_TEXT = """\
Account acme, at 2027-03-01T10:00:00Z
has Free: full access, because no_subscription (no subscription), until something changes.

What today's facts imply:
 > always                free       full       no_subscription  [no subscription]

What Stripe said last, and what was given by hand:
   nothing: it has never bought anything

What was done about it:
   2027-03-01T10:00:00Z  access_changed  None/None -> free/no_subscription, full  (register)"""

TRIAL_TEXT = """\
Account acme, at 2027-03-01T10:00:00Z
has Team: full access, because trialing (sub_1 trial_end), until 2027-03-15T10:00:00Z.
After that: Team, full access, because unconfirmed.

What today's facts imply:
   always                free       full       no_subscription  [no subscription]
 > 2027-03-01T10:00:00Z  team       full       trialing  [sub_1 trial_end]
   2027-03-15T10:00:00Z  team       full       unconfirmed  [sub_1 trial_end]
                         plans.team.policy.max_unconfirmed_days = 4 (the default)
   2027-03-19T10:00:00Z  free       full       unknown  [sub_1 policy on_unknown]
                         plans.team.policy.max_unconfirmed_days = 4 (the default)
                         plans.team.policy.on_unknown = "deny" (the default)

What Stripe said last, and what was given by hand:
   sub_1  trialing, card, trial_end 2027-03-15T10:00:00Z, period_end 2027-03-15T10:00:00Z, \
heard_at 2027-03-01T10:00:00Z  (event evt_1 customer.subscription.created)
   in_1  paid, 0 of 0 usd paid, created 2027-03-01T10:00:00Z  (event evt_1 invoice.paid)

What was done about it:
   2027-03-01T10:00:00Z  access_changed  None/None -> free/no_subscription, full  (register)
   2027-03-01T10:00:00Z  access_changed  free/no_subscription -> team/trialing, full  \
(event evt_1 customer.subscription.created)"""


def test_an_account_without_anything(bench: Bench) -> None:
    """A newcomer's explanation says that there is nothing, in words."""
    assert str(bench.explain()) == STRANGER_TEXT


def told(explanation: Explanation) -> str:
    """The text of an explanation, with the same name for every object of a kind."""
    return re.sub(r"\b(sub|in|evt)_\w{10,}", r"\1_1", str(explanation))


def test_a_trial_is_told_in_full(bench: Bench) -> None:
    """A trial's explanation names plan, reason, cause, what follows, policy lines, facts, and events."""
    bench.subscribe(trial_period_days=14)
    webhooks = {webhook.type: webhook for webhook in bench.webhooks()}
    told_of = ("customer.updated", "customer.subscription.created", "invoice.paid")
    bench.deliver(*[webhooks[event_type] for event_type in told_of])
    assert told(bench.explain()) == TRIAL_TEXT


def test_the_test_clock_is_named(bench: Bench) -> None:
    """An account that lives on a clock is explained at the clock's time, with its name."""
    clock = bench.stripe.v1.test_helpers.test_clocks.create({"frozen_time": 1_900_000_000}).id
    bench.use_test_clock(clock)
    bench.register("traveller")
    assert f"at 2030-03-17T17:46:40Z (test clock {clock})" in str(bench.explain("traveller"))


def test_an_unknown_account_names_the_remedy(bench: Bench) -> None:
    """Explaining or describing nobody says how to make an account known."""
    for ask in (explain, describe_account):
        with pytest.raises(UnknownAccountError, match=r"billing\.register"):
            ask(bench.context, "ghost")


def test_the_description_rests_on_the_subscription_that_speaks(bench: Bench) -> None:
    """Of a running and an ended subscription, the description shows the running one, with plan and price."""
    ended = bench.subscribe("starter")
    bench.stripe.v1.subscriptions.cancel(ended)
    running = bench.subscribe("team")
    bench.deliver(*bench.webhooks())
    view = describe_account(bench.context, ACCOUNT)
    assert view.subscription is not None
    assert view.plan is not None
    assert view.price is not None
    assert (view.subscription.id, view.plan.key, view.price.unit_amount) == (running, "team", 4900)
    assert view.has_card is True


def late_cancellation(bench: Bench) -> tuple[datetime, datetime]:
    """Let a subscription be cancelled, and its webhook be six hours late; return both instants."""
    bench.subscribe("team")
    bench.deliver(*bench.webhooks())
    bench.clock.advance(days=3)
    canceled_at = bench.clock.now
    bench.stripe.v1.subscriptions.cancel(bench.explain().state.subscriptions[0].id)
    bench.clock.advance(hours=6)
    bench.deliver(*bench.webhooks())
    return canceled_at, bench.clock.now


def test_the_past_is_told_as_it_was_known(both: Bench) -> None:
    """Between a cancellation and its late webhook the account had Team; that it should not came later."""
    canceled_at, heard_at = late_cancellation(both)
    asked_about = canceled_at + timedelta(hours=1)
    both.clock.advance(days=40)
    explained = explain(both.context, ACCOUNT, "projects", asked_about)
    assert explained.recalled is not None
    assert explained.recalled.held is not None
    (corrected,) = explained.recalled.learned_later
    assert (explained.recalled.held.plan_key, explained.recalled.held.reason) == ("team", "active")
    assert (corrected.plan_key, corrected.starts_at, corrected.known_at) == ("free", canceled_at, heard_at)
    assert (explained.phase.plan_key, explained.phase.reason) == ("free", Reason.CANCELED)
    assert told(explained).splitlines()[:9] == [
        "Account acme, at 2027-03-04T11:00:00Z (it is now 2027-04-13T16:00:00Z)",
        "had Team: full access, because active (sub_1 current_period_end), "
        "to last until 2027-04-01T10:00:00Z.",
        "This was known since 2027-03-01T10:00:00Z, by event evt_1 customer.subscription.created.",
        "projects was allowed: unlimited.",
        "But from 2027-03-04T10:00:00Z on it had Free: full access, because canceled (sub_1 ended_at):",
        "this became known at 2027-03-04T16:00:00Z, by event evt_1 customer.subscription.deleted.",
        "By today's facts it had Free: full access, because canceled.",
        "By today's facts projects was allowed: 1.",
        "",
    ]


def test_a_boundary_that_was_foreseen_counts_from_its_instant(both: Bench) -> None:
    """That a trial ended is true from its last second on, however late a worker wrote it down."""
    customer = both.customer_without_card()
    trial = {"customer": customer, "items": [{"price": both.price("team")}], "trial_period_days": 14}
    both.post("/v1/subscriptions", **trial)
    both.deliver(*both.webhooks())
    trial_end = both.clock.now + timedelta(days=14)
    both.clock.advance(days=16)
    both.line.down = True
    run_due(both.context)

    def held(at: datetime) -> str | None:
        recalled = explain(both.context, ACCOUNT, at=at).recalled
        return recalled.held.reason if recalled and recalled.held else None

    assert held(trial_end - timedelta(seconds=1)) == "trialing"
    assert held(trial_end) == "trial_ended"
    assert held(BEGIN - timedelta(seconds=1)) is None
    text = str(explain(both.context, ACCOUNT, at=BEGIN - timedelta(seconds=1)))
    assert "it is older than the record" in text


def test_a_renewal_is_recorded_and_announced_to_nobody(bench: Bench) -> None:
    """A new period moves the recorded end on; access is the same, so there is no entry in the journal."""
    bench.subscribe("team")
    bench.deliver(*bench.webhooks())
    entries = len(bench.explain().journal)
    bench.clock.advance(days=31, hours=2)
    bench.sandbox.catch_up()
    bench.deliver(*bench.webhooks())
    run_due(bench.context)
    ends = [phase.ends_at for phase in bench.explain().recorded if phase.reason == "active"]
    assert ends == sorted(set(ends), key=lambda at: at or BEGIN)
    assert ends[-1] == bench.explain().phase.ends_at
    assert len(bench.explain().journal) == entries


def test_the_future_is_told_as_todays_facts_imply(bench: Bench) -> None:
    """At a later instant the explanation says what will hold if nothing new is heard."""
    bench.subscribe(trial_period_days=14)
    bench.deliver(*bench.webhooks())
    explained = explain(bench.context, ACCOUNT, "roles", BEGIN + timedelta(days=19))
    assert explained.recalled is None
    assert told(explained).splitlines()[:4] == [
        "Account acme, at 2027-03-20T10:00:00Z (it is now 2027-03-01T10:00:00Z)",
        "will have Free: full access, because unknown (sub_1 policy on_unknown), until something changes.",
        "roles is refused (not_included), until something changes.",
        "Team would allow it.",
    ]


def test_a_feature_is_told_with_what_was_used_of_it(bench: Bench) -> None:
    """A limit is told with its value and its count, and with the plan that would allow more."""
    consume(bench.context, ACCOUNT, "projects", 1, key="a")
    lines = str(explain(bench.context, ACCOUNT, "projects")).splitlines()
    assert lines[2:4] == [
        "projects is refused (limit_reached): 1, 1 used, until something changes.",
        "Starter would allow it.",
    ]
    with pytest.raises(UnknownFeatureError):
        explain(bench.context, ACCOUNT, "teleport")


def test_an_instant_needs_its_time_zone(bench: Bench) -> None:
    """A naive instant is refused: it would shift with the machine that asks."""
    with pytest.raises(ValueError, match="time zone"):
        explain(bench.context, ACCOUNT, at=datetime(2027, 3, 1))  # noqa: DTZ001  # what is refused


def test_grace_names_its_invoice_and_its_line_of_the_policy(bench: Bench) -> None:
    """A failed renewal's grace is explained by invoice, subscription, event and the line in the file."""
    text = northwind() + '\n[plans.team.policy]\ngrace_read_only_days = 5\nafter_grace = "blocked"\n'
    push_plans(bench.context, text)
    subscription_id = bench.subscribe("team")
    bench.deliver(*bench.webhooks())
    customer = bench.explain().account.stripe_customer_id
    card = bench.stripe.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": str(customer)})
    bench.stripe.v1.customers.update(str(customer), {"invoice_settings": {"default_payment_method": card.id}})
    bench.clock.advance(days=31, hours=2)
    bench.sandbox.catch_up()
    bench.deliver(*bench.webhooks())
    grounds = {(str(g.phase.reason), str(g.phase.access)): g for g in bench.explain().grounds}
    grace = grounds["past_due_grace", "full"]
    assert [origin.object_id for origin in grace.origins[:2]] == [
        grace.phase.cause.object_id,
        subscription_id,
    ]
    assert grace.origins[0].cause.startswith("event evt_")
    assert grace.policy == ("policy.grace_days = 3",)
    assert grounds["past_due_grace", "read_only"].policy == ("plans.team.policy.grace_read_only_days = 5",)
    assert grounds["past_due", "blocked"].policy == (
        "policy.grace_days = 3",
        'plans.team.policy.after_grace = "blocked"',
    )


def test_what_was_given_by_hand_is_named(bench: Bench) -> None:
    """A comp's phase names the grant, who gave it and why."""
    grant = Grant("gr_1", GrantKind.COMP, BEGIN, BEGIN + timedelta(days=30), "team", note="a friend")
    with bench.context.database.write() as tx:
        save_grant(tx, ACCOUNT, grant, "ann", BEGIN)
    explained = bench.explain()
    (ground,) = [ground for ground in explained.grounds if ground.phase is explained.phase]
    assert (ground.phase.reason, ground.origins[0].cause) == (Reason.COMP, "granted by ann")
    assert (
        "   gr_1  comp, from 2027-03-01T10:00:00Z, until 2027-03-31T10:00:00Z, a friend  (granted by ann)"
        in str(explained).splitlines()
    )


def test_as_json_it_says_the_same(both: Bench) -> None:
    """As JSON it holds phases with their grounds, what was recorded, the mirror and the journal."""
    canceled_at, heard_at = late_cancellation(both)
    answer = json.loads(json.dumps(explain(both.context, ACCOUNT, "projects").as_json()))
    assert (answer["account"], answer["at"], answer["recalled"]) == (ACCOUNT, answer["now"], None)
    assert (answer["phase"]["plan"], answer["phase"]["reason"], answer["next"]) == ("free", "canceled", None)
    assert answer["phase"]["starts_at"] == canceled_at.isoformat().replace("+00:00", "Z")
    assert (answer["phases"][0]["starts_at"], answer["phases"][-1]["ends_at"]) == (None, None)
    assert answer["phase"]["policy"] == ['plans.team.policy.after_cancel = "free" (the default)']
    assert answer["phase"]["origins"][0]["cause"].endswith("customer.subscription.deleted")
    assert (answer["decision"]["allowed"], answer["decision"]["limit"]) == (True, 1)
    assert answer["recorded"][-1]["known_at"] == heard_at.isoformat().replace("+00:00", "Z")
    assert answer["recorded"][-1]["features"]["projects"] == {"value": 1, "reason": "included"}
    assert [entry["kind"] for entry in answer["journal"]][:2] == ["access_changed", "access_changed"]
    past = explain(both.context, ACCOUNT, at=canceled_at).as_json()["recalled"]
    assert (past["held"]["plan_key"], [each["plan_key"] for each in past["learned_later"]]) == (
        "team",
        ["free"],
    )


def test_a_long_journal_is_cut_in_text(bench: Bench) -> None:
    """The text shows the newest twelve entries and how many were before; the value holds them all."""
    for number in range(20):
        entry = Entry(ACCOUNT, "noted", bench.clock.now, bench.clock.now, "test", {"number": number})
        with bench.context.database.write() as tx:
            append(tx, entry)
    lines = str(bench.explain()).splitlines()
    assert lines[-13] == "   ... 9 earlier entries"
    assert lines[-1].endswith("noted  19  (test)")
    assert len(bench.explain().journal) == 21
