"""Makes an account of the host known."""

import logging
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from zoneinfo import available_timezones

from tiergate.rules.errors import TiergateError
from tiergate.services.access.refresh_account import refresh_account
from tiergate.services.accounts.require_account import refuse_erased, require_account
from tiergate.services.context import Context
from tiergate.services.mirror.read_from_stripe import read_clock
from tiergate.services.trials.begin_reverse_trial import begin_reverse_trial
from tiergate.services.trials.promise_reverse_trial import promise_reverse_trial
from tiergate.store.account_rows import find_account, register
from tiergate.store.catalog_rows import newest_catalog
from tiergate.store.change_feed import account_topic, note_change
from tiergate.store.test_clock_rows import clock_now
from tiergate.stripe_api.gateway import StripeUnavailableError

log = logging.getLogger("tiergate")

_LONGEST_ID = 255


class UnknownTimeZoneError(TiergateError):
    """The time zone database has no zone of this name."""

    code = "unknown_time_zone"


class DetailsError(TiergateError):
    """What was told of an account cannot be right."""

    code = "details_invalid"


@dataclass(frozen=True, slots=True)
class Details:
    """What a host tells of an account; ``None`` is what it does not tell.

    ``time_zone`` is an IANA name such as ``Europe/Berlin``; ``members`` is the number of people who use
    the account; ``channel`` says how it came (``self_serve``, ``sales``).
    """

    email: str | None = None
    name: str | None = None
    locale: str | None = None
    time_zone: str | None = None
    members: int | None = None
    signed_up_at: datetime | None = None
    channel: str | None = None

    def __post_init__(self) -> None:
        """Refuse here, where it can still be corrected, what could only fail later."""
        if self.time_zone is not None and self.time_zone not in available_timezones():
            raise UnknownTimeZoneError(
                f"There is no time zone {self.time_zone!r}.", "Use an IANA name, such as Europe/Berlin."
            )
        if self.locale is not None and not re.fullmatch(r"[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})*", self.locale):
            raise DetailsError(f"{self.locale!r} is not a locale.", "Use one such as en or de-CH.")
        if self.signed_up_at is not None and self.signed_up_at.tzinfo is None:
            raise DetailsError("signed_up_at has no time zone.", "Pass a UTC-aware datetime.")


def register_account(context: Context, account_id: str, details: Details) -> None:
    """Make an account known, or bring it up to date; what is not told stays as it was.

    A new account gets the reverse trial that the catalogue may have, with access at once; a thread of its
    own brings it to Stripe, and where that fails ``run_due`` does. Stripe is not waited for. Raises
    ``DetailsError`` and ``AccountErasedError``.
    """
    if not account_id or len(account_id) > _LONGEST_ID or not account_id.isprintable():
        raise DetailsError(
            f"{account_id!r} cannot be an account's id.",
            f"Use 1 to {_LONGEST_ID} printable characters: the key of your workspace, for instance.",
        )
    now = context.now()
    test_clock = None if context.livemode else context.test_clock
    if test_clock:
        _know_clock(context, test_clock)
    values = {**asdict(details), "test_clock": test_clock}
    with context.database.write() as tx:
        known = find_account(tx, account_id, lock=True)
        refuse_erased(known)
        is_new = known is None
        if details.signed_up_at is None and test_clock and is_new:
            values["signed_up_at"] = clock_now(tx, test_clock)
        published = newest_catalog(tx)
        register(tx, account_id, {**values, "catalog_version": published and published.version}, now)
        note_change(tx, account_topic(account_id))
        if is_new:
            promise_reverse_trial(context, tx, require_account(tx, account_id))
        is_to_do = refresh_account(context, tx, account_id, cause="register")
    if is_to_do:
        context.starting.add(partial(_begin_trials, context), account_id, "register")


def _begin_trials(context: Context, account_ids: Iterable[str]) -> None:
    """Do what may wait: the account has its access already, and is due as long as this fails."""
    for account_id in account_ids:
        try:
            begin_reverse_trial(context, account_id)
        except StripeUnavailableError as error:
            log.warning("subscription trial of account %s stays due: %s", account_id, error.message)


def _know_clock(context: Context, test_clock: str) -> None:
    """Ask Stripe once what time a clock shows that nothing is known of yet."""
    with context.database.read() as tx:
        known = clock_now(tx, test_clock) is not None
    if not known:
        read_clock(context, test_clock)
