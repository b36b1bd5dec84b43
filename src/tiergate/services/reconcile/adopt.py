"""Takes over an existing Stripe account: all customers and what they have, linked to accounts."""

import logging
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import product
from typing import Any, Literal

from tiergate.rules.errors import TiergateError
from tiergate.rules.instants import from_unix_seconds
from tiergate.services.collect_later import collect_later
from tiergate.services.context import Context
from tiergate.services.mirror.read_from_stripe import save_clock
from tiergate.services.plans.load_catalog import load_catalog
from tiergate.services.reconcile.adopt_prices import adopt_prices, check_assignments
from tiergate.services.reconcile.save_page import Reading, save_page_within
from tiergate.services.reconcile.stripe_lists import LISTS, pages_of, with_nested
from tiergate.store import Transaction
from tiergate.store.account_rows import owners_of
from tiergate.store.adopted_rows import link_many, strangers_customers, strangers_prices
from tiergate.store.job_rows import Job, find_job, save_job
from tiergate.store.lease_rows import give_back_lease, take_lease
from tiergate.store.mirror import Kind
from tiergate.stripe_api.gateway import Answer
from tiergate.stripe_api.listed import Json, Listed

log = logging.getLogger("tiergate")

_JOB = "adopt"
_LEASE = timedelta(minutes=5)
_STAGES: list[tuple[Kind | Literal["price"], str, Mapping[str, str]]] = [
    ("price", "/v1/prices", {"expand[0]": "data.product"}),
    *LISTS,
]
_END = "end"
_SHOWN = 20

Progress = Callable[[str, int], None]
"""Told after every page: what is being read, and how many of it were read so far."""


class AdoptingError(TiergateError):
    """Another process is taking the account over at this moment."""

    code = "being_adopted"


@dataclass(frozen=True, slots=True)
class Adopted:
    """What was read, and what could not be mapped."""

    looked_at: Mapping[str, int]
    unmapped_prices: Mapping[str, int]
    """Prices that no plan sells, with the number of running subscriptions that pay them."""
    customers_without_account: int
    some_of_them: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choices:
    """How an existing account is to be read.

    ``account_key`` is the metadata key of a customer that holds the host's account id; ``prices`` says
    which plan or add-on a price sells, by the price's id.
    """

    account_key: str = "account_id"
    prices: Mapping[str, str] = field(default_factory=dict)


def adopt(
    context: Context, choices: Choices | None = None, progress: Progress = lambda _what, _count: None
) -> Adopted:
    """Read prices, customers, subscriptions, schedules and invoices; make and link the accounts.

    An account is known by the customer's metadata. Whoever is not is mirrored all the same, gives no
    access, and is named in the report. Interrupted, it goes on where it was, or begins anew where the choices
    are others; run again, it brings everything up to date and changes nothing that is. Raises
    ``AdoptingError``, ``UnknownPlanError``, ``NoPlansError`` and ``StripeUnavailableError``.
    """
    choices = choices or Choices()
    with context.database.read() as tx:
        check_assignments(load_catalog(tx), choices.prices)
    with _alone(context) as prolong:
        job = _resume(context, choices)
        for kind, path, params in _STAGES[_position(job.progress["stage"]) :]:
            for entries, reading, next_after in pages_of(context, kind, path, params, job.progress["after"]):
                job = _advance(job, kind, len(entries), next_after)
                if kind == "price":
                    adopt_prices(context, [entry.body for entry in entries], choices.prices)
                with collect_later(), context.database.write() as tx:
                    prolong(tx)
                    if kind != "price":
                        _save(context, tx, choices, kind, entries, reading)
                    save_job(tx, job, context.now())
                progress(kind, job.progress["looked_at"][kind])
        for kind, entries, reading in [] if context.livemode else _pages_on_clocks(context):
            job = _count(job, kind, len(entries))
            with collect_later(), context.database.write() as tx:
                prolong(tx)
                _save(context, tx, choices, kind, entries, reading)
            progress(kind, job.progress["looked_at"][kind])
        return _finish(context, job)


@contextmanager
def _alone(context: Context) -> Iterator[Callable[[Transaction], None]]:
    holder = uuid.uuid4().hex

    def take(tx: Transaction) -> None:
        now = context.now()
        if not take_lease(tx, _JOB, holder, now, now + _LEASE):
            raise AdoptingError(
                "Another process is adopting this Stripe account.", "Let it finish; it may be restarted."
            )

    with context.database.write() as tx:
        take(tx)
    try:
        yield take
    finally:
        with context.database.write() as tx:
            give_back_lease(tx, _JOB, holder)


