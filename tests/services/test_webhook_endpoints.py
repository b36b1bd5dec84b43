"""The endpoint at Stripe: registered once with exactly what is needed, and examined."""

from typing import Any

import pytest

from tests.services.bench import PUBLIC_URL, Bench, Json, LineGateway
from tiergate.services.examination.finding import Verdict
from tiergate.services.examination.webhook_endpoints import check_webhooks, register_webhooks
from tiergate.stripe_api.gateway import API_VERSION
from tiergate.stripe_api.needed_events import NEEDED_EVENTS

URL = f"{PUBLIC_URL}/webhooks/stripe"


def endpoints(bench: Bench) -> list[Json]:
    """The endpoints that Stripe knows."""
    found: list[Json] = bench.at_stripe("/v1/webhook_endpoints")["data"]
    return found


def change(bench: Bench, **params: Any) -> None:
    """Change the one endpoint in Stripe's dashboard."""
    (endpoint,) = endpoints(bench)
    bench.post(f"/v1/webhook_endpoints/{endpoint['id']}", **params)


def test_an_endpoint_is_registered_with_exactly_what_is_needed(bench: Bench) -> None:
    """Events, API version and address are right, and the secret is told once, and in no repr."""
    made = register_webhooks(bench.context.gateway, URL)
    (endpoint,) = endpoints(bench)
    assert (endpoint["url"], endpoint["api_version"]) == (URL, API_VERSION)
    assert sorted(endpoint["enabled_events"]) == sorted(NEEDED_EVENTS)
    assert made.secret
    assert made.secret.startswith("whsec_")
    assert made.secret not in repr(made)
    assert [finding.verdict for finding in check_webhooks(bench.context)] == [Verdict.OK]


def test_registering_again_makes_no_second_one(bench: Bench) -> None:
    """It finds the first one, changes nothing, and has no secret to tell."""
    first = register_webhooks(bench.context.gateway, PUBLIC_URL)
    bench.line.requests.clear()
    second = register_webhooks(bench.context.gateway, PUBLIC_URL)
    assert (second.id, second.url, second.is_new, second.is_changed, second.secret) == (
        first.id, URL, False, False, None
    )  # fmt: skip
    assert bench.line.requests == ["GET /v1/webhook_endpoints"]


def test_an_endpoint_that_was_deleted_is_made_anew(bench: Bench) -> None:
    """Within the day in which Stripe remembers keys, too: the answer is not the deleted one's."""
    first = register_webhooks(bench.context.gateway, URL)
    bench.stripe.raw_request("delete", f"/v1/webhook_endpoints/{first.id}")
    second = register_webhooks(bench.context.gateway, URL)
    assert [endpoint["id"] for endpoint in endpoints(bench)] == [second.id]
    assert second.secret != first.secret


def test_live_mode_has_no_test_clocks(bench: Bench) -> None:
    """Their events are asked for in test mode only."""
    gateway = LineGateway(bench.line)
    gateway.livemode = True
    register_webhooks(gateway, URL)
    (endpoint,) = endpoints(bench)
    assert set(NEEDED_EVENTS) - set(endpoint["enabled_events"]) == {
        "test_helpers.test_clock.advancing",
        "test_helpers.test_clock.ready",
        "test_helpers.test_clock.deleted",
    }


@pytest.mark.parametrize(
    ("params", "verdict", "told"),
    [
        ({"disabled": True}, Verdict.PROBLEM, "is disabled: it gets nothing"),
        ({"enabled_events": [*NEEDED_EVENTS[1:]]}, Verdict.PROBLEM, f"does not get {NEEDED_EVENTS[0]}"),
        (
            {"enabled_events": [*NEEDED_EVENTS, "charge.succeeded"]},
            Verdict.WARNING,
            "needs: charge.succeeded",
        ),
        ({"enabled_events": ["*"]}, Verdict.WARNING, "nobody needs: *"),
    ],
)
def test_what_is_wrong_is_told_and_repaired(
    bench: Bench, params: dict[str, Any], verdict: Verdict, told: str
) -> None:
    """Each difference has a verdict and a remedy, and registering again removes it."""
    register_webhooks(bench.context.gateway, URL)
    change(bench, **params)
    (finding,) = check_webhooks(bench.context)
    assert (finding.verdict, told in finding.message) == (verdict, True)
    assert f"tiergate webhooks create {URL}" in finding.remedy
    assert register_webhooks(bench.context.gateway, URL).is_changed
    assert [finding.verdict for finding in check_webhooks(bench.context)] == [Verdict.OK]


@pytest.mark.parametrize("version", ["2020-08-27", None])
def test_another_version_is_a_warning(bench: Bench, version: str | None) -> None:
    """It is read all the same; an endpoint's version cannot be changed, and the remedy says what can."""
    of_version = {"api_version": version} if version else {}
    bench.post("/v1/webhook_endpoints", url=URL, enabled_events=[*NEEDED_EVENTS], **of_version)
    (finding,) = check_webhooks(bench.context)
    assert finding.verdict is Verdict.WARNING
    assert (version or "default") in finding.message
    assert "delete it" in finding.remedy


def test_an_endpoint_at_another_address_is_a_warning(bench: Bench) -> None:
    """It may be ours by another name, or what somebody forgot; ours alone is looked at where there is one."""
    elsewhere = "https://staging.example/webhooks/stripe"
    events = [*NEEDED_EVENTS]
    bench.post("/v1/webhook_endpoints", url=elsewhere, enabled_events=events, api_version=API_VERSION)
    warning, works = check_webhooks(bench.context)
    assert (warning.verdict, works.verdict) == (Verdict.WARNING, Verdict.OK)
    assert URL in warning.message
    assert elsewhere in warning.message
    assert f"tiergate webhooks create {URL}" in warning.remedy
    register_webhooks(bench.context.gateway, URL)
    assert [finding.verdict for finding in check_webhooks(bench.context)] == [Verdict.OK]


def test_no_endpoint_is_a_problem(bench: Bench) -> None:
    """An endpoint of another product is none of ours."""
    bench.post("/v1/webhook_endpoints", url="https://other.example/hook", enabled_events=["*"])
    (finding,) = check_webhooks(bench.context)
    assert finding.verdict is Verdict.PROBLEM
    assert f"tiergate webhooks create {URL}" in finding.remedy


def test_two_endpoints_at_one_address_are_told(bench: Bench) -> None:
    """Every event comes twice: harmless, but not meant."""
    for _ in range(2):
        bench.post("/v1/webhook_endpoints", url=URL, enabled_events=[*NEEDED_EVENTS], api_version=API_VERSION)
    assert [finding.verdict for finding in check_webhooks(bench.context)] == [
        Verdict.OK,
        Verdict.OK,
        Verdict.WARNING,
    ]
