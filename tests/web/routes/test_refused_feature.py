"""A feature that the host requires and the account does not have: pay for it, or not at all."""

from dataclasses import replace

import pytest

from tests.web.routes.site import HTML, Site
from tiergate.services.access.answer_check import FeatureRefusedError


@pytest.fixture
def guarded(site: Site) -> Site:
    """A site with a page of the host's that requires a feature, and one that no plan opens."""

    @site.app.get("/report")
    def report(feature: str) -> str:
        return site.billing.require("acme", feature).reason

    @site.app.get("/closed")
    def closed() -> None:
        raise FeatureRefusedError(replace(site.billing.check("acme", "roles"), offer=None))

    return site


def test_what_is_included_is_let_through(guarded: Site) -> None:
    """Where the plan includes it the host's page is served."""
    answer = guarded.as_nobody().get("/report?feature=projects")
    assert (answer.status_code, answer.json()) == (200, "included")


def test_a_refusal_asks_for_payment(guarded: Site) -> None:
    """Where another plan includes it the answer is 402, with the reason and the cheapest plan."""
    answer = guarded.as_nobody().get("/report?feature=roles")
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (402, "feature_refused")
    assert (problem["decision"]["reason"], problem["decision"]["offer"]["plan"]) == ("not_included", "team")
    assert "Team" in problem["detail"]


def test_what_no_plan_includes_is_forbidden(guarded: Site) -> None:
    """Where nobody could buy it the answer is 403."""
    answer = guarded.as_nobody().get("/closed")
    assert (answer.status_code, answer.json()["decision"]["offer"]) == (403, None)


def test_a_browser_gets_a_page(guarded: Site) -> None:
    """People are shown a page instead, with the way out."""
    answer = guarded.as_nobody().get("/report?feature=roles", headers=HTML)
    assert answer.status_code == 402
    assert "Team includes it." in answer.text
