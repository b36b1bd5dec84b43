"""Finds the account that one of Stripe's objects belongs to."""

from collections.abc import Mapping

from tiergate.services.context import Context
from tiergate.store import Transaction
from tiergate.store.account_rows import account_of_customer, find_account, link_customer
from tiergate.store.change_feed import account_topic, note_change
from tiergate.store.mirror import adopt_customer, customer_facts


def find_owner(
    context: Context,
    tx: Transaction,
    customer_id: str,
    metadata: Mapping[str, str],
    test_clock: str | None,
) -> str | None:
    """Return the account behind a customer, or ``None`` for a stranger's.

    The link that we stored is asked first, then our ``account_id`` in the object's metadata and in the
    customer's: what was made in Stripe's dashboard carries no metadata of ours. ``test_clock`` is the
    object's: it lives on its customer's clock, also where the customer was never seen. The account is
    locked until the transaction ends.
    """
    linked = account_of_customer(tx, customer_id, lock=True)
    if linked is not None:
        return linked
    customer_clock, customer_metadata = customer_facts(tx, customer_id)
    for named in (metadata.get("account_id"), customer_metadata.get("account_id")):
        if named and find_account(tx, named, lock=True):
            link_customer(tx, named, customer_id, customer_clock or test_clock, context.now())
            # What came before anybody knew whose it is, also where the account has another customer already.
            adopt_customer(tx, customer_id, named)
            note_change(tx, account_topic(named))
            return named
    return None
