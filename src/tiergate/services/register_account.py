"""Makes an account of the host known."""

import re
from dataclasses import asdict, dataclass
from datetime import datetime
from zoneinfo import available_timezones

from tiergate.rules.errors import TiergateError
from tiergate.services.context import Context
from tiergate.services.read_from_stripe import read_clock
from tiergate.services.refresh_account import refresh_account
from tiergate.services.require_account import refuse_erased
from tiergate.store.account_rows import find_account, register
from tiergate.store.catalog_rows import newest_catalog
from tiergate.store.change_feed import account_topic, note_change
from tiergate.store.test_clock_rows import clock_now

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

    Raises ``DetailsError`` and ``AccountErasedError``.
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
        if details.signed_up_at is None and test_clock and known is None:
            values["signed_up_at"] = clock_now(tx, test_clock)
        published = newest_catalog(tx)
        register(tx, account_id, {**values, "catalog_version": published and published.version}, now)
        note_change(tx, account_topic(account_id))
        refresh_account(context, tx, account_id, cause="register")


def _know_clock(context: Context, test_clock: str) -> None:
    """Ask Stripe once what time a clock shows that nothing is known of yet."""
    with context.database.read() as tx:
        known = clock_now(tx, test_clock) is not None
    if not known:
        read_clock(context, test_clock)
