"""The site of the route tests, for the admin pages."""

from tests.web.routes.conftest import furnished, sandbox_url, site, site_url

__all__ = ["furnished", "sandbox_url", "site", "site_url"]
