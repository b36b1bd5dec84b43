"""Something to press on a page: an address that is opened, or a form that is sent."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Link:
    """Where something leads. With ``fields``, even none, it is a form that is sent there."""

    label: str
    url: str
    fields: tuple[tuple[str, str], ...] | None = None
