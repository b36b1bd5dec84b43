"""Which language a page is in: the visitor's choice, the browser's, the account's, the product's."""

from collections.abc import Iterable, Sequence


def choose_language(wanted: Iterable[str | None], offered: Sequence[str]) -> str:
    """Return the first wanted language that is offered, else the first of ``offered``, which is not empty.

    ``wanted`` are tags such as ``de-AT``, most wanted first; what is no tag is passed over. ``de`` serves
    who asks for ``de-AT``, and ``pt-BR`` who asks for ``pt``. Letters may be of either case, and ``_`` is
    read as ``-``. Source: https://www.rfc-editor.org/rfc/rfc4647#section-3.4
    """
    found = (_lookup(_plain(tag), offered) for tag in wanted if tag)
    return next((language for language in found if language is not None), offered[0])


def locale_of_page(language: str, wanted: Iterable[str | None]) -> str:
    """Return whose figures and dates a page in a language shows: those of the first wanted region of it.

    A page in German shows Swiss figures to who wants ``de-CH``, and German ones to who wants French.
    """
    primary = _primary(language)
    return next((tag for tag in wanted if tag and _primary(tag) == primary), language)


def _lookup(tag: str, offered: Sequence[str]) -> str | None:
    by_tag = {_plain(each): each for each in reversed(offered)}
    subtags = tag.split("-")
    for count in range(len(subtags), 0, -1):
        if (found := by_tag.get("-".join(subtags[:count]))) is not None:
            return found
    return next((each for each in offered if _plain(each).startswith(f"{tag}-")), None)


def _plain(tag: str) -> str:
    return tag.replace("_", "-").lower()


def _primary(tag: str) -> str:
    return _plain(tag).partition("-")[0]
