"""Puts archived prices on sale for a moment, where Stripe takes none other.

A schedule has to repeat what a subscription pays now, and Stripe refuses an archived price there, even
though the subscription goes on paying it.
"""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tiergate.services.context import Context


@contextmanager
def all_for_sale(context: Context, subscription: Mapping[str, Any]) -> Iterator[None]:
    """Have every price of a subscription, as Stripe shows it, on sale inside the block.

    Nobody can buy at them meanwhile: their lookup keys have moved on. What a crash leaves on sale is
    archived by the next push.
    """
    prices = [item["price"] for item in subscription["items"]["data"]]
    archived = [price["id"] for price in prices if not price["active"]]
    gateway = context.gateway
    for price_id in archived:
        gateway.update_price(price_id, {"active": True}, f"on:{uuid.uuid4().hex}")
    try:
        yield
    finally:
        for price_id in archived:
            gateway.update_price(price_id, {"active": False}, f"off:{uuid.uuid4().hex}")
