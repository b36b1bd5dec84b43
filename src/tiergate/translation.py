"""What is said to customers, in their language: each sentence is found by its English text.

The English text stands in the code that says it; the other languages stand in files beside this module, and
in a folder of the host's: see ``translation_files``. ``{name}`` in a sentence is filled in when it is said.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NewType

from tiergate.figures import parsed_locale, written_number

SOURCE_LANGUAGE = "en"
PLACE = re.compile(r"\{(\w+)\}", re.ASCII)
"""A place in a sentence where something is filled in."""

Sentence = NewType("Sentence", str)
"""The English text of a sentence that is said elsewhere than where it stands, as in a table."""

Spoken = str | Mapping[str, str]
"""A sentence in a language; where it counts something, one for each plural form, ``other`` among them."""


@dataclass(frozen=True, slots=True)
class ProblemWords:
    """What a page says of a problem, and what can be done about it."""

    title: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Translation:
    """The sentences of one language. What is missing is said in English."""

    language: str = SOURCE_LANGUAGE
    """A tag such as ``de`` or ``pt-BR``."""
    name: str = "English"
    """The language's own name for itself."""
    sentences: Mapping[str, Spoken] = field(default_factory=dict, repr=False)
    problems: Mapping[str, ProblemWords] = field(default_factory=dict, repr=False)
    """By the error's code."""
    offer: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The founder's own texts, by what stands in ``billing.toml``."""

    def say(self, text: str, /, **values: object) -> str:
        """Say a sentence, named by its English text, with its places filled in."""
        spoken = self.sentences.get(text, text)
        return filled(spoken if isinstance(spoken, str) else spoken["other"], values)

    def count(self, one: str, other: str, number: int, /, **values: object) -> str:
        """Say a sentence about a number, which is ``{count}`` in it; its name is the English ``other``.

        The number is written as the language does. Which form it takes is Unicode's rule:
        https://www.unicode.org/cldr/charts/latest/supplemental/language_plural_rules.html
        """
        spoken = self.sentences.get(other, {"one": one, "other": other})
        if not isinstance(spoken, str):
            form = parsed_locale(self.language).plural_form(number)
            spoken = spoken.get(form, spoken["other"])
        return filled(spoken, {"count": written_number(number, self.language), **values})

    def named(self, text: str) -> str:
        """Return a text of the founder's in this language, or as it is."""
        return self.offer.get(text, text)

    @property
    def is_source(self) -> bool:
        """Whether this is English, the language in which names in the catalogue can be bent."""
        return self.language.partition("-")[0] == SOURCE_LANGUAGE


ENGLISH = Translation()


def filled(text: str, values: Mapping[str, object]) -> str:
    """Fill in the places of a sentence. Nothing but names is understood: no formats, no attributes."""
    return PLACE.sub(lambda place: str(values[place[1]]), text)
