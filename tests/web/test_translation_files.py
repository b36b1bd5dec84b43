"""The files of the languages: what they may say, what is refused, and how sentences are filled in."""

import logging
from pathlib import Path

import pytest

from tiergate.settings import SettingsError, settings_from
from tiergate.translation import ENGLISH, Translation
from tiergate.translation_files import TranslationError, known_sentences, read_translations

FRENCH = """
name = "Français"
[sentences]
"Billing" = "Facturation"
"Keep {plan}" = "Garder {plan}"
"{count} seats" = { one = "{count} place", other = "{count} places" }
[problems.sign_in_required]
title = "Vous n’êtes pas connecté."
"""


def write(folder: Path, name: str, text: str) -> Path:
    """Write a file of translations, and return its folder."""
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_english_and_german_come_along() -> None:
    """Without a folder there are two languages, and English is for who asks for neither."""
    assert [(tag, each.name) for tag, each in read_translations().items()] == [
        ("en", "English"),
        ("de", "Deutsch"),
    ]


def test_a_file_adds_a_language(tmp_path: Path) -> None:
    """What it says is said; what it lacks is said in English."""
    french = read_translations(write(tmp_path, "fr.toml", FRENCH))["fr"]
    assert (french.language, french.name) == ("fr", "Français")
    assert french.say("Keep {plan}", plan="Team") == "Garder Team"
    assert french.say("Pay invoice") == "Pay invoice"
    assert french.problems["sign_in_required"].remedy == ""
    assert [french.count("1 seat", "{count} seats", n) for n in (0, 1, 2)] == [
        "0 place",
        "1 place",
        "2 places",
    ]


def test_plural_forms_are_those_of_the_language(tmp_path: Path) -> None:
    """Polish tells few from many; a form that a file leaves out is the other one's."""
    forms = '{ one = "{count} miejsce", few = "{count} miejsca", other = "{count} miejsc" }'
    folder = write(tmp_path, "pl.toml", f'[sentences]\n"{{count}} seats" = {forms}\n')
    polish = read_translations(folder)["pl"]
    assert polish.name == "polski"
    assert [polish.count("1 seat", "{count} seats", n) for n in (1, 2, 5, 22)] == [
        "1 miejsce",
        "2 miejsca",
        "5 miejsc",
        "22 miejsca",
    ]


def test_a_file_changes_single_sentences(tmp_path: Path) -> None:
    """Of German, and of English too; everything else stays as it was."""
    write(tmp_path, "de.toml", '[sentences]\n"Cancel plan" = "Vertrag kündigen"\n')
    found = read_translations(write(tmp_path, "en.toml", '[sentences]\n"Cancel plan" = "End subscription"\n'))
    assert list(found) == ["en", "de"]
    assert found["de"].say("Cancel plan") == "Vertrag kündigen"
    assert found["de"].say("Pay invoice") == "Rechnung bezahlen"
    assert found["de"].problems["http_404"].title == "Diese Seite gibt es nicht."
    assert found["en"].say("Cancel plan") == "End subscription"
    assert found["en"].say("Pay invoice") == "Pay invoice"


def test_a_host_chooses_languages_and_their_order(tmp_path: Path) -> None:
    """What is not named is not offered, and the first is the default; one without a file is refused."""
    folder = write(tmp_path, "fr.toml", FRENCH)
    assert list(read_translations(folder, ("fr", "en"))) == ["fr", "en"]
    with pytest.raises(TranslationError, match="'it'"):
        read_translations(folder, ("it",))


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("fr.toml", '[sentences]\n"Keep {plan}" = "Garder {plam}"', "{plam} is not known"),
        ("fr.toml", '[sentences]\n"Billing" = "{0.__class__} {x}"', "{x} is not known"),
        ("fr.toml", '[sentences]\n"Billing" = 5', "is no text"),
        ("fr.toml", '[sentences]\n"Billing" = { few = "a", other = "b" }', "other forms"),
        ("fr.toml", '[sentences]\n"Billing" = { one = "a" }', "other forms"),
        ("fr.toml", "sentences = 5", "sentences is no table"),
        ("fr.toml", 'title = "x"', "'title' means nothing"),
        ("fr.toml", "[problems]\nno_plans = 5", "no_plans has no title"),
        ("fr.toml", "[problems.no_plans]\ntitle = 'a'\nremedy = 5", "no_plans has no title"),
        ("fr.toml", '[offer]\n"Team" = 5', "'Team' is no text"),
        ("fr.toml", "= nonsense", "is no TOML"),
        ("french.toml", "", "named for no language"),
        ("xx-notes.toml", "", "named for no language"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(tmp_path: Path, name: str, text: str, told: str) -> None:
    """Each mistake is told with the file and what is wrong in it."""
    with pytest.raises(TranslationError) as refused:
        read_translations(write(tmp_path, name, text))
    assert name in refused.value.message
    assert told in refused.value.message
    assert refused.value.remedy


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """A file in another encoding is told of, not guessed at."""
    (tmp_path / "fr.toml").write_bytes('[sentences]\n"Billing" = "Été"'.encode("latin-1"))
    with pytest.raises(TranslationError, match=r"fr\.toml cannot be read"):
        read_translations(tmp_path)


def test_a_sentence_that_no_page_says_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A sentence that has been reworded since is no reason not to start, and is told of."""
    with caplog.at_level(logging.WARNING, "tiergate"):
        read_translations(write(tmp_path, "fr.toml", '[sentences]\n"Billings" = "x"\n"Billing" = "y"'))
    assert [record.getMessage() for record in caplog.records] == [
        "translation fr.toml: no page says 'Billings' any more"
    ]


def test_places_take_names_alone() -> None:
    """Nothing of what is filled in is read as a place, and no format or attribute is understood."""
    assert ENGLISH.say("{a}{b}", a="{b}", b="{0}") == "{b}{0}"
    assert ENGLISH.say("{a.real} {a!r} {a:>9}", a=1) == "{a.real} {a!r} {a:>9}"
    assert Translation().say("100 % {x}", x="%s") == "100 % %s"


def test_every_sentence_that_counts_knows_its_forms() -> None:
    """German says one and other for each of them."""
    counted = {text: spoken for text, spoken in known_sentences().items() if not isinstance(spoken, str)}
    assert len(counted) >= 6
    assert all(spoken.keys() == {"one", "other"} for spoken in counted.values())


def test_the_settings_name_the_folder_and_the_languages(tmp_path: Path) -> None:
    """The folder is there, the languages are tags; anything else is refused by name."""
    keys = {"STRIPE_SECRET_KEY": "sk_test_1", "STRIPE_WEBHOOK_SECRET": "whsec_1"}
    given = {"TIERGATE_TRANSLATIONS": str(tmp_path), "TIERGATE_LANGUAGES": "de, pt-BR,de"}
    settings = settings_from({**keys, **given})
    assert (settings.translations, settings.languages) == (tmp_path, ("de", "pt-BR"))
    assert (settings_from(keys).translations, settings_from(keys).languages) == (None, ())
    for name, value in (
        ("TIERGATE_TRANSLATIONS", str(tmp_path / "nowhere")),
        ("TIERGATE_LANGUAGES", "German"),
    ):
        with pytest.raises(SettingsError, match=name):
            settings_from({**keys, name: value})
