"""Whatever is wrong with a catalogue file, a command says so in words and ends with 1."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings

from tests.cli.running import Tiergate, configured
from tests.rules.test_catalog_robustness import changed_bytes, changed_texts
from tiergate.rules.catalog_file import CatalogError, parse_catalog


def told(text: str) -> str | None:
    """What the reader says of a text; ``None`` where nothing is wrong with it."""
    try:
        parse_catalog(text)
    except CatalogError as error:
        return str(error)
    return None


@pytest.fixture
def environment(migrated_sqlite_url: str) -> dict[str, str]:
    """Everything is configured, but nothing listens where Stripe should be."""
    return configured(DATABASE_URL=migrated_sqlite_url)


@settings(max_examples=200, deadline=None, suppress_health_check=[*HealthCheck])
@given(text=changed_texts())
def test_a_changed_file_is_refused_with_all_its_mistakes(
    tiergate: Tiergate, tmp_path: Path, environment: dict[str, str], text: str
) -> None:
    """`plans push` prints every mistake that the reader finds, and never a traceback."""
    text = text.encode(errors="replace").decode()
    (tmp_path / "billing.toml").write_bytes(text.encode())
    mistakes = told((tmp_path / "billing.toml").read_text(encoding="utf-8"))
    assume(mistakes)
    code, out, err = tiergate("plans", "push", **environment)
    assert (code, out, err) == (1, "", f"tiergate: {mistakes}\n")


@settings(max_examples=50, deadline=None, suppress_health_check=[*HealthCheck])
@given(body=changed_bytes())
def test_broken_bytes_are_refused(
    tiergate: Tiergate, tmp_path: Path, environment: dict[str, str], body: bytes
) -> None:
    """A file of which some bytes were changed is named, whether it is still text or not."""
    (tmp_path / "billing.toml").write_bytes(body)
    assume(told(body.decode(errors="replace")))
    code, out, err = tiergate("plans", "push", **environment)
    assert (code, out) == (1, "")
    assert err.startswith("tiergate: ")
    assert "Traceback" not in err
