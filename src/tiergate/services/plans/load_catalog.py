"""Loads the catalogue that is in force: the version published last."""

import logging
from dataclasses import replace
from functools import lru_cache
from weakref import WeakKeyDictionary

from tiergate.rules.catalog import Catalog
from tiergate.rules.catalog_file import CatalogError, parse_catalog
from tiergate.rules.errors import TiergateError
from tiergate.store import Transaction
from tiergate.store.catalog_rows import PublishedCatalog, catalogs_before, newest_catalog

log = logging.getLogger("tiergate")


class NoPlansError(TiergateError):
    """No catalogue has been published yet."""

    code = "no_plans"


def load_catalog(tx: Transaction) -> Catalog:
    """Return the catalogue in force, with the versions before it; raises ``NoPlansError``."""
    published = newest_catalog(tx)
    if published is None:
        raise NoPlansError("No plans are published.", "Run: tiergate plans push billing.toml")
    known = _known.get(tx.engine)
    if known is None or known[0] != published:
        known = (published, _with_history(tx, published))
        _known[tx.engine] = known
    return known[1]


_known: WeakKeyDictionary[object, tuple[PublishedCatalog, Catalog]] = WeakKeyDictionary()
"""What was loaded last, by database. A published version never changes, so the newest one tells it all."""


def _with_history(tx: Transaction, published: PublishedCatalog) -> Catalog:
    older = {}
    for earlier in catalogs_before(tx, published.version):
        try:
            older[earlier.version] = _parsed(earlier)
        except CatalogError as error:
            # Who bought under it is treated as under the one in force, rather than nobody being answered.
            log.error("plans of version %s cannot be read any more: %s", earlier.version, error.message)
    return replace(_parsed(published), older=older)


@lru_cache(maxsize=256)
def _parsed(published: PublishedCatalog) -> Catalog:
    return parse_catalog(published.text, f"catalogue version {published.version}", published.version)
