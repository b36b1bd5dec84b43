"""Finishes what was wanted from Stripe by somebody whose process died, or whose line broke, and who does not
come back: through the code that the next click would run, but nobody is charged for what nobody waits for.
"""

import logging
import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta

from tiergate.rules.errors import TiergateError
from tiergate.services.access import resolve_duplicates
from tiergate.services.accounts import delete_customer, ensure_customer, send_invoices, set_billing_email
from tiergate.services.changes import name_plan, run_change, unnamed_plans
from tiergate.services.changes.carry_out import IS_RECENT
from tiergate.services.checkout import expire_checkout, finish_purchase, start_checkout
from tiergate.services.context import Context
from tiergate.services.mirror.read_from_stripe import READING_LEASE
from tiergate.services.plans import move_at_stripe
from tiergate.services.trials import begin_trial, buy_in_trial, extend_trial
from tiergate.store.lease_rows import give_back_lease, take_lease
from tiergate.store.operation_rows import Operation, finishing_lease, is_open, left_open
from tiergate.stripe_api.gateway import StripeUnavailableError

log = logging.getLogger("tiergate")

_PATIENCE = IS_RECENT + timedelta(minutes=1)
"""Whoever asked is gone by then, and what never reached Stripe is not charged any more."""
_MOST = 20
"""As many are finished at a time; the rest is for the next round."""
_LONGEST_WAIT = timedelta(hours=6)

_FINISHERS: Mapping[str, Callable[[Context, Operation], None]] = {
    run_change.ACTION: run_change.finish_change,
    ensure_customer.ACTION: ensure_customer.finish_customer,
    begin_trial.ACTION: begin_trial.finish_trial,
    extend_trial.EXTEND: extend_trial.finish_trial_change,
    extend_trial.END: extend_trial.finish_trial_change,
    start_checkout.ACTION: start_checkout.finish_checkout,
    buy_in_trial.ACTION: buy_in_trial.finish_page,
    expire_checkout.ACTION: expire_checkout.finish_expiring,
    finish_purchase.ACTION: finish_purchase.finish_begun_purchase,
    set_billing_email.ACTION: set_billing_email.finish_billing_email,
    send_invoices.ACTION: send_invoices.finish_sending,
    resolve_duplicates.ACTION: resolve_duplicates.finish_canceling,
    move_at_stripe.ACTION: move_at_stripe.finish_move,
    unnamed_plans.ACTION: name_plan.finish_naming,
    delete_customer.ACTION: delete_customer.finish_deleting,
}
"""By the action, up to the id of the object in it, if there is one."""


def finish_operations(context: Context) -> None:
    """Finish the operations that have been open for minutes, the oldest first, each by one process at a time.

    One that cannot be finished is tried again after half its age, at least every six hours; it holds up no
    other, save that Stripe is left alone for this time once it cannot be reached.
    """
    now = context.now()
    with context.database.read() as tx:
        begun = left_open(tx, now - _PATIENCE, now, _MOST)
    for operation in begun:
        context.deliveries.give_way()
        try:
            _finish(context, operation)
        except StripeUnavailableError as error:
            log.warning("stripe operation %s stays open: %s", _name(operation), error)
            return
        except TiergateError as error:
            log.warning("stripe operation %s is not done: %s", _name(operation), error)
        except Exception:
            log.exception("stripe operation %s cannot be finished and stays open", _name(operation))


def _finish(context: Context, operation: Operation) -> None:
    now, holder, lease = context.now(), uuid.uuid4().hex, finishing_lease(operation)
    until = now + min(max(READING_LEASE, (now - operation.created_at) / 2), _LONGEST_WAIT)
    with context.database.write() as tx:
        if not take_lease(tx, lease, holder, now, until):
            return
    try:
        _finisher(operation)(context, operation)
    finally:
        with context.database.write() as tx:
            if not is_open(tx, operation.account_id, operation.action):
                give_back_lease(tx, lease, holder)
    log.info("stripe operation %s, which was left open, is settled", _name(operation))


def _finisher(operation: Operation) -> Callable[[Context, Operation], None]:
    kind, space, _ = operation.action.partition(" ")
    return _FINISHERS[kind + space]


def _name(operation: Operation) -> str:
    return f"{operation.operation_id} ({operation.action}) of account {operation.account_id}"
