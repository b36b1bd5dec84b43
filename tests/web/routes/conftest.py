"""A site for each test, and one sandbox for all of them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.routes.site import Site, furnish, open_site
from tiergate_sandbox.testing import run_sandbox


@pytest.fixture(scope="session")
def sandbox_url() -> Iterator[str]:
    """The address of a sandbox that serves the whole session; the customers of each test are its own."""
    with run_sandbox() as sandbox:
        yield sandbox.base_url


@pytest.fixture(scope="session")
def furnished(sandbox_url: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database that each test gets a copy of."""
    path = tmp_path_factory.mktemp("furnished") / "tiergate.db"
    furnish(f"sqlite:///{path}", sandbox_url)
    return path


@pytest.fixture
def site_url(furnished: Path, tmp_path: Path) -> str:
    """The URL of the site's database."""
    return f"sqlite:///{shutil.copy(furnished, tmp_path / 'tiergate.db')}"


@pytest.fixture
def site(site_url: str, sandbox_url: str) -> Iterator[Site]:
    """The application, with plans and two accounts."""
    with open_site(site_url, sandbox_url) as opened:
        yield opened
