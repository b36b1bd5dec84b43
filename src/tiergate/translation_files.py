"""Reads the languages: German comes along, and a folder of the host's adds others or says things otherwise.

A file is named for its language, such as ``fr.toml`` or ``pt-BR.toml``::

    name = "Français"

    [sentences]
    "Billing" = "Facturation"
    "{count} seats" = { one = "{count} place", other = "{count} places" }

    [problems.sign_in_required]
    title = "Vous n’êtes pas connecté."

    [offer]
    "For growing products" = "Pour les produits qui grandissent"

``[offer]`` says what stands in ``billing.toml``. A file need not be complete: what is missing is said in
English, or as ``billing.toml`` has it.
"""

import logging
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError

from tiergate.rules.errors import TiergateError
from tiergate.translation import ENGLISH, PLACE, SOURCE_LANGUAGE, ProblemWords, Spoken, Translation

log = logging.getLogger("tiergate")

_TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", re.ASCII)
_PARTS = frozenset(["name", "sentences", "problems", "offer"])


class TranslationError(TiergateError):
    """A file of translations cannot be used; the message names the file and the sentence."""

    code = "translation_invalid"


@cache
def read_translations(folder: Path | None = None, offered: Sequence[str] = ()) -> Mapping[str, Translation]:
    """Return the languages that pages are offered in, by tag; the first one is for who asks for no other.

    Without ``offered`` these are English, German, and each file of ``folder``. Raises ``TranslationError``.
    """
    found = {SOURCE_LANGUAGE: ENGLISH, **dict(_packaged())}
    own = sorted(folder.glob("*.toml")) if folder else []
    for path in own:
        language = path.name.removesuffix(".toml")
        found[language] = _extended(found.get(language), _read(path))
    missing = [language for language in offered if language not in found]
    if missing:
        raise TranslationError(
            f"There is no file for the language {missing[0]!r}.",
            f"Write {missing[0]}.toml into TIERGATE_TRANSLATIONS, or take it out of TIERGATE_LANGUAGES.",
        )
    return {language: found[language] for language in offered or found}


def known_sentences() -> Mapping[str, Spoken]:
    """Return all sentences that pages say, by their English text: German has each of them."""
    return dict(_packaged())["de"].sentences


@cache
def _packaged() -> tuple[tuple[str, Translation], ...]:
    folder = files("tiergate") / "languages"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return tuple(
        (name.removesuffix(".toml"), _parsed(name, (folder / name).read_text(encoding="utf-8")))
        for name in names
    )


def read_file(path: Path) -> Translation:
    """Return what a file alone says. Raises ``TranslationError``."""
    try:
        return _parsed(path.name, path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise TranslationError(f"{path.name} cannot be read.", "Write it in UTF-8.") from error


def _read(path: Path) -> Translation:
    translation = read_file(path)
    known = known_sentences()
    for text in translation.sentences:
        if text not in known:
            log.warning("translation %s: no page says %r any more", path.name, text)
    return translation


def _extended(known: Translation | None, own: Translation) -> Translation:
    """Let a host's file say things otherwise than a language that comes along."""
    if known is None:
        return own
    sentences, problems = {**known.sentences, **own.sentences}, {**known.problems, **own.problems}
    return Translation(known.language, known.name, sentences, problems, own.offer)


def _parsed(name: str, text: str) -> Translation:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TranslationError(f"{name} is no TOML: {error}.", "Correct the line that it names.") from error
    language = name.removesuffix(".toml")
    locale = locale_of(name, language)
    unknown = sorted(document.keys() - _PARTS)
    if unknown:
        raise TranslationError(
            f"{name}: {unknown[0]!r} means nothing.", "Write name, [sentences], [problems], [offer]."
        )
    own_name = document.get("name") or locale.display_name or language
    sentences = dict(_sentences(name, locale, _table(name, document, "sentences")))
    offer = _table(name, document, "offer")
    for text, said in offer.items():
        if not isinstance(said, str):
            raise TranslationError(f"{name}: {text!r} is no text.", "Write it in quotation marks.")
    return Translation(language, str(own_name), sentences, dict(_problems(name, document)), offer)


def locale_of(name: str, language: str) -> Locale:
    """Return the locale of a language. Raises ``TranslationError``, which names the file."""
    try:
        if _TAG.fullmatch(language):
            return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        pass
    raise TranslationError(f"{name} is named for no language.", "Name it like de.toml or pt-BR.toml.")


def _table(name: str, document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    table = document.get(key, {})
    if not isinstance(table, dict):
        raise TranslationError(f"{name}: {key} is no table.", f"Write [{key}] on a line of its own.")
    return table


def _sentences(name: str, locale: Locale, table: Mapping[str, Any]) -> Iterator[tuple[str, Spoken]]:
    for text, spoken in table.items():
        forms = spoken if isinstance(spoken, dict) else {"other": spoken}
        if not all(isinstance(form, str) for form in forms.values()):
            raise TranslationError(f"{name}: {text!r} is no text.", "Write the sentence in quotation marks.")
        strange = forms.keys() - locale.plural_form.tags - {"other"}
        if strange or "other" not in forms:
            wanted = ", ".join(sorted({*locale.plural_form.tags, "other"}))
            raise TranslationError(f"{name}: {text!r} has other forms.", f"This language has: {wanted}.")
        for form in forms.values():
            _require_places(name, text, form)
        said = {kind: form for kind, form in forms.items() if form}
        if "other" in said:  # what is left empty is still to be translated
            yield text, said if isinstance(spoken, dict) else spoken


def _require_places(name: str, text: str, spoken: str) -> None:
    known = set(PLACE.findall(text))
    for place in PLACE.findall(spoken):
        if place not in known:
            there = ", ".join(f"{{{each}}}" for each in sorted(known)) or "none"
            raise TranslationError(
                f"{name}: {{{place}}} is not known in {text!r}.", f"The places of this sentence are: {there}."
            )


def _problems(name: str, document: Mapping[str, Any]) -> Iterator[tuple[str, ProblemWords]]:
    for code, words in _table(name, document, "problems").items():
        parts = words if isinstance(words, dict) else {}
        if not isinstance(parts.get("title"), str) or not isinstance(parts.get("remedy", ""), str):
            raise TranslationError(f"{name}: the problem {code} has no title.", 'Write title = "…" below it.')
        yield code, ProblemWords(parts["title"], parts.get("remedy", ""))
