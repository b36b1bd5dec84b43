"""Brings a change about once, however often and by however many it is asked for."""

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from tiergate.rules.change import Change, Holds
from tiergate.rules.instants import from_unix_seconds, to_unix_seconds
from tiergate.rules.payment_problem import PaymentProblem
from tiergate.services.access.refresh_account import refresh_account
from tiergate.services.account_time import account_now
from tiergate.services.accounts.require_account import require_account
from tiergate.services.changes.carry_out import CarriedOut, LapsedError
from tiergate.services.changes.change_errors import ChangeBusyError
from tiergate.services.changes.change_facts import Facts, load_facts
from tiergate.services.changes.change_parameters import Steps
from tiergate.services.changes.changed import Changed, Outcome, changed_from
from tiergate.services.changes.unnamed_plans import forget_names, name_when_paid
from tiergate.services.changes.why_unpaid import why_unpaid
from tiergate.services.context import Context
from tiergate.services.keyed_wish import done_before
from tiergate.services.mirror.read_from_stripe import read_clock
from tiergate.services.mirror.save_reading import save_reading
from tiergate.services.run_operation import Asked, Ran, Wanted, run_operation
from tiergate.store import Transaction
from tiergate.store.account_rows import Account, find_account
from tiergate.store.journal_rows import Entry, append
from tiergate.store.mirror import Saved
from tiergate.store.operation_rows import (
    Operation,
    find_by_client_key,
    find_open,
    find_result,
    lapse_operation,
)
from tiergate.stripe_api.gateway import Answer, StripeRefusedError, StripeUnavailableError

log = logging.getLogger("tiergate")

ACTION = "change"
"""One for all that changes a subscription: two of them never run at once."""

_ROUNDS = 5
_MOST_READINGS = 2


@dataclass(frozen=True, slots=True)
class Planned:
    """What a wish comes to as things are, and the calls that bring it about."""

    change: Change
    steps: Steps = ()
    undone: tuple[str, ...] = ()
    """What is taken back on the way."""
    pay_url: str | None = None
    subscription_id: str = ""


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked for, by whom, and under which key of the client's, if any.

    ``wish`` names it: the same key may come again with the same wish only. ``told`` is further noted in the
    journal: why somebody leaves, for instance.
    """

    wish: Mapping[str, Any]
    key: str | None = None
    actor: str = ""
    told: Mapping[str, Any] | None = None


Plan = Callable[[Facts], Planned]


def run_change(context: Context, account_id: str, asking: Asking, plan: Plan) -> Changed:
    """Bring about what ``plan`` comes to, and return what came of it.

    What somebody else has begun is finished first, and planned anew. A key that was used before returns the
    result that it had. Raises what ``plan`` raises, ``KeyReusedError``, ``ChangeBusyError``,
    ``StripeUnavailableError`` (safe to repeat) and ``StripeRefusedError``.
    """
    with context.database.read() as tx:
        test_clock = require_account(tx, account_id).test_clock
    read_clock(context, test_clock)
    for _ in range(_ROUNDS):
        with context.database.read() as tx:
            replayed = _replayed(tx, account_id, asking)
            under_way = find_open(tx, account_id, ACTION)
            facts = load_facts(context, tx, account_id)
        if replayed is not None:
            return replayed
        planned = None if under_way else plan(facts)
        if planned is not None and not planned.steps:
            return _nothing(context, planned, facts)
        parameters = _parameters(context, asking, planned) if planned else {}
        ran = _run(context, account_id, parameters, _wanted(context, facts, asking, plan, planned))
        if ran is not None and ran.operation.parameters["wish"] == dict(asking.wish):
            return changed_from(ran.result)
    raise ChangeBusyError("This subscription is being changed by others.", "Try again in a moment.")


def is_under_way(context: Context, account_id: str, asking: Asking) -> bool:
    """Whether a change of the account has been begun, or this very one has been answered."""
    with context.database.read() as tx:
        is_known = bool(asking.key) and find_by_client_key(tx, account_id, asking.key or "") is not None
        return is_known or find_open(tx, account_id, ACTION) is not None


def _replayed(tx: Transaction, account_id: str, asking: Asking) -> Changed | None:
    """Return what a client's key led to before. Raises the refusal where it led to one."""
    found = done_before(tx, account_id, asking.key, asking.wish)
    return changed_from(found.result) if found else None


