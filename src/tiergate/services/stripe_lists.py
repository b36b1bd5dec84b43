"""The lists that hold a whole Stripe account, and how they are read page by page."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from tiergate.services.context import Context
from tiergate.services.save_page import Reading
from tiergate.store.mirror import Kind

Json = dict[str, Any]

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
    context: Context, path: str, params: Mapping[str, str], after: str | None = None
) -> Iterator[tuple[list[Json], Reading, str | None]]:
    """Read a list page by page at the pace that Stripe allows, from ``after`` on.

    Yields the entries, when they were read, and where the next page begins (``None`` after the last).
    """
    while True:
        context.pace()
        began_at = context.now()
        page = context.gateway.page(path, params, after)
        yield page.entries, Reading(began_at, page.answered_at), page.next_after
        if page.next_after is None:
            return
        after = page.next_after


def with_nested(kind: Kind, entries: Sequence[Json]) -> dict[Kind, Sequence[Json]]:
    """Return a page's entries, and what came along expanded: latest invoices, and the cards to charge."""
    page: dict[Kind, Sequence[Json]] = {kind: entries}
    if kind == "subscription":
        page["invoice"] = _expanded(entry.get("latest_invoice") for entry in entries)
        page["payment_method"] = _expanded(entry.get("default_payment_method") for entry in entries)
    elif kind == "customer":
        settings = (entry.get("invoice_settings") or {} for entry in entries)
        page["payment_method"] = _expanded(setting.get("default_payment_method") for setting in settings)
    return {part: things for part, things in page.items() if things}


def _expanded(found: Iterable[Any]) -> list[Json]:
    return list({thing["id"]: thing for thing in found if isinstance(thing, dict)}.values())


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
