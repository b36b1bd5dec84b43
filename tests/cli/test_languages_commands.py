"""`tiergate languages`: a sheet to fill in, and what is still missing of it."""

import tomllib
from pathlib import Path

from tests.cli.running import Tiergate
from tiergate.translation_files import known_sentences, read_translations


def test_a_new_sheet_has_every_sentence_and_says_none(tiergate: Tiergate, tmp_path: Path) -> None:
    """It can be used as it stands: what is empty is said in English; and it is never overwritten."""
    code, out, err = tiergate("languages", "new", "pl")
    assert (code, out.splitlines()[0], err) == (0, "wrote  languages/pl.toml", "")
    file = tmp_path / "languages" / "pl.toml"
    document = tomllib.loads(file.read_text(encoding="utf-8"))
    assert document["name"] == "polski"
    assert document["sentences"].keys() == known_sentences().keys()
    assert document["sentences"]["{count} seats"] == {"few": "", "many": "", "one": "", "other": ""}
    polish = read_translations(file.parent)["pl"]
    assert (polish.name, polish.sentences, polish.problems) == ("polski", {}, {})
    code, _, err = tiergate("languages", "new", "pl")
    assert (code, "is there already" in err) == (1, True)


def test_check_tells_what_is_missing(tiergate: Tiergate, tmp_path: Path) -> None:
    """Each sentence that is not said, each that no page says, and how many there are."""
    (tmp_path / "fr.toml").write_text('[sentences]\n"Billing" = "Facturation"\n"Billings" = "x"\n')
    code, out, _ = tiergate("languages", "check", "fr.toml")
    lines = out.splitlines()
    assert code == 0
    assert "missing  Pricing" in lines
    assert "missing  Billing" not in lines
    assert lines[-2:] == ["unknown  Billings", f"1 of {len(known_sentences())} sentences are said."]


def test_a_slip_is_told(tiergate: Tiergate, tmp_path: Path) -> None:
    """A file that is not there, and a name that is no language, are a sentence and a failure."""
    code, _, err = tiergate("languages", "check", "fr.toml")
    assert (code, "There is no file fr.toml" in err) == (1, True)
    code, _, err = tiergate("languages", "new", "french")
    assert (code, "named for no language" in err) == (1, True)
    assert not (tmp_path / "languages").exists()