def finish_change(context: Context, begun: Operation) -> None:
    """Finish a change that was left open, as whoever comes next would.

    Raises ``StripeUnavailableError`` and ``StripeRefusedError``.
    """
    with context.database.read() as tx:
        test_clock = require_account(tx, begun.account_id).test_clock
    read_clock(context, test_clock)
    _run(context, begun.account_id, begun, lambda *_: True)


def _wanted(context: Context, facts: Facts, asking: Asking, plan: Plan, planned: Planned | None) -> Wanted:
    def wanted(tx: Transaction, account: Account) -> bool:
        if find_open(tx, account.account_id, ACTION) is not None:
            return True
        if planned is None or _replayed(tx, account.account_id, asking) is not None:
            return False
        return plan(load_facts(context, tx, account.account_id, facts.at)) == planned

    return wanted


def _run(context: Context, account_id: str, asked: Asked, wanted: Wanted) -> Ran | None:
    carried, begun = CarriedOut(context), asked.parameters if isinstance(asked, Operation) else asked

    def call(parameters: dict[str, Any], key: str) -> Answer:
        try:
            answer = carried.call(parameters, key)
            carried.problem = _problem_of(context, answer)
            return answer
        except LapsedError as lapsed:
            with context.database.write() as tx:
                find_account(tx, account_id, lock=True)
                lapse_operation(tx, key, context.now())
            if lapsed.is_begun:
                with suppress(StripeUnavailableError):
                    _see_what_is_there(context, account_id, carried, parameters, "a change given up")
            raise

    def settle(tx: Transaction, operation: Operation, answer: Answer) -> Mapping[str, Any]:
        return _settle(context, tx, operation, answer, carried)

    try:
        ran = run_operation(
            context,
            account_id,
            ACTION,
            asked,
            call,
            lambda _: None,
            settle,
            wanted,
        )
    except LapsedError:
        return None
    except StripeRefusedError:
        _after_refusal(context, account_id, carried, begun)
        raise
    if ran is not None and carried.overtaken:
        # It is done all the same: what cannot be read now is told by the events that crossed it.
        with suppress(StripeUnavailableError):
            _see_what_is_there(context, account_id, carried, ran.operation.parameters, "a change")
    return ran


def _parameters(context: Context, asking: Asking, planned: Planned) -> dict[str, Any]:
    """Return what is noted of a change before Stripe is asked: all that it takes to finish it."""
    change = planned.change
    is_now = change.holds is Holds.NOW
    intended = Changed(
        "done" if is_now else "scheduled",
        str(change.kind),
        change.plan.key if change.plan else None,
        change.interval,
        change.quantity,
        change.effective_at,
        undone=planned.undone,
        subscription_id=planned.subscription_id,
    )
    return {
        "wish": dict(asking.wish),
        "client_key": asking.key,
        "subscription": planned.subscription_id,
        "steps": list(planned.steps),
        "intended": intended.as_json(),
        "asked_at": to_unix_seconds(context.now()),
        "actor": asking.actor,
        "told": dict(asking.told or {}),
    }


def _settle(
    context: Context, tx: Transaction, operation: Operation, answer: Answer, carried: CarriedOut
) -> Mapping[str, Any]:
    """Save what Stripe shows, note who changed what and why, and tell what follows from it.

    Where others have finished the same, that is so already, and what came after it is newer.
    """
    told = find_result(tx, operation.operation_id)
    if told is not None:
        return told
    _save_readings(context, tx, carried)
    parameters, account_id = operation.parameters, operation.account_id
    changed = _with_payment(changed_from(parameters["intended"]), answer, carried.problem)
    _name_later(context, tx, operation, is_pending=bool(answer.body.get("pending_update")))
    account = find_account(tx, account_id)
    cause = f"{parameters['wish']['action']} by {parameters['actor'] or 'the host'}"
    if account is not None:
        entry = Entry(
            account_id,
            "subscription_changed",
            account_now(context, tx, account),
            context.now(),
            cause,
            {**_worth_noting(changed), **parameters["told"]},
            occasion_key=f"changed:{operation.operation_id}",
        )
        if append(tx, entry):
            log.info("subscription of account %s: %s, %s", account_id, changed.kind, changed.outcome)
    refresh_account(context, tx, account_id, cause, has_asked=True)
    return changed.as_json()


