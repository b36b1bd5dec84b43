"""The benches of the services' tests and the site of the web's, for the failures of others."""

import pytest

from tests.services.conftest import bench, both
from tests.web.routes.conftest import furnished, sandbox_url, site, site_url

pytest.register_assert_rewrite("tests.failures.looking")

__all__ = ["bench", "both", "furnished", "sandbox_url", "site", "site_url"]
