"""The languages that a browser asks for."""

import re

_MOST_LANGUAGES = 10
_MOST_CHARACTERS = 1000
_RANGE = re.compile(
    r"\s*([A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?",
    re.ASCII,
)
"""A language tag and how much it is wanted; ``*`` and what is malformed name no language."""


def accepted_languages(header: str | None) -> tuple[str, ...]:
    """Return the languages of an ``Accept-Language`` header as tags such as ``de-AT``, most wanted first.

    What is refused (``q=0``) or malformed is left out, and only the beginning of a long header is read.
    Source: https://www.rfc-editor.org/rfc/rfc9110#field.accept-language
    """
    parts = (header or "")[:_MOST_CHARACTERS].split(",")
    found = [match for match in map(_RANGE.fullmatch, parts) if match is not None]
    weighed = [(float(match[2] or 1), match[1]) for match in found[:_MOST_LANGUAGES]]
    by_weight = sorted(weighed, key=lambda language: language[0], reverse=True)
    return tuple(tag for weight, tag in by_weight if weight > 0)
