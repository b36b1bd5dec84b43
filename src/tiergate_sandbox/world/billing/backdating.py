"""A subscription that began before it was created: ``backdate_start_date``.

https://docs.stripe.com/billing/subscriptions/backdating
"""

from typing import Any

from tiergate_sandbox.world import wording
from tiergate_sandbox.world.billing import lines
from tiergate_sandbox.world.billing.cycle import natural_period
from tiergate_sandbox.world.billing.pricing import price_in
from tiergate_sandbox.world.draft import Draft
from tiergate_sandbox.world.rounding import line_amount, share

Obj = dict[str, Any]


def charge_past(draft: Draft, sub: Obj, since: int, now: int) -> None:
    """Let the first invoice charge the time from ``since`` until now, in shares of whole periods."""
    for item in sub["items"]:
        price = price_in(draft, item["price"], sub["currency"])
        product = draft.glance("product", price["product"])
        full = line_amount(price, item["quantity"])
        lines.new_invoice_item(
            draft,
            draft.the("customer", sub["customer"]),
            sub,
            item,
            now,
            amount=sum(share(full, part, whole) for part, whole in _parts(draft, sub, item, since, now)),
            currency=sub["currency"],
            description=wording.service(product, price, item["quantity"]),
            discountable=False,
            period={"end": now, "start": since},
            pricing=lines.priced(price, None),
            proration=True,
            proration_details={"credited_items": None, "discount_amounts": []},
            quantity=item["quantity"],
        )


def _parts(draft: Draft, sub: Obj, item: Obj, since: int, now: int) -> list[tuple[int, int]]:
    """Return, for each period that lies between two instants, how much of it does, and its length."""
    parts = []
    at = since
    while at < now:
        start, end = natural_period(draft, sub, item, at)
        parts.append((min(end, now) - at, end - start))
        at = end
    return parts
