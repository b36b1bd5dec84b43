"""Keeps Python's collector of cycles out of a short stretch of work that makes much and keeps nothing."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collect_later() -> Iterator[None]:
    """Look for cycles only after the block: what a page of objects makes dies with the page.

    Looked at in its midst, all of it would count as something that stays; then the whole memory of the
    process is searched again and again. Without effect where the host collects by itself.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
