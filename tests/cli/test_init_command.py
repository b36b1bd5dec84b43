"""`tiergate init`: what it writes is whole, is sold as it stands, and never overwrites anything."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.cli.running import Tiergate, configured
from tiergate.cli.init_command import Model, starter
from tiergate.rules.catalog import Catalog, TrialModel
from tiergate.rules.catalog_file import parse_catalog, parse_document


@pytest.mark.parametrize("model", Model)
def test_what_it_writes_is_pushed_as_it_stands(
    tiergate: Tiergate, tmp_path: Path, migrated_sqlite_url: str, sandbox_url: str, model: Model
) -> None:
    """Each model gives a file that passes every check, and goes live without a change."""
    code, out, _ = tiergate("init", "--model", str(model))
    assert (code, out.splitlines()[:2]) == (0, ["wrote  billing.toml", "wrote  billing.schema.json"])
    text = (tmp_path / "billing.toml").read_text()
    assert text == starter(model)
    assert text.startswith("#:schema ./billing.schema.json\n")
    assert "@" not in text.replace("help@example.com", "")
    environment = configured(sandbox_url, DATABASE_URL=migrated_sqlite_url)
    code, out, err = tiergate("plans", "push", **environment)
    assert (code, err) == (0, "")
    created = [line.split()[1] for line in out.splitlines() if line.startswith("created")]
    assert created == ["starter_monthly", "starter_yearly", "pro_monthly", "pro_yearly"]
    assert out.endswith("Version 1 is published.\n")


@pytest.mark.parametrize("model", Model)
def test_its_schema_accepts_it(tiergate: Tiergate, tmp_path: Path, model: Model) -> None:
    """The schema that is written beside the file finds nothing wrong with it."""
    tiergate("init", "offer.toml", "--model", str(model))
    schema = json.loads((tmp_path / "billing.schema.json").read_text())
    document = parse_document((tmp_path / "offer.toml").read_text())
    assert list(Draft202012Validator(schema).iter_errors(document)) == []


def trials(catalog: Catalog) -> dict[str, TrialModel | None]:
    """How each plan is tried."""
    return {plan.key: plan.trial.model if plan.trial else None for plan in catalog}


def test_the_models_differ_in_how_plans_are_tried() -> None:
    """A trial of each paid plan, none at all, or one that begins by itself; the free plan is always there."""
    free, reverse = TrialModel.FREE_TRIAL, TrialModel.REVERSE_TRIAL
    found = {model: trials(parse_catalog(starter(model))) for model in Model}
    assert found == {
        Model.FREE_TRIAL: {"free": None, "starter": free, "pro": free},
        Model.FREEMIUM: {"free": None, "starter": None, "pro": None},
        Model.REVERSE_TRIAL: {"free": None, "starter": None, "pro": reverse},
    }


def test_nothing_is_overwritten(tiergate: Tiergate, tmp_path: Path) -> None:
    """A file that is there stays, and the error says what to do; a schema that is there stays too."""
    (tmp_path / "billing.schema.json").write_text("{}")
    (tmp_path / "mine.toml").write_text("# mine")
    code, out, err = tiergate("init", "mine.toml")
    assert (code, out) == (1, "")
    assert err == "tiergate: mine.toml is there already. Name another file: tiergate init PATH\n"
    assert (tmp_path / "mine.toml").read_text() == "# mine"
    assert tiergate("init")[1].splitlines()[1] == "kept   billing.schema.json"
    assert (tmp_path / "billing.schema.json").read_text() == "{}"


def test_a_folder_that_is_not_there_is_one_clear_line(tiergate: Tiergate) -> None:
    """A place where nothing can be written is named, without a traceback."""
    code, out, err = tiergate("init", "no/such/folder/billing.toml")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("tiergate: no/such/folder/billing.toml cannot be written: No such file")


def test_plans_schema_prints_what_is_shipped(tiergate: Tiergate, tmp_path: Path) -> None:
    """`plans schema` prints the schema that `init` writes, and needs no setting."""
    code, out, err = tiergate("plans", "schema")
    tiergate("init")
    assert (code, err) == (0, "")
    assert out == (tmp_path / "billing.schema.json").read_text()
