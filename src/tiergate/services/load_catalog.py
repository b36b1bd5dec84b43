"""Loads the catalogue that is in force: the version published last."""

from functools import lru_cache

from tiergate.rules.catalog import Catalog
from tiergate.rules.catalog_file import parse_catalog
from tiergate.rules.errors import TiergateError
from tiergate.store import Transaction
from tiergate.store.catalog_rows import newest_catalog


class NoPlansError(TiergateError):
    """No catalogue has been published yet."""

    code = "no_plans"


def load_catalog(tx: Transaction) -> Catalog:
    """Return the catalogue in force; raises ``NoPlansError``."""
    published = newest_catalog(tx)
    if published is None:
        raise NoPlansError("No plans are published.", "Run: tiergate plans push billing.toml")
    return _parsed(published.version, published.text)


@lru_cache(maxsize=16)
def _parsed(version: int, text: str) -> Catalog:
    return parse_catalog(text, f"catalogue version {version}", version)
