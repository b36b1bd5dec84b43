"""Ids that look like Stripe's and follow from the world's seed and a running number."""

from hashlib import blake2b
from string import ascii_letters, digits

_ALPHABET = (digits + ascii_letters).encode()
_TABLE = bytes(_ALPHABET[code % len(_ALPHABET)] for code in range(256))
_UPPER = bytes((digits + "ABCDEFGHIJKLMNOPQRSTUVWXYZ").encode()[code % 36] for code in range(256))

_LENGTHS = {"cus_": 14, "prod_": 14, "si_": 14, "cs_test_": 58, "whsec_": 32, "secret_": 25}
_LEADING = {"pi_": "3", "ch_": "3", "pm_": "1", "sub_": "1", "in_": "1", "price_": "1", "seti_": "1"}

KIND_OF_PREFIX = {
    "cus": "customer",
    "pm": "payment_method",
    "card": "card",
    "feat": "entitlements.feature",
    "ent": "entitlements.active_entitlement",
    "mtr": "billing.meter",
    "seti": "setup_intent",
    "pi": "payment_intent",
    "ch": "charge",
    "prod": "product",
    "price": "price",
    "sub": "subscription",
    "in": "invoice",
    "ii": "invoiceitem",
    "inpay": "invoice_payment",
    "cs": "checkout.session",
    "clock": "test_helpers.test_clock",
    "evt": "event",
    "promo": "promotion_code",
    "di": "discount",
    "txr": "tax_rate",
    "txi": "tax_id",
    "re": "refund",
    "du": "dispute",
    "cbtxn": "customer_balance_transaction",
    "we": "webhook_endpoint",
    "bpc": "billing_portal.configuration",
    "bps": "billing_portal.session",
}


def derive(seed: int, number: int, prefix: str) -> str:
    """Return the id with this prefix for the running number."""
    length = _LENGTHS.get(prefix, 24)
    leading = _LEADING.get(prefix, "")
    text = blake2b(b"%d/%d" % (seed, number)).digest().translate(_TABLE).decode()
    return prefix + leading + text[: length - len(leading)]


def invoice_prefix(customer_id: str) -> str:
    """Return the eight capitals that begin a customer's invoice numbers."""
    return blake2b(customer_id.encode(), digest_size=8).digest().translate(_UPPER).decode()


def kind_of(object_id: str) -> str | None:
    """Tell the kind of object from the prefix of its id, or None for a foreign one."""
    if object_id.startswith("sub_sched_"):
        return "subscription_schedule"
    return KIND_OF_PREFIX.get(object_id.partition("_")[0])