def _name_later(context: Context, tx: Transaction, operation: Operation, *, is_pending: bool) -> None:
    """Put down what the metadata is to say once it is paid, where it waits for that."""
    subscription_id, steps = operation.parameters["subscription"], operation.parameters["steps"]
    updates = [step["params"] for step in steps if step["call"] == "update_subscription"]
    items = [item for update in updates for item in update.get("items", ())]
    if items or any(step["call"] == "void_invoice" for step in steps):
        forget_names(context, tx, operation.account_id, subscription_id)
    names = [step["params"]["metadata"] for step in steps if step.get("unless_pending")]
    if is_pending and names:
        name_when_paid(context, tx, operation.account_id, subscription_id, items, names[-1])


def _worth_noting(changed: Changed) -> dict[str, Any]:
    return {name: value for name, value in changed.as_json().items() if value and name != "pay_url"}


def _with_payment(intended: Changed, answer: Answer, problem: PaymentProblem | None) -> Changed:
    """Add what still has to be paid or confirmed, where, and why it was not."""
    pending, invoice = answer.body.get("pending_update"), answer.body.get("latest_invoice")
    is_open = isinstance(invoice, Mapping) and invoice.get("status") == "open"
    url = invoice.get("hosted_invoice_url") if isinstance(invoice, Mapping) and is_open else None
    if pending and intended.outcome == "done":
        by = from_unix_seconds(pending.get("expires_at"))
        return replace(intended, outcome="payment_pending", pay_url=url, pay_by=by, problem=problem)
    if intended.outcome == "done" and answer.body.get("status") in ("past_due", "incomplete"):
        return replace(intended, outcome="payment_pending", pay_url=url, problem=problem)
    return replace(intended, pay_url=url) if intended.outcome == "done" else intended


def _problem_of(context: Context, answer: Answer) -> PaymentProblem | None:
    invoice = answer.body.get("latest_invoice")
    is_open = isinstance(invoice, Mapping) and invoice.get("status") == "open"
    return why_unpaid(context, str(invoice["id"])) if isinstance(invoice, Mapping) and is_open else None


def _nothing(context: Context, planned: Planned, facts: Facts) -> Changed:
    """Tell of what is so already, or waits for its payment."""
    change, held = planned.change, facts.held
    pending = held.subscription.pending_update if held else None
    outcome: Outcome = "payment_pending" if change.waits_for_payment else "nothing"
    unpaid = held.subscription.latest_invoice_id if held and change.waits_for_payment else None
    return Changed(
        outcome,
        str(change.kind),
        change.plan.key if change.plan else None,
        change.interval,
        change.quantity,
        change.effective_at,
        pay_url=planned.pay_url,
        pay_by=pending.expires_at if pending and change.waits_for_payment else None,
        subscription_id=held.subscription.id if held else None,
        problem=why_unpaid(context, unpaid) if unpaid else None,
    )


def _after_refusal(
    context: Context, account_id: str, carried: CarriedOut, parameters: Mapping[str, Any]
) -> None:
    """Calls before the one that was refused may have been made."""
    if len(parameters.get("steps", ())) > 1:
        _see_what_is_there(context, account_id, carried, parameters, "a refused change")


def _see_what_is_there(
    context: Context, account_id: str, carried: CarriedOut, done: Mapping[str, Any], cause: str
) -> None:
    """Mirror what the calls have left; where events cross the answers, they are asked for once more."""
    for _ in range(_MOST_READINGS):
        carried.read_back(done["subscription"], done["steps"])
        with context.database.write() as tx:
            find_account(tx, account_id, lock=True)
            _save_readings(context, tx, carried)
            refresh_account(context, tx, account_id, cause, has_asked=True)
        if not carried.overtaken:
            break


def _save_readings(context: Context, tx: Transaction, carried: CarriedOut) -> None:
    saved = [save_reading(context, tx, *reading).saved for reading in carried.readings]
    carried.overtaken = Saved.STALE in saved
