"""The process is killed between any two steps of ingest: nothing is lost, and nothing happens twice."""

import multiprocessing
from collections.abc import Sequence
from itertools import count

from tests.failures.doings import CREATED, first_payment, only, work
from tests.failures.looking import go_back, look, require_same, take_down
from tests.failures.victim import COMMITS, KILLED, WRITES, Task, take_in
from tests.services.bench import ACCOUNT, Bench
from tiergate.services.checkout.order import Order
from tiergate.services.checkout.start_checkout import start_checkout
from tiergate.store.tables import events
from tiergate_sandbox.testing import Webhook

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(
    ["pytest", "psycopg", "sqlalchemy.dialects.postgresql.psycopg", "tests.failures.victim"]
)

OTHER = "globex"
FEWEST_STEPS = 8
"""Fewer than these, and the steps were not counted."""


def run_and_kill(
    bench: Bench, told: Sequence[Webhook], dies_at: int, counted: frozenset[str], *, at_once: bool
) -> tuple[set[str], bool]:
    """Let a process of its own take webhooks in until it dies; return what it acknowledged, and whether."""
    ours, theirs = _PROCESSES.Pipe(duplex=False)
    task = Task(
        bench.database_url,
        bench.clock.now,
        bench.sandbox.service.snapshot(),
        [(webhook.body, bench.sign(webhook.body)) for webhook in told],
        dies_at,
        counted,
        at_once,
    )
    process = _PROCESSES.Process(target=take_in, args=(task, theirs))
    process.start()
    theirs.close()
    acknowledged: set[str] = set()
    try:
        while True:
            acknowledged.add(ours.recv())
    except EOFError:
        process.join()
    assert process.exitcode in (0, KILLED)
    return acknowledged, process.exitcode == KILLED


def pay(bench: Bench) -> list[Webhook]:
    """A first payment: ``created`` and ``updated`` of one second, so that only a fetch can tell."""
    bench.customer()
    bench.deliver(*bench.webhooks())
    bench.tick()
    _, created, updated = first_payment(bench, 0)
    return [created, updated]


def pay_twice(bench: Bench) -> list[Webhook]:
    """Payments of two accounts: of one only a fetch can tell, of the other all is certain at once."""
    bench.register(OTHER)
    bench.customer(OTHER)
    told = pay(bench)
    bench.subscribe("starter", OTHER)
    return [*told, *only(bench.webhooks(), CREATED, "invoice.paid", "payment_intent.succeeded")]


def pay_doubtfully(bench: Bench) -> list[Webhook]:
    """Payments of two accounts, of which only a fetch can tell: they are read side by side."""
    bench.register(OTHER)
    bench.customer(OTHER)
    told = pay(bench)
    _, created, updated = first_payment(bench, 0, OTHER)
    return [*told, created, updated]


def check_out(bench: Bench) -> list[Webhook]:
    """A checkout, told by the session first."""
    url = start_checkout(bench.context, ACCOUNT, Order("team"))
    bench.deliver(*bench.webhooks())
    bench.tick()
    bench.pay(url)
    return only(bench.webhooks(), "checkout.session.completed", CREATED)


def test_killed_between_any_two_steps(both: Bench) -> None:
    """Killed before whichever step, worker and redelivery leave what an undisturbed process leaves."""
    require_that_death_changes_nothing(both, pay(both), COMMITS)


def test_killed_between_any_two_writes(bench: Bench) -> None:
    """So it is in the middle of a transaction."""
    require_that_death_changes_nothing(bench, pay(bench), WRITES)


def test_killed_between_any_two_steps_of_a_checkout(bench: Bench) -> None:
    """So it is when the session is told of before the subscription that it led to."""
    require_that_death_changes_nothing(bench, check_out(bench), COMMITS)


def test_killed_between_any_two_steps_of_events_that_share_a_transaction(both: Bench) -> None:
    """So it is where events arrive at one moment, and PostgreSQL is sent several statements in one flight."""
    counted = COMMITS if both.context.database.is_sqlite else WRITES
    require_that_death_changes_nothing(both, pay_twice(both), counted, at_once=True)


def test_killed_between_any_two_steps_of_reading_several_objects(both: Bench) -> None:
    """So it is where what is uncertain of several accounts is read at once, and saved in one transaction."""
    require_that_death_changes_nothing(both, pay_doubtfully(both), COMMITS, at_once=True)


def require_that_death_changes_nothing(
    bench: Bench, told: Sequence[Webhook], counted: frozenset[str], *, at_once: bool = False
) -> None:
    """Let one process after another die one step later, and require what an undisturbed one leaves."""
    beginning = take_down(bench)
    began_at = bench.clock.now
    recover(bench, told)
    wanted = look(bench)
    for dies_at in count(1):
        go_back(bench, beginning)
        bench.clock.now = began_at
        acknowledged, was_killed = run_and_kill(bench, told, dies_at, counted, at_once=at_once)
        recover(bench, [webhook for webhook in told if webhook.event_id not in acknowledged])
        require_same(look(bench), wanted, wanted.occasions)
        if not was_killed:
            break
    assert dies_at > FEWEST_STEPS


def recover(bench: Bench, undelivered: Sequence[Webhook]) -> None:
    """An hour later a fresh process works, and Stripe sends again what nobody acknowledged."""
    bench.clock.advance(hours=1)
    work(bench)
    bench.deliver(*undelivered)
    assert {row.event_id for row in bench.rows(events) if row.state == "received"} == set()
    work(bench)
