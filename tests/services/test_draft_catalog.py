"""The draft of the catalogue: one for all admins, published as it was seen, and over nobody's version."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.services.bench import Bench, northwind
from tiergate.rules.catalog_file import CatalogError
from tiergate.services.plans import draft_catalog
from tiergate.services.plans.draft_catalog import (
    LONGEST,
    DraftConflictError,
    DraftTooLongError,
    NoDraftError,
    diff_draft,
    discard_draft,
    edit_draft,
    fingerprint,
    keep_draft,
    publish_draft,
    read_editing,
)
from tiergate.services.plans.edit_catalog import set_feature, set_settings
from tiergate.services.plans.push_plans import OvertakenError, Pushed, push_plans
from tiergate.store.admin_rows import admin_entries
from tiergate.store.catalog_rows import newest_catalog

ADA, BOB = "ada@example.com", "bob@example.com"
DEARER = northwind().replace("unit_amount = 4900", "unit_amount = 5900")


def seen(bench: Bench) -> str:
    """The fingerprint of the draft that is there."""
    draft = read_editing(bench.context).draft
    assert draft
    return fingerprint(draft.based_on_version, draft.text)


def published(bench: Bench) -> tuple[int, str]:
    """The version in force."""
    with bench.context.database.read() as tx:
        newest = newest_catalog(tx)
    assert newest
    return newest.version, newest.text


def test_an_edit_begins_a_draft(both: Bench) -> None:
    """It starts from what is published, and what is published stays as it is."""
    editing = edit_draft(both.context, ADA, lambda text: set_settings(text, "checkout", {"hosted": False}))
    assert editing.draft is not None
    assert (editing.draft.based_on_version, editing.draft.edited_by) == (1, ADA)
    assert editing.text == northwind() + "\n[checkout]\nhosted = false\n"
    assert published(both) == (1, northwind())


def test_edits_add_up(both: Bench) -> None:
    """The next admin goes on from the draft; all edits are in it."""
    edit_draft(both.context, ADA, lambda text: set_settings(text, "checkout", {"hosted": False}))
    editing = edit_draft(both.context, BOB, lambda text: set_settings(text, "billing", {"dunning": False}))
    assert "hosted = false" in editing.text
    assert "dunning = false" in editing.text
    assert editing.draft is not None
    assert editing.draft.edited_by == BOB


def test_edits_at_once_are_made_one_after_the_other(both: Bench) -> None:
    """None of them is lost."""

    def add(number: int) -> None:
        edit_draft(both.context, ADA, lambda text: set_feature(text, f"f{number}", {"name": "F"}, new=True))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(8)))
    text = read_editing(both.context).text
    assert all(f"[features.f{number}]" in text for number in range(8))


def test_an_edit_that_changes_nothing_is_no_draft(both: Bench) -> None:
    """Neither one that leaves the text, nor one that goes back to what is published."""
    assert edit_draft(both.context, ADA, lambda text: text).draft is None
    edit_draft(both.context, ADA, lambda _: DEARER)
    assert edit_draft(both.context, ADA, lambda _: northwind()).draft is None


def test_a_broken_edit_changes_nothing(both: Bench) -> None:
    """What is no TOML, and what is too long, leaves the draft as it was."""
    edit_draft(both.context, ADA, lambda _: DEARER)
    with pytest.raises(CatalogError):
        edit_draft(both.context, BOB, lambda text: text + "[plans")
    with pytest.raises(DraftTooLongError):
        edit_draft(both.context, BOB, lambda text: text + "#" * LONGEST)
    assert read_editing(both.context).text == DEARER


def test_publishing_pushes_and_ends_the_draft(both: Bench) -> None:
    """The version is published by the same push, the draft is gone, and it is known who did it."""
    edit_draft(both.context, ADA, lambda _: DEARER)
    diff = diff_draft(both.context)
    assert (diff.version_now, diff.version_next) == (1, 2)
    pushed = publish_draft(both.context, ADA, seen(both))
    assert (pushed.version, pushed.created) == (2, ("team_monthly",))
    assert published(both) == (2, DEARER)
    assert read_editing(both.context).draft is None
    with both.context.database.read() as tx:
        entry = admin_entries(tx)[0]
    assert (entry.email, entry.kind, entry.data["version"]) == (ADA, "published", 2)


def test_only_what_was_seen_is_published(both: Bench) -> None:
    """An edit after the review has to be reviewed, too."""
    edit_draft(both.context, ADA, lambda _: DEARER)
    reviewed = seen(both)
    edit_draft(both.context, BOB, lambda text: text.replace("5900", "9900"))
    with pytest.raises(DraftConflictError, match="since you looked"):
        publish_draft(both.context, ADA, reviewed)
    assert published(both) == (1, northwind())


def test_a_version_published_meanwhile_is_not_overwritten(both: Bench) -> None:
    """It is told; only a draft that is kept in its sight can be published over it."""
    edit_draft(both.context, ADA, lambda _: DEARER)
    push_plans(both.context, northwind() + "# from the command line\n")
    assert read_editing(both.context).has_conflict
    with pytest.raises(DraftConflictError, match="Version 2"):
        publish_draft(both.context, ADA, seen(both))
    with pytest.raises(DraftConflictError):
        keep_draft(both.context, ADA, 1)
    keep_draft(both.context, ADA, 2)
    assert publish_draft(both.context, ADA, seen(both)).version == 3


def test_a_version_published_in_the_very_moment_is_not_overwritten(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it comes between the look and the push."""
    edit_draft(bench.context, ADA, lambda _: DEARER)
    theirs = northwind() + "# from the command line\n"

    def late(context: object, text: str, *, follows: int) -> Pushed:
        push_plans(bench.context, theirs)
        return push_plans(bench.context, text, follows=follows)

    monkeypatch.setattr(draft_catalog, "push_plans", late)
    with pytest.raises(OvertakenError):
        publish_draft(bench.context, ADA, seen(bench))
    assert published(bench) == (2, theirs)
    assert read_editing(bench.context).text == DEARER


def test_a_draft_with_mistakes_is_kept_and_not_published(both: Bench) -> None:
    """It can be saved half done; publishing and comparing say what is wrong."""
    edit_draft(both.context, ADA, lambda text: text.replace("custom_domain = true", "custom_domain = 7"))
    with pytest.raises(CatalogError):
        diff_draft(both.context)
    with pytest.raises(CatalogError):
        publish_draft(both.context, ADA, seen(both))
    assert published(both) == (1, northwind())


def test_a_draft_is_discarded(both: Bench) -> None:
    """Then there is nothing to publish, to keep or to compare; to do it twice does no harm."""
    edit_draft(both.context, ADA, lambda _: DEARER)
    for _ in range(2):
        discard_draft(both.context, BOB)
    assert read_editing(both.context).text == northwind()
    for act in (
        lambda: publish_draft(both.context, ADA, ""),
        lambda: keep_draft(both.context, ADA, 1),
        lambda: diff_draft(both.context),
    ):
        with pytest.raises(NoDraftError):
            act()
