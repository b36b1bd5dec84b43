"""Which language a page is in, and whose figures it shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiergate.rules.choose_language import choose_language, locale_of_page

OFFERED = ("en", "de", "pt-BR", "fr-CA", "fr")


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        (["de"], "de"),
        (["de-AT"], "de"),
        (["DE_at"], "de"),
        (["de-Latn-AT-1996"], "de"),
        (["fr-CA", "de"], "fr-CA"),
        (["fr-FR", "de"], "fr"),
        (["pt"], "pt-BR"),
        (["pt-PT", "de"], "de"),
        (["p", "de"], "de"),
        (["ja", "de-CH", "en"], "de"),
        ([None, "", "de"], "de"),
        (["*", "--", "de"], "de"),
        (["ja"], "en"),
        ([], "en"),
    ],
)
def test_the_first_wanted_language_that_is_offered_is_spoken(wanted: list[str | None], language: str) -> None:
    """A region is served by its language, a language by one of its regions, and else by the first offered."""
    assert choose_language(wanted, OFFERED) == language


def test_the_first_offered_language_is_the_default() -> None:
    """Who asks for nothing that is offered gets what stands first."""
    assert choose_language(["ja"], ("de", "en")) == "de"


@given(st.lists(st.none() | st.text(max_size=12), max_size=5), st.permutations(OFFERED))
def test_whatever_is_asked_for_an_offered_language_is_spoken(
    wanted: list[str | None], offered: list[str]
) -> None:
    """Any text leads to one of the languages that there are."""
    assert choose_language(wanted, offered) in offered


@pytest.mark.parametrize(
    ("language", "wanted", "locale"),
    [
        ("de", ["fr", "de-CH", "de-AT"], "de-CH"),
        ("de", ["en-GB", "fr"], "de"),
        ("en", [None, "en_GB"], "en_GB"),
        ("pt-BR", ["pt-PT"], "pt-PT"),
        ("en", [], "en"),
    ],
)
def test_figures_are_those_of_a_region_of_the_language(
    language: str, wanted: list[str | None], locale: str
) -> None:
    """The sentences and the figures of a page never speak two languages."""
    assert locale_of_page(language, wanted) == locale
