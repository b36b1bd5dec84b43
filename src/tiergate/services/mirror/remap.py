"""Fills in what is sold at prices that have become mapped only now, or differently."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import get_args

from tiergate.rules.state import Schedule, Subscription
from tiergate.services.access.refresh_account import refresh_account
from tiergate.services.context import Context
from tiergate.services.mirror.sold_as import prices_in, resold_as
from tiergate.store import Transaction
from tiergate.store.account_rows import find_account
from tiergate.store.catalog_rows import find_prices
from tiergate.store.change_feed import account_topic, note_change
from tiergate.store.sold_rows import Selling, save_sold, selling, selling_after

_BATCH = 500


def remap(context: Context, stripe_price_ids: Collection[str]) -> int:
    """Bring mirrored subscriptions and schedules in line with what these prices sell now.

    Their accounts are worked out anew, each in a transaction of its own. Returns how many objects changed.
    Safe to repeat: what is in line already is not written.
    """
    changed = 0
    for kind in get_args(Selling):
        for batch in _batches(context, kind, frozenset(stripe_price_ids)):
            for account_id, object_ids in batch.items():
                with context.database.write() as tx:
                    changed += _remap(context, tx, kind, account_id, object_ids)
    return changed


def _batches(
    context: Context, kind: Selling, price_ids: frozenset[str]
) -> Iterator[dict[str | None, list[str]]]:
    """Yield the ids of the objects that are out of line, by account, some hundred objects at a time."""
    after = ""
    while True:
        with context.database.read() as tx:
            found = selling_after(tx, kind, after, _BATCH)
            concerned = [(owner, thing) for owner, thing in found if prices_in(thing) & price_ids]
            out_of_line: dict[str | None, list[str]] = defaultdict(list)
            for owner, thing in _differing(tx, concerned):
                out_of_line[owner].append(thing.id)
        yield out_of_line
        if len(found) < _BATCH:
            return
        after = found[-1][1].id


def _differing(
    tx: Transaction, things: list[tuple[str | None, Subscription | Schedule]]
) -> Iterator[tuple[str | None, Subscription | Schedule]]:
    prices = find_prices(tx, {price_id for _, thing in things for price_id in prices_in(thing)})
    for owner, thing in things:
        resold = resold_as(thing, prices)
        if resold != thing:
            yield owner, resold


def _remap(
    context: Context, tx: Transaction, kind: Selling, account_id: str | None, object_ids: list[str]
) -> int:
    if account_id:
        find_account(tx, account_id, lock=True)
    resold = list(_differing(tx, [(account_id, selling(tx, kind, object_id)) for object_id in object_ids]))
    for _, thing in resold:
        save_sold(tx, thing)
    if account_id and resold:
        note_change(tx, account_topic(account_id))
        refresh_account(context, tx, account_id, cause="prices mapped")
    return len(resold)
