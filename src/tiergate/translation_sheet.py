"""A file for a new language, with every sentence to be translated in the order of the German one."""

import re
from importlib.resources import files

from tiergate.translation_files import known_sentences, locale_of

_SENTENCE = re.compile(r'("(?:[^"\\]|\\.)*") = ')
_INTRODUCTION = """\
# {name}: what stands in braces is filled in, and stays as it is. What is left empty is said in English.

name = "{name}"

# Texts of your own, as billing.toml has them:
# [offer]
# "For growing products" = ""
"""


def sheet(language: str) -> str:
    """Return the text of the file. Raises ``TranslationError`` where that is no language."""
    locale = locale_of(f"{language}.toml", language)
    forms = ", ".join(f'{form} = ""' for form in [*sorted(locale.plural_form.tags - {"other"}), "other"])
    lines = [_INTRODUCTION.format(name=locale.display_name)]
    counted = {text for text, said in known_sentences().items() if not isinstance(said, str)}
    german = (files("tiergate") / "languages" / "de.toml").read_text(encoding="utf-8")
    for line in german.partition("\n\n[sentences]")[2].splitlines():
        if found := _SENTENCE.match(line):
            empty = f"{{ {forms} }}" if found[1][1:-1] in counted else '""'
            lines.append(f"{found[1]} = {empty}")
        elif line.startswith(("[problems", "title")):
            lines.append("# " + re.sub(r"=.*", '= ""', line))
        elif not line.startswith("remedy"):
            lines.append(line)
    return "\n".join([lines[0], "[sentences]", *lines[1:], ""])