def _resume(context: Context, choices: Choices) -> Job:
    """Go on where it was interrupted; what was read under other choices is read again under these."""
    chosen = {"account_key": choices.account_key, "prices": dict(choices.prices)}
    with context.database.read() as tx:
        left = find_job(tx, _JOB)
    if left is not None and left.finished_at is None and left.progress.get("chosen") == chosen:
        log.info("subscription import goes on at %s", left.progress["stage"])
        return left
    return Job(_JOB, {"stage": "price", "after": None, "looked_at": {}, "chosen": chosen}, context.now())


def _position(stage: str) -> int:
    """Return where a stage stands among all; the end stands behind the last."""
    return [*(kind for kind, _, _ in _STAGES), _END].index(stage)


def _pages_on_clocks(context: Context) -> Iterator[tuple[Kind, list[Listed], Reading]]:
    """Read what lives on test clocks, which Stripe's lists leave out: clock by clock, customer by customer.

    There are few; interrupted, they are read from the first one on.
    Source: https://docs.stripe.com/api/customers/list#list_customers-test_clock
    """
    (customer, path, expanded), *owned = LISTS
    listed = pages_of(context, "test_clock", "/v1/test_helpers/test_clocks", {})
    for clock, read in ((clock, read) for clocks, read, _ in listed for clock in clocks):
        with context.database.write() as tx:
            save_clock(context, tx, clock.body["id"], Answer(clock.body, read.answered_at))
        on_clock = {**expanded, "test_clock": clock.body["id"]}
        for entries, reading, _ in pages_of(context, customer, path, on_clock):
            yield customer, entries, reading
            for entry, (kind, its_path, params) in product(entries, owned):
                of_one = {**params, "customer": entry.body["id"]}
                for things, when, _ in pages_of(context, kind, its_path, of_one):
                    yield kind, things, when


def _advance(job: Job, kind: str, count: int, after: str | None) -> Job:
    """Note a page as done, and where the next one begins: in this list, or in the one that follows."""
    following = [*(kind for kind, _, _ in _STAGES), _END][_position(kind) + 1]
    reached = {"stage": kind if after else following, "after": after}
    return _count(replace(job, progress={**job.progress, **reached}), kind, count)


def _count(job: Job, kind: str, count: int) -> Job:
    looked_at = dict(job.progress["looked_at"])
    looked_at[kind] = looked_at.get(kind, 0) + count
    return replace(job, progress={**job.progress, "looked_at": looked_at})


def _finish(context: Context, job: Job) -> Adopted:
    now = context.now()
    with context.database.write() as tx:
        save_job(tx, replace(job, finished_at=now), now)
    with context.database.read() as tx:
        unmapped = strangers_prices(tx, context.livemode)
        count, some = strangers_customers(tx, context.livemode, _SHOWN)
    return Adopted(dict(job.progress["looked_at"]), unmapped, count, tuple(some))


def _save(
    context: Context,
    tx: Transaction,
    choices: Choices,
    kind: Kind,
    entries: Sequence[Listed],
    reading: Reading,
) -> None:
    linked = set()
    if kind == "customer":
        linked = _make_accounts(context, tx, choices, [entry.body for entry in entries])
    page = with_nested(kind, entries)
    save_page_within(context, tx, page, reading, choices.account_key, linked)


def _make_accounts(
    context: Context, tx: Transaction, choices: Choices, customers: Sequence[Json]
) -> set[str]:
    """Make known the accounts that customers name, link those that have no customer yet, and return these."""
    named = {
        customer["id"]: account_id
        for customer in customers
        if (account_id := (customer.get("metadata") or {}).get(choices.account_key))
    }
    owned = owners_of(tx, named)
    new = [customer for customer in customers if customer["id"] in named and customer["id"] not in owned]
    if not new:
        return set()
    version, now = load_catalog(tx).version, context.now()
    return link_many(tx, [_account(customer, named[customer["id"]], version, now) for customer in new])


def _account(entry: Json, account_id: str, version: int, now: Any) -> dict[str, Any]:
    locales = entry.get("preferred_locales") or ["en"]
    return {
        "account_id": account_id,
        "email": entry.get("email"),
        "name": entry.get("name"),
        "locale": locales[0],
        "time_zone": "UTC",
        "channel": "adopted",
        "signed_up_at": from_unix_seconds(entry.get("created")) or now,
        "stripe_customer_id": entry["id"],
        "test_clock": entry.get("test_clock"),
        "catalog_version": version,
        "created_at": now,
        "updated_at": now,
    }
