"""The draft: an edit of the catalogue that waits to be looked at and published.

There is one for the installation, so that two admins who edit see each other's changes. It remembers which
version it began from: where another was published meanwhile, it is not laid over that one unseen.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tiergate.rules.catalog_file import parse_document
from tiergate.rules.errors import TiergateError
from tiergate.services.context import Context
from tiergate.services.plans.diff_plans import PlansDiff, diff_plans
from tiergate.services.plans.push_plans import Pushed, push_plans
from tiergate.store import Transaction
from tiergate.store.admin_rows import AdminEntry, journal_admin
from tiergate.store.catalog_rows import newest_catalog
from tiergate.store.draft_rows import Draft, delete_draft, find_draft, lock_draft, save_draft

_FIRST = '[product]\nname = "My product"\n'
"""What editing begins with where nothing was ever published."""
_NOTHING = ("There is no draft.", "Change something first.")
LONGEST = 400_000
"""How many characters of a catalogue are taken."""


class DraftConflictError(TiergateError):
    """Another version was published since the draft was begun, or the draft is not the one that was seen."""

    code = "draft_conflict"


class NoDraftError(TiergateError):
    """There is nothing to publish: the draft says what is published already."""

    code = "no_draft"


class DraftTooLongError(TiergateError):
    """The text is longer than any catalogue."""

    code = "draft_too_long"


@dataclass(frozen=True, slots=True)
class Editing:
    """What there is to edit: the published version, and the draft if one was begun."""

    published_version: int
    published_text: str
    draft: Draft | None

    @property
    def text(self) -> str:
        """What the next edit starts from."""
        return self.draft.text if self.draft else self.published_text

    @property
    def has_conflict(self) -> bool:
        """Whether another version was published since the draft was begun."""
        return self.draft is not None and self.draft.based_on_version != self.published_version


def read_editing(context: Context) -> Editing:
    """Return what there is to edit."""
    with context.database.read() as tx:
        return _editing(tx)


def edit_draft(context: Context, by: str, change: Callable[[str], str]) -> Editing:
    """Change the draft, beginning one where there is none; one that changes nothing is none.

    ``change`` gets the text and returns the new one; edits that come at once are made one after the other.
    Raises what ``change`` raises, ``CatalogError`` for what is no TOML, and ``DraftTooLongError``.
    """
    with context.database.write() as tx:
        before = _editing(tx)
        begun = Draft(before.text, before.published_version, by, context.now())
        draft = lock_draft(tx, begun)
        text = change(draft.text)
        if len(text) > LONGEST:
            raise DraftTooLongError(
                f"The file would have {len(text)} characters.", f"Keep it below {LONGEST} characters."
            )
        parse_document(text)
        if text == before.published_text:
            delete_draft(tx)
        elif text != draft.text:
            save_draft(tx, replace(draft, text=text, edited_by=by, updated_at=context.now()))
        elif before.draft is None:
            delete_draft(tx)
        return _editing(tx)


def discard_draft(context: Context, by: str) -> None:
    """Forget the draft."""
    with context.database.write() as tx:
        if find_draft(tx) is not None:
            delete_draft(tx)
            _journal(context, tx, by, "draft_discarded")


def diff_draft(context: Context) -> PlansDiff:
    """Return what publishing the draft would change, compared with the version in force. Asks Stripe.

    Raises ``NoDraftError`` and ``CatalogError``.
    """
    draft = read_editing(context).draft
    if draft is None:
        raise NoDraftError(*_NOTHING)
    return diff_plans(context, draft.text)


def keep_draft(context: Context, by: str, version: int) -> None:
    """Keep the draft although ``version`` was published meanwhile: from here on it is compared with that.

    Raises ``NoDraftError``, and ``DraftConflictError`` where yet another version was published.
    """
    with context.database.write() as tx:
        editing = _editing(tx)
        if editing.draft is None:
            raise NoDraftError(*_NOTHING)
        if editing.published_version != version:
            raise _conflict(editing)
        save_draft(
            tx, replace(editing.draft, based_on_version=version, edited_by=by, updated_at=context.now())
        )


def publish_draft(context: Context, by: str, seen: str) -> Pushed:
    """Publish the draft as it was seen, here and at Stripe, and forget it.

    ``seen`` is the fingerprint of the text that was shown with its differences. Raises ``NoDraftError``,
    ``DraftConflictError``, ``CatalogError``, and what ``push_plans`` raises.
    """
    editing = read_editing(context)
    if editing.draft is None:
        raise NoDraftError(*_NOTHING)
    if editing.has_conflict:
        raise _conflict(editing)
    if fingerprint(editing.draft.based_on_version, editing.draft.text) != seen:
        raise DraftConflictError(
            "Somebody has edited the draft since you looked at it.", "Review it again, then publish."
        )
    pushed = push_plans(context, editing.draft.text, follows=editing.draft.based_on_version)
    with context.database.write() as tx:
        left = find_draft(tx)
        if left is not None and left.text == editing.draft.text:
            delete_draft(tx)
        _journal(context, tx, by, "published", version=pushed.version, created=list(pushed.created))
    return pushed


def fingerprint(based_on_version: int, text: str) -> str:
    """Return what names a draft as it is now."""
    return hashlib.sha256(f"{based_on_version}:{text}".encode()).hexdigest()[:32]


def _editing(tx: Transaction) -> Editing:
    newest = newest_catalog(tx)
    version, text = (newest.version, newest.text) if newest else (0, _FIRST)
    return Editing(version, text, find_draft(tx))


def _conflict(editing: Editing) -> DraftConflictError:
    return DraftConflictError(
        f"Version {editing.published_version} was published after this draft was begun.",
        "Look at what the draft would change in it, then keep the draft or discard it.",
    )


def _journal(context: Context, tx: Transaction, by: str, kind: str, **data: Any) -> None:
    journal_admin(tx, AdminEntry(by, kind, context.now(), data))
