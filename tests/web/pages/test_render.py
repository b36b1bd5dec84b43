"""Static files, the content-security policy, and templates that a host replaces."""

import re
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest

from tests.web.pages.gallery import pages
from tests.web.pages.northwind import VISITOR
from tiergate.web.problem_page import ProblemPage, render_problem
from tiergate.web.render import content_security_policy, static_file, static_url

PAGE_WEIGHT_LIMIT = 100_000
PAGES = dict(pages())


def _content(name: str) -> bytes:
    file = static_file(static_url("", name).removeprefix("/static/"))
    assert file is not None
    return file.content


def test_static_files_are_found_by_their_hashed_name_only() -> None:
    """The name on the page finds the file with its type; the plain name and another hash find nothing."""
    name = static_url("/billing-app", "tiergate.css").removeprefix("/billing-app/static/")
    assert re.fullmatch(r"tiergate\.[0-9a-f]{12}\.css", name)
    file = static_file(name)
    assert file is not None
    assert file.media_type == "text/css; charset=utf-8"
    assert static_file("tiergate.css") is None
    assert static_file("tiergate.000000000000.css") is None
    assert static_file("../render.py") is None


def test_the_stylesheet_names_the_font_by_its_hashed_name() -> None:
    """The address is relative, so that it holds under any mount path, and the only one."""
    addresses = re.findall(r'url\("([^"]+)"\)', _content("tiergate.css").decode())
    assert addresses == [static_url("", "inter-latin.woff2").removeprefix("/static/")]


def test_the_font_comes_with_its_licence() -> None:
    """The Open Font License lies beside the font in the package."""
    licence = (resources.files("tiergate.web") / "static" / "inter-LICENSE.txt").read_text()
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence


@pytest.mark.parametrize("name", [*(name for name in PAGES if name.startswith("pricing")), "billing-grace"])
def test_a_whole_page_is_light(name: str) -> None:
    """Page, style, font and icon together stay under 100 KB, uncompressed."""
    own = ["billing.css"] if name.startswith("billing") else []
    loaded = ["tiergate.css", "inter-latin.woff2", "mark.svg", *own]
    files = sum(len(_content(each)) for each in loaded)
    assert len(PAGES[name].encode()) + files < PAGE_WEIGHT_LIMIT


def test_the_policy_is_strict() -> None:
    """Nothing but own style, font and pictures; forms lead here and to the checkout; nobody frames us."""
    assert content_security_policy("https://checkout.example.com") == (
        "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self' https://checkout.example.com; base-uri 'none'; frame-ancestors 'none'"
    )
    assert "form-action 'self' https://checkout.stripe.com;" in content_security_policy()


def test_a_host_replaces_a_template_and_extends_ours(tmp_path: Path) -> None:
    """A base.html of the host's own sets the theme, and the package's templates build on it."""
    (tmp_path / "base.html").write_text(
        "{% extends 'tiergate/base.html' %}"
        "{% block theme %}<link rel='stylesheet' href='/brand.css'>{% endblock %}"
    )
    page = ProblemPage(replace(VISITOR, override_directory=tmp_path), 404, "There is no such page")
    html = render_problem(page)
    assert "<link rel='stylesheet' href='/brand.css'>" in html
    assert "There is no such page" in html
    assert "brand.css" not in render_problem(replace(page, frame=VISITOR))
