"""The reference of billing.toml is the one that its schema makes."""

from tests.rules.catalog_schema import SCHEMA, everything
from tools.catalog_page import PAGE, page


def test_the_page_is_up_to_date() -> None:
    """The committed page is what the schema makes; else run `.venv/bin/python -m tools.catalog_page`."""
    assert PAGE.read_text(encoding="utf-8") == page(SCHEMA)


def test_every_key_stands_on_the_page() -> None:
    """Each key has a row with its own meaning, and each table a heading."""
    text = PAGE.read_text(encoding="utf-8")
    leaves = {path: key for path, key in everything() if "properties" not in key and path.count(".") > 1}
    names = {path: path.rpartition(".")[2].removesuffix("[]") for path in leaves}
    assert [
        path
        for path, key in leaves.items()
        if f"| `{names[path]}` | " not in text or key["description"] not in text
    ] == []
    assert text.count("\n## ") == text.count("\n| key |") > 12
