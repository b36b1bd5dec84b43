"""Moves a Stripe test clock forward and waits until Stripe has played everything on the way."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tiergate.rules.errors import TiergateError
from tiergate.services.context import Context
from tiergate.services.mirror.read_from_stripe import save_clock
from tiergate.stripe_api.gateway import StripeRefusedError


class ClockError(TiergateError):
    """The test clock cannot be moved."""

    code = "clock_not_movable"


_PATIENCE = 600


def advance_clock(context: Context, test_clock: str, by: timedelta, pause: Callable[[], None]) -> datetime:
    """Advance a clock, and return the instant it shows then.

    ``pause`` is called between two looks at a clock that is still advancing. Raises ``ClockError``.
    """
    answer = context.gateway.fetch_test_clock(test_clock)
    if answer is None:
        raise ClockError(
            f"Stripe has no test clock {test_clock}.", "Start the demo anew, or set TIERGATE_TEST_CLOCK."
        )
    try:
        target = datetime.fromtimestamp(answer.body["frozen_time"], UTC) + by
        context.gateway.advance_test_clock(test_clock, target)
    except (OverflowError, StripeRefusedError) as refusal:
        raise ClockError(
            f"The clock cannot be moved that far at once: {refusal}",
            "Go in steps of at most two billing periods, such as 8w.",
        ) from refusal
    for _ in range(_PATIENCE):
        answer = context.gateway.fetch_test_clock(test_clock)
        if answer is None or answer.body["status"] != "advancing":
            break
        pause()
    with context.database.write() as tx:
        save_clock(context, tx, test_clock, answer)
    if answer is None or answer.body["status"] != "ready":
        raise ClockError(
            f"The test clock {test_clock} did not arrive.", "Look at it in Stripe, and make a new one."
        )
    return datetime.fromtimestamp(answer.body["frozen_time"], UTC)
