"""The lists that hold a whole Stripe account, and how they are read page by page."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from hashlib import blake2b

from tiergate.services.context import Context
from tiergate.services.reconcile.save_page import Reading
from tiergate.store.mirror import Kind
from tiergate.stripe_api.gateway import Page
from tiergate.stripe_api.listed import Listed

LISTS: tuple[tuple[Kind, str, Mapping[str, str]], ...] = (
    ("customer", "/v1/customers", {"expand[0]": "data.invoice_settings.default_payment_method"}),
    (
        "subscription",
        "/v1/subscriptions",
        {"status": "all", "expand[0]": "data.latest_invoice", "expand[1]": "data.default_payment_method"},
    ),
    ("subscription_schedule", "/v1/subscription_schedules", {}),
    ("invoice", "/v1/invoices", {}),
)
"""What is read of a whole account, in an order in which owners come before what they own."""


def pages_of(
    context: Context, kind: str, path: str, params: Mapping[str, str], after: str | None = None
) -> Iterator[tuple[list[Listed], Reading, str | None]]:
    """Read a list page by page at the pace that Stripe allows, from ``after`` on.

    Yields the entries, when they were read, and where the next page begins (``None`` after the last). That
    one is asked for while the caller is busy with this one.
    """

    def read(after: str | None) -> tuple[datetime, Page]:
        context.pace()
        began_at = context.now()
        return began_at, context.gateway.page(kind, path, params, after)

    with ThreadPoolExecutor(1, "tiergate-pages") as ahead:
        began_at, page = read(after)
        while page.next_after is not None:
            coming = ahead.submit(read, page.next_after)
            yield page.entries, Reading(began_at, page.answered_at), page.next_after
            began_at, page = coming.result()
        yield page.entries, Reading(began_at, page.answered_at), None


_KIND_OF: Mapping[str, Kind] = {"latest_invoice": "invoice", "default_payment_method": "payment_method"}


def with_nested(kind: Kind, entries: Sequence[Listed]) -> dict[Kind, Sequence[Listed]]:
    """Return a page's entries, and what came along expanded: latest invoices, and the cards to charge."""
    along: dict[Kind, dict[str, Listed]] = {}
    for entry in entries:
        for name, thing in entry.expanded.items():
            along.setdefault(_KIND_OF[name], {})[thing.body["id"]] = thing
    return {kind: entries, **{part: list(things.values()) for part, things in along.items()}}


class SeenIds:
    """The ids that a list held, as eight bytes each: a large account needs little memory."""

    def __init__(self) -> None:
        self._hashes = array("Q")
        self._is_sorted = True

    def add(self, ids: Iterable[str]) -> None:
        """Add ids."""
        self._hashes.extend(map(_hash, ids))
        self._is_sorted = False

    def __contains__(self, one: str) -> bool:
        """Whether an id was listed."""
        if not self._is_sorted:
            self._hashes = array("Q", sorted(self._hashes))
            self._is_sorted = True
        wanted = _hash(one)
        at = bisect_left(self._hashes, wanted)
        return at < len(self._hashes) and self._hashes[at] == wanted


def _hash(one: str) -> int:
    return int.from_bytes(blake2b(one.encode(), digest_size=8).digest())
