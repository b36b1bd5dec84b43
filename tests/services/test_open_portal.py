"""Stripe's portal: made once, with what our rules allow, and opened at what is wanted."""

from html import unescape
from urllib.parse import urljoin

import pytest

from tests.services.bench import ACCOUNT, PUBLIC_URL, Bench, Json
from tests.services.changing import desk, hear, sell, sell_crew
from tiergate.services.accounts.open_portal import PortalFlowError
from tiergate.services.changes.change_errors import CheckoutRequiredError

PATH_OF = {
    "payment_method_update": "/cards/add",
    "subscription_cancel": "/cancel",
    "subscription_update": "/change",
}
"""Where in the portal each flow leads."""


def configurations(bench: Bench) -> list[Json]:
    """Return the portal's configurations at Stripe."""
    found: list[Json] = bench.at_stripe("/v1/billing_portal/configurations")["data"]
    return found


def opened(bench: Bench, url: str) -> tuple[str, str]:
    """Return where the portal leads from an address, and what it shows there."""
    for _ in range(3):
        answer = bench.sandbox.request("GET", url, {})
        if answer.status == 200:
            break
        url = urljoin(url, answer.headers["location"])
    return url, unescape(answer.body.decode())


def test_the_configuration_is_made_once(both: Bench) -> None:
    """However often the portal is opened, there is one configuration of ours, found by its metadata."""
    sell(both, "team")
    both.post("/v1/billing_portal/configurations", features={"invoice_history": {"enabled": True}})
    urls = {desk(both).open_portal(ACCOUNT) for _ in range(3)}
    assert len(urls) == 3
    ours = [one for one in configurations(both) if one["metadata"].get("tiergate_portal")]
    assert len(ours) == 1
    features = ours[0]["features"]
    assert features["subscription_cancel"]["mode"] == "at_period_end"
    assert features["payment_method_update"]["enabled"] is True
    assert features["subscription_update"]["enabled"] is True
    conditions = features["subscription_update"]["schedule_at_period_end"]["conditions"]
    assert {condition["type"] for condition in conditions} == {
        "decreasing_item_amount",
        "shortening_interval",
    }


def test_where_rank_is_not_price_the_portal_changes_no_plans(both: Bench) -> None:
    """It would call a cheaper plan a downgrade, whatever its rank, and knows no people who need seats."""
    sell_crew(both)
    sell(both, "team")
    desk(both).open_portal(ACCOUNT)
    (one,) = configurations(both)
    assert one["features"]["subscription_update"]["enabled"] is False
    with pytest.raises(PortalFlowError):
        desk(both).open_portal(ACCOUNT, "subscription_update")


def test_another_policy_is_another_configuration(both: Bench) -> None:
    """The portal cancels at once where the policy does."""
    sell_crew(both, ("grace_days = 3", 'cancel = "now"'))
    sell(both, "team")
    desk(both).open_portal(ACCOUNT)
    (one,) = configurations(both)
    assert one["features"]["subscription_cancel"]["mode"] == "immediately"


@pytest.mark.parametrize("flow", PATH_OF)
def test_flows(both: Bench, flow: str) -> None:
    """A flow leads to one thing, and comes back to where it was wanted, or to the billing page."""
    sell(both, "team")
    url, page = opened(both, desk(both).open_portal(ACCOUNT, flow))
    assert url.endswith(PATH_OF[flow])
    assert f"{PUBLIC_URL}/billing" in page
    _, page = opened(both, desk(both).open_portal(ACCOUNT, flow, "/settings/plan"))
    assert f"{PUBLIC_URL}/settings/plan" in page


def test_a_flow_that_is_not_possible(both: Bench) -> None:
    """An unknown flow, a scheduled change, a cancellation twice: each is refused with what to do."""
    sell(both, "team")
    with pytest.raises(PortalFlowError, match="no flow"):
        desk(both).open_portal(ACCOUNT, "subscription_pause")
    desk(both).change_plan(ACCOUNT, "starter")
    for flow in ("subscription_cancel", "subscription_update"):
        with pytest.raises(PortalFlowError, match="scheduled"):
            desk(both).open_portal(ACCOUNT, flow)
    both.tick()
    desk(both).undo_change(ACCOUNT)
    desk(both).cancel(ACCOUNT)
    with pytest.raises(PortalFlowError, match="cancelled already"):
        desk(both).open_portal(ACCOUNT, "subscription_cancel")


def test_who_has_nothing_has_no_portal(both: Bench) -> None:
    """Without a customer there is nothing to see; without a subscription there is no plan to change."""
    with pytest.raises(CheckoutRequiredError):
        desk(both).open_portal(ACCOUNT)
    both.customer()
    hear(both)
    assert desk(both).open_portal(ACCOUNT).startswith("http")
    with pytest.raises(CheckoutRequiredError):
        desk(both).open_portal(ACCOUNT, "subscription_cancel")
