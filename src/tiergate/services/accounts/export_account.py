"""Hands out everything that is kept about an account."""

import json
from typing import Any

from tiergate.rules.instants import isoformat
from tiergate.services.accounts.require_account import require_account
from tiergate.services.context import Context
from tiergate.store.personal_rows import rows_about


def export_account(context: Context, account_id: str) -> dict[str, Any]:
    """Return it table by table, as JSON can hold it; of each event the body too.

    Raises ``UnknownAccountError``.
    """
    with context.database.read() as tx:
        account = require_account(tx, account_id)
        found = rows_about(tx, account)
    (own,) = found.pop("accounts")
    found["events"] = [{**event, "payload": _body(event["payload"])} for event in found["events"]]
    return {"account_id": account_id, "exported_at": isoformat(context.now()), "account": own, **found}


def _body(payload: str) -> Any:
    try:
        return json.loads(payload)
    except ValueError:
        return payload
