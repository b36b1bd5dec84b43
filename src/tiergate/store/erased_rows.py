"""Erases what is personal in an account's rows, and keeps it away: what money has moved stays."""

import json
from collections.abc import Collection, Mapping
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Table, delete, or_, select, update

from tiergate.rules.personal_data import of_cause, of_record, of_stripe, own_metadata
from tiergate.rules.state import Customer, Invoice, PaymentMethod, Schedule, Subscription
from tiergate.store.account_rows import Account, owners_of
from tiergate.store.checkout_table import checkouts
from tiergate.store.engine import Transaction
from tiergate.store.personal_rows import events_about
from tiergate.store.prepared import Prepared
from tiergate.store.tables import (
    accounts,
    customers,
    events,
    grants,
    invoices,
    journal,
    operations,
    outbox,
    payment_methods,
    phases,
    subscription_schedules,
    subscriptions,
    usage_keys,
)

_MIRROR = (customers, subscriptions, invoices, payment_methods, subscription_schedules)
_PERSONAL = frozenset(
    ["email", "brand", "last4", "exp_month", "exp_year", "fingerprint", "hosted_invoice_url", "invoice_pdf"]
)
"""Columns of the mirror. Stripe's pages of an invoice show a name and an address to whoever has theirs."""


def erased_accounts(tx: Transaction, account_ids: Collection[str]) -> set[str]:
    """Return those of some accounts that were erased; the others are not before the transaction ends."""
    if not account_ids:
        return set()
    return {row[0] for row in _ERASED_AT.raw(tx, {"ids": sorted(account_ids)}) if row[1] is not None}


def erased_customers(tx: Transaction, customer_ids: Collection[str]) -> set[str]:
    """Return those of some customers whose account was erased; the others' are not before the end."""
    owners = owners_of(tx, customer_ids)
    erased = erased_accounts(tx, set(owners.values()))
    return {customer_id for customer_id, owner in owners.items() if owner in erased}


_ERASED_AT = Prepared(
    lambda ids: (
        select(accounts.c.account_id, accounts.c.erased_at)
        .where(accounts.c.account_id.in_(ids))
        .order_by(accounts.c.account_id)
        # Whoever erases an account locks it in full, and so has to wait until then.
        .with_for_update(read=True, key_share=True)
    )
)


def without_personal_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a mirrored object without what is personal; of Stripe's own word the id stays."""
    kept = {name: None if name in _PERSONAL else value for name, value in values.items()}
    if "metadata" in values:
        kept["metadata"] = own_metadata(values["metadata"])
    kept["raw"] = {}
    return kept


_Fact = Customer | Subscription | Invoice | PaymentMethod | Schedule


def without_personal_facts(thing: _Fact) -> _Fact:
    """Return an object of the mirror as it reads once what is personal is erased."""
    kept: dict[str, Any] = {each.name: None for each in fields(thing) if each.name in _PERSONAL}
    if not isinstance(thing, PaymentMethod):
        kept["metadata"] = own_metadata(thing.metadata)
    return replace(thing, **kept)


def without_personal_payload(payload: str) -> str:
    """Return the body of an event without what is personal; of one that cannot be read nothing is left."""
    try:
        return json.dumps(of_stripe(json.loads(payload)))
    except (ValueError, RecursionError):
        return "{}"


def erase_event(tx: Transaction, event_id: str, payload: str) -> None:
    """Take what is personal out of the body of an event."""
    bare = without_personal_payload(payload)
    tx.execute(update(events).where(events.c.event_id == event_id).values(payload=bare))


def erase_rows(tx: Transaction, account: Account, now: datetime) -> None:
    """Erase what is personal of an account, in every table, and mark it; the caller holds its lock."""
    events_erased = events_about(tx, account)
    own = {"email": None, "name": None, "erased_at": account.erased_at or now, "updated_at": now}
    tx.execute(update(accounts).where(accounts.c.account_id == account.account_id).values(own))
    for table in _MIRROR:
        _rewrite(tx, table, account, without_personal_values)
    for event in events_erased:
        cleared = {"payload": without_personal_payload(event.payload)}
        if event.state in ("received", "failed"):
            cleared["note"] = ""
        tx.execute(update(events).where(events.c.event_id == event.event_id).values(cleared))
    _erase_records(tx, account, now)


def _erase_records(tx: Transaction, account: Account, now: datetime) -> None:
    account_id = account.account_id
    tx.execute(update(grants).where(grants.c.account_id == account_id).values(note="", granted_by=""))
    tx.execute(update(checkouts).where(checkouts.c.account_id == account_id).values(url=None))
    tx.execute(delete(usage_keys).where(usage_keys.c.account_id == account_id))
    is_notice = (outbox.c.account_id == account_id, outbox.c.channel == "notice")
    tx.execute(delete(outbox).where(*is_notice))
    tx.execute(
        update(operations)
        .where(operations.c.account_id == account_id, operations.c.state == "open")
        .values(state="lapsed", closed_at=now)
    )
    _rewrite(tx, outbox, account, lambda row: {"payload": of_record(row["payload"]), "note": None})
    _rewrite(tx, phases, account, lambda row: {"cause": of_cause(row["cause"])})
    _rewrite(tx, journal, account, _without_names)
    _rewrite(tx, operations, account, _without_wishes)


def _without_names(row: Mapping[str, Any]) -> dict[str, Any]:
    if row["kind"] == "erased":
        return {}
    erased = {"cause": of_cause(row["cause"]), "data": of_record(row["data"])}
    if row["kind"] == "upgrade_asked":  # its key is made from who asked
        erased["occasion_key"] = f"{row['kind']}:{row['entry_id']}"
    return erased


def _without_wishes(row: Mapping[str, Any]) -> dict[str, Any]:
    result = row["result"]
    return {"parameters": {}, "result": None if result is None else of_stripe(result), "client_key": None}


def _rewrite(tx: Transaction, table: Table, account: Account, change: Any) -> None:
    """Write the rows of an account anew, each as ``change`` returns its columns."""
    for row in tx.execute(select(table).where(_belongs(table, account))).all():
        values = change(row._mapping)
        if values:
            keys = [column == row._mapping[column] for column in table.primary_key]
            tx.execute(update(table).where(*keys).values(values))


def _belongs(table: Table, account: Account) -> Any:
    mine = table.c.account_id == account.account_id
    if "stripe_customer_id" not in table.c or account.stripe_customer_id is None:
        return mine
    return or_(mine, table.c.stripe_customer_id == account.stripe_customer_id)
